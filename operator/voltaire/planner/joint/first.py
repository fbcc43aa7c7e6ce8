"""The first plan that fits: a dive where there is time for one, insertion of whoever is left, sweeps."""

from __future__ import annotations

import numpy as np

from voltaire.planner.joint.arrays import NEVER, Arrays, Bools, Ints, Rows, empty_rows, unplaced
from voltaire.planner.joint.dive import dive
from voltaire.planner.joint.lots import Lot, deal
from voltaire.planner.joint.prices import Market
from voltaire.planner.joint.state import State, open_state
from voltaire.planner.joint.task import FOLLOW, Best, Task, better
from voltaire.planner.joint.visits import INSERT, visit

SWEEP_SHARES = (0.9, 0.6, 0.3, 0.0)
"""How prices fade from sweep to sweep."""

INSERT_WEIGHED = 40
"""Pools that a workload weighs in insertion and sweeps."""

DIVE_SHARE = 0.65
"""How much of the time is over, at the most, after a dive."""


def first_plan(task: Task, market: Market, rows: Rows, settled: bool, dive_rounds: int) -> tuple[State, Best]:
    """What the search begins with, and the best plan so far. `rows`: timelines that stand. Without
    `dive_rounds` nothing is fixed by a dive; what is not `settled` before or by a dive takes more sweeps."""
    a = task.a
    state = open_state(a, rows, market.best.energy)
    if dive_rounds:
        _insert(task, market, state, _in_order(a, _bound_to_run(a)))
        dive(market, state, dive_rounds, lambda: task.timer.over(DIVE_SHARE))
    _insert(task, market, state, _in_order(a, unplaced(state.rows)))
    if (_bound_to_run(a) & unplaced(state.rows)).any():
        # Timelines stand in the way of what may not be stopped.
        state = open_state(a, empty_rows(a), market.best.energy)
        _insert(task, market, state, _in_order(a, np.ones(a.jobs, dtype=np.bool_)))
    best = task.weigh(state.rows)
    if dive_rounds:
        state = task.repriced(state, best, 1.0 if task.sites.exact else FOLLOW)
    for share in SWEEP_SHARES[-1:] if settled or dive_rounds else SWEEP_SHARES:
        # One sweep there is always: timelines carried from another world are weighed anew in this one.
        if task.timer.over() and share > 0.0:
            continue
        _sweep(task, market, state, share)
        best = better(best, task.weigh(state.rows))
        # The last sweep sees what little more costs now: nobody may have asked the market for it.
        late = share <= SWEEP_SHARES[-2] and task.sites.exact
        state = task.repriced(state, best, 1.0 if late else FOLLOW)
    return state, best


def _insert(task: Task, market: Market, state: State, jobs: Ints) -> None:
    """Put `jobs` where they are cheapest in what is left, in this order, all of them."""
    _visit(task, market, state, task.a, jobs, 1.0, 0, whole=True)


def _sweep(task: Task, market: Market, state: State, share: float) -> None:
    """Take each out and put it back, in random order, on all cores."""
    order = task.rng.permutation(task.a.jobs)
    lots = deal(task.a, state.rows, task.threads, task.rng)

    def work(i: int, lot: Lot) -> None:
        mine = order[np.isin(order, lot.mine)]
        _visit(task, market, state, lot.arrays, mine, share, i, share <= 0.0)

    list(task.pool.map(work, range(len(lots)), lots))


def _visit(task: Task, market: Market, state: State, a: Arrays, jobs: Ints, share: float, core: int,
           whole: bool) -> None:  # fmt: skip
    hold, draw = market.best.hold * share, market.best.draw * share
    for part in np.array_split(jobs, max(1, len(jobs) // 500)):
        visit(a, INSERT, part, 1.0, hold, draw, state.energy, market.scratch[core], state.rows,
              state.free, state.room, a.grid, state.cost, INSERT_WEIGHED)  # fmt: skip
        if task.timer.over() and not whole:
            return


def _bound_to_run(a: Arrays) -> Bools:
    found: Bools = (a.own >= 0) & ((a.mode == NEVER) | (a.held > 0)) & (a.work > 0)
    return found


def _in_order(a: Arrays, who: Bools) -> Ints:
    """In the order of insertion: what runs and may not be stopped, then large gangs with little slack."""
    window = np.maximum(1, a.last - a.first)
    slack = 1.0 - a.work / a.fastest / window
    urgency = slack - 0.3 * np.log2(np.maximum(1.0, a.gang))
    urgency = np.where(_bound_to_run(a), np.where(a.mode == NEVER, -2e9, -1e9), urgency)
    jobs = np.flatnonzero(who)
    return jobs[np.argsort(urgency[jobs], kind="stable")]
