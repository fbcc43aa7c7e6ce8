"""What a move of the search really costs at sites with sun or a battery.

At the prices of the plan at hand energy seems to cost less than it does: a site's cost is convex in its load,
and the cheap hours are soon used up. So a move that pays at these prices is weighed once more, exactly; if
it pays then too, the site's load, cost and prices follow at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from voltaire.planner.joint.arrays import Arrays, Bools, Floats, Ints, Rows
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.ladder import Limits
from voltaire.planner.joint.store import run
from voltaire.planner.joint.trace import account

TINY_KWH = 1e-9


class Meters(NamedTuple):
    """By cluster: whether it is `exact` (a `Store`); kWh of `sun` (C, K) and g per kWh of it; the battery's
    limits (C, 9); the `host`'s kWh in a slot; kWh of workloads, `load` (C, K), and g that the site costs
    with it."""

    exact: Bools
    sun: Floats
    solar_grams: Floats
    limits: Floats
    host: Floats
    load: Floats
    grams: Floats


@kernel
def _served(a: Arrays, m: Meters, c: int, load: Floats, priced: bool) -> tuple[float, Floats]:
    """g of serving a load (K,) besides the host, and g per kWh more."""
    x, none = m.limits[c], np.zeros(load.shape[0])
    limits = Limits(x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8])
    grams, _, _, _, price = run(
        a.grid[c], m.sun[c], m.solar_grams[c], none, none, load + m.host[c], limits, priced
    )
    return grams, price


@kernel
def pays(a: Arrays, m: Meters, found: Ints, n: int, before: Rows, rows: Rows, energy: Floats, spare: float,
         ) -> bool:  # fmt: skip
    """Whether `rows` of the first `n` of `found` instead of `before` cost at most `spare` g more than they
    seem to at the prices `energy`. If so, load, cost and prices follow."""
    change = np.zeros(energy.shape)
    for i in range(n):
        account(a, found[i], rows[found[i]], energy, 1.0, change)
        account(a, found[i], before[i], energy, -1.0, change)
    for c in range(energy.shape[0]):
        if m.exact[c] and np.abs(change[c]).max() > TINY_KWH:
            grams, _ = _served(a, m, c, m.load[c] + change[c], False)
            spare -= grams - m.grams[c] - (change[c] * energy[c]).sum()
            if spare < 0.0:
                return False
    for c in range(energy.shape[0]):
        # Others may be at work on other sites: only those of this move are touched.
        if m.exact[c] and np.abs(change[c]).max() > TINY_KWH:
            m.load[c] += change[c]
            m.grams[c], energy[c] = _served(a, m, c, m.load[c], True)
    return True
