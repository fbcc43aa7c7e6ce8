"""What planning gives: whole timelines that fit, a proven bound, and the prices that explain them."""

from __future__ import annotations

from dataclasses import dataclass

from voltaire.planner.joint.arrays import Floats, Rows
from voltaire.planner.joint.build import Built
from voltaire.planner.joint.prices import Prices
from voltaire.planner.joint.sites import Dispatch

_NOTHING_GRAMS = 1e-6


@dataclass(frozen=True, slots=True)
class Solution:
    """A plan. `rows` (J, K): pool index for each workload and slot, -1 for none.

    `grams`: everything the plan decides: energy at the sites beyond what idle hosts draw, starts, transfers,
    lateness and unfinished work at their prices. `bound`: no plan of this problem is cheaper. `left` (J,):
    units of work left at the end of each window. `dispatch`: sites with sun or batteries, by cluster index.
    `seconds`: what it took. `rounds`: price rounds; `neighbourhoods`: how many the search tried.
    """

    built: Built
    rows: Rows
    grams: float
    bound: float
    left: tuple[int, ...]
    prices: Prices
    dispatch: dict[int, Dispatch]
    load_kwh: Floats
    seconds: float
    rounds: int
    neighbourhoods: int

    @property
    def gap(self) -> float:
        """(grams - bound) / bound: the plan is at most this much above the optimum. Infinite where nothing is
        proven."""
        excess = self.grams - self.bound
        if excess <= _NOTHING_GRAMS:
            return 0.0
        return excess / self.bound if self.bound > _NOTHING_GRAMS else float("inf")

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Workloads that miss a required deadline although they could meet it alone: nothing had room for
        them."""
        miss = self.built.arrays.miss
        return tuple(w for w, n, m in zip(self.built.ids, self.left, miss, strict=True) if n > 0 and m > 0)
