"""What each kWh that a site draws carries, when sun, grid and batteries are mixed."""

from __future__ import annotations

import numpy as np

from voltaire.planner.joint.arrays import Floats
from voltaire.planner.joint.compiled import kernel

TINY_KWH = 1e-9


@kernel
def mixed(rate: Floats, price: Floats, solar_grams: float, grid: Floats, sun: Floats, charge: Floats,
          discharge: Floats, held: Floats, carbon: Floats, kept: Floats, given: Floats, wear: Floats,
          ) -> Floats:  # fmt: skip
    """g per kWh drawn (K,), by slot. Of a dispatch: kWh from `grid` and `sun` (K,), into and out of batteries
    (B, K). `rate`, `price` (K,): of the grid and of one kWh more, of which the lower counts where nothing is
    drawn. Of batteries (B,): kWh `held` and g per kWh that they carry at first, the share that each way
    leaves, wear. What is stored keeps what it was charged with, losses included."""
    slots, holding, carrying = grid.shape[0], held.copy(), carbon.copy()
    found = np.empty(slots)
    for k in range(slots):
        supply, grams = grid[k] + sun[k], grid[k] * rate[k] + sun[k] * solar_grams
        for b in range(holding.shape[0]):
            supply += discharge[b, k]
            grams += discharge[b, k] * (carrying[b] / given[b] + wear[b])
        found[k] = grams / supply if supply > TINY_KWH else min(rate[k], price[k])
        for b in range(holding.shape[0]):
            holding[b] = max(0.0, holding[b] - discharge[b, k] / given[b])
            more = charge[b, k] * kept[b]
            if more > TINY_KWH:
                carrying[b] = (holding[b] * carrying[b] + charge[b, k] * found[k]) / (holding[b] + more)
            holding[b] += more
    return found
