"""Fleet files: what the lab reads in them, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from voltaire.lab.errors import FleetFileError
from voltaire.lab.fleet import Accelerators, Fleet, fleet_of, load_fleet
from voltaire.lab.nodes import node_objects

FILE = """
apiVersion: voltaire.dev/v1alpha1
kind: GridZone
metadata: {name: fr}
---
apiVersion: voltaire.dev/v1alpha1
kind: RegionalCluster
metadata: {name: paris, annotations: {lab.voltaire.dev/accelerators: "16"}}
spec:
  region: eu-west-3
  capacity:
    accelerators:
    - {type: a100, powerKW: 0.4}
    - {type: mi300x, resource: amd.com/gpu, count: 3}
---
"""


def cluster(name: Any = "paris", spec: Any = None, annotations: Any = None) -> dict[str, Any]:
    metadata = {"name": name, "annotations": annotations}
    return {"kind": "RegionalCluster", "metadata": metadata, "spec": spec or {}}


def capacity(*entries: Any) -> dict[str, Any]:
    return {"capacity": {"accelerators": list(entries)}}


def test_file_gives_members_with_declared_and_annotated_counts(tmp_path: Path) -> None:
    path = tmp_path / "fleet.yaml"
    path.write_text(FILE)
    (paris,) = load_fleet(path).members
    assert (paris.name, paris.region) == ("paris", "eu-west-3")
    assert paris.accelerators == (
        Accelerators("a100", "nvidia.com/gpu", 16),
        Accelerators("mi300x", "amd.com/gpu", 3),
    )


def test_hub_comes_first_and_only_once() -> None:
    assert fleet_of([cluster("paris"), cluster("hub")]).cluster_names == ("hub", "paris")
    assert Fleet(()).cluster_names == ("hub",)


def test_nodes_hold_all_accelerators_and_say_what_and_where_they_are() -> None:
    spec = {"region": "eu-west-3", **capacity({"type": "A100", "count": 11})}
    (paris,) = fleet_of(
        [cluster(spec=spec, annotations={"lab.voltaire.dev/accelerators-per-node": "4"})]
    ).members
    nodes = node_objects(paris)
    assert [node["status"]["allocatable"]["nvidia.com/gpu"] for node in nodes] == ["4", "4", "3"]
    assert [node["metadata"]["name"] for node in nodes] == ["paris-a100-0", "paris-a100-1", "paris-a100-2"]
    assert nodes[0]["metadata"]["labels"]["nvidia.com/gpu.product"] == "A100"
    assert nodes[0]["metadata"]["labels"]["topology.kubernetes.io/region"] == "eu-west-3"
    assert nodes[0]["metadata"]["annotations"] == {"kwok.x-k8s.io/node": "fake"}


@pytest.mark.parametrize("spec", [{}, capacity({"type": "a100", "count": 0})])
def test_member_without_accelerators_has_one_plain_node(spec: dict[str, Any]) -> None:
    (member,) = fleet_of([cluster(spec=spec)]).members
    (node,) = node_objects(member)
    assert "nvidia.com/gpu" not in node["status"]["allocatable"]


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        ([], "no RegionalCluster"),
        ([cluster(), cluster()], "'paris' is in the fleet file twice"),
        ([cluster("Paris")], r"metadata.name is 'Paris'"),
        ([cluster(None)], r"metadata.name is None"),
        ([cluster(spec=capacity({"type": "a100", "count": -1}))], r"accelerators\[0\].count is -1"),
        ([cluster(spec=capacity({"type": "a100", "count": "many"}))], r"count is 'many'"),
        ([cluster(spec=capacity({"type": "a100"}, {"count": 1}))], r"accelerators\[1\].type is None"),
        ([cluster(spec=capacity("a100"))], r"accelerators\[0\] is not an object"),
        (
            [cluster(spec={"capacity": {"accelerators": {}, "x": 1}, "region": "a b"})],
            r"spec.region is 'a b'",
        ),
        ([cluster(spec={"capacity": []})], r"capacity is not an object"),
        (
            [cluster(annotations={"lab.voltaire.dev/accelerators": "x"})],
            "annotation lab.voltaire.dev/accelerators",
        ),
        ([cluster(annotations={"lab.voltaire.dev/accelerators-per-node": "0"})], "at least one accelerator"),
    ],
)
def test_bad_fleet_is_refused_by_field(documents: list[Any], message: str) -> None:
    with pytest.raises(FleetFileError, match=message):
        fleet_of(documents)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FleetFileError, match="cannot be read: No such file"):
        load_fleet(tmp_path / "absent.yaml")
    (tmp_path / "bad.yaml").write_text("a: [")
    with pytest.raises(FleetFileError, match="is not YAML"):
        load_fleet(tmp_path / "bad.yaml")
