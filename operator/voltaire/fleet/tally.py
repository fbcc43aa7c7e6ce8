"""Accelerators that are promised, by cluster and type: counted from statuses, so that a promise made a moment
ago counts before any pod exists."""

from __future__ import annotations

from collections import Counter

from voltaire.api.resources import AIWorkload
from voltaire.fleet.demand import Demand

Promise = tuple[str, str | None, int]
_OCCUPYING = ("Placing", "Running", "Draining")


def promises(workload: AIWorkload, demand: Demand) -> tuple[Promise, ...]:
    """(cluster, type, accelerators) for each copy that runs, will run, or may still run."""
    status = workload.status
    found: list[Promise] = []
    if status.placement is not None and status.phase in _OCCUPYING:
        copy = status.placement
        found.append((copy.cluster, copy.accelerator_type, demand.accelerators))
    if status.previous is not None:
        copy = status.previous
        found.append((copy.cluster, copy.accelerator_type, demand.accelerators))
    return tuple(found)


class Tally:
    """Sums promises, one workload at a time."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Promise, ...]] = {}
        self._sum: Counter[tuple[str, str | None]] = Counter()

    def set(self, uid: str, held: tuple[Promise, ...]) -> None:
        """Replace what a workload holds."""
        for cluster, kind, count in self._held.pop(uid, ()):
            self._sum[cluster, kind] -= count
        for cluster, kind, count in held:
            self._sum[cluster, kind] += count
        if held:
            self._held[uid] = held

    def promised(self, cluster: str, kind: str | None, *, without: str = "") -> int:
        """Accelerators of a type promised on a cluster, leaving out one workload."""
        own = sum(n for c, k, n in self._held.get(without, ()) if (c, k) == (cluster, kind))
        return self._sum[cluster, kind] - own
