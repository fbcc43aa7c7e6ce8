"""Which pods existed where and when: events in, stays out. Pure, but for what it remembers.

All clusters of a lab share one etcd, whose revisions Kubernetes hands out as resource versions. So the
events of all members have one true order, however late their watches delivered them. Times are when an event
reached us, in clock time, made consistent with that order: nothing happened later than we heard of something
that came after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from voltaire.api.labels import EPOCH, WORKLOAD_UID
from voltaire.demo.facts import pod_accelerators

_TERMINAL = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class PodEvent:
    """One thing seen of one pod.

    `exists`: there, and not in a terminal phase. `bound`: on a node, so that it holds its accelerators.
    `running`: its containers run. `time` is clock time at receipt; `revision` orders events of all members.
    """

    cluster: str
    pod_uid: str
    workload_uid: str
    epoch: int
    accelerators: int
    time: datetime
    revision: int
    exists: bool
    bound: bool
    running: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in the history of the fleet: when, and its place in the order of all events."""

    time: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class PodLife:
    """From a pod's first sight to the moment it was terminal or gone; `end` None while it exists."""

    cluster: str
    pod_uid: str
    workload_uid: str
    epoch: int
    accelerators: int
    start: Moment
    bound: Moment | None
    end: Moment | None


@dataclass(frozen=True, slots=True)
class Stay:
    """A workload's pods in one place under one epoch, without a gap: from the first until the last is
    gone.
    """

    workload_uid: str
    cluster: str
    epoch: int
    start: Moment
    end: Moment | None
    pod_uids: tuple[str, ...]


def pod_event(
    cluster: str,
    pod: Mapping[str, Any],
    time: datetime,
    *,
    deleted: bool = False,
    revision: int | None = None,
) -> PodEvent | None:
    """What a pod, as the API server gives it, tells; None for a pod that is not a workload's."""
    meta = pod["metadata"]
    labels = meta.get("labels") or {}
    if WORKLOAD_UID not in labels:
        return None
    epoch = str(labels.get(EPOCH, "0"))
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    phase = status.get("phase", "Pending")
    exists = not deleted and phase not in _TERMINAL
    return PodEvent(
        cluster=cluster,
        pod_uid=meta["uid"],
        workload_uid=labels[WORKLOAD_UID],
        epoch=int(epoch) if epoch.isdigit() else 0,
        accelerators=pod_accelerators(spec),
        time=time,
        revision=int(meta["resourceVersion"]) if revision is None else revision,
        exists=exists,
        bound=bool(spec.get("nodeName")),
        running=exists and phase == "Running",
    )


def tighten(events: Iterable[PodEvent]) -> list[PodEvent]:
    """The events in their true order, none later than one that came after it."""
    ordered = sorted(events, key=lambda event: event.revision)
    latest: datetime | None = None
    for index in range(len(ordered) - 1, -1, -1):
        event = ordered[index]
        latest = event.time if latest is None else min(latest, event.time)
        ordered[index] = replace(event, time=latest)
    return ordered


def pod_lives(events: Iterable[PodEvent]) -> list[PodLife]:
    """One life per pod, in the order in which they began."""
    lives: dict[tuple[str, str], PodLife] = {}
    for event in tighten(events):
        key = (event.cluster, event.pod_uid)
        now = Moment(event.time, event.revision)
        life = lives.get(key)
        if life is None:
            life = lives[key] = PodLife(
                event.cluster,
                event.pod_uid,
                event.workload_uid,
                event.epoch,
                event.accelerators,
                now,
                None,
                None,
            )
        if event.bound and life.bound is None:
            life = replace(life, bound=now)
        if not event.exists and life.end is None:
            life = replace(life, end=now)
        lives[key] = life
    return list(lives.values())


def stays(lives: Sequence[PodLife]) -> list[Stay]:
    """Lives of the same workload, place and epoch that overlap or touch, joined; in the order of their
    begins.
    """
    groups: dict[tuple[str, str, int], list[PodLife]] = {}
    for life in lives:
        groups.setdefault((life.workload_uid, life.cluster, life.epoch), []).append(life)
    found = [stay for group in groups.values() for stay in _join(group)]
    return sorted(found, key=lambda stay: stay.start.revision)


def _join(lives: Sequence[PodLife]) -> list[Stay]:
    joined: list[Stay] = []
    for life in sorted(lives, key=lambda one: one.start.revision):
        last = joined[-1] if joined else None
        if last is None or (last.end is not None and last.end.revision < life.start.revision):
            joined.append(
                Stay(life.workload_uid, life.cluster, life.epoch, life.start, life.end, (life.pod_uid,))
            )
            continue
        joined[-1] = replace(last, end=_later(last.end, life.end), pod_uids=(*last.pod_uids, life.pod_uid))
    return joined


def _later(one: Moment | None, other: Moment | None) -> Moment | None:
    if one is None or other is None:
        return None
    return one if one.revision >= other.revision else other


class PodLog:
    """Remembers every event, and what each member holds now."""

    def __init__(self) -> None:
        self.events: list[PodEvent] = []
        self._now: dict[str, dict[str, PodEvent]] = {}

    def add(self, event: PodEvent) -> None:
        """Take an event in, in the order in which its member's events arrived."""
        self.events.append(event)
        pods = self._now.setdefault(event.cluster, {})
        if event.exists:
            pods[event.pod_uid] = event
        else:
            pods.pop(event.pod_uid, None)

    def relisted(self, cluster: str, uids: Iterable[str], time: datetime, revision: int) -> None:
        """A list of the member's pods at `revision` holds only `uids`: whatever else we knew is gone."""
        kept = set(uids)
        for event in list(self._now.get(cluster, {}).values()):
            if event.pod_uid not in kept:
                gone = replace(event, time=time, revision=revision, exists=False, running=False)
                self.add(gone)

    def present(self, cluster: str) -> list[PodEvent]:
        """The pods that exist in a member now."""
        return list(self._now.get(cluster, {}).values())
