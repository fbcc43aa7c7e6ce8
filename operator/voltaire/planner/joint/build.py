"""From the description to arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voltaire.planner.joint.arrays import NEVER, Arrays
from voltaire.planner.joint.fleet_arrays import FleetArrays, Pool
from voltaire.planner.joint.problem import Problem
from voltaire.planner.joint.workload_rows import COLUMNS, WorkloadRow, rows_of


@dataclass(frozen=True, slots=True)
class Built:
    """The arrays with the names of their axes. `hopeless`: deadlines that even alone cannot be met; `unfit`:
    workloads that fit nowhere at all."""

    arrays: Arrays
    ids: tuple[str, ...]
    clusters: tuple[str, ...]
    pools: tuple[Pool, ...]
    hopeless: frozenset[str]
    unfit: frozenset[str]


def build(problem: Problem) -> Built:
    """The arrays of a problem."""
    fleet = FleetArrays(problem)
    rows = rows_of(problem.workloads, fleet)
    _honour_what_runs(fleet, rows)
    columns = {name: np.array([getattr(row, name) for row in rows]) for name in COLUMNS}
    shape = (len(rows), len(fleet.pools))
    arrays = Arrays(
        slot_hours=float(problem.slot_hours),
        pool_cluster=fleet.pool_cluster,
        capacity=fleet.capacity,
        grid=fleet.grid,
        pue=fleet.pue,
        host_kw=np.array([c.host_kw for c in problem.clusters], dtype=np.float64),
        limit=fleet.limit,
        rate=np.array([row.rate for row in rows], dtype=np.int32).reshape(shape),
        kw=np.array([row.kw for row in rows], dtype=np.float64).reshape(shape),
        **{name: values.astype(COLUMNS[name]) for name, values in columns.items()},
    )
    return Built(
        arrays,
        tuple(w.id for w in problem.workloads),
        tuple(c.name for c in problem.clusters),
        tuple(fleet.pools),
        frozenset(w.id for w, row in zip(problem.workloads, rows, strict=True) if row.hopeless),
        frozenset(w.id for w, row in zip(problem.workloads, rows, strict=True) if not row.rate.any()),
    )


def _honour_what_runs(fleet: FleetArrays, rows: list[WorkloadRow]) -> None:
    """Raise capacity and limits to what already runs and may not be stopped: it is there, whatever they
    say."""
    taken, drawn = np.zeros(fleet.capacity.shape), np.zeros(fleet.limit.shape)
    for row in rows:
        if row.own >= 0 and (row.mode == NEVER or row.held > 0):
            rate = int(row.rate[row.own])
            slots = -(-row.work // rate)
            until = slots if row.mode == NEVER else min(slots, row.held)
            taken[row.own, :until] += row.gang
            drawn[fleet.pool_cluster[row.own], :until] += row.kw[row.own]
    fleet.capacity = np.maximum(fleet.capacity, taken)
    fleet.limit = np.maximum(fleet.limit, drawn)
