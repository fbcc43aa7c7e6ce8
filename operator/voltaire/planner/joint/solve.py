"""`solve(problem, effort)`: prices, then repair, then search until the time is over.

It returns the best plan that fits whenever it is stopped, with the bound proven so far. Given a count of
rounds instead of a time it is deterministic, whatever the machine does meanwhile.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voltaire.planner.joint.arrays import NEVER, Arrays, Floats, Ints, Rows, empty_rows
from voltaire.planner.joint.batteries import Sites, open_sites
from voltaire.planner.joint.build import Built, build
from voltaire.planner.joint.prices import FIRST_STEP, Market
from voltaire.planner.joint.problem import Cluster, Problem, Workload
from voltaire.planner.joint.repair import insert, regrets, search
from voltaire.planner.joint.sites import Dispatch
from voltaire.planner.joint.solution import Solution
from voltaire.planner.joint.state import State, open_state, totals
from voltaire.planner.joint.warm import carried

FULL_ROUNDS, WARM_ROUNDS = 150, 30
"""Price rounds from nothing and from the last plan's prices: the bound is then within 0.1 to 0.3 % of its
limit."""

PRICE_SHARE = 0.5
"""The most of the time that goes into prices."""

SWEEP_SHARES = (0.9, 0.7, 0.5, 0.25, 0.0)
"""How prices fade from sweep to sweep."""

MOST_BLOCKS = 12

WEIGHED = 8
"""Pools that a workload weighs during repair."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to try: `seconds` of wall time, or exactly `rounds` price rounds and `neighbourhoods` of
    search."""

    seconds: float = 10.0
    rounds: int | None = None
    neighbourhoods: int | None = None
    seed: int = 0
    threads: int = 0


@dataclass(frozen=True, slots=True)
class Best:
    """The best plan so far, with its exact cost."""

    rows: Rows
    grams: float
    left: Ints
    dispatch: dict[int, Dispatch]
    load: Floats


def solve(
    problem: Problem, effort: Effort | None = None, last: Solution | None = None, elapsed: int = 0
) -> Solution:
    """The plan. `last`: an earlier one of much the same problem, whose slot `elapsed` is now slot 0.

    Raises nothing for what cannot be done: workloads without a place have empty rows and are named in
    `Solution.unfinished`, `Built.hopeless` and `Built.unfit`.
    """
    began = time.monotonic()
    effort = effort or Effort()
    threads = effort.threads or min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        return _Run(problem, effort, began, threads, pool).solve(last, elapsed)


class _Run:
    def __init__(self, problem: Problem, effort: Effort, began: float, threads: int, pool: Executor) -> None:
        self.effort, self.began, self.threads, self.pool = effort, began, threads, pool
        self.built: Built = build(problem)
        self.a: Arrays = self.built.arrays
        self.sites: Sites = open_sites(problem, self.a)
        self.rng = np.random.default_rng(effort.seed)
        self.tried = 0

    def _spent(self) -> float:
        return time.monotonic() - self.began

    def _over(self) -> bool:
        return self.effort.rounds is None and self._spent() >= self.effort.seconds

    def solve(self, last: Solution | None, elapsed: int) -> Solution:
        prices, rows = (None, empty_rows(self.a)) if last is None else carried(self.built, last, elapsed)
        market = Market(self.a, self.sites, self.threads, self.pool, prices)
        rounds = self._price(market, warm=last is not None)
        state, best = self._first_plan(market, rows)
        best = self._search(market, state, best)
        # Nothing that a plan pays is below zero, so zero is proven too.
        bound = min(max(0.0, market.bound), best.grams)
        return Solution(
            self.built, best.rows, best.grams, bound, tuple(int(n) for n in best.left), market.best,
            best.dispatch, best.load, self._spent(), rounds, self.tried,
        )  # fmt: skip

    def _price(self, market: Market, warm: bool) -> int:
        wanted = WARM_ROUNDS if warm else FULL_ROUNDS
        step = FIRST_STEP / 5 if warm else FIRST_STEP
        if self.effort.rounds is not None:
            market.run(self.effort.rounds, 1, np.inf, self.rng, first_step=step)
            return self.effort.rounds
        everybody = np.arange(self.a.jobs)
        # The first call loads machine code, which says nothing about how long a pass takes.
        market.ask(everybody[:1], market.now)
        before = self._spent()
        market.ask(everybody, market.now)
        one = max(1e-4, self._spent() - before)
        budget = PRICE_SHARE * self.effort.seconds - self._spent()
        affordable = max(1.0, budget / one - 3)
        blocks = int(min(MOST_BLOCKS, max(1, np.ceil(wanted / affordable))))
        rounds = int(min(wanted, max(1, affordable * blocks)))
        market.run(rounds, blocks, self.began + PRICE_SHARE * self.effort.seconds, self.rng, first_step=step)
        return rounds

    def _first_plan(self, market: Market, rows: Rows) -> tuple[State, Best]:
        a, prices = self.a, market.best
        state = open_state(a, rows, prices.energy)
        waiting = np.flatnonzero((rows < 0).all(axis=1))
        order = waiting[np.argsort(_urgency(a)[waiting], kind="stable")]
        self._insert(market, state, order, 1.0)
        if (_bound_to_run(a) & (state.rows < 0).all(axis=1)).any():
            # Carried timelines stand in the way of what may not be stopped.
            state = open_state(a, empty_rows(a), prices.energy)
            self._insert(market, state, np.argsort(_urgency(a), kind="stable"), 1.0)
        best = self._weigh(state)
        for share in SWEEP_SHARES:
            # One sweep there is always: timelines carried from another world are weighed anew in this one.
            if self._over() and share > 0.0:
                continue
            self._insert(market, state, self.rng.permutation(a.jobs), share, whole=share <= 0.0)
            best = self._better(best, self._weigh(state))
            state = self._repriced(state, best)
        return state, best

    def _insert(self, market: Market, state: State, jobs: Ints, share: float, whole: bool = False) -> None:
        prices = market.best
        for part in np.array_split(jobs, max(1, len(jobs) // 500)):
            insert(self.a, part, share, prices.hold, prices.draw, state.energy, market.scratch[0], state.rows,
                   state.at, state.free, state.room, state.cost, WEIGHED)  # fmt: skip
            if self._over() and share < 1.0 and not whole:
                return

    def _weigh(self, state: State) -> Best:
        load, other, left = totals(self.a, state.rows)
        served = self.sites.serve(load)
        grams = self.sites.grams(load, served) + float(other.sum())
        return Best(state.rows.copy(), grams, left, served, load)

    def _better(self, old: Best, new: Best) -> Best:
        return new if new.grams < old.grams else old

    def _repriced(self, state: State, best: Best) -> State:
        """The state with its sites' prices brought up to date; nothing to do where all energy is the
        grid's."""
        if not self.sites.dispatched:
            return state
        energy = self.sites.prices(best.dispatch, state.energy, 0.5)
        return open_state(self.a, state.rows, energy)

    def _search(self, market: Market, state: State, best: Best) -> Best:
        a, prices = self.a, market.best
        if a.jobs < 2:
            return best
        market.ask(np.arange(a.jobs), prices)
        ideal = np.ascontiguousarray(market.rows.T)
        batch = 20
        most = np.inf if self.effort.neighbourhoods is None else self.effort.neighbourhoods
        while not self._over() and self.tried < most:
            regret = regrets(a, state.rows, state.cost, market.values, prices.hold, prices.draw)
            before = self._spent()
            if self.effort.neighbourhoods is not None:
                batch = min(batch, self.effort.neighbourhoods - self.tried)
            seed = int(self.rng.integers(2**31))
            search(a, batch, seed, regret, market.rows, ideal, prices.hold, prices.draw,
                   state.energy, market.scratch[0], state.rows, state.at, state.free, state.room, state.cost,
                   0.0, WEIGHED)  # fmt: skip
            self.tried += batch
            best = self._better(best, self._weigh(state))
            state = self._repriced(state, best)
            if self.effort.neighbourhoods is None:
                batch = self._next_batch(batch, self._spent() - before)
        return best

    def _next_batch(self, batch: int, took: float) -> int:
        """About a fiftieth of the time at once, and never past its end."""
        each = max(took, 1e-4) / batch
        left = self.effort.seconds - self._spent()
        return int(max(1, min(4 * batch, self.effort.seconds / 50 / each, left / each)))


def warm_up() -> None:
    """Compile every kernel, or load what is compiled: half a minute of CPU the first time, then about a
    second. For a worker's start."""
    site = Cluster("x", {"a": 2}, (1.0, 2.0, 3.0), {"a": 1.0})
    works = tuple(Workload(f"w{i}", 1.0, 1) for i in range(3))
    problem = Problem(3, 1.0, (site,), works)
    first = solve(problem, Effort(rounds=2, neighbourhoods=2, threads=1))
    solve(problem, Effort(rounds=1, neighbourhoods=1, threads=1), first)


def _bound_to_run(a: Arrays) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (a.own >= 0) & ((a.mode == NEVER) | (a.held > 0)) & (a.work > 0)
    return found


def _urgency(a: Arrays) -> Floats:
    """Order of insertion, lowest first: what runs and may not be stopped, then large gangs with little
    slack."""
    window = np.maximum(1, a.last - a.first)
    slack = 1.0 - a.work / a.fastest / window
    found = slack - 0.3 * np.log2(np.maximum(1.0, a.gang))
    return np.where(_bound_to_run(a), np.where(a.mode == NEVER, -2e9, -1e9), found)
