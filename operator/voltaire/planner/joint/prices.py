"""Congestion prices: every workload answers prices with its cheapest timeline, prices follow what is asked
for.

The step is Adam's (first moment 0.8, second 0.95) on the excess relative to capacity, starting from a quarter
of a typical price and falling linearly to a hundredth of that (plain subgradient steps do not converge here).
Where a pass over all workloads takes long, each round asks only a part of them anew and goes on with the last
answers of the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from voltaire.planner.joint.arrays import Arrays, Floats, Ints, Rows, empty_rows
from voltaire.planner.joint.batteries import Sites
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.kernel import scratch_size, solve_one
from voltaire.planner.joint.trace import account, take

FIRST_MOMENT, SECOND_MOMENT = 0.8, 0.95
FIRST_STEP, LAST_STEP = 0.25, 0.0025
LITTLE = 0.01
"""Share of the most that a site could draw, at which energy prices begin."""

SHORT_LIST, ALL = 10, 1 << 30
"""How many pools a workload weighs while prices move, and when something is to be proven."""


@dataclass(frozen=True, slots=True)
class Prices:
    """`hold` (P, K): g per accelerator and slot; `draw` (C, K): g per facility kW reserved for a slot;
    `energy` (C, K): g per facility kWh."""

    hold: Floats
    draw: Floats
    energy: Floats


@kernel
def _ask(a: Arrays, jobs: Ints, hold: Floats, draw: Floats, energy: Floats, scratch: Floats, rows: Rows,
         values: Floats, free: Floats, room: Floats, load: Floats, most: int) -> None:  # fmt: skip
    none = np.zeros(energy.shape)
    for j in jobs:
        take(a, j, rows[j], -1.0, free, room)
        account(a, j, rows[j], none, -1.0, load)
        values[j] = solve_one(a, j, hold, draw, energy, a.capacity, a.limit, scratch, rows[j], most)
        take(a, j, rows[j], 1.0, free, room)
        account(a, j, rows[j], none, 1.0, load)


class Market:
    """Prices and the timelines that answer them. `rows` (J, K) need not fit together."""

    def __init__(self, a: Arrays, sites: Sites, threads: int, pool: Executor, start: Prices | None) -> None:
        self.a, self.sites, self.pool, self.threads = a, sites, pool, threads
        self.scratch = [np.empty(scratch_size(a)) for _ in range(threads)]
        self.rows, self.values = empty_rows(a), np.zeros(a.jobs)
        self.free, self.room, self.load = a.capacity.copy(), _finite(a.limit), np.zeros(a.grid.shape)
        # What a little costs at each site; the prices of nothing at all are not unique.
        energy = sites.prices(sites.serve(LITTLE * sites.most), a.grid, 1.0)
        zero = Prices(np.zeros(a.capacity.shape), np.zeros(a.grid.shape), energy)
        self.now = zero if start is None else start
        self.bound, self.best = -np.inf, self.now

    def ask(self, jobs: Ints, prices: Prices, most: int = SHORT_LIST) -> None:
        """Let `jobs` answer, each weighing its `most` best pools."""
        # Contiguous, or the kernel would be compiled a second time.
        parts = [np.ascontiguousarray(jobs[i :: self.threads]) for i in range(self.threads)]
        shapes = (self.free.shape, self.room.shape, self.load.shape)
        deltas = [(np.zeros(shapes[0]), np.zeros(shapes[1]), np.zeros(shapes[2])) for _ in parts]

        def work(i: int) -> None:
            _ask(self.a, parts[i], prices.hold, prices.draw, prices.energy, self.scratch[i], self.rows,
                 self.values, *deltas[i], most)  # fmt: skip

        list(self.pool.map(work, range(len(parts))))
        for free, room, load in deltas:
            self.free += free
            self.room += room
            self.load += load

    def settle(self, prices: Prices) -> float:
        """Ask everybody; the proven bound at these prices, g. Remembers the best."""
        self.ask(np.arange(self.a.jobs), prices, ALL)
        bound = lagrangian(self.a, prices, self.values, self.sites)
        if bound > self.bound:
            self.bound, self.best = bound, prices
        return bound

    def run(self, rounds: int, blocks: int, deadline: float, rng: np.random.Generator,
            clock: Callable[[], float] = time.monotonic, first_step: float = FIRST_STEP) -> None:  # fmt: skip
        """Move prices for `rounds` rounds, or until `deadline`."""
        steps, count = _Steps(self.a, self.sites), 0
        mean: list[Floats] | None = None
        order, began = rng.permutation(self.a.jobs), clock()
        for n in range(rounds):
            if clock() > deadline:
                break
            done = max(n / max(1, rounds - 1), (clock() - began) / max(1e-9, deadline - began))
            step = first_step + (LAST_STEP - first_step) * min(1.0, done)
            self.now = self._moved(steps, step)
            self.ask(order[n % blocks :: blocks], self.now)
            if done >= 0.5:
                count += 1
                now = (self.now.hold, self.now.draw, self.now.energy)
                mean = [x.copy() for x in now] if mean is None else mean
                for old, new in zip(mean, now, strict=True):
                    np.add(old, (new - old) / count, out=old)
        self.settle(self.now if mean is None else Prices(*mean))

    def _moved(self, steps: _Steps, step: float) -> Prices:
        hold = steps.hold.moved(self.now.hold, -self.free, step)
        draw = steps.draw.moved(self.now.draw, -self.room, step)
        energy = self.now.energy
        if self.sites.dispatched:
            wanting = self.sites.wanting(energy, self.load)
            energy = np.minimum(steps.energy.moved(energy, wanting, step), self.a.grid)
        return Prices(hold, draw, energy)


def _finite(limit: Floats) -> Floats:
    return np.where(np.isfinite(limit), limit, 0.0)


def lagrangian(a: Arrays, prices: Prices, values: Floats, sites: Sites) -> float:
    """The bound that `prices` prove when `values` (J,) are the workloads' least priced costs, g: what they
    pay, less what capacity earns, plus what the sites cost at least. It holds for any prices."""
    capacity = float((prices.hold * a.capacity).sum()) + float((prices.draw * _finite(a.limit)).sum())
    return float(values.sum()) - capacity + sites.least(prices.energy)


class _Steps:
    def __init__(self, a: Arrays, sites: Sites) -> None:
        used = a.kw[:, :].sum(axis=0) / max(1.0, float(a.gang.sum()))
        rate = a.grid.mean(axis=1)
        typical = used * a.slot_hours * rate[a.pool_cluster]
        typical = np.maximum(typical, float(typical.max(initial=0.0)) * 0.1)
        sold = (a.capacity > 0) & (a.capacity < 1e9)
        self.hold = _Adam(np.where(sold, a.capacity, 0.0), typical[:, None])
        limited = np.where(np.isfinite(a.limit), a.limit, 0.0)
        self.draw = _Adam(limited, (a.slot_hours * rate)[:, None])
        self.energy = _Adam(sites.most, rate[:, None])


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
