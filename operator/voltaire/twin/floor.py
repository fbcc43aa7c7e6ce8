"""Who holds what: accelerators and power of every cluster, never more than there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import fsum

from voltaire.fleet.power import workload_power_kw
from voltaire.fleet.snapshot import ClusterView, WorkloadView
from voltaire.planner.eligibility import fitting_types, rejection


@dataclass(frozen=True, slots=True)
class Room:
    """What a gang holds. `kw`: IT power."""

    cluster: str
    kind: str | None
    accelerators: int
    kw: float


class Floor:
    """The clusters as they are occupied."""

    def __init__(self, names: Iterable[str]) -> None:
        self._held: dict[str, dict[str, Room]] = {name: {} for name in names}
        self._where: dict[str, str] = {}
        self._views: Mapping[str, ClusterView] = {}

    def look(self, views: Mapping[str, ClusterView]) -> None:
        """The clusters as they are now."""
        self._views = views

    def load_kw(self, cluster: str) -> float:
        """IT power of what runs there."""
        return fsum(room.kw for room in self._held[cluster].values())

    def fits(self, workload: WorkloadView, cluster: str) -> bool:
        """Whether it could ever run there."""
        return cluster in self._views and rejection(workload, self._views[cluster]) is None

    def take(self, workload: WorkloadView, cluster: str, kind: str | None) -> Room | None:
        """A place for the whole gang, on accelerators of `kind` or of any type; None without room."""
        if not self.fits(workload, cluster):
            return None
        view = self._views[cluster]
        kinds = fitting_types(workload, view)
        for one in (kind,) if kind in kinds else kinds:
            room = Room(cluster, one, workload.accelerators, workload_power_kw(workload, view, one))
            if self._has(view, room):
                self._held[cluster][workload.uid] = room
                self._where[workload.uid] = cluster
                return room
        return None

    def give_back(self, uid: str) -> None:
        """It has left."""
        del self._held[self._where.pop(uid)][uid]

    def _has(self, view: ClusterView, room: Room) -> bool:
        held = self._held[view.name].values()
        if room.kind is not None:
            taken = sum(other.accelerators for other in held if other.kind == room.kind)
            if taken + room.accelerators > view.capacity.get(room.kind, 0):
                return False
        if view.limit_kw is None:
            return True
        drawn = fsum(other.kw for other in held) + room.kw
        return drawn * view.pue <= view.limit_kw * (1 + 1e-12) + 1e-9
