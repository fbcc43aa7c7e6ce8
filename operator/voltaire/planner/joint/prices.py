"""Congestion prices: workloads answer prices with their cheapest timelines, prices follow what is asked for.

The step is Adam's (first moment 0.8, second 0.95) on the excess relative to capacity, from 0.15 of a typical
price falling linearly to a sixtieth of that (plain subgradient steps do not converge here, and larger first
steps end lower). Each round asks a fresh sample, drawn evenly over the sizes of workloads, and takes its
answer for everybody's; towards the end samples are larger. Answers kept from earlier rounds instead would
make prices overshoot.

Energy at a site with sun or batteries has a price of its own. Every few rounds the site says what it would
sell at that price, and the price follows what the load of the rounds before lacks. The last rounds are
averaged, and what is proven is proven at that average.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from voltaire.planner.joint.arrays import Arrays, Floats, Ints, Rows
from voltaire.planner.joint.batteries import Sites
from voltaire.planner.joint.kernel import scratch_size
from voltaire.planner.joint.visits import ASK, PROVE, VOTE, visit

FIRST_MOMENT, SECOND_MOMENT = 0.8, 0.95
FIRST_STEP, LAST_STEP = 0.15, 0.0025

SAMPLE = 500
"""Workloads that a round asks at least."""

AVERAGED = 0.15
"""The share of rounds, the last ones, that is averaged."""

SHORT_LIST, LONG_LIST = 6, 40
"""How many pools a workload weighs while prices move, and in the last quarter of the rounds. For a proof it
weighs all."""

LAST_QUARTER = 0.75
"""Where in the rounds answers become more exact: more are asked, and they weigh more pools."""

UNSOLD = 1e9
"""Capacity from which on a pool is no scarce good: that of what needs no accelerators."""

LITTLE = 0.01
"""Share of the most that a site could draw, at which energy prices begin."""

DISPATCH_EVERY = 3
"""Rounds between what sites say."""


@dataclass(frozen=True, slots=True)
class Prices:
    """`hold` (P, K): g per accelerator and slot; `draw` (C, K): g per facility kW reserved for a slot;
    `energy` (C, K): g per facility kWh."""

    hold: Floats
    draw: Floats
    energy: Floats


class Market:
    """Prices, and the bound that they prove. `values` (J,): the least that each workload pays at the prices
    `best`."""

    def __init__(self, a: Arrays, sites: Sites, threads: int, pool: Executor, start: Prices | None) -> None:
        self.a, self.sites, self.pool, self.threads = a, sites, pool, threads
        self.scratch = [np.empty(scratch_size(a)) for _ in range(threads)]
        self.none = np.empty((0, a.slots), dtype=np.int16)
        # What a little costs at each site; the prices of nothing at all are not unique.
        energy = sites.prices(sites.serve(LITTLE * sites.most), a.grid, 1.0)
        self.now = Prices(merit_order(a), np.zeros(a.grid.shape), energy) if start is None else start
        self.bound, self.best, self.values = -np.inf, self.now, np.zeros(a.jobs)

    def ask(self, jobs: Ints, weight: float, prices: Prices, most: int = SHORT_LIST,
            left: Arrays | None = None,
            ballot: tuple[Rows, Floats] | None = None) -> tuple[Floats, Floats, Floats]:  # fmt: skip
        """What is free (P, K), what room is left (C, K) and what energy is drawn (C, K) when `jobs` answer,
        each counted `weight` times and weighing its `most` best pools. `left`: the arrays with the capacity
        that is not taken yet; `ballot`: favourite timelines (J, K) and votes for them (J,) to count in."""
        a = self.a if left is None else left
        what, rows, votes = (ASK, self.none, self.values) if ballot is None else (VOTE, *ballot)
        shapes = (a.capacity.shape, a.limit.shape, a.grid.shape)
        found = [[np.zeros(shape) for shape in shapes] for _ in range(self.threads)]

        def work(i: int, part: Ints) -> None:
            free, room, load = found[i]
            visit(a, what, part, weight, prices.hold, prices.draw, prices.energy, self.scratch[i], rows,
                  free, room, load, votes, most)  # fmt: skip

        self.share(jobs, work)
        free, room, load = (sum(parts) for parts in zip(*found, strict=True))
        return a.capacity + free, _finite(a.limit) + room, load

    def share(self, jobs: Ints, work: Callable[[int, Ints], None]) -> None:
        """Give each thread its part; contiguous, or the kernel would be compiled a second time."""
        parts = [np.ascontiguousarray(jobs[i :: self.threads]) for i in range(self.threads)]
        list(self.pool.map(work, range(self.threads), parts))

    def settle(self, prices: Prices) -> float:
        """The bound that `prices` prove, g. Remembers the best."""
        a, values = self.a, np.zeros(self.a.jobs)

        def work(i: int, part: Ints) -> None:
            visit(a, PROVE, part, 1.0, prices.hold, prices.draw, prices.energy, self.scratch[i], self.none,
                  a.capacity, a.limit, a.grid, values,
                  len(a.capacity))  # fmt: skip

        self.share(np.arange(a.jobs), work)
        bound = lagrangian(a, prices, values, self.sites)
        if bound > self.bound:
            self.bound, self.best, self.values = bound, prices, values
        return bound

    def run(self, rounds: int, parts: int, over: Callable[[], bool], rng: np.random.Generator,
            first_step: float = FIRST_STEP) -> int:  # fmt: skip
        """Move prices for `rounds` rounds, each asking one of `parts` of all workloads, or until `over`; how
        many rounds it were."""
        steps, mean, load = Steps(self.a, self.sites), _Mean(), _Mean()
        samples = _samples(self.a, rounds, parts, rng)
        for n, (sample, weight) in enumerate(samples):
            if over():
                rounds = n
                break
            most = SHORT_LIST if n < LAST_QUARTER * rounds else LONG_LIST
            free, room, drawn = self.ask(sample, weight, self.now, most)
            load.add(drawn)
            done = n / max(1, rounds - 1)
            step = first_step + (min(first_step, LAST_STEP) - first_step) * done
            wanted = None
            if self.sites.dispatched and n % DISPATCH_EVERY == DISPATCH_EVERY - 1:
                wanted, load = load.values[0], _Mean()
            self.now = steps.moved(self.now, free, room, wanted, step)
            if done >= 1 - AVERAGED:
                mean.add(self.now.hold, self.now.draw, self.now.energy)
        self.settle(Prices(*mean.values) if mean.values else self.now)
        return rounds


def merit_order(a: Arrays) -> Floats:
    """Congestion prices (P, K) to begin with: all work spread evenly over its windows, and in each slot given
    to the cheapest accelerators. A pool is worth what its energy is cheaper than that of the last one
    needed."""
    sold = (a.capacity > 0) & (a.capacity < UNSOLD)
    cost = (_kw_each(a) * a.slot_hours)[:, None] * a.grid[a.pool_cluster]
    order = np.argsort(np.where(sold, cost, np.inf), axis=0, kind="stable")
    offered = np.cumsum(np.take_along_axis(np.where(sold, a.capacity, 0.0), order, axis=0), axis=0)
    last = np.minimum((offered < _spread(a)).sum(axis=0), np.maximum(0, sold.sum(axis=0) - 1))
    marginal = np.take_along_axis(cost, np.take_along_axis(order, last[None], axis=0), axis=0)
    return np.where(sold, np.maximum(0.0, marginal - cost), 0.0)


def _spread(a: Arrays) -> Floats:
    """Accelerators wanted in each slot (K,) when all work is spread evenly over its window."""
    window = np.maximum(1, a.last - a.first)
    each = a.gang * np.minimum(1.0, a.work / a.fastest / window)
    change = np.bincount(a.first, each, a.slots + 1)[: a.slots + 1]
    change -= np.bincount(np.maximum(a.first, a.last), each, a.slots + 1)[: a.slots + 1]
    return np.asarray(np.cumsum(change)[: a.slots], dtype=np.float64)


def _kw_each(a: Arrays) -> Floats:
    """Facility kW that an accelerator of each pool draws (P,), the mean over workloads."""
    return np.asarray(a.kw.sum(axis=0) / max(1.0, float(a.gang.sum())))


def _samples(a: Arrays, rounds: int, parts: int, rng: np.random.Generator) -> Iterator[tuple[Ints, float]]:
    """For each round, whom to ask and how many each stands for; larger samples in the last quarter."""
    size, order = a.gang * a.work, np.arange(a.jobs)
    for n in range(rounds):
        count = parts if n < LAST_QUARTER * rounds else max(1, parts // 4)
        if n % count == 0 and count > 1:
            order = rng.permutation(a.jobs)
            order = order[np.argsort(size[order], kind="stable")]
        sample = order[n % count :: count]
        yield sample, a.jobs / max(1, len(sample))


class _Mean:
    """A running mean of some arrays."""

    def __init__(self) -> None:
        self.values: list[Floats] = []
        self.count = 0

    def add(self, *values: Floats) -> None:
        """Take one more of each into the mean."""
        self.count += 1
        self.values = self.values or [np.zeros(x.shape) for x in values]
        for mean, new in zip(self.values, values, strict=True):
            np.add(mean, (new - mean) / self.count, out=mean)


def _finite(limit: Floats) -> Floats:
    return np.where(np.isfinite(limit), limit, 0.0)


def lagrangian(a: Arrays, prices: Prices, values: Floats, sites: Sites) -> float:
    """The bound that `prices` prove when `values` (J,) are the workloads' least priced costs, g: what they
    pay, less what capacity earns, plus what the sites cost at least. It holds for any prices."""
    capacity = float((prices.hold * a.capacity).sum()) + float((prices.draw * _finite(a.limit)).sum())
    return float(values.sum()) - capacity + sites.least(prices.energy)


class Steps:
    """The steps that prices take."""

    def __init__(self, a: Arrays, sites: Sites) -> None:
        self.sites, self.grid = sites, a.grid
        rate = a.grid.mean(axis=1)
        typical = _kw_each(a) * a.slot_hours * rate[a.pool_cluster]
        typical = np.maximum(typical, float(typical.max(initial=0.0)) * 0.1)
        sold = (a.capacity > 0) & (a.capacity < UNSOLD)
        self.hold = _Adam(np.where(sold, a.capacity, 0.0), typical[:, None])
        self.draw = _Adam(_finite(a.limit), (a.slot_hours * rate)[:, None])
        self.energy = _Adam(sites.most, rate[:, None])

    def moved(self, prices: Prices, free: Floats, room: Floats, load: Floats | None, step: float) -> Prices:
        """Prices after a step to where `free` (P, K) and `room` (C, K) are not below zero and sites sell what
        `load` (C, K) takes; absent, energy keeps its price."""
        energy = prices.energy
        if load is not None:
            wanting = self.sites.wanting(energy, load)
            energy = np.minimum(self.energy.moved(energy, wanting, step), self.grid)
        return Prices(
            self.hold.moved(prices.hold, -free, step), self.draw.moved(prices.draw, -room, step), energy
        )


class _Adam:
    """One set of prices. `size`: capacity, 0 where nothing is sold; `typical`: the scale of its prices."""

    def __init__(self, size: Floats, typical: Floats) -> None:
        self.size, self.typical = size, typical
        self.first, self.second, self.n = np.zeros(size.shape), np.zeros(size.shape), 0

    def moved(self, price: Floats, excess: Floats, step: float) -> Floats:
        """Prices after a step along `excess`; never below zero."""
        self.n += 1
        slope = np.divide(excess, self.size, out=np.zeros(self.size.shape), where=self.size > 0)
        self.first = FIRST_MOMENT * self.first + (1 - FIRST_MOMENT) * slope
        self.second = SECOND_MOMENT * self.second + (1 - SECOND_MOMENT) * slope**2
        mean = self.first / (1 - FIRST_MOMENT**self.n)
        spread = np.sqrt(self.second / (1 - SECOND_MOMENT**self.n)) + 1e-3
        return np.maximum(0.0, price + step * self.typical * mean / spread)
