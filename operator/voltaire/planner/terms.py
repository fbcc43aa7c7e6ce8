"""What time is worth to one workload: deadline, price of lateness and of waiting, what a change must save."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from voltaire.fleet.uncertainty import error_at
from voltaire.planner.case import Case
from voltaire.planner.grid import Floats
from voltaire.planner.sites import Fleet

PATIENCE_SECONDS = 24 * 3600.0
PATIENCE_FACTOR = 3.0
"""Work without a deadline is expected to finish by arrival + 24 h + 3 x what is left of it."""

HOLD_SHARE_PER_HOUR = 0.001
"""An hour of waiting must save a thousandth of what the work emits: ties and trifles start earlier."""

GUARD_SLOTS = 2
GUARD_SHARE = 0.1
"""A required deadline is planned for with so many slots, or this share of the work if it is more, to spare:
pods are scheduled, images pulled and checkpoints restored in real time."""

ERROR_WEIGHT = 0.5
"""Share of the forecast error added to what a change must save. Half: it averages out over many slots, and
part of it is common to the places compared."""

LASTING_HOURS = 12.0
"""Lead at which the forecast of a day is judged for work without an end."""

AT_ONCE_GRAMS_PER_HOUR = 1e7
"""Price of lateness where a required deadline cannot be met: nothing weighs against finishing early."""


@dataclass(frozen=True, slots=True)
class Terms:
    """`deadline` in seconds from now, `lateness` in g per second past it. `price_after`: g per second of work
    past the horizon. `change_grams`: what a stop or a move must save beyond its cost. `hold`: g per slot.
    `has_deadline`: the deadline is the user's, not the limit of patience."""

    deadline: float
    lateness: float
    required: bool
    price_after: float
    change_grams: float
    hold: Floats
    has_deadline: bool

    def guarded(self, case: Case, slot_seconds: float) -> Terms:
        """With time to spare before the deadline."""
        need = case.remaining / float(case.rate.max())
        return replace(self, deadline=self.deadline - max(GUARD_SLOTS * slot_seconds, GUARD_SHARE * need))

    def at_once(self) -> Terms:
        """As early as possible, whatever it emits."""
        return replace(self, required=False, lateness=AT_ONCE_GRAMS_PER_HOUR / 3600.0)


def patience_limit(case: Case, fleet: Fleet) -> float:
    """Seconds from now by which work without a deadline is expected to finish."""
    arrival = fleet.time.seconds(max(case.workload.arrival, case.workload.earliest_start))
    limit = arrival + PATIENCE_SECONDS + PATIENCE_FACTOR * case.remaining / float(case.rate.max())
    return float(np.ceil(limit / fleet.time.slot_seconds) * fleet.time.slot_seconds)


def make_terms(case: Case, fleet: Fleet, reference_grams: float, price_after: float) -> Terms:
    """The terms of a workload with known duration. `reference_grams`: its emissions if nothing changes."""
    w = case.workload
    lateness = w.policy.lateness_grams_per_hour
    has_deadline = w.deadline is not None and (w.deadline_required or lateness > 0)
    if w.deadline is not None and has_deadline:
        deadline = fleet.time.seconds(w.deadline)
    else:
        deadline = patience_limit(case, fleet)
        lateness = max(lateness, max(place.facility_kw for place in case.places) * fleet.worst)
    return Terms(
        deadline=deadline,
        lateness=lateness / 3600.0,
        required=w.deadline is not None and w.deadline_required,
        price_after=price_after,
        change_grams=change_margin(case, fleet, reference_grams),
        hold=HOLD_SHARE_PER_HOUR * reference_grams * fleet.time.hours,
        has_deadline=has_deadline,
    )


def change_margin(case: Case, fleet: Fleet, reference_grams: float) -> float:
    """Grams that a stop or a move must save beyond its own cost: the policy's share of what is left, wider
    where forecasts for the middle of it have been wrong, at least the policy's grams."""
    views = [fleet.sites[place.cluster].view for place in case.places]
    error = max((error_at(view, _middle_hours(case)) for view in views), default=0.0)
    share = case.workload.policy.minimum_saving + ERROR_WEIGHT * error
    return max(share * reference_grams, case.workload.policy.minimum_saving_grams)


def _middle_hours(case: Case) -> float:
    """How far ahead the middle of what is left lies, h, at least one; LASTING_HOURS where it has no end."""
    if case.workload.remaining_seconds is None:
        return LASTING_HOURS
    return max(1.0, case.remaining / float(case.rate.max()) / 7200.0)
