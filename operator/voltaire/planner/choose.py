"""The timeline of one workload with known duration, against what is left of the fleet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from voltaire.planner.case import Case
from voltaire.planner.grid import Bools, Ints
from voltaire.planner.outcome import Outcome, work_out
from voltaire.planner.sites import Fleet
from voltaire.planner.straight import Straight, best_straight, piece, straight_runs
from voltaire.planner.terms import Terms, make_terms
from voltaire.planner.timeline import BIG, Problem, solve

_LATE_ROOM_SECONDS = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The timeline chosen, and what it was compared with.

    `keep`: going on where it is until done (None when it is nowhere). `straight`: every run in one piece.
    `late`: it misses its deadline. `budget_held`: it would have migrated now, had the budget allowed.
    """

    case: Case
    terms: Terms
    outcome: Outcome
    keep: Outcome | None
    straight: Straight
    late: bool
    budget_held: bool = False

    @property
    def blind(self) -> bool:
        """Whether it uses a cluster of unknown intensity."""
        return any(not self.case.known[stretch.place] for stretch in self.outcome.stretches)


@dataclass(frozen=True, slots=True)
class _Attempt:
    terms: Terms
    places: Bools


def choose(case: Case, fleet: Fleet, *, may_migrate_now: bool) -> Choice:
    """The cheapest timeline under its terms; where a required deadline cannot be met, the earliest."""
    keep = keep_going(case)
    price = float(case.cheapest_rate(not can_migrate(case, fleet)).mean())
    reference = keep.grams if keep and keep.grams is not None else case.remaining * price
    terms = make_terms(case, fleet, reference, price)
    runs = _straight(case)
    if keep is not None and _stays_blind(case, keep, terms):
        return Choice(case, terms, keep, keep, runs, _is_late(keep, terms))
    for attempt in _attempts(case, terms, fleet):
        where = _place(case, attempt, runs, fleet, True)
        if where is None:
            continue
        outcome, held = work_out(case, where, price), False
        if _migrates_now(case, outcome) and not may_migrate_now:
            where, held = _place(case, attempt, runs, fleet, False), True
            if where is None:
                continue
            outcome = work_out(case, where, price)
        return Choice(case, terms, outcome, keep, runs, _is_late(outcome, terms), held)
    nothing = work_out(case, np.full(len(case.begin), -1, dtype=np.int64), price)
    return Choice(case, terms, nothing, keep, runs, _is_late(nothing, terms))


def _is_late(outcome: Outcome, terms: Terms) -> bool:
    return terms.has_deadline and (outcome.finish or 0.0) > terms.deadline + 1.0


def _stays_blind(case: Case, keep: Outcome, terms: Terms) -> bool:
    """Where nothing is known of the intensity here, nothing but a required deadline moves it."""
    if case.own is None or case.known[case.own] or case.surcharge[case.own] > 0:
        return False
    return not (terms.required and _is_late(keep, terms))


def keep_going(case: Case) -> Outcome | None:
    """What going on where it is until done amounts to, None when it is nowhere."""
    if case.own is None:
        return None
    count = len(case.begin)
    price = float((case.gph[:, case.own] / 3600.0 / case.rate[case.own]).mean())
    return work_out(case, piece(count, case.own, 0, count - 1), price)


def _migrates_now(case: Case, outcome: Outcome) -> bool:
    now = outcome.runs_now
    return now is not None and case.anchor is not None and case.places[now].cluster != case.anchor


def _attempts(case: Case, terms: Terms, fleet: Fleet) -> list[_Attempt]:
    """What to try, in this order. Only a required deadline may use clusters of unknown intensity."""
    known = case.known.copy()
    known[[i for i in (case.own, *case.data) if i is not None]] = True
    everywhere = np.ones(len(case.places), dtype=np.bool_)
    if not terms.required:
        return [_Attempt(terms, known)]
    tries = [_Attempt(terms.guarded(case, fleet.time.slot_seconds), known), _Attempt(terms, known)]
    if not known.all():
        tries.append(_Attempt(terms, everywhere))
    tries.append(_Attempt(terms.at_once(), everywhere))
    return tries


def _straight(case: Case) -> Straight:
    """Every run in one piece, starts and moves included in the time it takes."""
    need = case.remaining / case.rate
    for i, place in enumerate(case.places):
        if case.anchor is None or i == case.own:
            continue
        need[i] += case.workload.restore_seconds
        if place.cluster != case.anchor:
            need[i] += case.transfer_seconds
        if case.own is not None:
            need[i] += case.workload.at_risk_seconds / case.rate[i]
    return straight_runs(case, need, (case.gph / 3600.0).mean(axis=0))


