"""A solution for people and for programs: stretches, costs, prices. Nothing here decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from voltaire.planner.joint.problem import Problem
from voltaire.planner.joint.solution import Solution

VERSION = 1


@dataclass(frozen=True, slots=True)
class Stretch:
    """It runs on `kind` in `cluster` from slot `begin` to slot `end` (not included)."""

    begin: int
    end: int
    cluster: str
    kind: str


def stretches(solution: Solution, index: int) -> list[Stretch]:
    """Where the workload of that index runs, in order."""
    found: list[Stretch] = []
    row = solution.rows[index]
    for k, p in enumerate(row):
        if p < 0:
            continue
        pool = solution.built.pools[int(p)]
        if k > 0 and row[k - 1] == p:
            found[-1] = Stretch(found[-1].begin, k + 1, pool.cluster, pool.kind)
        else:
            found.append(Stretch(k, k + 1, pool.cluster, pool.kind))
    return found


def verdict(solution: Solution, index: int) -> str:
    """One word for a workload: Planned, Partly (the rest lies past its window), Unfinished (no room before
    its deadline), Infeasible (its deadline cannot be met), Unplaceable (it fits nowhere)."""
    name = solution.built.ids[index]
    if name in solution.built.unfit:
        return "Unplaceable"
    if name in solution.built.hopeless:
        return "Infeasible"
    if name in solution.unfinished:
        return "Unfinished"
    return "Partly" if solution.left[index] > 0 else "Planned"


def as_dict(problem: Problem, solution: Solution) -> dict[str, Any]:
    """JSON-ready. Hours from the beginning of slot 0; batteries in kWh by slot; prices as means over the
    slots."""
    h, built = problem.slot_hours, solution.built
    workloads = [
        {
            "id": name,
            "verdict": verdict(solution, i),
            "runs": [[s.begin * h, s.end * h, s.cluster, s.kind] for s in stretches(solution, i)],
        }
        for i, name in enumerate(built.ids)
    ]
    hold = solution.prices.hold.mean(axis=1) / h
    return {
        "version": VERSION,
        "grams": round(solution.grams, 3),
        "boundGrams": round(solution.bound, 3),
        "gap": solution.gap if solution.gap != float("inf") else None,
        "seconds": round(solution.seconds, 3),
        "priceRounds": solution.rounds,
        "neighbourhoods": solution.neighbourhoods,
        "workloads": workloads,
        "congestion": [
            {
                "cluster": pool.cluster,
                "type": pool.kind,
                "meanGramsPerAcceleratorHour": round(float(hold[p]), 3),
            }
            for p, pool in enumerate(built.pools)
        ],
        "sites": [
            {
                "cluster": built.clusters[c],
                "chargeKWh": dispatch.charge.round(4).tolist(),
                "dischargeKWh": dispatch.discharge.round(4).tolist(),
                "socKWh": dispatch.soc.round(4).tolist(),
                "solarUsedKWh": dispatch.sun.round(4).tolist(),
                "gridKWh": dispatch.grid.round(4).tolist(),
            }
            for c, dispatch in sorted(solution.dispatch.items())
        ],
    }
