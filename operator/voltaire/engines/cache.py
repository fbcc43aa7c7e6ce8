"""What a member's watches hold: the objects and pods of workloads, and what capacity is counted from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from voltaire.api.labels import EPOCH, WORKLOAD, WORKLOAD_UID
from voltaire.api.regionalcluster import Accelerators
from voltaire.engines.adapters import ADAPTERS
from voltaire.engines.adapters.pods import completed_seconds
from voltaire.engines.adapters.shape import mapping, path
from voltaire.engines.capacity import Capacity, Usage, count_capacity, slim_foreign_pod, slim_node, slim_pod
from voltaire.kube.client import Kube, resource_path
from voltaire.kube.informer import Change, Informer

Object = Mapping[str, Any]
Notify = Callable[[str | None], None]
"""Called with a workload's uid, or None when capacity may have changed."""
REMEMBERED = 50_000
"""Progress reports that are kept: a pod that wrote one is often gone a moment later."""
_NOT_OURS = f"!{WORKLOAD_UID}"
_HOLDS_A_NODE = "spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed"


class Cache:
    """The informers of one member."""

    def __init__(self, kube: Kube, notify: Notify) -> None:
        self._notify = notify
        self._pods_of: dict[str, dict[str, Object]] = {}
        self._progress: dict[str, tuple[int, float]] = {}
        self._capacity: Capacity | None = None
        self._usage = Usage()
        self.informers: dict[str, Informer] = {}
        self.paths: dict[str, str] = {}
        ours = partial(self._watch, kube, label_selector=WORKLOAD_UID)
        self._objects = {
            kind: ours(
                adapter.plural,
                resource_path(adapter.api_version, adapter.plural),
                self._object_changed,
                transform=_slim_object,
            )
            for kind, adapter in ADAPTERS.items()
        }
        pods = resource_path("v1", "pods")
        self._pods = ours("pods", pods, self._pod_changed, transform=slim_pod)
        self._foreign = self._watch(
            kube,
            "pods of others",
            pods,
            self._foreign_changed,
            label_selector=_NOT_OURS,
            field_selector=_HOLDS_A_NODE,
            transform=slim_foreign_pod,
        )
        nodes = resource_path("v1", "nodes")
        self._nodes = self._watch(kube, "nodes", nodes, self._node_changed, transform=slim_node)

    def _watch(
        self, kube: Kube, name: str, where: str, on_change: Callable[[Change], None], **options: Any
    ) -> Informer:
        self.paths[name] = where
        self.informers[name] = Informer(kube, where, on_change, **options)
        return self.informers[name]

    def outdated(self, since: float) -> list[str]:
        """What was not heard of since a time of the event loop."""
        return [name for name, informer in self.informers.items() if informer.last_contact < since]

    def oldest_contact(self) -> float:
        """Time of the event loop at which the quietest watch last proved to be fresh."""
        return min(informer.last_contact for informer in self.informers.values())

    def object_of(self, kind: tuple[str, str], key: str, workload_uid: str) -> Object | None:
        """The object of that kind and `namespace/name`, if it belongs to the workload."""
        body = self._objects[kind].store.get(key)
        return body if path(body, "metadata", "labels", WORKLOAD_UID) == workload_uid else None

    def pods_of(self, workload_uid: str) -> list[Object]:
        """Every pod that carries the workload's label."""
        return list(self._pods_of.get(workload_uid, {}).values())

    def note_progress(self, pods: Iterable[Object]) -> None:
        """Remember what programs reported: later reads no longer find the pods."""
        for pod in pods:
            labels = mapping(path(pod, "metadata", "labels"))
            uid, epoch = str(labels.get(WORKLOAD_UID)), str(labels.get(EPOCH))
            done = completed_seconds([pod])
            if done is None or not epoch.isdecimal():
                continue
            known = self._progress.pop(uid, (0, 0.0))
            self._progress[uid] = max(known, (int(epoch), done))
            if len(self._progress) > REMEMBERED:
                del self._progress[next(iter(self._progress))]

    def progress_of(self, workload_uid: str, epoch: int | None) -> float | None:
        """Work done in all, in seconds, as the copy of that epoch (None: the last one here) reported it."""
        known = self._progress.get(workload_uid)
        return known[1] if known and epoch in (None, known[0]) else None

    def capacity(self, declared: Iterable[Accelerators]) -> Capacity:
        """The count, made anew only after something changed."""
        if self._capacity is None:
            self._capacity = count_capacity(self._nodes.store.values(), self._usage, declared)
        return self._capacity

    def recount(self) -> None:
        """Forget the count: what is declared has changed."""
        self._capacity = None

    def tasks(self, group: asyncio.TaskGroup) -> None:
        """Start every informer in `group`."""
        for informer in self.informers.values():
            group.create_task(informer.run())

    def _object_changed(self, change: Change) -> None:
        self._notify(str(path(change.object, "metadata", "labels", WORKLOAD_UID)))

    def _pod_changed(self, change: Change) -> None:
        uid = str(path(change.object, "metadata", "labels", WORKLOAD_UID))
        self.note_progress([change.object])
        if change.kind == "deleted":
            pods = self._pods_of.get(uid, {})
            pods.pop(change.key, None)
            if not pods:
                self._pods_of.pop(uid, None)
        else:
            self._pods_of.setdefault(uid, {})[change.key] = change.object
        if self._use(change, ours=True):
            self._capacity = None
        self._notify(uid)

    def _foreign_changed(self, change: Change) -> None:
        if self._use(change, ours=False):
            self._capacity = None
            self._notify(None)

    def _use(self, change: Change, *, ours: bool) -> bool:
        key = f"{change.key}/{ours}"
        if change.kind == "deleted":
            return self._usage.drop(key)
        return self._usage.put(key, change.object, ours=ours)

    def _node_changed(self, change: Change) -> None:
        if change.kind == "modified" and _same(change.object, change.old):
            return
        self._capacity = None
        self._notify(None)


def _same(new: Object, old: Object | None) -> bool:
    parts = ("spec", "status")
    labels = path(new, "metadata", "labels") == path(old, "metadata", "labels")
    return labels and all(path(new, part) == path(old, part) for part in parts)


def _slim_object(body: Object) -> dict[str, Any]:
    """Without what only takes memory: the pod template and the bookkeeping of field owners."""
    metadata = {key: value for key, value in mapping(body.get("metadata")).items() if key != "managedFields"}
    workload = path(metadata, "annotations", WORKLOAD)
    metadata["annotations"] = {WORKLOAD: workload} if workload else {}
    spec = {key: value for key, value in mapping(body.get("spec")).items() if key != "template"}
    return {"metadata": metadata, "spec": spec, "status": body.get("status") or {}}
