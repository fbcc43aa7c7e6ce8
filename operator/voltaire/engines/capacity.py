"""What a member can hold: accelerators on nodes that take work, minus what others use there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from voltaire.api.labels import ACCELERATOR_TYPE_LABEL, DEFAULT_ACCELERATOR_RESOURCE
from voltaire.api.regionalcluster import Accelerators
from voltaire.engines.adapters.pods import alive
from voltaire.engines.adapters.shape import holds, items, mapping, path
from voltaire.engines.adapters.template import pod_requests, quantity

Object = Mapping[str, Any]
_SYSTEM_TAINTS = "node.kubernetes.io/"


@dataclass(frozen=True, slots=True)
class Capacity:
    """A member's nodes that take work, and its accelerators by type.

    `capacity` is what Voltaire may use, its own use included; `used` is its own use, `others` that of the
    rest. `message` tells what could not be counted, and the remedy.
    """

    nodes_ready: int = 0
    capacity: Mapping[str, int] = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)
    message: str = ""


class Usage:
    """What pods take on which node, kept up to date pod by pod: counting anew with each of thousands of
    events would cost more than everything else."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, bool, dict[str, int]]] = {}
        self._taken: dict[tuple[str, bool], dict[str, int]] = {}

    def put(self, key: str, pod: Object, *, ours: bool) -> bool:
        """Take a pod as it is now. Whether what is taken changed."""
        node = path(pod, "spec", "nodeName")
        taken = pod_requests(pod.get("spec")) if node and alive(pod) else {}
        new = (str(node), ours, taken) if taken else None
        old = self._held.pop(key, None)
        if new is not None:
            self._held[key] = new
        if new == old:
            return False
        for held, sign in ((old, -1), (new, 1)):
            if held is not None:
                self._add(held, sign)
        return True

    def drop(self, key: str) -> bool:
        """A pod is gone. Whether what is taken changed."""
        old = self._held.pop(key, None)
        if old is not None:
            self._add(old, -1)
        return old is not None

    def taken(self, node: str, resource: str, *, ours: bool) -> int:
        """How many of a resource pods hold on a node."""
        return self._taken.get((node, ours), {}).get(resource, 0)

    def _add(self, held: tuple[str, bool, dict[str, int]], sign: int) -> None:
        node, ours, counts = held
        totals = self._taken.setdefault((node, ours), {})
        for resource, count in counts.items():
            totals[resource] = totals.get(resource, 0) + sign * count


def takes_work(node: Object) -> bool:
    """Ready, not cordoned, and free of the taints by which Kubernetes itself marks a node as unfit.

    Other taints, such as the usual one on accelerators, keep only pods away that do not tolerate them.
    """
    unfit = any(
        str(taint.get("key")).startswith(_SYSTEM_TAINTS) and taint.get("effect") != "PreferNoSchedule"
        for taint in items(path(node, "spec", "taints"))
    )
    return holds(node, "Ready") and not path(node, "spec", "unschedulable") and not unfit


def count_capacity(nodes: Iterable[Object], usage: Usage, declared: Iterable[Accelerators]) -> Capacity:
    """Count by type. A declared count is an upper bound on what Voltaire may use. Where types are declared,
    only they are counted, else every type that nodes are labelled with."""
    wanted = {entry.type: entry for entry in declared}
    ready = [node for node in nodes if takes_work(node)]
    types = sorted(wanted or {kind for node in ready if (kind := _type(node))})
    capacity, used, others = {}, {}, {}
    for kind in types:
        entry = wanted.get(kind)
        resource = entry.resource if entry else DEFAULT_ACCELERATOR_RESOURCE
        here = [node for node in ready if _type(node) == kind]
        names = [str(path(node, "metadata", "name")) for node in here]
        there = sum(quantity(path(node, "status", "allocatable", resource)) for node in here)
        used[kind] = sum(usage.taken(name, resource, ours=True) for name in names)
        others[kind] = sum(usage.taken(name, resource, ours=False) for name in names)
        free = max(0, there - others[kind])
        capacity[kind] = min(free, entry.count) if entry and entry.count is not None else free
    return Capacity(len(ready), capacity, used, others, _unlabelled(ready))


def _type(node: Object) -> str:
    return str(path(node, "metadata", "labels", ACCELERATOR_TYPE_LABEL) or "")


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
