"""Every bound in the schemas refuses what lies beyond it, and no object takes a field it does not know.

The cases come from the schemas, so a new field is tested as soon as the example has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.examples import SPECS, example
from tests.api.schema import ANY_KEY, nodes, root
from tests.integration.server import Server, collection
from voltaire.api.resources import KINDS

pytestmark = pytest.mark.lab

KEYS = {"throughput": "h100", "matchLabels": "tier"}
"""A key the example has in each map."""
SAYS = {
    "enum": "Unsupported value",
    "minimum": "should be greater than",
    "maximum": "should be less than",
    "format": "must be of type date-time",
    "pattern": "should match",
    "minLength": "should be at least",
    "maxLength": "Too long",
    "minItems": "should have at least",
    "maxItems": "Too many",
    "maxProperties": "Too many",
}


def beyond(node: dict[str, Any]) -> dict[str, Any]:
    """A value that breaks each bound of a schema node, by the bound's name."""
    out: dict[str, Any] = {}
    if "enum" in node:
        return {"enum": "Sometimes"}
    if "minimum" in node:
        out["minimum"] = node["minimum"] if node.get("exclusiveMinimum") else node["minimum"] - 1
    if "maximum" in node:
        out["maximum"] = node["maximum"] if node.get("exclusiveMaximum") else node["maximum"] + 1
    if node.get("format") == "date-time":
        out["format"] = "tomorrow"
    if "pattern" in node:
        out["pattern"] = "?!"
    if node.get("minLength"):
        out["minLength"] = ""
    if "maxLength" in node:
        out["maxLength"] = "a" * (node["maxLength"] + 1)
    if node.get("minItems"):
        out["minItems"] = []
    if "maxItems" in node:
        out["maxItems"] = [None] * (node["maxItems"] + 1)
    if "maxProperties" in node:
        value = "v" if node["additionalProperties"]["type"] == "string" else 1
        out["maxProperties"] = {f"k{n}": value for n in range(node["maxProperties"] + 1)}
    return out


def holder(kind: str, path: tuple[str, ...]) -> int | None:
    """The variant of the example that has something at this path."""
    for index, spec in enumerate(SPECS[kind]):
        node: Any = spec
        try:
            for part in path:
                node = node[int(part)] if isinstance(node, list) else node[part]
        except (KeyError, IndexError):
            continue
        return index
    return None


def place_of(path: tuple[str, ...]) -> str:
    """Where the examples of a GridZone have a source with something at this path."""
    places = [
        index
        for spec in SPECS["GridZone"]
        for index, source in enumerate(spec["sources"])
        if (node := source.get(path[0])) is not None and (len(path) == 1 or path[1] in node)
    ]
    return str(places[0])


def located(kind: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """A path of the schema as a path into the example."""
    if kind == "GridZone" and len(path) > 2 and path[0] == "sources":
        path = ("sources", place_of(path[2:]), *path[2:])
    return tuple(KEYS[path[i - 1]] if part == ANY_KEY else part for i, part in enumerate(path))


def bounds() -> Iterator[Any]:
    """Every bound of every spec as (kind, variant, dotted path, value beyond it, what the refusal says)."""
    for kind, definition in KINDS.items():
        for path, node in nodes(root(definition)["properties"]["spec"]):
            where = located(kind, path)
            for bound, value in beyond(node).items():
                case = (kind, holder(kind, where), ".".join(where), value, SAYS[bound])
                yield pytest.param(*case, id=f"{kind}-{'.'.join(path)}-{bound}")


@pytest.mark.parametrize(("kind", "variant", "path", "value", "says"), list(bounds()))
def test_a_value_beyond_a_bound_is_refused_by_name(
    server: Server, kind: str, variant: int, path: str, value: Any, says: str
) -> None:
    answer = server.create(example(kind, variant=variant, changes={path: value}))
    assert answer.code == 422, f"{path} took {value!r:.80}"
    name = [part for part in path.split(".") if not part.isdigit()][-1]
    assert name in answer.message
    assert says in answer.message


def unknown_places() -> Iterator[Any]:
    """Every object of every spec in which an unknown field could hide."""
    for kind, definition in KINDS.items():
        for path, node in nodes(root(definition)["properties"]["spec"]):
            if "properties" not in node or node.get("x-kubernetes-preserve-unknown-fields"):
                continue
            where = located(kind, path)
            place = ".".join((*where, "carbonFree"))
            yield pytest.param(kind, holder(kind, where), place, id=f"{kind}-{place}")


@pytest.mark.parametrize(("kind", "variant", "path"), list(unknown_places()))
def test_an_unknown_field_is_refused_by_name(server: Server, kind: str, variant: int, path: str) -> None:
    body = example(kind, variant=variant, changes={path: True})
    answer = server.create(body)
    assert answer.code == 400
    assert "unknown field" in answer.message
    assert "carbonFree" in answer.message


@pytest.mark.parametrize("kind", KINDS)
def test_server_side_apply_refuses_unknown_fields(server: Server, kind: str) -> None:
    body = example(kind, name="applied", changes={"carbonFree": True})
    answer = server.request(
        "PATCH", f"{collection(kind)}/applied", body, "application/apply-patch+yaml", fieldManager="test"
    )
    assert answer.code >= 400
    assert ".spec.carbonFree: field not declared in schema" in answer.message