def _place(case: Case, attempt: _Attempt, runs: Straight, fleet: Fleet, migrate_now: bool) -> Ints | None:
    w, terms = case.workload, attempt.terms
    if w.mode == "Never":
        if case.own is not None:
            return piece(len(case.begin), case.own, 0, len(case.begin) - 1)
        allowed = attempt.places & case.start_ok
        if case.data:
            allowed &= np.isin(np.arange(len(case.places)), case.data)
        return best_straight(case, runs, allowed, terms.deadline, terms.lateness, terms.required, terms.hold)
    keep = np.flatnonzero(attempt.places)
    if not len(keep):
        return None
    problem = _problem(case, terms, fleet, keep, migrate_now)
    return _within_migrations(case, problem, keep)


def _within_migrations(case: Case, problem: Problem, keep: Ints) -> Ints | None:
    """Solve, making moves dearer until there are no more of them than it has left."""
    for _ in range(3):
        where = _solve(case, problem, keep)
        if where is None or work_out(case, where, 0.0).migrations <= case.workload.migrations_left:
            return where
        problem = replace(problem, change_grams=4 * problem.change_grams + 1.0)
    return _solve(case, replace(problem, can_migrate=False), keep)


def _solve(case: Case, problem: Problem, keep: Ints) -> Ints | None:
    """`solve`, with the case's own indices of places and all of its slots."""
    solved = solve(problem)
    if solved is None:
        return None
    where = np.full(len(case.begin), -1, dtype=np.int64)
    where[: len(solved[0])] = np.where(solved[0] >= 0, keep[np.maximum(solved[0], 0)], -1)
    return where


def _window(case: Case, terms: Terms, fleet: Fleet) -> tuple[int, bool]:
    """How many slots to look at, and whether the window ends at a required deadline."""
    if terms.required:
        return max(1, int(np.count_nonzero(case.begin < terms.deadline))), True
    need = case.remaining / float(case.rate.min())
    until = max(0.0, terms.deadline) + 2 * need + _LATE_ROOM_SECONDS
    return max(1, int(np.count_nonzero(fleet.time.begin < until))), False


def _problem(case: Case, terms: Terms, fleet: Fleet, keep: Ints, migrate_now: bool) -> Problem:
    w, (count, cut) = case.workload, _window(case, terms, fleet)
    usable = case.usable[:count].copy()
    if cut:
        left = np.maximum(0.0, terms.deadline - case.begin[:count])
        usable = np.minimum(left, usable).round(6)
    cost = (case.gph[:count, keep] + case.surcharge[keep]) * usable[:, None] / 3600.0
    workable = case.open[:count, keep] & (usable > 0)[:, None]
    settled = fleet.time.seconds(w.last_change + w.minimum_residence) if w.last_change else 0.0
    leaving = case.own is not None and bool(case.surcharge[case.own] > 0)
    return Problem(
        cost=np.where(workable, cost, BIG),
        usable=usable,
        begin=case.begin[:count],
        slot_seconds=fleet.time.slot_seconds,
        rate=case.rate[keep],
        start_ok=case.start_ok[keep],
        transfer_grams=case.transfer_kwh * case.grid[:count, keep] / 2,
        work=case.remaining,
        restore_seconds=w.restore_seconds,
        transfer_seconds=case.transfer_seconds,
        lost_seconds=w.at_risk_seconds,
        change_grams=0.0 if leaving else terms.change_grams,
        hold_grams=terms.hold[:count],
        stop_from=int(np.count_nonzero(case.begin[:count] < settled))
        if settled > 0
        else int(not migrate_now),
        lock=max(1, int(np.ceil(w.minimum_residence.total_seconds() / fleet.time.slot_seconds))),
        can_pause=not leaving,
        can_migrate=can_migrate(case, fleet),
        migrate_now=migrate_now,
        deadline=terms.deadline,
        lateness=terms.lateness,
        required=terms.required,
        price_after=terms.price_after,
        own=_index(keep, case.own),
        data=tuple(int(np.flatnonzero(keep == i)[0]) for i in case.data if i in keep)
        if case.own is None
        else (),
    )


def _index(keep: Ints, place: int | None) -> int | None:
    return None if place is None else int(np.flatnonzero(keep == place)[0])


def can_migrate(case: Case, fleet: Fleet) -> bool:
    """Whether it may move at all: its mode, what it has left, and whether its checkpoint can be reached."""
    w = case.workload
    if w.mode != "Migrate" or w.migrations_left <= 0:
        return False
    return case.anchor is None or (case.anchor in fleet.sites and fleet.sites[case.anchor].view.reachable)
