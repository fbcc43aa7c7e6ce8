"""Who has taken what of the sites while a plan is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from voltaire.planner.case import Case, Place
from voltaire.planner.outcome import Stretch
from voltaire.planner.sites import Fleet


@dataclass(frozen=True, slots=True)
class Taken:
    """A gang at a place in some slots."""

    place: Place
    accelerators: int
    slots: slice


@dataclass(slots=True)
class Reservations:
    """Takes from the sites and gives back, by workload uid."""

    fleet: Fleet
    taken: dict[str, list[Taken]] = field(default_factory=dict)

    def take(self, case: Case, stretches: Iterable[Stretch]) -> None:
        """Reserve the stretches of a workload's timeline."""
        for s in stretches:
            slots = slice(s.first, s.last + 1)
            self.add(case.workload.uid, Taken(case.places[s.place], case.workload.accelerators, slots))

    def add(self, uid: str, taken: Taken) -> None:
        """Reserve one piece."""
        place = taken.place
        site = self.fleet.sites[place.cluster]
        site.take(taken.slots, place.kind, taken.accelerators, place.facility_kw)
        self.taken.setdefault(uid, []).append(taken)

    def release(self, uid: str) -> list[Taken]:
        """Give back everything a workload had; what it was."""
        had = self.taken.pop(uid, [])
        for taken in had:
            place = taken.place
            site = self.fleet.sites[place.cluster]
            site.take(taken.slots, place.kind, -taken.accelerators, -place.facility_kw)
        return had
