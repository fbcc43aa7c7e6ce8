"""A dive: timelines are fixed a few at a time, and prices follow.

At the best prices nearly everybody's timeline costs as little as it can, but together they do not fit, and
where several are equally cheap prices cannot say who takes which. So those that are hardest to place and
surest of their timeline get it first; prices move on for the rest, in the room that is left, and so on. What
is fixed stays. (Diving heuristics of branch and price do the same with a linear program: R. Sadykov et al.,
"Primal heuristics for branch and price: the assets of diving methods", INFORMS J. Computing 31(2), 2019.)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from voltaire.planner.joint.arrays import Arrays, Bools, Floats, Ints, Rows, unplaced
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.prices import DISPATCH_EVERY, Market, Prices, Steps
from voltaire.planner.joint.state import State, totals
from voltaire.planner.joint.trace import account, fits, take

ROUNDS, FEWEST_ROUNDS = 40, 8
"""Price rounds before each fixing; fewer where there is no time for so many."""

LEAST_SHARE, MOST_SHARE, FLOOR = 0.02, 0.25, 0.3
"""Of those that are left, the share fixed at once, and besides FLOOR times that share of all. Measured: the
fewer at once, the better the plan."""

PASSES = 0.56
"""How often everybody is asked in one round each before all are fixed, times the share: the sum of
(1 - share)^n (1 + FLOOR) - FLOOR as long as it is positive."""

FIRST_STEP, LAST_STEP = 0.02, 0.004
"""The step of prices, falling towards each fixing."""

WEIGHED = 12
"""Pools that a workload weighs. Measured: with half as many plans end twice as far from the bound."""

HARDNESS = 3.0
"""What being hard to place weighs against being sure."""

MOST_FORCED = 3
"""How often room is made for one workload."""


def dive(market: Market, state: State, rounds: int, over: Callable[[], bool]) -> None:
    """Fix timelines of those that have none, in `state`, until none fits any more or it is `over`. `rounds`:
    how often everybody can be asked, about."""
    a, prices = market.a, market.best
    each, share = pace(rounds)
    waiting = _waiting(a, state.rows)
    hard, everybody = HARDNESS * _hardness(a), len(waiting)
    forced = np.where(unplaced(state.rows), 0, MOST_FORCED)
    while len(waiting) and not over():
        left = a._replace(capacity=state.free, limit=state.room)
        favourite, votes = np.full_like(state.rows, -1), np.zeros(a.jobs)
        steps, (taken, _, _) = Steps(a, market.sites), totals(a, state.rows)
        for n in range(each):
            if n == each // 2:
                votes[:] = 0.0  # the first half is for prices to settle
            free, room, drawn = market.ask(waiting, 1.0, prices, WEIGHED, left, (favourite, votes))
            load = taken + drawn if market.sites.dispatched and n % DISPATCH_EVERY == 0 else None
            step = FIRST_STEP + (LAST_STEP - FIRST_STEP) * n / each
            prices = steps.moved(prices, free, room, load, step)
        order = waiting[np.argsort(-(votes / (each - each // 2) + hard)[waiting], kind="stable")]
        most = max(1, int(share * (len(waiting) + FLOOR * everybody)))
        fixed = _fix(a, order, most, favourite, state.rows, state.free, state.room)
        stuck = waiting[_miss(a, waiting, favourite) & (forced[waiting] < MOST_FORCED)]
        for j in stuck.tolist():
            _force(market, state, j, forced)
        if not fixed and len(stuck) == 0:
            return
        waiting = _waiting(a, state.rows)


def _waiting(a: Arrays, rows: Rows) -> Ints:
    """Who has work and no timeline."""
    return np.flatnonzero(unplaced(rows) & (a.work > 0))


def _force(market: Market, state: State, j: int, forced: Ints) -> None:
    """Give workload j, which finds no room any more, the timeline that it would rather have, and take out who
    is in its way. `forced` (J,) counts how often that was done for each; who has had it MOST_FORCED times
    stays where it is, so that it ends."""
    a, best = market.a, market.best
    forced[j] += 1
    lack = np.clip((a.gang[j] - state.free) / max(1.0, a.gang[j]), 0.0, 1.0)
    ballot = np.full_like(state.rows, -1), np.zeros(a.jobs)
    dear = Prices(best.hold * (1.0 + lack), best.draw, best.energy)
    market.ask(np.array([j]), 1.0, dear, ballot=ballot)
    if not _miss(a, np.array([j]), ballot[0])[0]:
        _make_way(a, j, ballot[0][j], forced, state)


def pace(rounds: int) -> tuple[int, float]:
    """Rounds before each fixing, and the share fixed, so that everybody is asked about `rounds` times."""
    share = PASSES * ROUNDS / max(1, rounds)
    if share <= MOST_SHARE:
        return ROUNDS, max(LEAST_SHARE, share)
    return max(FEWEST_ROUNDS, int(rounds * MOST_SHARE / PASSES)), MOST_SHARE


def _hardness(a: Arrays) -> Floats:
    """How hard each is to place (J,): 0 for one accelerator with all the time in the world, to 2."""
    size = np.log2(np.maximum(1.0, a.gang))
    window = np.maximum(1, a.last - a.first)
    tight = np.minimum(1.0, a.work / a.fastest / window)
    found: Floats = size / max(1.0, float(size.max(initial=0.0))) + tight
    return found


@kernel
def _miss(a: Arrays, jobs: Ints, rows: Rows) -> Bools:
    """Whose timeline in `rows` (J, K) misses what must not be missed, of `jobs`."""
    none, found = np.zeros(a.grid.shape), np.zeros(jobs.shape[0], dtype=np.bool_)
    for i, j in enumerate(jobs):
        found[i] = a.miss[j] > 0 and account(a, j, rows[j], none, 0.0, none)[2] > 0
    return found


def _make_way(a: Arrays, j: int, row: Rows, forced: Ints, state: State) -> None:
    """Give j the timeline `row` and take out who is in its way; where nobody may be, j stays without."""
    for k in np.flatnonzero(row >= 0).tolist():
        p = row[k]
        c = a.pool_cluster[p]
        while state.free[p, k] < a.gang[j] - 1e-6 or state.room[c, k] < a.kw[j, p] - 1e-6:
            lack = max(0.0, a.gang[j] - state.free[p, k])
            at = state.rows[:, k]
            there = at == p if lack > 0 else (at >= 0) & (a.pool_cluster[at] == c)
            others = np.flatnonzero(there & (forced < MOST_FORCED))
            if len(others) == 0:
                return
            # The one whose size comes closest to what is lacking.
            w = int(others[np.abs(a.gang[others] - lack).argmin()])
            take(a, w, state.rows[w], -1.0, state.free, state.room)
            state.rows[w] = -1
    state.rows[j] = row
    take(a, j, row, 1.0, state.free, state.room)


@kernel
def _fix(a: Arrays, order: Ints, most: int, favourite: Rows, rows: Rows, free: Floats, room: Floats) -> int:
    """Give the first `most` of `order` whose favourite fits and misses nothing that timeline; how many."""
    missed, count = _miss(a, order, favourite), 0
    for i, j in enumerate(order):
        row = favourite[j]
        if count < most and not missed[i] and (row >= 0).any() and fits(a, j, row, free, room):
            rows[j] = row
            take(a, j, row, 1.0, free, room)
            count += 1
    return count
