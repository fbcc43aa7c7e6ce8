"""Whether a change that a plan wants now may be made: it must be worth it, and within the budgets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from voltaire.planner.case import Case, Place
from voltaire.planner.ground import Ground
from voltaire.planner.joint.arrays import Floats
from voltaire.planner.outcome import Outcome
from voltaire.planner.sites import Fleet
from voltaire.planner.terms import Terms

SIGMAS = 1.0
"""A change must save so many standard deviations of the difference that the forecasts make."""

SIGMA_PER_MEAN_ERROR = sqrt(np.pi / 2)
"""Standard deviation over mean absolute error, for errors of normal distribution."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a workload would do now. `saving`: g against going on, room at its price; `needed`: what it must
    be. `pressing`: a deadline, or a cluster to be left, asks for it."""

    uid: str
    case: Case
    migrates: bool
    saving: float
    needed: float
    pressing: bool

    @property
    def worth_it(self) -> bool:
        return self.pressing or self.saving > self.needed


def change_now(case: Case, terms: Terms, made: Outcome, ground: Ground, fleet: Fleet) -> Change | None:
    """The change that `made` begins in the first slot; None where it begins none."""
    now, w = made.now, case.workload
    if case.own is None:
        away = now is not None and case.anchor is not None and now.cluster != case.anchor
        return Change(w.uid, case, True, 0.0, 0.0, True) if away else None
    if now == case.own:
        return None
    migrates = now is not None
    keep = terms.keep
    if case.leaving or keep is None or keep.grams is None or made.grams is None:
        return Change(w.uid, case, migrates, 0.0, 0.0, True)
    late, kept_late = _late(made, terms), _late(keep, terms)
    pressing = case.required and kept_late > 1.0 and late < kept_late
    kept = _priced(keep, case, ground, fleet) + kept_late * terms.lateness
    saving = kept - _priced(made, case, ground, fleet) - late * terms.lateness
    doubt = SIGMAS * deviation(keep, made, fleet)
    return Change(w.uid, case, migrates, saving, terms.change_grams + doubt, pressing)


def _late(outcome: Outcome, terms: Terms) -> float:
    return max(0.0, (outcome.finish or 0.0) - terms.deadline)


def _priced(outcome: Outcome, case: Case, ground: Ground, fleet: Fleet) -> float:
    """Its emissions, and what the room it holds is worth to others, g."""
    slot, count = fleet.time.slot_seconds, fleet.time.count
    total = outcome.grams or 0.0
    for s in outcome.stretches:
        first, last = int(s.start / slot + 1e-6), min(count, ceil(s.end / slot - 1e-6))
        if first < last:
            total += ground.congestion(s.place, case.workload.accelerators, first, last)
    return total


def deviation(keep: Outcome, made: Outcome, fleet: Fleet) -> float:
    """Standard deviation, g, of what `made` saves over `keep`.

    Errors of one site go the same way throughout, those of different sites, and of what is avoided and what
    is chosen instead, are taken to be independent.
    """
    before, after = _energy(keep, fleet), _energy(made, fleet)
    spread = 0.0
    for name in {place.cluster for place in (*before, *after)}:
        error = fleet.sites[name].error
        less = sum((e for p, e in before.items() if p.cluster == name), np.zeros(fleet.time.count))
        more = sum((e for p, e in after.items() if p.cluster == name), np.zeros(fleet.time.count))
        both = np.minimum(less, more)
        spread += float((less - both) @ error) ** 2 + float((more - both) @ error) ** 2
    return SIGMA_PER_MEAN_ERROR * sqrt(spread)


def _energy(outcome: Outcome, fleet: Fleet) -> dict[Place, Floats]:
    """kWh by slot at each place."""
    slot, found = fleet.time.slot_seconds, dict[Place, Floats]()
    begins = np.arange(fleet.time.count) * slot
    for s in outcome.stretches:
        spent = np.clip(s.end - begins, 0.0, slot) - np.clip(s.start - begins, 0.0, slot)
        found[s.place] = found.get(s.place, np.zeros(fleet.time.count)) + s.place.facility_kw * spent / 3600.0
    return found


def within_budget(changes: Iterable[Change], fleet: Fleet) -> tuple[set[str], set[str]]:
    """Uids of the changes that may be made, and of the migrations that the budget leaves no room for: the
    pressing ones first, then those that save most."""
    may, over = set[str](), set[str]()
    begun = 0
    for change in sorted(changes, key=lambda c: (not c.pressing, -c.saving, c.uid)):
        policy = change.case.workload.policy
        room = (
            fleet.migrations_recent + begun < policy.migrations_per_hour
            and fleet.migrations_active + begun < policy.concurrent_migrations
        )
        if change.migrates and not room:
            over.add(change.uid)
            continue
        begun += change.migrates
        may.add(change.uid)
    return may, over
