"""What a site's energy costs: grid, sun and batteries behind one meter, as a linear program by HiGHS.

For each slot, in kWh: `grid` bought, `sun` used, for each battery `charge` (before its loss) and `discharge`
(after it), and `soc` held at the slot's end.

    grid + sun + sum(discharge) - sum(charge) >= load
    soc' = soc + charge * charge_efficiency - discharge / discharge_efficiency,   reserve <= soc <= capacity
    cost = grid * rate + sun * solar grams + discharge * wear - stored grams * min(soc at the end, soc at
    first)

Two uses: the cost of a given load with its marginal price in each slot (the dual of the balance), and, for
the proven bound, the least that the site costs when it may sell energy to workloads at given prices.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from voltaire.planner.joint.arrays import Floats
from voltaire.planner.joint.problem import Cluster

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


class Site:
    """A cluster with sun or batteries. The model is built once; loads and prices change in place."""

    def __init__(self, cluster: Cluster, rate: Floats, slot_hours: float) -> None:
        self.cluster, self.rate, self.hours, self.slots = cluster, rate, slot_hours, len(rate)
        self.model = highspy.Highs()
        self.model.setOptionValue("output_flag", False)
        self.model.setOptionValue("threads", 1)
        self._columns()
        self._rows()
        self.sold = -1

    def _columns(self) -> None:
        k, h, inf = self.slots, self.hours, highspy.kHighsInf
        c = self.cluster
        sun = np.array(c.solar_kw, dtype=np.float64) * h if c.solar_kw else np.zeros(k)
        self._add(self.rate, np.zeros(k), np.full(k, inf))
        self._add(np.full(k, c.solar_grams_per_kwh), np.zeros(k), sun)
        for b in c.batteries:
            start = max(b.energy_kwh, 0.0)
            self._add(np.zeros(k), np.zeros(k), np.full(k, b.max_charge_kw * h))
            wear = b.wear_grams_per_kwh + SOONER * (1 + np.arange(k) / k)
            self._add(wear, np.zeros(k), np.full(k, b.max_discharge_kw * h))
            # Below its reserve it need not refill at once, but gives nothing more.
            self._add(np.zeros(k), np.full(k, min(b.reserve_kwh, b.energy_kwh)), np.full(k, b.capacity_kwh))
            self._add(np.array([-b.stored_grams_per_kwh]), np.zeros(1), np.array([start]))

    def _add(self, cost: Floats, lower: Floats, upper: Floats) -> None:
        for values in zip(cost, lower, upper, strict=True):
            self.model.addCol(float(values[0]), float(values[1]), float(values[2]), 0, [], [])

    def _rows(self) -> None:
        k, inf = self.slots, highspy.kHighsInf
        batteries = self.cluster.batteries
        for t in range(k):
            index, value = [t, k + t], [1.0, 1.0]
            for i in range(len(batteries)):
                at = self._battery(i)
                index += [at + t, at + k + t]
                value += [-1.0, 1.0]
            self.model.addRow(0.0, inf, len(index), index, value)
        for i, b in enumerate(batteries):
            at = self._battery(i)
            for t in range(k):
                index = [at + 2 * k + t, at + t, at + k + t]
                value = [1.0, -b.charge_efficiency, 1.0 / b.discharge_efficiency]
                begin = b.energy_kwh if t == 0 else 0.0
                if t > 0:
                    index.append(at + 2 * k + t - 1)
                    value.append(-1.0)
                self.model.addRow(begin, begin, len(index), index, value)
            self.model.addRow(-inf, 0.0, 2, [at + 3 * k, at + 3 * k - 1], [1.0, -1.0])

    def _battery(self, i: int) -> int:
        return 2 * self.slots + i * (3 * self.slots + 1)

    @property
    def worth(self) -> float:
        """What the batteries hold at first is worth, g: added so that doing nothing costs nothing."""
        return sum(b.stored_grams_per_kwh * b.energy_kwh for b in self.cluster.batteries)

    def serve(self, load: Floats) -> Dispatch:
        """The cheapest way to serve `load` (slots,), kWh, host included."""
        k = self.slots
        self._sell(np.zeros(k), np.zeros(k))
        for t in range(k):
            self.model.changeRowBounds(t, float(load[t]), highspy.kHighsInf)
        self._run()
        solution = self.model.getSolution()
        x, dual = np.array(solution.col_value), np.array(solution.row_dual)[:k]
        at = [self._battery(i) for i in range(len(self.cluster.batteries))]
        pick = np.array([[x[i + n * k : i + (n + 1) * k] for n in range(3)] for i in at]).reshape((-1, 3, k))
        grams = self.model.getInfo().objective_function_value + self.worth
        return Dispatch(grams, dual, x[:k], x[k : 2 * k], pick[:, 0], pick[:, 1], pick[:, 2])

    def least(self, price: Floats, host: float, most: Floats) -> tuple[float, Floats]:
        """The least of cost minus `price` times what is sold beyond `host`, over all sales up to `most`
        (kWh), and what is then sold (slots,)."""
        self._sell(price, most)
        for t in range(self.slots):
            self.model.changeRowBounds(t, host, highspy.kHighsInf)
        self._run()
        sold = np.array(self.model.getSolution().col_value)[self.sold : self.sold + self.slots]
        return float(self.model.getInfo().objective_function_value + self.worth), sold

    def _sell(self, price: Floats, most: Floats) -> None:
        if self.sold < 0:
            self.sold = self.model.getNumCol()
            for t in range(self.slots):
                self.model.addCol(0.0, 0.0, 0.0, 1, [t], [-1.0])
        for t in range(self.slots):
            self.model.changeColCost(self.sold + t, -float(price[t]))
            self.model.changeColBounds(self.sold + t, 0.0, float(most[t]))

    def _run(self) -> None:
        self.model.run()
        status = self.model.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            self.model.clearSolver()  # a warm start that led nowhere
            self.model.run()
            status = self.model.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(
                f"site {self.cluster.name}: HiGHS ended with {self.model.modelStatusToString(status)}"
            )


def host_energy(cluster: Cluster, slot_hours: float) -> float:
    """kWh that a cluster draws in a slot whatever runs."""
    return cluster.host_kw * slot_hours
