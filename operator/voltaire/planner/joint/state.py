"""What a plan-in-the-making has: rows, what is free, what each workload costs at the site prices in force."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voltaire.planner.joint.arrays import Arrays, Floats, Ints, Rows
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.trace import account, take


@dataclass(slots=True)
class State:
    """`rows` (J, K); `free` (P, K); `room` (C, K) kW; `cost` (J,) g at `energy` (C, K) g per facility kWh."""

    rows: Rows
    free: Floats
    room: Floats
    cost: Floats
    energy: Floats

    def copy(self) -> State:
        """One that shares nothing with it."""
        return State(
            self.rows.copy(), self.free.copy(), self.room.copy(), self.cost.copy(), self.energy.copy()
        )


def open_state(a: Arrays, rows: Rows, energy: Floats) -> State:
    """The state that `rows` amount to."""
    free, room, cost = a.capacity.copy(), a.limit.copy(), np.zeros(a.jobs)
    _occupy(a, rows, energy, free, room, cost)
    return State(rows, free, room, cost, energy)


@kernel
def _occupy(a: Arrays, rows: Rows, energy: Floats, free: Floats, room: Floats, cost: Floats) -> None:
    load = np.zeros(energy.shape)
    for j in range(rows.shape[0]):
        take(a, j, rows[j], 1.0, free, room)
        powered, other, _ = account(a, j, rows[j], energy, 1.0, load)
        cost[j] = powered + other


@kernel
def _totals(a: Arrays, rows: Rows, load: Floats, other: Floats, left: Ints) -> None:
    none = np.zeros(load.shape)
    for j in range(rows.shape[0]):
        _, other[j], left[j] = account(a, j, rows[j], none, 1.0, load)


def totals(a: Arrays, rows: Rows) -> tuple[Floats, Floats, Ints]:
    """kWh by cluster and slot (C, K), g that are not energy by workload (J,), units left at the end (J,)."""
    load, other, left = np.zeros(a.grid.shape), np.zeros(a.jobs), np.zeros(a.jobs, dtype=np.int64)
    _totals(a, rows, load, other, left)
    return load, other, left
