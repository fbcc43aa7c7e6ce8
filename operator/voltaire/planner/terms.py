"""What time and change are worth to one workload."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from voltaire.planner.case import Case, Place
from voltaire.planner.outcome import Outcome, stay
from voltaire.planner.sites import Fleet

PATIENCE_SECONDS = 24 * 3600.0
PATIENCE_FACTOR = 3.0
"""Work without a deadline is expected to finish by arrival + 24 h + 3 x what is left of it."""

HOLD_SHARE_PER_HOUR = 0.001
"""An hour of waiting must save a thousandth of what the work emits: ties and trifles start earlier."""

LEAST_GRAMS_PER_KWH = 0.01
"""As if it emitted at least this, so that nothing waits where the grid emits nothing."""

AT_ONCE_FACTOR = 100.0
"""Where a required deadline cannot be met, an hour costs so many times the most that the whole work could
emit: nothing weighs against finishing early."""

AT_ONCE_LEAST_GRAMS = 1e4
"""And at least this, g/h, so that it holds where the grid emits nothing."""

DAY_SECONDS = 24 * 3600.0
"""The hysteresis asks for a share of what remains, at most of so much work: a pause saves some hours' worth,
however many weeks are left."""

ROOMY = 1.3
"""Work that ends past the horizon is taken to need so much more of its time than it does: others want the
clean hours too."""


@dataclass(frozen=True, slots=True)
class Terms:
    """`keep`: going on where it is until done (None when it is nowhere). `after`: g per second of work left
    at the horizon's end, see `_needed`. `change_grams`: what a stop or a move must save beyond its
    cost; `wait_grams`: what an hour's delay must. `deadline`: seconds from now, the user's (`has_deadline`)
    or the limit of patience; `lateness`: g per second past it."""

    keep: Outcome | None
    after: float
    change_grams: float
    wait_grams: float
    deadline: float
    lateness: float
    has_deadline: bool

    def missed(self, outcome: Outcome) -> bool:
        """Whether a timeline misses the user's deadline."""
        return self.has_deadline and (outcome.finish or 0.0) > self.deadline + 1.0


def make_terms(case: Case, fleet: Fleet) -> Terms:
    """The terms of a workload, servers included: of those the horizon is looked at."""
    w = case.workload
    keep = stay(case, fleet) if case.own is not None else None
    work, places = _work(case, fleet), _places(case, fleet)
    reference = keep.grams if keep is not None and keep.grams is not None else _cheapest(places, fleet) * work
    lateness = w.policy.lateness_grams_per_hour
    has_deadline = not case.lasting and w.deadline is not None and (w.deadline_required or lateness > 0)
    if w.deadline is not None and has_deadline:
        deadline = fleet.time.seconds(w.deadline)
    else:
        deadline = patience_limit(case, fleet)
        lateness = max(lateness, most_kw(case) * fleet.worst)
    at_stake = reference if case.lasting else reference * min(1.0, DAY_SECONDS / max(1.0, work))
    change = max(w.policy.minimum_saving * at_stake, w.policy.minimum_saving_grams)
    trifle = LEAST_GRAMS_PER_KWH * most_kw(case) * work / 3600.0
    wait = HOLD_SHARE_PER_HOUR * max(reference, trifle)
    after = _cheapest(places, fleet, None if case.lasting else _needed(case, fleet, deadline))
    return Terms(keep, after, change, wait, deadline, lateness / 3600.0, has_deadline)


def _work(case: Case, fleet: Fleet) -> float:
    return fleet.time.horizon if case.lasting else case.remaining


def most_kw(case: Case) -> float:
    """The most its gang draws anywhere, facility kW."""
    return max((p.facility_kw for p in (*case.places, *own_places(case))), default=0.0)


def own_places(case: Case) -> tuple[Place, ...]:
    """Where it is, if it is anywhere."""
    return () if case.own is None else (case.own,)


def at_once_grams(case: Case, fleet: Fleet) -> float:
    """g per hour of what must be done as early as possible."""
    hours = max(1.0, case.remaining / 3600.0)
    return max(AT_ONCE_LEAST_GRAMS, AT_ONCE_FACTOR * hours * most_kw(case) * fleet.worst)


def _cheapest(places: tuple[Place, ...], fleet: Fleet, share: float | None = None) -> float:
    """g per second of work where it is cheapest, among `places`: at the mean rate, or at the rate up to which
    so large a share of the time at throughput 1 lies."""

    def rate(place: Place) -> float:
        rates = fleet.sites[place.cluster].rates
        return rates.mean if share is None else rates.at_most(min(1.0, share / place.rate))

    return min((p.facility_kw * rate(p) / p.rate for p in places), default=0.0) / 3600.0


def _needed(case: Case, fleet: Fleet, deadline: float) -> float:
    """Share of its time that it must work to be done by its deadline, with some to spare. If the time after
    the horizon is like that within, work that needs a third of it is done in the cleanest third: what is left
    at the horizon's end is worth the rate up to which it has to work."""
    begin = max(0.0, fleet.time.seconds(case.workload.earliest_start))
    return ROOMY * case.remaining / max(1.0, deadline - begin)


def _places(case: Case, fleet: Fleet) -> tuple[Place, ...]:
    return case.choices(fleet) or case.choices(fleet, blind=True) or own_places(case)


def patience_limit(case: Case, fleet: Fleet) -> float:
    """Seconds from now by which work without a deadline is expected to finish."""
    w = case.workload
    arrival = fleet.time.seconds(max(w.arrival, w.earliest_start))
    fastest = max((p.rate for p in (*case.places, *own_places(case))), default=1.0)
    limit = arrival + PATIENCE_SECONDS + PATIENCE_FACTOR * case.remaining / fastest
    return ceil(limit / fleet.time.slot_seconds) * fleet.time.slot_seconds
