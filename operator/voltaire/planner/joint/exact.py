"""The same problem as one mixed-integer program, by HiGHS: the optimum of small instances, and what the
planner's speed is measured against.

Each workload is a unit of flow through its states (`arcs`). Capacity, power and the sites' energy couple the
flows. With whole flows that is the problem; with fractions it is its linear relaxation, whose optimum is also
the limit of the bound that prices prove.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import highspy
import numpy as np

from voltaire.planner.joint.arcs import Arc, Arcs, Node
from voltaire.planner.joint.arrays import Arrays, Floats, Rows, empty_rows
from voltaire.planner.joint.batteries import open_sites
from voltaire.planner.joint.build import build
from voltaire.planner.joint.prices import Prices
from voltaire.planner.joint.problem import Cluster, Problem
from voltaire.planner.joint.solution import Solution
from voltaire.planner.joint.task import weighed


@dataclass(frozen=True, slots=True)
class Exact:
    """What HiGHS found: cost of the best plan or of the relaxation, what it proved, and its timelines (whole
    ones only)."""

    status: str
    grams: float
    bound: float
    rows: Rows | None
    seconds: float
    variables: int


class _Model:
    """Columns and rows, gathered before HiGHS sees them."""

    def __init__(self) -> None:
        self.cost: list[float] = []
        self.upper: list[float] = []
        self.floor: list[float] = []
        self.whole: list[bool] = []
        self.rows: list[tuple[float, float, list[int], list[float]]] = []

    def column(self, cost: float, lower: float, upper: float, whole: bool = False) -> int:
        self.cost.append(cost)
        self.floor.append(lower)
        self.upper.append(upper)
        self.whole.append(whole)
        return len(self.cost) - 1

    def row(self, lower: float, upper: float, terms: list[tuple[int, float]]) -> None:
        self.rows.append((lower, upper, [i for i, _ in terms], [v for _, v in terms]))

    def solve(self, relaxed: bool, seconds: float) -> highspy.Highs:
        h = highspy.Highs()
        for name, value in (
            ("output_flag", False),
            ("time_limit", seconds),
            ("mip_rel_gap", 1e-7),
            ("threads", 1),
        ):
            h.setOptionValue(name, value)
        count = len(self.cost)
        h.addVars(count, np.array(self.floor), np.array(self.upper))
        h.changeColsCost(count, np.arange(count, dtype=np.int32), np.array(self.cost))
        starts = np.cumsum([0, *(len(row[2]) for row in self.rows)])
        index = np.array([i for row in self.rows for i in row[2]], dtype=np.int32)
        factor = np.array([v for row in self.rows for v in row[3]])
        h.addRows(len(self.rows), np.array([r[0] for r in self.rows]), np.array([r[1] for r in self.rows]),
                  len(index), starts[:-1].astype(np.int32), index, factor)  # fmt: skip
        whole = np.flatnonzero(self.whole).astype(np.int32)
        if not relaxed:
            h.changeColsIntegrality(len(whole), whole, [highspy.HighsVarType.kInteger] * len(whole))
        h.run()
        return h


def solve_exact(problem: Problem, seconds: float = 60.0, relaxed: bool = False) -> Exact:
    """The optimum, or with `relaxed` that of the linear relaxation."""
    began = time.monotonic()
    built = build(problem)
    a, model = built.arrays, _Model()
    flows, constant = _flows(a, model)
    _couple(problem, a, model, flows)
    idle = sum(open_sites(problem, a).idle.values())
    constant -= idle
    h = model.solve(relaxed, seconds)
    info = h.getInfo()
    status = h.modelStatusToString(h.getModelStatus())
    if status == "Empty":
        # Nothing to decide is decided at best.
        return Exact("Optimal", constant, constant, empty_rows(a), time.monotonic() - began, 0)
    x = np.array(h.getSolution().col_value)
    rows = None
    if not relaxed and len(x) and h.getInfo().primal_solution_status == 2:
        rows = empty_rows(a)
        for j, i, arc in flows:
            if arc.pool >= 0 and x[i] > 0.5:
                rows[j, arc.slot] = arc.pool
    bound = info.objective_function_value if relaxed else info.mip_dual_bound
    return Exact(status, info.objective_function_value + constant, bound + constant, rows,
                 time.monotonic() - began, len(model.cost))  # fmt: skip


def _flows(a: Arrays, model: _Model) -> tuple[list[tuple[int, int, Arc]], float]:
    """Columns and balances of every workload; what cannot run at all costs a constant."""
    flows: list[tuple[int, int, Arc]] = []
    constant = 0.0
    for j in range(a.jobs):
        job = Arcs(a, j)
        if job.work <= 0:
            continue
        if not job.pools or a.first[j] >= a.last[j]:
            constant += job.unfinished(job.work)
            continue
        balance: dict[Node, list[tuple[int, float]]] = {}
        for arc in job.arcs():
            i = model.column(arc.cost, 0.0, 1.0, whole=True)
            flows.append((j, i, arc))
            balance.setdefault(arc.tail, []).append((i, 1.0))
            if arc.head[0] != "end":
                balance.setdefault(arc.head, []).append((i, -1.0))
        for node, terms in balance.items():
            given = 1.0 if node == job.source else 0.0
            model.row(given, given, terms)
    return flows, constant


def _couple(problem: Problem, a: Arrays, model: _Model, flows: list[tuple[int, int, Arc]]) -> None:
    """Capacity, power, and energy: from the grid where a site has nothing else, dispatched where it has."""
    held: dict[tuple[int, int], list[tuple[int, float]]] = {}
    drawn: dict[tuple[int, int], list[tuple[int, float]]] = {}
    loads: dict[tuple[int, int], list[tuple[int, float]]] = {}
    dispatched = {i for i, c in enumerate(problem.clusters) if c.batteries or any(c.solar_kw)}
    for j, i, arc in flows:
        if arc.pool < 0:
            continue
        c = int(a.pool_cluster[arc.pool])
        held.setdefault((arc.pool, arc.slot), []).append((i, float(a.gang[j])))
        drawn.setdefault((c, arc.slot), []).append((i, float(a.kw[j, arc.pool])))
        if c in dispatched:
            loads.setdefault((c, arc.slot), []).append((i, arc.kwh))
        else:
            model.cost[i] += arc.kwh * float(a.grid[c, arc.slot])
    for (p, k), terms in held.items():
        model.row(-highspy.kHighsInf, float(a.capacity[p, k]), terms)
    for (c, k), terms in drawn.items():
        if np.isfinite(a.limit[c, k]):
            model.row(-highspy.kHighsInf, float(a.limit[c, k]), terms)
    for c in dispatched:
        _site(
            problem.clusters[c],
            a.grid[c],
            a.slot_hours,
            model,
            [loads.get((c, k), []) for k in range(a.slots)],
        )


def _site(
    c: Cluster, rate: Floats, hours: float, model: _Model, loads: list[list[tuple[int, float]]]
) -> None:
    inf, host = highspy.kHighsInf, c.host_kw * hours
    before: list[tuple[int, float] | None] = [None] * len(c.batteries)
    for k in range(len(rate)):
        sun = c.solar_kw[k] * hours if c.solar_kw else 0.0
        balance = [(model.column(float(rate[k]), 0.0, inf), 1.0)]
        balance.append((model.column(c.solar_grams_per_kwh, 0.0, sun), 1.0))
        for i, b in enumerate(c.batteries):
            charge = model.column(0.0, 0.0, b.max_charge_kw * hours)
            discharge = model.column(b.wear_grams_per_kwh, 0.0, b.max_discharge_kw * hours)
            soc = model.column(0.0, min(b.reserve_kwh, b.energy_kwh), b.capacity_kwh)
            moved = [(soc, 1.0), (charge, -b.charge_efficiency), (discharge, 1.0 / b.discharge_efficiency)]
            held = before[i]
            begin = b.energy_kwh if held is None else 0.0
            model.row(begin, begin, moved if held is None else [*moved, held])
            before[i] = (soc, -1.0)
            balance += [(charge, -1.0), (discharge, 1.0)]
        model.row(host, inf, [*balance, *((i, -kwh) for i, kwh in loads[k])])
    for b, held in zip(c.batteries, before, strict=True):
        if held is not None:
            kept = model.column(-b.stored_grams_per_kwh, 0.0, b.energy_kwh)
            model.row(-inf, 0.0, [(kept, 1.0), held])
            paid = b.stored_grams_per_kwh * b.energy_kwh
            model.column(paid, 1.0, 1.0)


def as_solution(problem: Problem, found: Exact) -> Solution | None:
    """What HiGHS found in the form that the planner gives; None where it found no plan."""
    if found.rows is None:
        return None
    built = build(problem)
    a = built.arrays
    best = weighed(a, open_sites(problem, a), found.rows)
    none = Prices(np.zeros(a.capacity.shape), np.zeros(a.grid.shape), a.grid)
    return Solution(
        built, found.rows, best.grams, min(found.bound, best.grams), tuple(int(n) for n in best.left), none,
        best.dispatch, best.load, found.seconds, 0, 0,
    )  # fmt: skip
