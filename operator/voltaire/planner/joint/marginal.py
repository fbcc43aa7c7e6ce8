"""The marginal price of energy at a site with one battery: the dual of the path that `store` found.

What a kWh held is worth stays the same from slot to slot while the battery is neither full nor at its floor;
where it is full it may rise, at the floor it may fall. In each slot it lies between what the last kWh saved
and what the next one would cost. Backwards these intervals are met with each other; forwards the highest
worth that they allow is taken, and from it follows the price of each slot's need.
"""

from __future__ import annotations

import numpy as np

from voltaire.planner.joint.arrays import Floats
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.ladder import Limits
from voltaire.planner.joint.sites import SOONER

NEAR = 1e-9
"""Share of what the battery can do in a slot within which a corner counts as met."""


@kernel
def marginal(cost: Floats, upto: Floats, need: Floats, slope: Floats, length: Floats, change: Floats,
             held: Floats, b: Limits) -> Floats:  # fmt: skip
    """g per kWh more of each slot's `need` (K,)."""
    slots = need.shape[0]
    low, high = _intervals(slope, length, need, change, held, b)
    price, worth = np.empty(slots), 0.0
    for t in range(slots):
        least, most = low[t], high[t]
        if t > 0:
            full, empty = held[t - 1] >= b.top, held[t - 1] <= b.floor
            least = least if empty else max(least, worth)
            most = most if full else min(most, worth)
        worth = most if most < np.inf else least if least > -np.inf else 0.0
        price[t] = _price(cost[t], upto[t], need[t], change[t], worth, t / slots, b)
    return price


@kernel
def _intervals(slope: Floats, length: Floats, need: Floats, change: Floats, held: Floats, b: Limits,
               ) -> tuple[Floats, Floats]:  # fmt: skip
    """What a kWh held at each slot's end may be worth, the slots after it considered."""
    slots = change.shape[0]
    low, high = np.empty(slots), np.empty(slots)
    # After the last slot.
    least = b.stored if held[-1] < b.begin else 0.0
    most = b.stored if held[-1] <= b.begin else 0.0
    for t in range(slots - 1, -1, -1):
        least = -np.inf if held[t] >= b.top else least
        most = np.inf if held[t] <= b.floor else most
        saved, asked = _corner(slope[t], length[t], change[t], abs(need[t]))
        least, most = max(least, saved), min(most, asked)
        if least > most:
            # They meet in one value but for rounding.
            least = most = (least + most) / 2.0
        low[t], high[t] = least, most
    return low, high


@kernel
def _corner(slope: Floats, length: Floats, change: float, scale: float) -> tuple[float, float]:
    """The slopes of a slot's cost before and after `change`; infinite where it can do no more."""
    span = length.sum()
    near = NEAR * span + 1e-14 * scale
    down = length[:4].sum() - change
    saved, asked, passed = -np.inf, np.inf, 0.0
    for i in range(8):
        if length[i] <= 0.0:
            continue
        if passed < down - near:
            asked = slope[i]
        passed += length[i]
        if passed > down + near:
            saved = slope[i]
            break
    return saved, asked


@kernel
def _price(cost: Floats, upto: Floats, need: float, change: float, worth: float, late: float, b: Limits,
           ) -> float:  # fmt: skip
    """The dearest price of the need at which the battery does what it does when a kWh held is `worth` so
    much."""
    near = NEAR * (b.fill + b.give) + 1e-14 * abs(need)
    below, above = 0.0, cost[3]
    for i in range(3, -1, -1):
        if need < upto[i] - near:
            above = cost[i]
        if need <= upto[i] + near:
            below = cost[i]
    asked = above
    if change > near:
        asked = worth * b.kept
    elif b.give > 0.0 and change > near - b.give / b.given:
        asked = worth / b.given + b.wear + SOONER * (1.0 + late)
    return float(max(below, min(above, asked)))
