"""In which order workloads choose: the less choice one has, the earlier its turn."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import IntEnum

from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.grid import TimeGrid


class Turn(IntEnum):
    """Groups, first to last. What runs keeps its place reserved throughout, so no order can evict it."""

    LASTING = 0
    REQUIRED = 1
    RUNNING = 2
    WAITING = 3


def is_lasting(workload: WorkloadView) -> bool:
    """Whether it has no known end: servers, and work of unknown duration."""
    return workload.type == "Serving" or workload.remaining_seconds is None


def turn(workload: WorkloadView) -> Turn:
    """The group a workload belongs to."""
    if is_lasting(workload):
        return Turn.LASTING
    if workload.deadline is not None and workload.deadline_required:
        return Turn.REQUIRED
    return Turn.RUNNING if workload.cluster is not None else Turn.WAITING


def slack_seconds(workload: WorkloadView, time: TimeGrid) -> float:
    """Time to spare until its deadline if it ran from now on at full speed; infinite without one."""
    if workload.deadline is None:
        return float("inf")
    fastest = max([1.0, *workload.throughput.values()])
    begin = max(0.0, time.seconds(workload.earliest_start))
    return time.seconds(workload.deadline) - begin - (workload.remaining_seconds or 0.0) / fastest


def in_order(
    workloads: Iterable[WorkloadView], group: Turn, time: TimeGrid, promoted: Collection[str] = ()
) -> list[WorkloadView]:
    """The workloads of a group in the order in which they choose: `promoted` uids first, then required
    deadlines by slack, all others the largest first, the older first among equals."""

    def key(w: WorkloadView) -> tuple[object, ...]:
        size = w.accelerators * (w.remaining_seconds or 0.0)
        slack = slack_seconds(w, time) if group is Turn.REQUIRED else 0.0
        waiting = group is Turn.LASTING and w.cluster is not None
        return (w.uid not in promoted, waiting, slack, -w.accelerators, -size, w.arrival, w.key, w.uid)

    return sorted((w for w in workloads if turn(w) is group), key=key)
