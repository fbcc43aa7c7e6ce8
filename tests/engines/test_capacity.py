"""Capacity is what ready nodes have, minus what others use, at most what was declared."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines.samples import node, pod
from voltaire.api.regionalcluster import Accelerators
from voltaire.engines.capacity import Usage, count_capacity, slim_foreign_pod, slim_node, slim_pod


def usage(*pods: dict[str, Any]) -> Usage:
    counted = Usage()
    for index, each in enumerate(pods):
        counted.put(str(index), each, ours="labels" in each["metadata"])
    return counted


def test_types_are_discovered_and_others_taken_off() -> None:
    nodes = [node("a"), node("b"), node("c", kind="h100", gpus=4)]
    pods = [pod(node="a", gpus=4), pod(node="b", gpus=2, uid=None), pod(node="c", gpus=1, uid=None)]
    found = count_capacity(nodes, usage(*pods), [])
    assert found.nodes_ready == 3
    assert found.capacity == {"a100": 14, "h100": 3}
    assert found.used == {"a100": 4, "h100": 0}
    assert found.others == {"a100": 2, "h100": 1}


def test_declared_count_caps_and_does_not_invent() -> None:
    declared = [Accelerators(type="a100", count=6), Accelerators(type="h100", count=100)]
    found = count_capacity([node("a"), node("b", kind="h100")], usage(), declared)
    assert found.capacity == {"a100": 6, "h100": 8}


def test_only_declared_types_count_where_any_is_declared() -> None:
    found = count_capacity([node("a"), node("b", kind="h100")], usage(), [Accelerators(type="h100")])
    assert found.capacity == {"h100": 8}


def test_declared_resource_is_the_one_counted() -> None:
    amd = node("a", kind="mi300", gpus=0)
    amd["status"]["allocatable"]["amd.com/gpu"] = "8"
    found = count_capacity([amd], usage(), [Accelerators(type="mi300", resource="amd.com/gpu")])
    assert found.capacity == {"mi300": 8}


@pytest.mark.parametrize(
    "spec",
    [
        {"unschedulable": True},
        {"taints": [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]},
        {"taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]},
    ],
)
def test_node_that_takes_no_work_does_not_count(spec: dict[str, Any]) -> None:
    found = count_capacity([node("a", **spec), node("b")], usage(pod(node="a", gpus=8, uid=None)), [])
    assert (found.nodes_ready, found.capacity, found.others) == (1, {"a100": 8}, {"a100": 0})


def test_node_that_is_not_ready_does_not_count() -> None:
    broken = node("a")
    broken["status"]["conditions"][0]["status"] = "Unknown"
    assert count_capacity([broken], usage(), []).capacity == {}


def test_usual_taint_on_accelerators_does_not_hide_them() -> None:
    tainted = node("a", taints=[{"key": "nvidia.com/gpu", "effect": "NoSchedule"}])
    assert count_capacity([tainted], usage(), []).capacity == {"a100": 8}


def test_node_without_a_type_is_not_counted_and_said() -> None:
    found = count_capacity([node("a", kind=None), node("b")], usage(), [])
    assert found.capacity == {"a100": 8}
    assert "nvidia.com/gpu.product" in found.message
    assert "a)" in found.message


def test_pods_that_wait_or_are_over_take_nothing() -> None:
    pods = [pod("Pending", node=None, gpus=8), pod("Succeeded", gpus=8), pod("Failed", gpus=8, uid=None)]
    found = count_capacity([node("n")], usage(*pods), [])
    assert (found.used, found.others) == ({"a100": 0}, {"a100": 0})


def test_more_use_than_there_is_leaves_nothing_rather_than_less() -> None:
    assert count_capacity([node("n")], usage(pod(gpus=20, uid=None)), []).capacity == {"a100": 0}


def test_usage_follows_a_pod_and_tells_whether_anything_changed() -> None:
    counted = Usage()
    assert not counted.put("a", pod("Pending", node=None, gpus=4), ours=True)
    assert counted.put("a", pod("Pending", node="n", gpus=4), ours=True)
    assert not counted.put("a", pod("Running", node="n", gpus=4), ours=True)
    assert counted.taken("n", "nvidia.com/gpu", ours=True) == 4
    assert counted.put("a", pod("Succeeded", node="n", gpus=4), ours=True)
    assert counted.taken("n", "nvidia.com/gpu", ours=True) == 0
    assert not counted.drop("a")


def test_slim_objects_count_like_whole_ones() -> None:
    pods = [pod(node="n", gpus=4), pod(node="n", gpus=3, uid=None)]
    pods[0]["spec"]["volumes"] = [{"name": "x"}]
    nodes = [node("n", taints=[{"key": "a", "effect": "NoSchedule"}])]
    slim = [slim_pod(pods[0]), slim_foreign_pod(pods[1])]
    counted = Usage()
    counted.put("0", slim[0], ours=True)
    counted.put("1", slim[1], ours=False)
    assert "volumes" not in slim[0]["spec"]
    assert count_capacity(map(slim_node, nodes), counted, []) == count_capacity(nodes, usage(*pods), [])
    assert slim_foreign_pod(pod(node="n", uid=None))["spec"] == {}, "nothing of interest is kept"
