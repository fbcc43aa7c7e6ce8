"""`solve(problem, effort)`: prices, then repair, then search until the time is over.

It returns the best plan that fits whenever it is stopped, with the bound proven so far. Given a count of
rounds instead of a time it is deterministic, whatever the machine does meanwhile.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voltaire.planner.joint.arrays import NEVER, Arrays, Floats, Ints, Rows, empty_rows
from voltaire.planner.joint.batteries import Sites, open_sites
from voltaire.planner.joint.build import Built, build
from voltaire.planner.joint.meters import Meters
from voltaire.planner.joint.prices import FIRST_STEP, SAMPLE, Market, Prices
from voltaire.planner.joint.problem import Cluster, Problem, Workload
from voltaire.planner.joint.search import SEEN, enter, search
from voltaire.planner.joint.sites import Dispatch
from voltaire.planner.joint.solution import Solution
from voltaire.planner.joint.state import State, open_state, totals
from voltaire.planner.joint.visits import INSERT, regrets, visit
from voltaire.planner.joint.warm import carried

FULL_ROUNDS, WARM_ROUNDS = 160, 12
"""Price rounds from nothing and from the last plan's prices."""

WARM_STEP = 0.02
"""The first step from the last plan's prices."""

PRICE_SHARE = 0.5
"""The most of the time that goes into prices."""

SWEEP_SHARES = (0.9, 0.6, 0.3, 0.0)
"""How prices fade from sweep to sweep."""

WEIGHED = 6
"""Pools that a workload weighs during repair."""

FIRST_HEAT = 0.05
"""Heat of the search at first, as a share of what workloads pay, the median of them."""

COOL = 0.8
"""The share of the search after which there is no heat left."""

REFINE_ROUNDS, REFINE_STEP, REFINE_SHARE = 60, 0.02, 0.9
"""Price rounds beside the search, their first step, and the share of the time after which they end."""

MOVES_PER_PRICE, FOLLOW, STRAY = 40, 0.1, 0.005
"""How far energy prices move towards those of the last plan, from sweep to sweep and where a site has several
batteries. The latter also have moves between two looks at what their energy is worth, or a fifth of the
workloads if that is more, and how much dearer than the best a plan may become."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to try: `seconds` of wall time (with `cpu`, of this process's CPU time, so that a busy machine
    plans as well as an idle one), or exactly `rounds` price rounds and `neighbourhoods` moves of search."""

    seconds: float = 10.0
    rounds: int | None = None
    neighbourhoods: int | None = None
    seed: int = 0
    threads: int = 0
    cpu: bool = False


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
    effort = effort or Effort()
    clock = time.process_time if effort.cpu else time.monotonic
    began = clock()
    threads = effort.threads or min(4, os.cpu_count() or 1)
    with ThreadPoolExecutor(threads) as pool:
        return _Run(problem, effort, began, threads, pool, clock).solve(last, elapsed)


