"""What a member can hold: accelerators on nodes that take work, minus what others use there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from voltaire.api.labels import ACCELERATOR_TYPE_LABEL, DEFAULT_ACCELERATOR_RESOURCE, WORKLOAD_UID
from voltaire.api.regionalcluster import Accelerators
from voltaire.engines.adapters.pods import alive
from voltaire.engines.adapters.shape import holds, items, mapping, path
from voltaire.engines.adapters.template import pod_requests, quantity

Object = Mapping[str, Any]
_SYSTEM_TAINTS = "node.kubernetes.io/"


@dataclass(frozen=True, slots=True)
class AcceleratorCount:
    """Accelerators of one type, as counted. `capacity` is what Voltaire may use, its own use included."""

    type: str
    resource: str
    capacity: int
    used: int
    others: int


@dataclass(frozen=True, slots=True)
class Capacity:
    """A member's nodes and accelerators. `message` tells what could not be counted, and the remedy."""

    nodes_ready: int = 0
    accelerators: tuple[AcceleratorCount, ...] = ()
    message: str = ""


def takes_work(node: Object) -> bool:
    """Ready, not cordoned, and free of the taints by which Kubernetes itself marks a node as unfit.

    Other taints, such as the usual one on accelerators, keep only pods away that do not tolerate them.
    """
    unfit = any(
        str(taint.get("key")).startswith(_SYSTEM_TAINTS) and taint.get("effect") != "PreferNoSchedule"
        for taint in items(path(node, "spec", "taints"))
    )
    return holds(node, "Ready") and not path(node, "spec", "unschedulable") and not unfit


def count_capacity(
    nodes: Iterable[Object], pods: Iterable[Object], declared: Iterable[Accelerators]
) -> Capacity:
    """Count by type. A declared count is an upper bound on what Voltaire may use; declared types come first,
    and types that nobody declared are counted only when none is."""
    wanted = {entry.type: entry for entry in declared}
    ready = {str(path(node, "metadata", "name")): node for node in nodes if takes_work(node)}
    all_pods = [pod for pod in pods if alive(pod)]
    types = list(wanted) or sorted({kind for node in ready.values() if (kind := _type(node))})
    counts = tuple(_count(kind, wanted.get(kind), ready, all_pods) for kind in types)
    return Capacity(len(ready), counts, _unlabelled(ready.values()))


def _type(node: Object) -> str:
    return str(path(node, "metadata", "labels", ACCELERATOR_TYPE_LABEL) or "")


def _count(
    kind: str, declared: Accelerators | None, nodes: Mapping[str, Object], pods: list[Object]
) -> AcceleratorCount:
    resource = declared.resource if declared else DEFAULT_ACCELERATOR_RESOURCE
    here = {name: node for name, node in nodes.items() if _type(node) == kind}
    there = sum(quantity(path(node, "status", "allocatable", resource)) for node in here.values())
    used = others = 0
    for pod in pods:
        if path(pod, "spec", "nodeName") not in here:
            continue
        taken = pod_requests(pod.get("spec")).get(resource, 0)
        if path(pod, "metadata", "labels", WORKLOAD_UID):
            used += taken
        else:
            others += taken
    free = max(0, there - others)
    limit = declared.count if declared and declared.count is not None else free
    return AcceleratorCount(kind, resource, min(limit, free), used, others)


def _unlabelled(nodes: Iterable[Object]) -> str:
    lost = [
        str(path(node, "metadata", "name"))
        for node in nodes
        if not _type(node) and quantity(path(node, "status", "allocatable", DEFAULT_ACCELERATOR_RESOURCE))
    ]
    if not lost:
        return ""
    return (
        f"{len(lost)} nodes have accelerators but no label {ACCELERATOR_TYPE_LABEL} and are not counted "
        f"(the first: {min(lost)}); label them with their type"
    )


def slim_pod(pod: Object) -> dict[str, Any]:
    """The parts of a pod that engines read: thousands are held in memory."""
    meta, spec, status = (mapping(pod.get(part)) for part in ("metadata", "spec", "status"))
    kept = ("name", "namespace", "uid", "resourceVersion", "labels", "deletionTimestamp")
    states = ("phase", "startTime", "conditions", "containerStatuses", "initContainerStatuses")
    containers = [_slim_container(entry) for entry in items(spec.get("containers"))]
    inits = [_slim_container(entry) for entry in items(spec.get("initContainers"))]
    return {
        "metadata": {key: meta[key] for key in kept if key in meta},
        "spec": {"nodeName": spec.get("nodeName"), "containers": containers, "initContainers": inits},
        "status": {key: status[key] for key in states if key in status},
    }


def _slim_container(container: Object) -> dict[str, Any]:
    return {"resources": container.get("resources"), "restartPolicy": container.get("restartPolicy")}


def slim_foreign_pod(pod: Object) -> dict[str, Any]:
    """The parts of another's pod that matter here: which accelerators it takes, and where."""
    slim = slim_pod(pod)
    if not pod_requests(slim["spec"]):
        slim["spec"] = {}
    slim["metadata"].pop("labels", None)
    slim["status"] = {"phase": slim["status"].get("phase")}
    return slim


def slim_node(node: Object) -> dict[str, Any]:
    """The parts of a node that decide about capacity."""
    meta, spec = mapping(node.get("metadata")), mapping(node.get("spec"))
    label = path(meta, "labels", ACCELERATOR_TYPE_LABEL)
    ready = [
        {"type": "Ready", "status": entry.get("status")}
        for entry in items(path(node, "status", "conditions"))
        if entry.get("type") == "Ready"
    ]
    allocatable = mapping(path(node, "status", "allocatable"))
    return {
        "metadata": {
            **{key: meta[key] for key in ("name", "uid", "resourceVersion") if key in meta},
            "labels": {ACCELERATOR_TYPE_LABEL: label} if label else {},
        },
        "spec": {"taints": spec.get("taints"), "unschedulable": spec.get("unschedulable")},
        "status": {"allocatable": {k: v for k, v in allocatable.items() if "/" in k}, "conditions": ready},
    }
