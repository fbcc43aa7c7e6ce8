"""Accelerators and power that are free now, by cluster. First come, first served."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from voltaire.fleet.snapshot import ClusterView, WorkloadView
from voltaire.planner.case import Place


class Room:
    """What is left of each cluster. `closed`: clusters where nobody else may start, because one whose slack
    has run out waits for room there."""

    def __init__(
        self, clusters: Mapping[str, ClusterView], place_of: Callable[[WorkloadView], Place | None]
    ) -> None:
        self.free = {
            (name, kind): count for name, view in clusters.items() for kind, count in view.capacity.items()
        }
        self.kw = {
            name: float("inf") if view.limit_kw is None else view.limit_kw - view.host_overhead_kw
            for name, view in clusters.items()
        }
        self.load_kw = {name: view.host_overhead_kw for name, view in clusters.items()}
        self.closed: set[str] = set()
        self._place_of = place_of
        self._held: dict[str, tuple[Place, int]] = {}

    def occupy(self, w: WorkloadView) -> None:
        """Count what a workload holds where it is."""
        place = self._place_of(w)
        if place is not None:
            self.take(w, place)

    def fits(self, w: WorkloadView, place: Place) -> bool:
        """Whether its gang and its power fit now."""
        if place.facility_kw > self.kw[place.cluster] + 1e-9:
            return False
        return place.kind is None or self.free.get((place.cluster, place.kind), 0) >= w.accelerators

    def open(self, w: WorkloadView, place: Place) -> bool:
        """As `fits`, and nobody whose slack has run out waits there."""
        return place.cluster not in self.closed and self.fits(w, place)

    def take(self, w: WorkloadView, place: Place) -> None:
        """Give it a place, instead of the one it had."""
        self.release(w)
        self._count(place, w.accelerators, 1)
        self._held[w.uid] = (place, w.accelerators)

    def release(self, w: WorkloadView) -> None:
        """Take back what it holds."""
        had = self._held.pop(w.uid, None)
        if had is not None:
            self._count(*had, -1)

    def _count(self, place: Place, accelerators: int, times: int) -> None:
        if place.kind is not None:
            key = (place.cluster, place.kind)
            self.free[key] = self.free.get(key, 0) - times * accelerators
        self.kw[place.cluster] -= times * place.facility_kw
        self.load_kw[place.cluster] += times * place.facility_kw
