"""What was considered: every cluster with the emissions of the work if it all ran there, or why it cannot."""

from __future__ import annotations

import numpy as np

from voltaire.planner.case import Case
from voltaire.planner.choose import Choice, can_migrate
from voltaire.planner.lasting import Lasting
from voltaire.planner.plan import Candidate
from voltaire.planner.sites import Fleet
from voltaire.planner.timeline import IMPOSSIBLE
from voltaire.planner.words import clock

MOST = 8
"""How many a decision lists."""


def candidates(case: Case, fleet: Fleet, found: Choice | Lasting) -> tuple[Candidate, ...]:
    """The best ones first, then the rejected, by name; at most `MOST`."""
    listed = []
    for name in fleet.sites:
        refused = case.rejected[name]
        places = [i for i, place in enumerate(case.places) if place.cluster == name]
        if case.own not in places and refused is not None:
            listed.append(Candidate(name, None, refused.text))
        elif case.own not in places and _bound(case, fleet, name):
            listed.append(Candidate(name, None, f"disruption: it stays in {case.anchor}"))
        elif not any(case.known[i] for i in places):
            listed.append(Candidate(name, None, "intensity: unknown"))
        else:
            listed.append(_weighed(name, case, fleet, found, places))
    listed.sort(key=lambda c: (c.grams is None, c.grams or 0.0, c.cluster))
    return tuple(listed[:MOST])


def _bound(case: Case, fleet: Fleet, name: str) -> bool:
    return case.anchor is not None and name != case.anchor and not can_migrate(case, fleet)


def _weighed(name: str, case: Case, fleet: Fleet, found: Choice | Lasting, places: list[int]) -> Candidate:
    if isinstance(found, Lasting):
        open_now = [i for i in places if found.open[i] or i == case.own]
        if open_now:
            return Candidate(name, round(min(float(found.grams[i]) for i in open_now), 3))
        return Candidate(name, None, _full(case, fleet, places))
    if case.own in places and found.keep is not None and found.keep.grams is not None:
        return Candidate(name, round(found.keep.grams, 3))
    runs, terms = found.straight, found.terms
    possible = runs.grams[:, places] < IMPOSSIBLE
    if not possible.any():
        return Candidate(name, None, _full(case, fleet, places))
    in_time = possible & (runs.finish[:, places] <= terms.deadline + 1.0)
    if terms.required and not in_time.any():
        soonest = float(np.where(possible, runs.finish[:, places], np.inf).min())
        return Candidate(name, None, f"deadline: finishes {clock(fleet.time, soonest)} at the earliest")
    chosen = np.where(in_time if in_time.any() else possible, runs.grams[:, places], np.inf)
    return Candidate(name, round(float(chosen.min()), 3))


def _full(case: Case, fleet: Fleet, places: list[int]) -> str:
    """`16 of 16 a100 in use until 14:00`."""
    place = case.places[places[0]]
    site = fleet.sites[place.cluster]
    opens = np.flatnonzero(case.open[:, places].any(axis=1))
    until = clock(fleet.time, float(fleet.time.begin[opens[0]])) if len(opens) else "the horizon's end"
    if len(opens) and opens[0] == 0:
        closes = np.flatnonzero(~case.open[:, places].any(axis=1))
        when = clock(fleet.time, float(fleet.time.begin[closes[0]])) if len(closes) else until
        return f"capacity: free only until {when}" if len(closes) else "capacity: no stretch long enough"
    if place.kind is None or place.kind not in site.view.capacity:
        return f"power: the limit of {site.view.limit_kw or 0:g} kW is used up until {until}"
    have = site.view.capacity[place.kind]
    used = have - int(site.free[place.kind][0])
    if have - used >= case.workload.accelerators:
        return f"power: the limit of {site.view.limit_kw or 0:g} kW is used up until {until}"
    return f"capacity: {used} of {have} {place.kind} in use until {until}"


def rejected_only(case: Case, fleet: Fleet) -> tuple[Candidate, ...]:
    """Every cluster with why it cannot be used, where none can."""
    found = ((name, case.rejected[name]) for name in fleet.sites)
    return tuple(Candidate(name, None, why.text) for name, why in found if why is not None)[:MOST]
