"""What every generated CRD has, whatever fields come later."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.api.schema import ANY_ITEM, ANY_KEY, nodes, root
from voltaire.api.crd import crd, render, structural
from voltaire.api.resources import KINDS, Kind

REPOSITORY = Path(__file__).parents[2]
MANIFESTS = REPOSITORY / "manifests" / "crds"
FORBIDDEN = {
    "$ref",
    "$defs",
    "title",
    "const",
    "oneOf",
    "patternProperties",
    "propertyNames",
    "discriminator",
}

each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@each_kind
def test_is_what_is_committed(kind: Kind) -> None:
    name = f"voltaire.dev_{kind.plural}.yaml"
    assert (MANIFESTS / name).read_text() == render(kind), "run make generate"
    assert (REPOSITORY / "charts" / "voltaire" / "crds" / name).read_text() == render(kind), (
        "run make generate"
    )


def test_nothing_else_is_committed() -> None:
    expected = {f"voltaire.dev_{kind.plural}.yaml" for kind in KINDS.values()}
    assert {path.name for path in MANIFESTS.glob("*.yaml")} == expected | {"kustomization.yaml"}
    assert {path.name for path in (REPOSITORY / "charts" / "voltaire" / "crds").iterdir()} == expected
    assert set(yaml.safe_load((MANIFESTS / "kustomization.yaml").read_text())["resources"]) == expected


@each_kind
def test_is_structural(kind: Kind) -> None:
    for path, node in nodes(root(kind)):
        assert not FORBIDDEN & node.keys(), path
        assert node.get("type"), f"{path} has no type"
        assert not ("properties" in node and "additionalProperties" in node), path


@each_kind
def test_every_field_is_described(kind: Kind) -> None:
    for path, node in nodes(root(kind)):
        if path and path != ("metadata",) and path[-1] not in (ANY_ITEM, ANY_KEY):
            assert node.get("description", "").endswith("."), f"{path}: {node.get('description')!r}"


@each_kind
def test_every_field_of_a_user_is_bounded(kind: Kind) -> None:
    for path, node in nodes(root(kind)["properties"]["spec"]):
        if node["type"] == "string":
            assert {"maxLength", "enum", "format"} & node.keys(), f"{path} has no maximum length"
        elif node["type"] == "array":
            assert "maxItems" in node, f"{path} has no maximum"
        elif node["type"] in ("number", "integer"):
            assert {"minimum", "maximum"} <= node.keys(), f"{path} has no range"
        elif "additionalProperties" in node:
            assert "maxProperties" in node, f"{path} has no maximum"


@each_kind
def test_every_list_and_text_of_a_status_is_bounded(kind: Kind) -> None:
    for path, node in nodes(root(kind)["properties"]["status"]):
        if node["type"] == "string":
            assert {"maxLength", "enum", "format"} & node.keys(), f"{path} has no maximum length"
        elif node["type"] == "array":
            assert "maxItems" in node, f"{path} has no maximum"


@each_kind
def test_every_rule_says_what_to_do(kind: Kind) -> None:
    for path, node in nodes(root(kind)):
        for rule in node.get("x-kubernetes-validations", []):
            assert rule["message"], path


@each_kind
def test_every_column_shows_a_field(kind: Kind) -> None:
    paths = {".".join(path) for path, _ in nodes(root(kind))}
    for column in kind.columns:
        field = column.path.removeprefix(".").split("[")[0]
        assert field in paths or field == "metadata.creationTimestamp", column.name


@each_kind
def test_has_what_kubectl_shows(kind: Kind) -> None:
    document = crd(kind)
    version = document["spec"]["versions"][0]
    assert document["spec"]["names"]["categories"] == ["voltaire"]
    assert document["spec"]["scope"] == ("Namespaced" if kind.kind == "AIWorkload" else "Cluster")
    assert version["subresources"] == {"status": {}}
    conditions = root(kind)["properties"]["status"]["properties"]["conditions"]
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]


def test_a_choice_of_schemas_is_refused() -> None:
    with pytest.raises(ValueError, match="not structural"):
        structural({"anyOf": [{"type": "string"}, {"type": "integer"}]}, {})
