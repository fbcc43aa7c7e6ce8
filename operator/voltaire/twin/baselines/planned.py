"""Baselines that book when to run, in the cluster where a workload is at home."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.case import Place, is_lasting
from voltaire.twin.baselines.base import PAUSE, Baseline
from voltaire.twin.baselines.batteries import BatteryRule
from voltaire.twin.baselines.grid import Floats, Ints
from voltaire.twin.baselines.scene import Scene, work_seconds
from voltaire.twin.baselines.timetable import Booking, Timetable
from voltaire.twin.baselines.windows import best_saving_per_time, best_window, cheapest_slots

HOUR = 3600.0


class Planned(Baseline):
    """Books slots for each workload when it arrives, and again when what it has booked is not enough: the
    run was late, a restart took its share, or the deadline came into view."""

    def __init__(self, name: str, battery: BatteryRule) -> None:
        super().__init__(name, battery)
        self.table = Timetable()
        self._asked: dict[str, int] = {}

    def prepare(self, scene: Scene) -> None:
        self.table.open(scene)
        self._asked = {uid: slot for uid, slot in self._asked.items() if uid in scene.snapshot.workloads}
        for w in scene.workloads:
            if w.cluster is not None and w.uid in self.table.bookings and not self.pauses(w):
                self.table.book(w, None)
            if self._asked.get(w.uid) != scene.slot_index and not scene.fixed(w) and self.lacks(w, scene):
                self._asked[w.uid] = scene.slot_index
                self.table.book(w, self._first(w, scene))

    def _first(self, w: WorkloadView, scene: Scene) -> Booking | None:
        for place in scene.local(w):
            grid = scene.intensity(place)
            slots = None if grid is None else self.choose(w, place, grid, scene)
            if slots is not None and len(slots):
                return Booking(place, tuple(int(k) + scene.slot_index for k in slots))
        return None

    def lacks(self, w: WorkloadView, scene: Scene) -> bool:
        """Whether it needs a (new) booking."""
        booking = self.table.bookings.get(w.uid)
        if is_lasting(w) or (w.cluster is not None and not self.pauses(w)):
            return False
        if booking is None or (self.pauses(w) and booking.slots[-1] < scene.slot_index):
            return True
        seen = scene.due(w) <= scene.time.horizon
        return self.pauses(w) and seen and booking.seconds_left(scene) < needed(w, booking.place, scene) - 1.0

    @abstractmethod
    def pauses(self, w: WorkloadView) -> bool:
        """Whether it is run in pieces."""

    @abstractmethod
    def choose(self, w: WorkloadView, place: Place, grid: Floats, scene: Scene) -> Ints | None:
        """The slots (counted from now) in which to run it at `place`, whose intensity is `grid`; None if no
        choice meets the deadline beside what others have booked."""

    def starts(self, w: WorkloadView, scene: Scene) -> Sequence[Place]:
        booking, now = self.table.bookings.get(w.uid), scene.slot_index
        if booking is None:
            return scene.local(w)
        runs = booking.holds(now) if self.pauses(w) else booking.slots[0] <= now
        return [place for place in scene.local(w) if runs and place.cluster == booking.place.cluster]

    def keep(self, w: WorkloadView, own: Place, scene: Scene) -> Place | None:
        booking = self.table.bookings.get(w.uid)
        return own if booking is None or not self.pauses(w) or booking.holds(scene.slot_index) else PAUSE

    def piece(self, w: WorkloadView, place: Place, grid: Floats, scene: Scene) -> Ints | None:
        """The best window in one piece before the deadline."""
        usable, work = self.table.usable(w, place), needed(w, place, scene)
        usable = np.where(scene.time.begin >= scene.time.seconds(w.earliest_start), usable, 0.0)
        start = best_window(grid, usable, scene.time.begin, work, scene.spare(w, place))
        return None if start is None else span(start, work, scene)

    def pieces(self, w: WorkloadView, place: Place, grid: Floats, scene: Scene) -> Ints | None:
        """The cheapest slots before the deadline. Where it lies past the horizon, the part of the work that
        falls to the horizon if it were spread evenly."""
        time, due = scene.time, scene.due(w)
        usable = np.minimum(self.table.usable(w, place), np.maximum(0.0, due - time.begin))
        usable = np.where(time.begin >= time.seconds(w.earliest_start), usable, 0.0)
        share = min(1.0, time.horizon / due) if due > 0 else 1.0
        return cheapest_slots(grid, usable, needed(w, place, scene) * share)


def needed(w: WorkloadView, place: Place, scene: Scene) -> float:
    """Seconds at `place` until it is done, a restart included where it stands still."""
    return work_seconds(w) / place.rate + (scene.costs(w).restart if w.cluster is None else 0.0)


def span(start: int, work: float, scene: Scene) -> Ints:
    """The slots of a run in one piece from slot `start` on, within the horizon."""
    end = float(scene.time.begin[start]) + work
    return np.arange(
        start, max(start + 1, int(np.searchsorted(scene.time.begin, end - 1e-6))), dtype=np.int64
    )


class LetsWaitAwhile(Planned):
    """What may be interrupted runs in the cheapest slots before its deadline, everything else in the window
    of lowest mean intensity."""

    def pauses(self, w: WorkloadView) -> bool:
        return w.mode != "Never"

    def choose(self, w: WorkloadView, place: Place, grid: Floats, scene: Scene) -> Ints | None:
        return (self.pieces if self.pauses(w) else self.piece)(w, place, grid, scene)


class Gaia(Planned):
    """Lowest-Window (or Carbon-Time): the start, within the longest waiting time of its queue and its slack,
    whose window of its queue's mean length emits least (or saves most per time to completion). Never
    suspends."""

    SHORT = 2 * HOUR
    WAITS = (6 * HOUR, 24 * HOUR)

    def __init__(self, name: str, battery: BatteryRule, *, carbon_time: bool = False) -> None:
        super().__init__(name, battery)
        self._carbon_time = carbon_time
        self._sums, self._counts = [0.0, 0.0], [0, 0]
        self._known: set[str] = set()

    def prepare(self, scene: Scene) -> None:
        for w in scene.workloads:
            if w.uid not in self._known and not is_lasting(w):
                self._known.add(w.uid)
                self._sums[self._queue(w)] += work_seconds(w)
                self._counts[self._queue(w)] += 1
        super().prepare(scene)

    def _queue(self, w: WorkloadView) -> int:
        return 0 if work_seconds(w) < self.SHORT else 1

    def pauses(self, w: WorkloadView) -> bool:  # noqa: ARG002
        return False

    def choose(self, w: WorkloadView, place: Place, grid: Floats, scene: Scene) -> Ints | None:
        queue = self._queue(w)
        length = self._sums[queue] / max(1, self._counts[queue]) / place.rate
        latest = min(scene.spare(w, place), self.WAITS[queue] - waited(w, scene))
        usable = np.where(
            scene.time.begin >= scene.time.seconds(w.earliest_start), self.table.usable(w, place), 0.0
        )
        best = best_saving_per_time if self._carbon_time else best_window
        start = best(grid, usable, scene.time.begin, length, latest)
        return None if start is None else span(start, length, scene)


def waited(w: WorkloadView, scene: Scene) -> float:
    """Seconds since it arrived."""
    return max(0.0, -scene.time.seconds(w.arrival))
