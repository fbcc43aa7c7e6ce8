"""What one kWh more costs a site with one battery, step by step: of supply, and of change in its charge.

A slot's **ladder** is its supplies from the cheapest to the dearest: what there is for nothing (a need below
zero), then sun, what is not sold after all, and the grid without end. `cost` (K, 4) g per kWh; `upto` (K, 4):
up to which need, in kWh, each reaches; `kind` (K, 4) says which it is.

A slot's **changes** are the marginal costs of adding to the charge, dearest first: `slope` (K, 8) g per kWh
held, `length` (K, 8) kWh held. The first four charge, the last four discharge; what the battery does is where
it stops on the way from the last to the first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from voltaire.planner.joint.arrays import Floats, Ints
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.sites import SOONER

NOTHING, SUN, UNSOLD, GRID = 0, 1, 2, 3


class Limits(NamedTuple):
    """A battery: `floor` <= kWh held <= `top`, `begin` at first; kWh into it and out of it in a slot, both
    at its terminals; `kept` and `given`: the share of each that is not lost; g per kWh delivered and held."""

    floor: float
    top: float
    begin: float
    fill: float
    give: float
    kept: float
    given: float
    wear: float
    stored: float


@kernel
def ladder(rate: Floats, sun: Floats, solar_grams: float, price: Floats, most: Floats,
           ) -> tuple[Floats, Floats, Ints]:  # fmt: skip
    """`cost`, `upto` and `kind` of each slot."""
    slots = rate.shape[0]
    cost, upto, kind = np.zeros((slots, 4)), np.zeros((slots, 4)), np.zeros((slots, 4), dtype=np.int64)
    for t in range(slots):
        for source in (SUN, UNSOLD, GRID):
            each = solar_grams if source == SUN else price[t] if source == UNSOLD else rate[t]
            at = source
            while at > 1 and cost[t, at - 1] > each:
                cost[t, at], kind[t, at] = cost[t, at - 1], kind[t, at - 1]
                at -= 1
            cost[t, at], kind[t, at] = each, source
        for i in range(1, 4):
            source = kind[t, i]
            more = sun[t] if source == SUN else most[t] if source == UNSOLD else np.inf
            upto[t, i] = upto[t, i - 1] + more
    return cost, upto, kind


@kernel
def changes(cost: Floats, upto: Floats, base: Floats, b: Limits) -> tuple[Floats, Floats]:
    """`slope` and `length` of each slot, where the need is `base` (K,) while the battery rests."""
    slots = base.shape[0]
    slope, length = np.empty((slots, 8)), np.empty((slots, 8))
    for t in range(slots):
        wear = b.wear + SOONER * (1.0 + t / slots)
        for i in range(4):
            low = upto[t, i - 1] if i > 0 else -np.inf
            slope[t, 3 - i] = cost[t, i] / b.kept
            into = min(upto[t, i], base[t] + b.fill) - max(low, base[t])
            length[t, 3 - i] = max(0.0, into) * b.kept if b.fill > 0.0 else 0.0
            slope[t, 7 - i] = (cost[t, i] - wear) * b.given
            out = min(upto[t, i], base[t]) - max(low, base[t] - b.give)
            length[t, 7 - i] = max(0.0, out) / b.given if b.give > 0.0 else 0.0
    return slope, length


@kernel
def supplied(upto: Floats, kind: Ints, need: float, t: int, amount: Floats) -> None:
    """amount[source, t]: how far each source is used for `need` kWh in slot t."""
    for i in range(1, 4):
        low = upto[t, i - 1]
        if low < np.inf:
            amount[kind[t, i], t] = max(0.0, min(need, upto[t, i]) - low)
