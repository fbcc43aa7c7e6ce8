"""What a site's energy costs: grid, sun and batteries behind one meter.

For each slot, in kWh: `grid` bought, `sun` used, for each battery `charge` (before its loss) and `discharge`
(after it), and `soc` held at the slot's end.

    grid + sun + sum(discharge) - sum(charge) >= load
    soc' = soc + charge * charge_efficiency - discharge / discharge_efficiency,   reserve <= soc <= capacity
    cost = grid * rate + sun * solar grams + discharge * wear - stored grams * min(soc at the end, soc at
    first)

Below its reserve a battery need not refill at once, but gives nothing more. Two uses: the cost of a given
load with its marginal price in each slot (the dual of the balance), and, for the proven bound, the least that
the site costs when it may sell energy to workloads at given prices. With one battery at most `store` answers
exactly by machine code; with several, `program` asks HiGHS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from voltaire.planner.joint.arrays import Floats

SOONER = 2e-6
"""g per kWh delivered, rising to twice that at the end: nothing is cycled for nothing, and what may be
delivered at any time is delivered early, or a plan made anew each slot would put it off for ever."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """How a site is run. Arrays are (slots,) or (batteries, slots), in kWh; `price`: g per kWh more of
    load."""

    grams: float
    price: Floats
    grid: Floats
    sun: Floats
    charge: Floats
    discharge: Floats
    soc: Floats


class Site(Protocol):
    """A cluster with sun or batteries."""

    def serve(self, load: Floats) -> Dispatch:
        """The cheapest way to serve `load` (slots,), kWh, host included."""

    def least(self, price: Floats, host: float, most: Floats) -> tuple[float, Floats]:
        """The least of cost minus `price` times what is sold beyond `host`, over all sales up to `most`
        (kWh), and what is then sold (slots,)."""
