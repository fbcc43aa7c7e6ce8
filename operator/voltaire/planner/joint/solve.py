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

from voltaire.planner.joint.anneal import BATCHES, HOTTER, Course
from voltaire.planner.joint.arrays import NEVER, Arrays, Bools, Floats, Ints, Rows, empty_rows
from voltaire.planner.joint.batteries import Sites, open_sites
from voltaire.planner.joint.build import Built, build
from voltaire.planner.joint.dive import dive
from voltaire.planner.joint.lots import CLUSTERS_EACH, Lot, deal
from voltaire.planner.joint.meters import Meters
from voltaire.planner.joint.prices import FIRST_STEP, LAST_QUARTER, SAMPLE, Market, Prices
from voltaire.planner.joint.problem import Cluster, Problem, Workload
from voltaire.planner.joint.sites import Dispatch
from voltaire.planner.joint.solution import Solution
from voltaire.planner.joint.state import State, open_state, totals
from voltaire.planner.joint.visits import INSERT, visit
from voltaire.planner.joint.warm import carried

FULL_ROUNDS, WARM_ROUNDS = 160, 12
"""Price rounds from nothing and from the last plan's prices."""

WARM_STEP = 0.02
"""The first step from the last plan's prices."""

FINER_STEPS = (0.05, 0.02)
"""First steps of further runs from the best prices, where half of the time for prices is left. Measured: they
raise the bound by 0.05 to 0.1 % where prices are hard to find, and hardly elsewhere."""

PRICE_SHARE, DIVE_SHARE, UNDIVED_SHARE = 0.4, 0.65, 0.5
"""How much of the time is over, at the most, when prices are found, after the dive, and when prices are found
where there is no time for a dive."""

DIVE_ROUNDS, FEWEST_DIVE_ROUNDS = 4, 60
"""In a dive everybody is asked so many times as often as there are price rounds, where an effort counts them;
and there is none where everybody could only be asked less than so often: measured, it does more harm than
good then."""

SWEEP_SHARES = (0.9, 0.6, 0.3, 0.0)
"""How prices fade from sweep to sweep."""

INSERT_WEIGHED, WEIGHED = 40, 8
"""Pools that a workload weighs in insertion and sweeps, and in a move of the search."""

FIRST_BATCH = 100
"""Moves of the first batch, whose time says how many there will be."""

PROOF, LONGER, DIVING = 3.0, 2.0, 1.5
"""How many times longer it takes to prove a bound, to ask with the longer list, and to ask in a dive, than to
ask with the short one."""

