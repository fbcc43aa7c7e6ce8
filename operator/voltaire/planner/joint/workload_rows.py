"""Workloads as rows of numbers: where each may run and how fast, its window, what lateness and stops cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from voltaire.planner.joint.arrays import MIGRATE, NEVER, ROOM_FOR_LOSSES, SUSPEND, Floats, Ints
from voltaire.planner.joint.fleet_arrays import FleetArrays
from voltaire.planner.joint.problem import Mode, Workload

_MODES = {Mode.NEVER: NEVER, Mode.SUSPEND: SUSPEND, Mode.MIGRATE: MIGRATE}

MISS_FACTOR = 10.0
"""A missed required deadline costs this many times the most that its work could emit, if nothing is said."""

MISS_LEAST_GRAMS = 1e4
"""And at least this, so that it is never free where the grid emits nothing."""

FOREVER = 1e9
"""The deadline, in slots, of what has none."""

_TINY = 1e-9

COLUMNS: dict[str, type] = {
    "work": np.int64, "part": np.float64, "ceiling": np.int64, "gang": np.float64, "first": np.int64,
    "last": np.int64, "deadline": np.float64, "fastest": np.int64, "stop_units": np.int64,
    "transfer_slots": np.int64, "transfer_units": np.int64, "transfer_kwh": np.float64,
    "start_kwh": np.float64,
    "lock": np.int64, "held": np.int64, "mode": np.int64, "own": np.int64, "data": np.int64,
    "late": np.float64, "wait": np.float64, "change": np.float64, "after": np.float64, "miss": np.float64,
}  # fmt: skip


@dataclass(slots=True)
class WorkloadRow:
    """One workload's numbers; the names are those of `Arrays`."""

    rate: NDArray[np.int32]
    kw: Floats
    work: int = 0
    part: float = 1.0
    ceiling: int = 0
    gang: int = 0
    first: int = 0
    last: int = 0
    deadline: float = FOREVER
    fastest: int = 1
    stop_units: int = 0
    transfer_slots: int = 0
    transfer_units: int = 0
    transfer_kwh: float = 0.0
    start_kwh: float = 0.0
    lock: int = 1
    held: int = 0
    mode: int = NEVER
    own: int = -1
    data: int = -1
    late: float = 0.0
    wait: float = 0.0
    change: float = 0.0
    after: float = 0.0
    miss: float = 0.0
    hopeless: bool = False
    mean: float = 0.0
    worst: float = 0.0


@dataclass(frozen=True, slots=True)
class _Shared:
    """What workloads of one description have in common. `mean` and `worst`: g of energy for a unit."""

    rate: NDArray[np.int32]
    kw: Floats
    here: int
    data: int
    mean: float
    worst: float
    fastest: int


class _Alike:
    """Worked out once for all workloads of one description: a fleet has few of those."""

    def __init__(self, fleet: FleetArrays) -> None:
        self.fleet = fleet
        self._known: dict[object, _Shared] = {}
        self._reach: dict[object, Ints] = {}

    def shared(self, w: Workload) -> _Shared:
        """What `w` has in common with all workloads of its description."""
        key = (
            w.accelerators,
            w.power_kw,
            tuple(sorted(w.throughput.items())),
            w.clusters,
            w.place,
            w.data,
            w.mode,
        )
        if key not in self._known:
            self._known[key] = _shared(w, self.fleet)
        return self._known[key]

    def reach(self, w: Workload, row: WorkloadRow) -> Ints:
        """Units that could be done from slot 0 to each slot (slots + 1,), with the fleet to itself."""
        shared = self.shared(w)
        found = self._reach.get(id(shared))
        if found is None:
            fleet = self.fleet
            fits = (fleet.capacity >= w.accelerators) & (fleet.pool_limit >= row.kw[:, None] - _TINY)
            best = np.where(fits, row.rate[:, None], 0).max(axis=0, initial=0)
            found = self._reach[id(shared)] = np.append(0, np.cumsum(best)).astype(np.int64)
        return found


def rows_of(workloads: Sequence[Workload], fleet: FleetArrays) -> list[WorkloadRow]:
    """One row for each, in their order."""
    alike = _Alike(fleet)
    return [_row(w, alike) for w in workloads]


def _up(x: float) -> int:
    return ceil(x - _TINY)


