"""What is applied to clusters is what it should be: narrow rights, a locked-down pod, samples that read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from voltaire.api.labels import WORKLOAD
from voltaire.api.resources import KINDS
from voltaire.settings import PREFIX, Settings

MANIFESTS = Path(__file__).parents[2] / "manifests"
Object = dict[str, Any]


def objects(*folders: str) -> list[Object]:
    """Every object in the files of these folders."""
    paths = sorted(path for folder in folders for path in (MANIFESTS / folder).rglob("*.yaml"))
    documents = [document for path in paths for document in yaml.safe_load_all(path.read_text())]
    return [document for document in documents if document and document["kind"] != "Kustomization"]


def of_kind(kind: str, *folders: str) -> list[Object]:
    return [document for document in objects(*folders) if document["kind"] == kind]


ROLES = [r for kind in ("Role", "ClusterRole") for r in of_kind(kind, "rbac", "member")]
SAMPLES = [document for document in objects("samples") if document["kind"] in KINDS]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role["metadata"]["name"])
def test_no_right_is_a_wildcard_or_a_way_up(role: Object) -> None:
    for rule in role["rules"]:
        assert "*" not in rule["apiGroups"] + rule["resources"] + rule["verbs"]
        assert not {"bind", "escalate"} & set(rule["verbs"])
        assert "impersonate" not in rule["verbs"] or rule["resourceNames"] == ["voltaire-runner"]
        assert role["kind"] == "Role" or not {"secrets", "configmaps"} & set(rule["resources"])


def test_every_kind_has_its_rights() -> None:
    (role,) = of_kind("ClusterRole", "rbac")
    plurals = {kind.plural for kind in KINDS.values()}
    assert set(role["rules"][0]["resources"]) == plurals
    assert set(role["rules"][1]["resources"]) == {f"{plural}/status" for plural in plurals}


def test_the_pod_is_locked_down() -> None:
    (deployment,) = of_kind("Deployment", "base")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "hostNetwork" not in pod
    (namespace,) = of_kind("Namespace", "base")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("folder", ["base", "overlays"])
def test_every_variable_is_a_setting(folder: str) -> None:
    text = "\n".join(path.read_text() for path in (MANIFESTS / folder).rglob("*.yaml"))
    found = {word.strip(",{}\"'") for word in text.split() if word.startswith(PREFIX)}
    assert found
    assert found <= {PREFIX + name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda s: f"{s['kind']}/{s['metadata']['name']}")
def test_a_sample_reads(sample: Object) -> None:
    KINDS[sample["kind"]].parse(sample)


def test_the_samples_refer_to_each_other() -> None:
    names = {kind: {d["metadata"]["name"] for d in SAMPLES if d["kind"] == kind} for kind in KINDS}
    for document in SAMPLES:
        spec = document["spec"]
        if document["kind"] == "RegionalCluster":
            assert spec["gridZone"] in names["GridZone"]
            assert set(spec.get("batteries", [])) <= names["Battery"]
        if document["kind"] == "AIWorkload":
            assert spec["placement"]["homeCluster"] in names["RegionalCluster"]
            assert document["metadata"]["namespace"] == "ai"


def test_the_samples_show_what_voltaire_does() -> None:
    workloads = {d["metadata"]["name"]: d["spec"] for d in SAMPLES if d["kind"] == "AIWorkload"}
    assert {spec["type"] for spec in workloads.values()} == {"Training", "BatchInference", "Serving"}
    assert {spec["disruption"]["mode"] for spec in workloads.values()} == {"Never", "Suspend", "Migrate"}
    assert workloads["eu-finetune"]["placement"]["residency"] == ["EU"]
    demand = sum(accelerators(spec["manifest"]["spec"]) for spec in workloads.values())
    sizes = [
        a["count"]
        for d in SAMPLES
        if d["kind"] == "RegionalCluster"
        for a in d["spec"]["capacity"]["accelerators"]
    ]
    assert max(sizes) < demand <= sum(sizes), "capacity has to matter, and to suffice"


def accelerators(spec: Object) -> int:
    (container,) = spec["template"]["spec"]["containers"]
    pods = spec.get("parallelism", spec.get("replicas", 1))
    return int(pods) * int(container["resources"]["limits"]["nvidia.com/gpu"])


def test_no_sample_wears_our_labels() -> None:
    prefix = WORKLOAD.split("/")[0] + "/"
    for document in SAMPLES:
        if document["kind"] == "AIWorkload":
            metadata = document["spec"]["manifest"]["spec"]["template"].get("metadata", {})
            keys = [*metadata.get("labels", {}), *metadata.get("annotations", {})]
            assert not any(key.startswith(prefix) for key in keys)
