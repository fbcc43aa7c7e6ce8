"""What is promised and what runs, by cluster: counted from statuses, so that a promise made a moment ago
counts before any pod exists. Kept workload by workload: thousands are not counted anew at each question.
"""

from __future__ import annotations

import math
from collections import Counter

from voltaire.api.resources import AIWorkload
from voltaire.fleet.demand import Demand

Promise = tuple[str, str | None, int]
Presence = tuple[str, float]
_OCCUPYING = ("Placing", "Running", "Draining")
_DRAWING = ("Running", "Draining")


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


def presence(workload: AIWorkload) -> Presence | None:
    """Cluster and IT power, kW, of a copy that is there or about to be; it draws nothing before it runs."""
    copy, phase = workload.status.placement, workload.status.phase
    if copy is None or phase not in _OCCUPYING:
        return None
    return copy.cluster, (copy.power_kw or 0.0) if phase in _DRAWING else 0.0


class Tally:
    """Sums promises and presences, one workload at a time."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Promise, ...]] = {}
        self._sum: Counter[tuple[str, str | None]] = Counter()
        self._present: dict[str, dict[str, float]] = {}
        self._where: dict[str, str] = {}
        self._load_kw: dict[str, float] = {}

    def set(self, uid: str, held: tuple[Promise, ...], present: Presence | None = None) -> None:
        """Replace what a workload holds, and where it is."""
        for cluster, kind, count in self._held.pop(uid, ()):
            self._sum[cluster, kind] -= count
        for cluster, kind, count in held:
            self._sum[cluster, kind] += count
        if held:
            self._held[uid] = held
        if (before := self._where.pop(uid, None)) is not None:
            del self._present[before][uid]
            self._load_kw.pop(before, None)
        if present is not None:
            cluster, power_kw = present
            self._where[uid] = cluster
            self._present.setdefault(cluster, {})[uid] = power_kw
            self._load_kw.pop(cluster, None)

    def promised(self, cluster: str, kind: str | None, *, without: str = "") -> int:
        """Accelerators of a type promised on a cluster, leaving out one workload."""
        own = sum(n for c, k, n in self._held.get(without, ()) if (c, k) == (cluster, kind))
        return self._sum[cluster, kind] - own

    def count(self, cluster: str) -> int:
        """Workloads on a cluster."""
        return len(self._present.get(cluster, ()))

    def load_kw(self, cluster: str) -> float:
        """IT power of the workloads that run on a cluster now, kW."""
        if cluster not in self._load_kw:
            self._load_kw[cluster] = math.fsum(self._present.get(cluster, {}).values())
        return self._load_kw[cluster]
