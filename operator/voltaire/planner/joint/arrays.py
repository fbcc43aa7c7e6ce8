"""The problem as arrays: what the compiled loops work on, and the exact meaning of a timeline.

A **pool** is a cluster and an accelerator type. Work is counted in whole units; only the last unit of a
workload may be a part (`part`), so energy is exact while tables stay small. A timeline is a row of pools, one
for each slot, -1 for none. Reading it from left to right, with `left` units to do:

- each slot at pool p does `rate[j, p]` units, at most what is left; the last slot draws power for the share
  it works, but holds its accelerators and its power reserve for the whole slot;
- when work is left and the next slot is elsewhere or nowhere, it stops: `left += stop_units`, which holds
  what is lost and what the restart takes, and `change` is paid;
- a start costs `start_kwh` of IT energy at the grid's rate there and then. A start in another cluster than
  the last is a migration: `left += transfer_units` (the transfer's rest below a whole slot), it begins
  `transfer_slots` after the stop at the earliest, and costs half of `transfer_kwh` at the grid's rate of the
  cluster left, `transfer_slots` before the start, and half at the new one's in the slot of the start;
- it stays `lock` slots where it starts unless it is done before, or the workload's `last` slot is over;
- `left` never exceeds `ceiling`;
- where it must meet `deadline` (then `after` and `late` are zero), `last` is the end of the slot that holds
  it, and units that would be finished later within that slot count as left;
- finishing at time t costs `wait * t`, and `late * f` when that is f slots after `deadline`. What is left
  at `last` costs `miss + left * after + late * max(0, t - deadline)` with t = `last + left / fastest rate`,
  and `wait * t` unless all that costs the same however much is left.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.int16]

BIG = 1e18
"""Cost of the impossible, g."""

NEVER, SUSPEND, MIGRATE = 0, 1, 2

ROOM_FOR_LOSSES = 3
"""`ceiling` is the work plus this many stops with a transfer: bounds the tables, and so the plans."""


class Arrays(NamedTuple):
    """Shapes: C clusters, P pools, K slots, J workloads.

    `grid`: g per kWh from the grid, price included. `limit`: facility kW that workloads may draw (host taken
    off), infinite without a limit. `kw`: facility kW of the gang. `late`, `wait`: g per slot; `after`: g per
    unit; `change`: g per stop.
    `own`: pool where it runs, or -1; `data`: cluster where its data lie while it is stopped, or -1.
    """

    slot_hours: float
    pool_cluster: Ints  # P
    capacity: Floats  # P, K
    grid: Floats  # C, K
    pue: Floats  # C
    host_kw: Floats  # C
    limit: Floats  # C, K
    work: Ints  # J, and so on
    part: Floats
    ceiling: Ints
    gang: Floats
    first: Ints
    last: Ints
    deadline: Floats
    rate: NDArray[np.int32]  # J, P
    kw: Floats  # J, P
    fastest: Ints
    stop_units: Ints
    transfer_slots: Ints
    transfer_units: Ints
    transfer_kwh: Floats
    start_kwh: Floats
    lock: Ints
    held: Ints
    mode: Ints
    own: Ints
    data: Ints
    late: Floats
    wait: Floats
    change: Floats
    after: Floats
    miss: Floats

    @property
    def slots(self) -> int:
        return int(self.grid.shape[1])

    @property
    def jobs(self) -> int:
        return int(self.work.shape[0])


def empty_rows(arrays: Arrays) -> Rows:
    """Timelines in which nothing runs: (J, K)."""
    return np.full((arrays.jobs, arrays.slots), -1, dtype=np.int16)


def unplaced(rows: Rows) -> Bools:
    """Who has no timeline (J,)."""
    return np.asarray((rows < 0).all(axis=1), dtype=np.bool_)