MOVES_PER_PRICE, FOLLOW, STRAY = 40, 0.1, 0.005
"""How far energy prices move towards those of the last plan, from sweep to sweep and where a site has several
batteries. The latter also have moves between two looks at what their energy is worth, or a fifth of the
workloads if that is more, and how much dearer than the best a plan may become."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to try: `seconds` of wall time (with `cpu`, of this process's CPU time, so that a busy machine
    plans as well as an idle one), or exactly `rounds` price rounds and `neighbourhoods` moves of search, by
    each core where two search alone."""

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
        self.tried, self.everybody, self.cool = 0, np.inf, False

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
        best = self._search(market, state, best, last is not None)
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
        most_parts = max(1, self.a.jobs // SAMPLE)
        if self.effort.rounds is not None:
            return market.run(self.effort.rounds, most_parts, self._over, self.rng, step)
        self.everybody = everybody = self._time_to_ask(market, most_parts)
        share = UNDIVED_SHARE if warm or self._dive_rounds(PRICE_SHARE) < FEWEST_DIVE_ROUNDS else PRICE_SHARE
        left = share * self.effort.seconds - self._spent() - PROOF * everybody
        # As large samples as there is time for.
        costs = [everybody / n * (LAST_QUARTER + (1 - LAST_QUARTER) * LONGER * min(4, n))
                 for n in range(1, most_parts + 1)]  # fmt: skip
        parts = next((n for n, cost in enumerate(costs, 1) if rounds * cost <= left), most_parts)
        rounds = max(1, min(rounds, int(left / costs[parts - 1])))
        total = market.run(rounds, parts, lambda: self._over(share), self.rng, step)
        for finer in () if warm else FINER_STEPS:
            if self._over(share / 2):
                break
            market.now = market.best
            total += market.run(rounds, parts, lambda: self._over(share), self.rng, finer)
        return total

    def _time_to_ask(self, market: Market, parts: int) -> float:
        """Seconds that it takes to ask everybody, measured with one of `parts` of all."""
        # The first call loads machine code, which says nothing about how long an answer takes.
        market.ask(np.arange(1), 1.0, market.now)
        before = self._spent()
        market.ask(np.arange(self.a.jobs)[::parts], 1.0, market.now)
        return max(1e-5, self._spent() - before) * parts

    def _dive_rounds(self, share: float) -> int:
        """How often there is time to ask everybody in a dive, when `share` of all time is over."""
        if self.effort.rounds is not None:
            return DIVE_ROUNDS * self.effort.rounds
        return int((DIVE_SHARE - share) * self.effort.seconds / (DIVING * self.everybody))

    def _first_plan(self, market: Market, rows: Rows, warm: bool) -> tuple[State, Best]:
        a, prices = self.a, market.best
        state = open_state(a, rows, prices.energy)
        self.cool = warm or self._dive(market, state)
        self._part(market, state, a, self._waiting(state.rows), 1.0, 0, whole=True)
        if (_bound_to_run(a) & (state.rows < 0).all(axis=1)).any():
            # Timelines stand in the way of what may not be stopped.
            state = open_state(a, empty_rows(a), prices.energy)
            self._part(market, state, a, np.argsort(_urgency(a), kind="stable"), 1.0, 0, whole=True)
        best = self._weigh(state.rows)
        for share in SWEEP_SHARES[-1:] if self.cool else SWEEP_SHARES:
            # One sweep there is always: timelines carried from another world are weighed anew in this one.
            if self._over() and share > 0.0:
                continue
            self._sweep(market, state, share)
            best = self._better(best, self._weigh(state.rows))
            # The last sweep sees what little more costs now: nobody may have asked the market for it.
            late = share <= SWEEP_SHARES[-2] and self.sites.exact
            state = self._repriced(state, best, 1.0 if late else FOLLOW)
        return state, best

    def _dive(self, market: Market, state: State) -> bool:
        """Fix what can be at prices that follow; whether there was time for it."""
        rounds = self._dive_rounds(self._spent() / self.effort.seconds)
        if rounds < FEWEST_DIVE_ROUNDS:
            return False
        a = self.a
        bound = np.flatnonzero(_bound_to_run(a))
        self._part(market, state, a, bound[np.argsort(_urgency(a)[bound], kind="stable")], 1.0, 0, whole=True)
        dive(market, state, rounds, lambda: self._over(DIVE_SHARE))
        return True

    def _waiting(self, rows: Rows) -> Ints:
        """Who has no timeline, in order of insertion."""
        waiting = np.flatnonzero((rows < 0).all(axis=1))
        return waiting[np.argsort(_urgency(self.a)[waiting], kind="stable")]

    def _sweep(self, market: Market, state: State, share: float) -> None:
        """Take each out and put it back, in random order, on all cores."""
        order = self.rng.permutation(self.a.jobs)
        lots = deal(self.a, state.rows, self.threads, self.rng)

        def work(i: int, lot: Lot) -> None:
            mine = order[np.isin(order, lot.mine)]
            self._part(market, state, lot.arrays, mine, share, i, share <= 0.0)

        list(self.pool.map(work, range(len(lots)), lots))

    def _part(self, market: Market, state: State, a: Arrays, jobs: Ints, share: float, core: int,
              whole: bool) -> None:  # fmt: skip
        hold, draw = market.best.hold * share, market.best.draw * share
        for part in np.array_split(jobs, max(1, len(jobs) // 500)):
            visit(a, INSERT, part, 1.0, hold, draw, state.energy, market.scratch[core], state.rows,
                  state.free, state.room, a.grid, state.cost, INSERT_WEIGHED)  # fmt: skip
            if self._over() and not whole:
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

    def _search(self, market: Market, state: State, best: Best, warm: bool) -> Best:
        """Search until the moves or the time are over."""
        alone = 0 if self.sites.dispatched and self.sites.exact else 1
        if self.a.jobs <= alone or self._over():
            return best
        courses = self._courses(market, warm)
        if len(courses) == 1:
            best, self.tried = self._anneal(courses[0], state, best)
            return best
        ends = list(self.pool.map(lambda course: self._anneal(course, state.copy(), best), courses))
        self.tried = sum(tried for _, tried in ends)
        return min((found for found, _ in ends), key=lambda found: found.grams)

    def _courses(self, market: Market, warm: bool) -> list[Course]:
        """One on all cores; from nothing, where clusters are too few to be dealt out, one on each of two."""
        cores = market.scratch[:2]
        few = len(self.a.grid) < CLUSTERS_EACH * self.threads
        if warm or len(cores) < 2 or not few or not self.sites.exact:
            return [Course(self.a, market.best, market.values, market.scratch, self.pool, self.rng, WEIGHED,
                           self.cool)]  # fmt: skip
        return [
            Course(self.a, market.best, market.values, [scratch], self.pool, rng, WEIGHED, self.cool, hotter)
            for scratch, rng, hotter in zip(cores, self.rng.spawn(2), (1.0, HOTTER), strict=True)
        ]

    def _anneal(self, course: Course, state: State, best: Best) -> tuple[Best, int]:
        """Follow a course to its end: the best plan, and how many moves were tried."""
        given, began, pace, tried = self.effort.neighbourhoods, self._spent(), 0.0, 0
        state, best, meters = self._compared(state, best)
        while not self._over() and (given is None or tried < given):
            left = self.effort.seconds - self._spent()
            # About a fiftieth of the time at once, and never past its end.
            batch = min(4 * tried, pace * self.effort.seconds / BATCHES, pace * left) or FIRST_BATCH
            moves = tried + max(batch, pace * left)
            if given is not None:
                moves, batch = given, min(max(FIRST_BATCH, given / BATCHES), given - tried)
            if not self.sites.exact:
                batch = min(batch, max(MOVES_PER_PRICE, self.a.jobs // 5))
            course.batch(state, max(1, int(batch)), course.heat(tried / moves, moves), meters)
            tried += max(1, int(batch))
            state, best, meters = self._compared(state, best)
            pace = tried / max(1e-9, self._spent() - began)
        return best, tried

    def _compared(self, state: State, best: Best) -> tuple[State, Best, Meters]:
        """The state to go on from, the better plan, and the state's meters. Where sites dispatch, their
        prices follow the state, and unless all are metered exactly what has strayed far from the best goes
        back to it."""
        now, exact = self._weigh(state.rows), self.sites.exact
        if not exact and now.grams > best.grams * (1 + STRAY):
            state, now = open_state(self.a, best.rows.copy(), state.energy), best
        meters = self.sites.meters(now.load, now.dispatch)
        return self._repriced(state, now, 1.0 if exact else FOLLOW), self._better(best, now), meters


def warm_up() -> None:
    """Compile every kernel, or load what is compiled: half a minute of CPU the first time, then about a
    second. For a worker's start."""
    site = Cluster("x", {"a": 2}, (1.0, 2.0, 3.0), {"a": 1.0}, solar_kw=(1.0, 1.0, 1.0))
    works = tuple(Workload(f"w{i}", 1.0, 1) for i in range(3))
    problem = Problem(3, 1.0, (site,), works)
    first = solve(problem, Effort(rounds=2, neighbourhoods=2, threads=1))
    solve(problem, Effort(rounds=1, neighbourhoods=1, threads=1), first)


def _bound_to_run(a: Arrays) -> Bools:
    found: Bools = (a.own >= 0) & ((a.mode == NEVER) | (a.held > 0)) & (a.work > 0)
    return found


def _urgency(a: Arrays) -> Floats:
    """Order of insertion, lowest first: what runs and may not be stopped, then large gangs with little
    slack."""
    window = np.maximum(1, a.last - a.first)
    slack = 1.0 - a.work / a.fastest / window
    found = slack - 0.3 * np.log2(np.maximum(1.0, a.gang))
    return np.where(_bound_to_run(a), np.where(a.mode == NEVER, -2e9, -1e9), found)