class _Run:
    def __init__(self, problem: Problem, effort: Effort, began: float, threads: int, pool: Executor,
                 clock: Callable[[], float]) -> None:  # fmt: skip
        self.clock = clock
        self.effort, self.began, self.threads, self.pool = effort, began, threads, pool
        self.built: Built = build(problem)
        self.a: Arrays = self.built.arrays
        self.sites: Sites = open_sites(problem, self.a)
        self.rng = np.random.default_rng(effort.seed)
        self.tried, self.one_pass = 0, 0.0

    def _spent(self) -> float:
        return self.clock() - self.began

    def _over(self, share: float = 1.0) -> bool:
        return self.effort.rounds is None and self._spent() >= share * self.effort.seconds

    def solve(self, last: Solution | None, elapsed: int) -> Solution:
        prices, rows = (None, empty_rows(self.a)) if last is None else carried(self.built, last, elapsed)
        if prices is not None:
            self._only_stored_energy_is_priced(prices)
        market = Market(self.a, self.sites, self.threads, self.pool, prices)
        rounds = self._price(market, warm=last is not None)
        state, best = self._first_plan(market, rows, last is not None)
        best = self._search(market, state, best)
        # Nothing that a plan pays is below zero, so zero is proven too.
        bound = min(max(0.0, market.bound), best.grams)
        return Solution(
            self.built, best.rows, best.grams, bound, tuple(int(n) for n in best.left), market.best,
            best.dispatch, best.load, self._spent(), rounds, self.tried,
        )  # fmt: skip

    def _only_stored_energy_is_priced(self, prices: Prices) -> None:
        """Where a site has neither sun nor batteries now, a kWh costs what the grid says, whatever it had."""
        plain = [c for c in range(len(self.a.grid)) if c not in self.sites.dispatched]
        prices.energy[plain] = self.a.grid[plain]

    def _price(self, market: Market, warm: bool) -> int:
        if self.a.jobs == 0:
            # Nobody asks: the prices of little stand.
            market.settle(market.now)
            return 0
        rounds, step = (WARM_ROUNDS, WARM_STEP) if warm else (FULL_ROUNDS, FIRST_STEP)
        parts = max(1, self.a.jobs // SAMPLE)
        if self.effort.rounds is not None:
            return market.run(self.effort.rounds, parts, self._over, self.rng, step)
        everybody = np.arange(self.a.jobs)
        # The first call loads machine code, which says nothing about how long an answer takes.
        market.ask(everybody[:1], 1.0, market.now)
        before = self._spent()
        market.ask(everybody[::parts], 1.0, market.now)
        each = max(1e-5, self._spent() - before)
        self.one_pass = each * parts * self.threads
        left = PRICE_SHARE * self.effort.seconds - self._spent()
        # A round in the last quarter asks four times as many; the proof asks everybody.
        affordable = int((left / each - parts) / (0.75 + 0.25 * min(4, parts)))
        rounds = max(1, min(rounds, affordable))
        return market.run(rounds, parts, lambda: self._over(PRICE_SHARE), self.rng, step)

    def _first_plan(self, market: Market, rows: Rows, warm: bool) -> tuple[State, Best]:
        a, prices = self.a, market.best
        state = open_state(a, rows, prices.energy)
        self._insert(market, state, self._waiting(rows), 1.0)
        if (_bound_to_run(a) & (state.rows < 0).all(axis=1)).any():
            # Timelines stand in the way of what may not be stopped.
            state = open_state(a, empty_rows(a), prices.energy)
            self._insert(market, state, np.argsort(_urgency(a), kind="stable"), 1.0)
        best = self._weigh(state.rows)
        for share in SWEEP_SHARES[-1:] if warm else SWEEP_SHARES:
            # One sweep there is always: timelines carried from another world are weighed anew in this one.
            if self._over() and share > 0.0:
                continue
            self._insert(market, state, self.rng.permutation(a.jobs), share, whole=share <= 0.0)
            best = self._better(best, self._weigh(state.rows))
            # The last sweep sees what little more costs now: nobody may have asked the market for it.
            late = share <= SWEEP_SHARES[-2] and self.sites.exact
            state = self._repriced(state, best, 1.0 if late else FOLLOW)
        return state, best

    def _waiting(self, rows: Rows) -> Ints:
        """Who has no timeline, in order of insertion."""
        waiting = np.flatnonzero((rows < 0).all(axis=1))
        return waiting[np.argsort(_urgency(self.a)[waiting], kind="stable")]

    def _insert(self, market: Market, state: State, jobs: Ints, share: float, whole: bool = False) -> None:
        prices = market.best
        for part in np.array_split(jobs, max(1, len(jobs) // 500)):
            visit(self.a, INSERT, part, 1.0, prices.hold * share, prices.draw * share, state.energy,
                  market.scratch[0], state.rows, state.free, state.room, self.a.grid, state.cost,
                  WEIGHED)  # fmt: skip
            if self._over() and share < 1.0 and not whole:
                return

    def _weigh(self, rows: Rows) -> Best:
        load, other, left = totals(self.a, rows)
        served = self.sites.serve(load)
        grams = self.sites.grams(load, served) + float(other.sum())
        return Best(rows.copy(), grams, left, served, load)

    def _better(self, old: Best, new: Best) -> Best:
        return new if new.grams < old.grams else old

    def _repriced(self, state: State, best: Best, weight: float) -> State:
        """The state with its sites' prices brought up to date by `weight`; nothing to do where all energy is
        the grid's."""
        if not self.sites.dispatched:
            return state
        energy = self.sites.prices(best.dispatch, state.energy, weight)
        return open_state(self.a, state.rows, energy)

    def _search(self, market: Market, state: State, best: Best) -> Best:
        """Search until the time is over; meanwhile the other cores go on with the prices, for the bound."""
        alone = 0 if self.sites.dispatched and self.sites.exact else 1
        if self.a.jobs <= alone or self._over():
            return best
        worth = self.one_pass * REFINE_ROUNDS < self.effort.seconds - self._spent()
        if self.effort.rounds is not None or self.threads < 2 or not worth:
            return self._searched(market, state, best)
        with ThreadPoolExecutor(self.threads - 1) as others:
            refined = Market(self.a, self.sites.copy(), self.threads - 1, others, market.best)
            going = self.pool.submit(self._refine, refined)
            best = self._searched(market, state, best)
            going.result()
        if refined.bound > market.bound:
            market.bound, market.best = refined.bound, refined.best
        return best

    def _refine(self, market: Market) -> None:
        """Small steps from the prices found, everybody asked; stops when the time is over."""
        rng = np.random.default_rng(self.effort.seed)
        while not self._over(REFINE_SHARE):
            market.now = market.best
            market.run(REFINE_ROUNDS, 1, lambda: self._over(REFINE_SHARE), rng, REFINE_STEP)

    def _searched(self, market: Market, state: State, best: Best) -> Best:
        a, prices = self.a, market.best
        who = np.zeros((*a.capacity.shape, SEEN), dtype=np.int64)
        count = np.zeros(a.capacity.shape, dtype=np.int64)
        most = np.inf if self.effort.neighbourhoods is None else self.effort.neighbourhoods
        state, best, meters = self._compared(state, best)
        batch, first, began = 100, FIRST_HEAT * float(np.median(market.values)), self._spent()
        while not self._over() and self.tried < most:
            before = self._spent()
            enter(a, state.rows, state.free, state.room, who, count)
            regret = regrets(a, state.rows, state.cost, market.values, prices.hold, prices.draw)
            done = (before - began) / max(1e-9, self.effort.seconds - began)
            if self.effort.neighbourhoods is not None:
                batch = min(max(100, int(most / 50)), self.effort.neighbourhoods - self.tried)
                done = self.tried / most
            heat, seed = first * max(0.0, 1 - done / COOL), int(self.rng.integers(2**31))
            search(a, batch, seed, regret, prices.hold, prices.draw, state.energy, market.scratch[0],
                   state.rows, state.free, state.room, state.cost, who, count, heat, WEIGHED,
                   meters, prices.energy)  # fmt: skip
            self.tried += batch
            state, best, meters = self._compared(state, best)
            if self.effort.neighbourhoods is None:
                batch = self._next_batch(batch, self._spent() - before)
            if not self.sites.exact:
                batch = min(batch, max(MOVES_PER_PRICE, a.jobs // 5))
        return best

    def _compared(self, state: State, best: Best) -> tuple[State, Best, Meters]:
        """The state to go on from, the better plan, and the state's meters. Where sites dispatch, their
        prices follow the state, and unless all are metered exactly what has strayed far from the best goes
        back to it."""
        now, exact = self._weigh(state.rows), self.sites.exact
        if not exact and now.grams > best.grams * (1 + STRAY):
            state, now = open_state(self.a, best.rows.copy(), state.energy), best
        meters = self.sites.meters(now.load, now.dispatch)
        return self._repriced(state, now, 1.0 if exact else FOLLOW), self._better(best, now), meters

    def _next_batch(self, batch: int, took: float) -> int:
        """About a fiftieth of the time at once, and never past its end."""
        each = max(took, 1e-4) / batch
        left = self.effort.seconds - self._spent()
        return int(max(1, min(4 * batch, self.effort.seconds / 50 / each, left / each)))


def warm_up() -> None:
    """Compile every kernel, or load what is compiled: half a minute of CPU the first time, then about a
    second. For a worker's start."""
    site = Cluster("x", {"a": 2}, (1.0, 2.0, 3.0), {"a": 1.0}, solar_kw=(1.0, 1.0, 1.0))
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
