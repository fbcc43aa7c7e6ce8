"""Work without a known end: servers, and jobs whose duration nobody gave.

It runs at once, is never paused, and goes where the coming hours are cleanest on average, if that pays for
the move.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voltaire.planner.case import Case
from voltaire.planner.choose import can_migrate
from voltaire.planner.grid import Bools, Floats
from voltaire.planner.outcome import Outcome, Stretch
from voltaire.planner.sites import Fleet
from voltaire.planner.terms import change_margin

LOOK_AHEAD_SECONDS = 24 * 3600.0
"""Over which emissions are compared, and within which a move must pay for itself."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """`grams`: per place over the look-ahead of `hours`, moving included. `moving`: that part alone.
    `margin`: what a move must save beyond its cost."""

    case: Case
    outcome: Outcome
    grams: Floats
    moving: Floats
    open: Bools
    hours: float
    margin: float
    budget_held: bool = False


def settle(case: Case, fleet: Fleet, *, may_migrate_now: bool) -> Lasting:
    """Where it runs from now on, or from when there is room."""
    weight = np.where(case.begin < LOOK_AHEAD_SECONDS, case.usable, 0.0) / 3600.0
    at_work, moving = weight @ case.gph, _moving(case)
    first = _open_from(case)
    allowed = case.start_ok & (first >= 0)
    if case.own is None and case.anchor is not None and not can_migrate(case, fleet):
        allowed &= np.isin(np.arange(len(case.places)), case.data)
    if (allowed & case.known).any():
        allowed &= case.known
    grams = at_work + moving
    if case.own is not None:
        return _stay_or_move(case, fleet, grams, moving, first, allowed, may_migrate_now, float(weight.sum()))
    outcome = Outcome((), None, 0.0, None, 0.0, 0, 0)
    if allowed.any():
        soonest = allowed & (first == first[allowed].min())
        outcome = _run(case, int(np.where(soonest, grams, np.inf).argmin()), first, grams, moving)
    return Lasting(case, outcome, grams, moving, first == 0, float(weight.sum()), 0.0)


def _stay_or_move(
    case: Case,
    fleet: Fleet,
    grams: Floats,
    moving: Floats,
    first: Floats,
    allowed: Bools,
    may_migrate_now: bool,
    hours: float,
) -> Lasting:
    w, own = case.workload, case.own or 0
    leaving = bool(case.surcharge[own] > 0)
    margin = 0.0 if leaving else change_margin(case, fleet, float(grams[own]))
    settled = w.last_change is None or fleet.time.seconds(w.last_change + w.minimum_residence) <= 0
    target, held = own, False
    allowed = allowed & (first == 0)
    allowed[own] = False
    movable = can_migrate(case, fleet) and settled and (leaving or bool(case.known[own]))
    if movable and allowed.any():
        best = int(np.where(allowed, grams, np.inf).argmin())
        if leaving or grams[best] + margin < grams[own]:
            held = not may_migrate_now
            target = own if held else best
    outcome = _run(case, target, np.zeros_like(first), grams, moving)
    return Lasting(case, outcome, grams, moving, first == 0, hours, margin, held)


def _open_from(case: Case) -> Floats:
    """Per place, the first slot from which it stays open to the end of the horizon; -1 for never."""
    workable = case.open & (case.usable > 0)[:, None]
    closed_after = np.cumsum(~workable[::-1], axis=0)[::-1]
    first = (closed_after > 0).sum(axis=0)
    return np.where(first < len(case.begin), first, -1).astype(np.float64)


def _moving(case: Case) -> Floats:
    """Emissions of a move to each place now, g: lost work, restore and transfer at full power, network."""
    w, cost = case.workload, np.zeros(len(case.places))
    source = [case.grid[0, i] for i, place in enumerate(case.places) if place.cluster == case.anchor][:1]
    for i, place in enumerate(case.places):
        if case.anchor is None or i == case.own:
            continue
        seconds = w.restore_seconds + (w.at_risk_seconds if case.own is not None else 0.0)
        if place.cluster != case.anchor:
            seconds += case.transfer_seconds
            cost[i] = case.transfer_kwh * float(np.mean([case.grid[0, i], *source]))
        cost[i] += seconds * case.gph[0, i] / 3600.0
    return cost


def _run(case: Case, place: int, first: Floats, grams: Floats, moving: Floats) -> Outcome:
    begin, last = int(first[place]), len(case.begin) - 1
    stretch = Stretch(place, begin, last, float(case.begin[begin]), float(case.end[last]))
    moved = case.anchor is not None and case.places[place].cluster != case.anchor
    known = bool(case.known[place])
    emitted = float(grams[place]) if known else None
    return Outcome((stretch,), emitted, float(moving[place]), None, 0.0, int(moved), int(moved))
