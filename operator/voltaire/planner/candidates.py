"""What was considered: every cluster with the emissions of the work if it all ran there, or why it cannot;
and what keeps a workload from something cleaner."""

from __future__ import annotations

import numpy as np

from voltaire.planner.case import Case, Place
from voltaire.planner.plan import Candidate, Limit
from voltaire.planner.sites import Fleet
from voltaire.planner.view import View
from voltaire.planner.words import clock, intensity

MOST = 8
"""How many a decision lists."""

NOTABLE = 0.05
"""A limit is named where something would be cleaner by more than this share."""


def candidates(v: View) -> tuple[Candidate, ...]:
    """The best ones first, then the rejected, by name; at most `MOST`."""
    listed, case = [], v.case
    bound = case.anchor is not None and not case.can_migrate
    for name in v.fleet.sites:
        own = case.own is not None and case.own.cluster == name
        refused = case.rejected[name]
        if refused is not None and not own:
            listed.append(Candidate(name, None, refused.text))
        elif bound and name != case.anchor:
            listed.append(Candidate(name, None, f"disruption: it stays in {case.anchor}"))
        elif not v.known(name):
            listed.append(Candidate(name, None, "intensity: unknown"))
        else:
            listed.append(_weighed(v, name, own))
    listed.sort(key=lambda c: (c.grams is None, c.grams or 0.0, c.cluster))
    return tuple(listed[:MOST])


def _weighed(v: View, name: str, own: bool) -> Candidate:
    if own and v.terms.keep is not None and v.terms.keep.grams is not None:
        return Candidate(name, round(v.terms.keep.grams, 3))
    places = [p for p in v.case.places if p.cluster == name]
    table = v.alternatives
    if not places:
        return Candidate(name, None, "unavailable: it could not start there again")
    best = min(places, key=lambda p: v.column(table.grams, p))
    grams = v.column(table.grams, best)
    if not np.isfinite(grams):
        wished = min(places, key=lambda p: v.column(table.wished_grams, p))
        return Candidate(name, None, _full(v, wished), round(v.column(table.price_grams, wished), 3))
    if v.case.required and v.column(table.finish, best) > v.terms.deadline + 1.0:
        soonest = min(v.column(table.soonest, p) for p in places)
        return Candidate(name, None, f"deadline: finishes {clock(v.fleet.time, soonest)} at the earliest")
    return Candidate(name, round(grams, 3))


def _full(v: View, place: Place) -> str:
    """`capacity: 16 of 16 a100 in use until 14:00`."""
    view, pool = v.fleet.sites[place.cluster].view, v.ground.pool(place)
    needed = v.case.workload.accelerators
    short = v.ground.free[pool] < needed - 1e-6
    tight = v.ground.room[v.ground.clusters[place.cluster]] < place.facility_kw - 1e-6
    shut = np.flatnonzero(~(short | tight))
    until = _when(v, int(shut[0])) if len(shut) else "the horizon's end"
    if len(shut) and shut[0] == 0:
        return f"capacity: free only until {_when(v, int(np.flatnonzero(short | tight)[0]))}" if (
            short | tight
        ).any() else "capacity: no stretch long enough"  # fmt: skip
    if place.kind is None or place.kind not in view.capacity or not short[0]:
        return f"power: the limit of {view.limit_kw or 0:g} kW is used up until {until}"
    have = view.capacity[place.kind]
    return f"capacity: {have - int(v.ground.free[pool, 0])} of {have} {place.kind} in use until {until}"


def _when(v: View, slot: int) -> str:
    return clock(v.fleet.time, slot * v.fleet.time.slot_seconds)


def rejected_only(case: Case, fleet: Fleet) -> tuple[Candidate, ...]:
    """Every cluster with why it cannot be used, where none can."""
    found = ((name, case.rejected[name]) for name in fleet.sites)
    return tuple(Candidate(name, None, why.text) for name, why in found if why is not None)[:MOST]


def limit(v: View) -> tuple[Limit | None, str]:
    """What keeps it from something cleaner, and a sentence where people will ask."""
    here, first = v.outcome.grams, v.first
    if here is None or first is None:
        return None, ""
    full = _crowded(v, here)
    if full is not None:
        return full
    begin, end = first.start, max(first.end, v.outcome.finish or 0.0)
    mean = v.effective(first.place.cluster, begin, end)
    for name, refused in v.case.rejected.items():
        if refused is not None and refused.rule.owner and v.known(name):
            there = v.effective(name, begin, end)
            if there < mean * (1 - NOTABLE):
                return Limit.RESIDENCY, f" {name} would be cleaner ({intensity(there)}): {refused.text}."
    table = v.alternatives
    timely = min((v.column(table.grams, p) for p in v.case.choices(v.fleet)), default=np.inf)
    ever = min((v.column(table.any_time, p) for p in v.case.choices(v.fleet)), default=np.inf)
    if v.terms.has_deadline and ever < min(timely, here) * (1 - NOTABLE):
        return Limit.DEADLINE, ""
    grid = v.fleet.sites[first.place.cluster].rates.between(begin, end)
    return (Limit.BATTERY, "") if mean < grid * (1 - NOTABLE) else (None, "")


def _crowded(v: View, here: float) -> tuple[Limit, str] | None:
    """The cluster where it would be cleaner, if there were room."""
    table, used = v.alternatives, {s.place.cluster for s in v.outcome.stretches}
    places = [p for p in v.case.choices(v.fleet) if p.cluster not in used and v.known(p.cluster)]
    if not places:
        return None
    best = min(places, key=lambda p: v.column(table.wished_grams, p))
    wished, price = v.column(table.wished_grams, best), v.column(table.price_grams, best)
    late = v.terms.has_deadline and v.column(table.finish, best) > v.terms.deadline + 1.0
    no_room = late or v.column(table.grams, best) > wished * (1 + NOTABLE)
    if wished >= here * (1 - NOTABLE) or not no_room:
        return None
    hours = v.case.remaining / 3600.0 / best.rate if not v.case.lasting else v.fleet.time.horizon / 3600.0
    each = price / (best.facility_kw * hours) if best.facility_kw > 0 else 0.0
    text = (
        f"{best.cluster} is taken ({_full(v, best).partition(': ')[2]}): its room is worth {intensity(each)}"
    )
    power = _full(v, best).startswith("power")
    return Limit.POWER if power else Limit.CAPACITY, f" {text}."
