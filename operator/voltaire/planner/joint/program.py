"""A site with several batteries, as a linear program by HiGHS (see `sites` for what it says)."""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray

from voltaire.planner.joint.arrays import Floats
from voltaire.planner.joint.problem import Cluster
from voltaire.planner.joint.sites import SOONER, Dispatch


class Program:
    """A cluster with sun and any number of batteries. The model is built once; loads and prices change in
    place."""

    def __init__(self, cluster: Cluster, rate: Floats, slot_hours: float) -> None:
        self.cluster, self.rate, self.hours, self.slots = cluster, rate, slot_hours, len(rate)
        # What the batteries hold at first: added so that doing nothing costs nothing.
        self.worth = sum(b.stored_grams_per_kwh * b.energy_kwh for b in cluster.batteries)
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
        self.model.addVars(len(cost), lower, upper)
        at = np.arange(self.model.getNumCol() - len(cost), self.model.getNumCol(), dtype=np.int32)
        self.model.changeColsCost(len(cost), at, cost)

    def _rows(self) -> None:
        k, inf = self.slots, highspy.kHighsInf
        batteries = self.cluster.batteries
        ones, slots = np.ones(k), np.arange(k)
        stores = [self._battery(i) for i in range(len(batteries))]
        signs = [(0, 1.0), (k, 1.0), *((at + n * k, (-1.0, 1.0)[n]) for at in stores for n in (0, 1))]
        self._add_rows(np.zeros(k), np.full(k, inf), [(slots + at, ones * sign) for at, sign in signs])
        for b, at in zip(batteries, stores, strict=True):
            begin = np.where(slots == 0, b.energy_kwh, 0.0)
            # Before the first slot there is none: a column of factor 0 stands in.
            before = (
                np.where(slots == 0, at + 3 * k, slots + at + 2 * k - 1),
                np.where(slots == 0, 0.0, -1.0),
            )
            self._add_rows(begin, begin, [
                (slots + at + 2 * k, ones), (slots + at, -ones * b.charge_efficiency),
                (slots + at + k, ones / b.discharge_efficiency), before,
            ])  # fmt: skip
            self.model.addRow(-inf, 0.0, 2, [at + 3 * k, at + 3 * k - 1], [1.0, -1.0])

    def _add_rows(self, lower: Floats, upper: Floats, terms: list[tuple[NDArray[np.int64], Floats]]) -> None:
        index = np.stack([i for i, _ in terms], axis=1).astype(np.int32).ravel()
        value = np.stack([v for _, v in terms], axis=1).ravel()
        starts = np.arange(len(lower), dtype=np.int32) * len(terms)
        self.model.addRows(len(lower), lower, upper, len(index), starts, index, value)

    def _battery(self, i: int) -> int:
        return 2 * self.slots + i * (3 * self.slots + 1)

    def serve(self, load: Floats) -> Dispatch:
        """The cheapest way to serve `load` (slots,), kWh, host included."""
        k = self.slots
        self._sell(np.zeros(k), np.zeros(k))
        self._demand(load)
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
        self._demand(np.full(self.slots, host))
        self._run()
        sold = np.array(self.model.getSolution().col_value)[self.sold : self.sold + self.slots]
        return float(self.model.getInfo().objective_function_value + self.worth), sold

    def _demand(self, load: Floats) -> None:
        slots = np.arange(self.slots, dtype=np.int32)
        self.model.changeRowsBounds(self.slots, slots, load, np.full(self.slots, highspy.kHighsInf))

    def _sell(self, price: Floats, most: Floats) -> None:
        if self.sold < 0:
            self.sold = self.model.getNumCol()
            for t in range(self.slots):
                self.model.addCol(0.0, 0.0, 0.0, 1, [t], [-1.0])
        at = np.arange(self.sold, self.sold + self.slots, dtype=np.int32)
        self.model.changeColsCost(self.slots, at, -price)
        self.model.changeColsBounds(self.slots, at, np.zeros(self.slots), most)

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
