"""Which workload has booked which slots where: what keeps the planned baselines from promising room twice."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np

from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.case import Place
from voltaire.twin.baselines.grid import Floats, Ints
from voltaire.twin.baselines.scene import Scene, work_seconds


@dataclass(frozen=True, slots=True)
class Booking:
    """`slots`: ascending, counted as `Scene.slot_index` counts, at least one."""

    place: Place
    slots: tuple[int, ...]

    def holds(self, slot: int) -> bool:
        """Whether a slot is booked."""
        at = bisect_left(self.slots, slot)
        return at < len(self.slots) and self.slots[at] == slot

    def seconds_left(self, scene: Scene) -> float:
        """How long the booked slots from now on are."""
        now = scene.slot_index
        ahead = len(self.slots) - bisect_left(self.slots, now)
        over = scene.time.slot_seconds - scene.until_next if self.holds(now) else 0.0
        return ahead * scene.time.slot_seconds - over


class Timetable:
    """All bookings of a run, and at each call what they leave of every cluster, slot by slot."""

    def __init__(self) -> None:
        self.bookings: dict[str, Booking] = {}
        self._scene: Scene
        self._free: dict[tuple[str, str | None], Floats]
        self._kw: dict[str, Floats]

    def open(self, scene: Scene) -> None:
        """Begin a call: drop who is gone, and count what is booked or runs."""
        for uid in self.bookings.keys() - scene.snapshot.workloads.keys():
            del self.bookings[uid]
        self._scene, count = scene, scene.time.count
        views = scene.snapshot.clusters.items()
        self._free = {
            (name, kind): np.full(count, float(number))
            for name, view in views
            for kind, number in view.capacity.items()
        }
        self._kw = {
            name: np.full(count, np.inf if view.limit_kw is None else view.limit_kw - view.host_overhead_kw)
            for name, view in views
        }
        for w in scene.workloads:
            self._count(w, -1.0)

    def book(self, w: WorkloadView, booking: Booking | None) -> None:
        """Replace what a workload has booked."""
        self._count(w, 1.0)
        self.bookings.pop(w.uid, None)
        if booking is not None:
            self.bookings[w.uid] = booking
        self._count(w, -1.0)

    def usable(self, w: WorkloadView, place: Place) -> Floats:
        """Seconds of each slot that is left in which its gang finds room beside all others."""
        self._count(w, 1.0)
        fits = self._kw[place.cluster] >= place.facility_kw - 1e-9
        if place.kind is not None:
            fits &= self._free[place.cluster, place.kind] >= w.accelerators
        self._count(w, -1.0)
        time = self._scene.time
        return np.where(fits, time.end - time.begin, 0.0)

    def _count(self, w: WorkloadView, sign: float) -> None:
        place, slots = self._span(w)
        if place is None:
            return
        self._kw[place.cluster][slots] += sign * place.facility_kw
        free = self._free.get((place.cluster, place.kind))
        if free is not None:
            free[slots] += sign * w.accelerators

    def _span(self, w: WorkloadView) -> tuple[Place | None, slice | Ints]:
        """Where and when it is expected to hold its gang: in the slots it has booked; what runs without a
        booking, until its end."""
        scene, booking = self._scene, self.bookings.get(w.uid)
        if w.cluster is not None and booking is None:
            own = scene.own_place(w)
            if own is None:
                return None, slice(0)
            end = float("inf") if w.remaining_seconds is None else work_seconds(w) / own.rate
            return own, slice(0, int(np.searchsorted(scene.time.begin, end)))
        if booking is None or booking.place.cluster not in self._kw:
            return None, slice(0)
        at = np.array(booking.slots, dtype=np.int64) - scene.slot_index
        return booking.place, at[(at >= 0) & (at < scene.time.count)]
