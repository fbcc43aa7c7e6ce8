"""What pods say of the work in them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from voltaire.engines.adapters.base import FromWall, Object
from voltaire.engines.adapters.shape import condition, holds, items, mapping, path, wall_time

TERMINAL = frozenset({"Succeeded", "Failed"})
LONGEST_WORK_SECONDS = 1e9
_STUCK = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
    }
)


def alive(pod: Object) -> bool:
    """Whether its containers may run: not in a terminal phase, being deleted or not."""
    return path(pod, "status", "phase") not in TERMINAL


def at_work(pod: Object) -> bool:
    """Running, ready, and not asked to stop."""
    running = path(pod, "status", "phase") == "Running"
    return running and holds(pod, "Ready") and not path(pod, "metadata", "deletionTimestamp")


def _containers(pod: Object) -> Iterator[Object]:
    status = mapping(pod.get("status"))
    yield from items(status.get("initContainerStatuses"))
    yield from items(status.get("containerStatuses"))


def started_at(pods: Sequence[Object], from_wall: FromWall) -> datetime | None:
    """When the first of the pods that got to run was started, in the operator's time."""
    times = [
        wall_time(path(pod, "status", "startTime"))
        for pod in pods
        if path(pod, "status", "phase") in ("Running", *TERMINAL)
    ]
    known = [time for time in times if time is not None]
    return from_wall(min(known)) if known else None


def completed_seconds(pods: Iterable[Object]) -> float | None:
    """Work done in all, as the program itself reported it: the most that any pod's containers wrote to their
    termination message, `{"completedSeconds": N}`. None when none did, or wrote nonsense.

    https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
    """
    reports = [
        _report(path(container, state, "terminated", "message"))
        for pod in pods
        for container in _containers(pod)
        for state in ("state", "lastState")
    ]
    return max((report for report in reports if report is not None), default=None)


def _report(message: object) -> float | None:
    if not isinstance(message, str) or "completedSeconds" not in message:
        return None
    try:
        value = path(json.loads(message), "completedSeconds")
    except (ValueError, RecursionError):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) and 0 <= value <= LONGEST_WORK_SECONDS else None


def trouble(pods: Iterable[Object]) -> str:
    """Why a pod does not get to run: unschedulable, an image that cannot be pulled, a broken container."""
    for pod in pods:
        scheduled = condition(pod, "PodScheduled")
        if scheduled.get("status") == "False" and alive(pod):
            return f"{scheduled.get('reason', 'Unschedulable')}: {scheduled.get('message', '')}"
        for container in _containers(pod):
            waiting = mapping(path(container, "state", "waiting"))
            if waiting.get("reason") in _STUCK:
                return f"{waiting['reason']}: {waiting.get('message', '')} (container {container['name']})"
    return ""