def _row(w: Workload, alike: _Alike) -> WorkloadRow:
    p, row = alike.fleet.problem, WorkloadRow(np.zeros(0, dtype=np.int32), np.zeros(0))
    units = w.hours / p.slot_hours * p.units_per_slot
    row.work = _up(units)
    row.part = min(1.0, max(_TINY, units - (row.work - 1)))
    row.gang, row.mode = w.accelerators, _MODES[w.mode]
    _places(w, alike.shared(w), row)
    per_hour = p.units_per_slot / p.slot_hours
    row.stop_units = _up((w.lost_hours + w.restore_hours) * per_hour)
    row.transfer_slots = 0 if w.transfer_held else floor(w.transfer_hours / p.slot_hours + _TINY)
    rest = w.transfer_hours - row.transfer_slots * p.slot_hours
    row.transfer_units = _up(max(0.0, rest) * per_hour * row.fastest / p.units_per_slot)
    row.transfer_kwh, row.start_kwh = w.transfer_kwh, w.start_kwh
    row.change, row.wait = w.change_grams, w.wait_grams_per_hour * p.slot_hours
    loss = row.stop_units + row.transfer_units
    row.ceiling = row.work + (ROOM_FOR_LOSSES * loss if row.mode != NEVER else 0)
    row.lock = max(1, _up(w.residence_hours / p.slot_hours))
    row.held = _up(w.held_hours / p.slot_hours)
    row.first = 0 if w.place is not None else min(p.slots, _up(w.earliest_hours / p.slot_hours))
    _deadline(w, alike, row)
    return row


def _places(w: Workload, shared: _Shared, row: WorkloadRow) -> None:
    """Where it may run, how fast, at which facility power; where it is."""
    row.rate, row.kw, row.data = shared.rate, shared.kw, shared.data
    row.mean, row.worst, row.fastest = shared.mean, shared.worst, shared.fastest
    if w.place is not None and shared.here >= 0 and row.rate[shared.here]:
        row.own = shared.here


def _shared(w: Workload, fleet: FleetArrays) -> _Shared:
    speed = np.array([w.throughput.get(kind, 1.0) for kind in fleet.kinds], dtype=np.float64)
    allowed = (fleet.kinds == "") == (w.accelerators == 0)
    if w.clusters is not None:
        allowed &= np.isin(fleet.names, w.clusters)
    each = fleet.accelerator_kw * w.accelerators
    it = np.full(len(each), w.power_kw, dtype=np.float64) if w.power_kw is not None else each
    kw = np.where(np.isfinite(it), it, 0.0) * fleet.pool_pue
    fits = fleet.fits(w.accelerators, kw)
    rate = np.floor(speed * fleet.problem.units_per_slot + _TINY).astype(np.int64)
    here = np.zeros(len(each), dtype=np.bool_)
    if w.place is not None:
        here = (fleet.names == w.place[0]) & (fleet.kinds == (w.place[1] if w.accelerators else ""))
        rate[here] = np.maximum(rate[here], 1)
        allowed = (allowed & (fleet.names != w.place[0])) | here
    anchor = w.place[0] if w.place is not None else w.data
    if w.mode is Mode.NEVER and w.place is not None:
        allowed = here
    elif w.mode is Mode.SUSPEND and anchor is not None:
        allowed &= fleet.names == anchor
    may = allowed & (fits | here) & np.isfinite(it)
    rate = np.where(may, rate, 0)
    usable = rate > 0
    per_unit = fleet.problem.slot_hours * kw[usable] / rate[usable]
    return _Shared(
        rate.astype(np.int32),
        kw,
        int(here.argmax()) if here.any() else -1,
        fleet.index[w.data] if w.data is not None and w.place is None else -1,
        float((per_unit * fleet.mean_grid[usable]).mean()) if usable.any() else 0.0,
        float(per_unit.max(initial=0.0)) * fleet.dearest,
        max(1, int(rate.max(initial=0))),
    )


def _deadline(w: Workload, alike: _Alike, row: WorkloadRow) -> None:
    """The window and what lateness and unfinished work cost."""
    p = alike.fleet.problem
    row.deadline = FOREVER if w.deadline_hours is None else w.deadline_hours / p.slot_hours
    row.last, row.miss, row.hopeless = p.slots, 0.0, False
    row.late = w.late_grams_per_hour * p.slot_hours if w.deadline_hours is not None else 0.0
    given = w.after_grams_per_hour
    row.after = row.mean if given is None else given * p.slot_hours / p.units_per_slot
    miss = (
        w.miss_grams
        if w.miss_grams is not None
        else max(MISS_LEAST_GRAMS, MISS_FACTOR * row.worst * row.work)
    )
    row.hopeless = (
        row.work > 0 and w.deadline_hours is not None and row.deadline <= p.slots and not _can(w, alike, row)
    )
    if not w.required:
        return
    if row.deadline > p.slots or row.hopeless or (row.own >= 0 and row.mode == NEVER):
        row.late = max(row.late, miss)
    else:
        row.last, row.miss, row.late, row.after = max(row.first, _up(row.deadline)), miss, 0.0, 0.0


def _can(w: Workload, alike: _Alike, row: WorkloadRow) -> bool:
    """Whether it could finish by its deadline if it had the fleet to itself and stops cost nothing."""
    best, due = alike.reach(w, row), max(row.first, floor(row.deadline + _TINY))
    left = row.work - int(best[due] - best[row.first])
    if left <= 0 or due + 1 >= len(best):
        return left <= 0
    # In the slot of its deadline it has a part of it.
    rate = int(best[due + 1] - best[due])
    return left <= rate and (left - 1 + row.part) / rate <= row.deadline - due + _TINY
