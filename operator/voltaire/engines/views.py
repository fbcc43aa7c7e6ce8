"""From an object and its pods to an Observation."""

from __future__ import annotations

from collections.abc import Sequence

from voltaire.api.actions import Observation
from voltaire.api.labels import EPOCH, WORKLOAD_UID
from voltaire.clock import Clock
from voltaire.engines.adapters import Adapter
from voltaire.engines.adapters.base import Object
from voltaire.engines.adapters.pods import alive, at_work, trouble
from voltaire.engines.adapters.shape import path

LONGEST_MESSAGE = 512


def uid_of(body: Object) -> str | None:
    """The uid of the workload an object belongs to; None when it is nobody's."""
    uid = path(body, "metadata", "labels", WORKLOAD_UID)
    return uid if isinstance(uid, str) and uid else None


def epoch_of(body: Object | None) -> int | None:
    """The fencing epoch stamped on an object; None when it has none that can be read."""
    epoch = path(body, "metadata", "labels", EPOCH)
    return int(epoch) if isinstance(epoch, str) and epoch.isdecimal() else None


def observed(
    cluster: str,
    adapter: Adapter,
    body: Object | None,
    pods: Sequence[Object],
    completed_seconds: float | None,
    clock: Clock,
    *,
    live: bool,
) -> Observation:
    """What `body` (None: there is no object) and the workload's pods say.

    Every pod with the workload's label counts as long as it is not over, also when its object is gone;
    when it started and how it ends is read from the pods of the object's own epoch.
    """
    if body is None:
        return Observation(
            cluster,
            reachable=True,
            live=live,
            pods=sum(map(alive, pods)),
            ready=sum(map(at_work, pods)),
            completed_seconds=completed_seconds,
            message=trouble(pods)[:LONGEST_MESSAGE],
        )
    own = [pod for pod in pods if epoch_of(pod) == epoch_of(body)]
    seen = adapter.observe(body, own, clock.from_wall)
    return Observation(
        cluster,
        reachable=True,
        live=live,
        exists=True,
        object_uid=str(path(body, "metadata", "uid")),
        epoch=epoch_of(body),
        suspended=seen.suspended,
        deleting=bool(path(body, "metadata", "deletionTimestamp")),
        pods=max(seen.pods, sum(map(alive, pods))),
        ready=seen.ready,
        started_at=seen.started_at,
        result=seen.result,
        finished_at=seen.finished_at,
        completed_seconds=completed_seconds,
        completions=seen.completions,
        message=seen.message[:LONGEST_MESSAGE],
    )
