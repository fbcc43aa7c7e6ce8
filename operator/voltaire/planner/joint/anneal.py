"""The search's course: how hot it is, and how several cores share a batch of moves."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np

from voltaire.planner.joint.arrays import Arrays, Floats
from voltaire.planner.joint.lots import Lot, deal
from voltaire.planner.joint.meters import Meters
from voltaire.planner.joint.prices import Prices
from voltaire.planner.joint.search import SEEN, enter, search
from voltaire.planner.joint.state import State
from voltaire.planner.joint.visits import regrets

HEAT, HEAT_MOVES, MOST_HEAT, WARM_HEAT = 0.2, 20.0, 1.0, 0.05
"""Heat at first, as a share of what workloads pay (the median): HEAT where there are HEAT_MOVES moves for
each workload, growing with the root of that. Measured: what has many moves gains from starting hot, what has
few only loses its way. At most MOST_HEAT, and WARM_HEAT from an earlier plan, which is good already."""

COLD, COOLED = 0.02, 0.95
"""It falls by a constant factor a move to COLD of what it was at the share COOLED of all moves, then to 0."""

HOTTER = 4.0
"""How much hotter the second of two courses from the same plan begins. Measured: what suits one instance is
too cold for another by this much, and chance decides too; the better of both ends is kept."""

BATCHES = 50
"""Batches in a whole search, about."""


class Course:
    """A search under way. `values` (J,): the least that each workload pays at `prices`. There are as many
    cores as `scratch` spaces; `most`: pools that a workload weighs; `hotter`: how many times."""

    def __init__(self, a: Arrays, prices: Prices, values: Floats, scratch: list[Floats], pool: Executor,
                 rng: np.random.Generator, most: int, warm: bool, hotter: float = 1.0) -> None:  # fmt: skip
        self.a, self.prices, self.values, self.rng, self.most = a, prices, values, rng, most
        self.scratch, self.pool, self.hottest = scratch, pool, WARM_HEAT if warm else MOST_HEAT
        self.who = np.zeros((*a.capacity.shape, SEEN), dtype=np.int64)
        self.count = np.zeros(a.capacity.shape, dtype=np.int64)
        paid = values[a.work > 0]
        self.typical = hotter * float(np.median(paid)) if len(paid) else 0.0

    def heat(self, done: float, moves: float) -> float:
        """g, after the share `done` of `moves`."""
        if done >= COOLED:
            return 0.0
        first = min(self.hottest, HEAT * np.sqrt(moves / max(1, self.a.jobs) / HEAT_MOVES))
        return float(self.typical * first * COLD ** (done / COOLED))

    def batch(self, state: State, moves: int, heat: float, meters: Meters) -> None:
        """Try so many moves on `state`, whose energy `meters` count."""
        a, prices = self.a, self.prices
        lots = deal(a, state.rows, len(self.scratch), self.rng)
        movable = np.zeros(a.jobs, dtype=np.bool_)
        for lot in lots:
            movable[lot.mine] = True
        enter(a, state.rows, movable, state.free, state.room, self.who, self.count)
        regret = regrets(a, state.rows, state.cost, self.values, prices.hold, prices.draw)
        total = sum(len(lot.mine) for lot in lots)

        def work(i: int, lot: Lot, seed: int) -> None:
            share = max(1, round(moves * len(lot.mine) / max(1, total)))
            search(lot.arrays, share, seed, lot.mine, regret, prices.hold, prices.draw, state.energy,
                   self.scratch[i], state.rows, state.free, state.room, state.cost, self.who, self.count,
                   heat, self.most, meters, prices.energy)  # fmt: skip

        seeds = self.rng.integers(2**31, size=len(lots)).tolist()
        # One alone works in its caller's thread, which may be of the pool and must not wait for it.
        run = map if len(lots) == 1 else self.pool.map
        list(run(work, range(len(lots)), lots, seeds))
