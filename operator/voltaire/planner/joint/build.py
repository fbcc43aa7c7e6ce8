"""From the description to arrays."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from voltaire.planner.joint.arrays import MIGRATE, NEVER, ROOM_FOR_LOSSES, SUSPEND, Arrays, Floats, Ints
from voltaire.planner.joint.problem import Cluster, Mode, Problem, Workload

_MODES = {Mode.NEVER: NEVER, Mode.SUSPEND: SUSPEND, Mode.MIGRATE: MIGRATE}

MISS_FACTOR = 10.0
"""A missed required deadline costs this many times the most that its work could emit, if nothing is said."""

MISS_LEAST_GRAMS = 1e4
"""And at least this, so that it is never free where the grid emits nothing."""

UNLIMITED = 1e12
"""Capacity of the pool of what needs no accelerators."""

FOREVER = 1e9
"""The deadline, in slots, of what has none."""

_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Pool:
    """A cluster and an accelerator type ('' for work without accelerators)."""

    cluster: str
    kind: str


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
    cpu = any(w.accelerators == 0 for w in problem.workloads)
    pools = [Pool(c.name, kind) for c in problem.clusters for kind in sorted(c.capacity) if kind]
    pools += [Pool(c.name, "") for c in problem.clusters if cpu]
    fleet = _Fleet(problem, pools)
    rows = [_row(w, fleet) for w in problem.workloads]
    _honour_what_runs(fleet, rows)
    columns = {name: np.array([getattr(row, name) for row in rows]) for name in _COLUMNS}
    shape = (len(rows), len(pools))
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
        **{name: values.astype(_COLUMNS[name]) for name, values in columns.items()},
    )
    return Built(
        arrays,
        tuple(w.id for w in problem.workloads),
        tuple(c.name for c in problem.clusters),
        tuple(pools),
        frozenset(w.id for w, row in zip(problem.workloads, rows, strict=True) if row.hopeless),
        frozenset(w.id for w, row in zip(problem.workloads, rows, strict=True) if not row.rate.any()),
    )


class _Fleet:
    """The fleet's part, and what the workloads' rows are made from."""

    def __init__(self, problem: Problem, pools: list[Pool]) -> None:
        self.problem, self.pools = problem, pools
        slots, clusters = problem.slots, problem.clusters
        index = {c.name: i for i, c in enumerate(clusters)}
        self.pool_cluster = np.array([index[p.cluster] for p in pools], dtype=np.int64)
        self.grid = np.array([_rate_of_grid(c, problem) for c in clusters])
        self.pue = np.array([c.pue for c in clusters], dtype=np.float64)
        self.limit = np.array([_limit(c, slots) for c in clusters])
        self.capacity = np.array([_capacity(clusters[index[p.cluster]], p.kind, slots) for p in pools])
        self.capacity = self.capacity.reshape((len(pools), slots))
        named = [clusters[index[p.cluster]].accelerator_kw.get(p.kind) for p in pools]
        self.accelerator_kw = np.array([np.nan if kw is None else kw for kw in named], dtype=np.float64)
        self.names = np.array([p.cluster for p in pools])
        self.kinds = np.array([p.kind for p in pools])
        self.mean_grid = self.grid.mean(axis=1)[self.pool_cluster] if pools else np.zeros(0)
        self.pool_pue = self.pue[self.pool_cluster] if pools else np.zeros(0)
        self.pool_limit = self.limit[self.pool_cluster]
        self.index, self.dearest = index, float(self.grid.max(initial=0.0))
        self.steady = bool(
            (self.capacity == self.capacity[:, :1]).all() and (self.limit == self.limit[:, :1]).all()
        )
        self._known: dict[object, _Shared] = {}
        self._reach: dict[object, Ints] = {}

    def fits(self, gang: int, kw: Floats) -> NDArray[np.bool_]:
        """Pools (P,) that have room for a gang that draws `kw` (P,), in some slot."""
        if self.steady:
            return (self.capacity[:, 0] >= gang) & (self.pool_limit[:, 0] >= kw - _TINY)
        found = (self.capacity >= gang) & (self.pool_limit >= kw[:, None] - _TINY)
        return np.asarray(found.any(axis=1))

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
            self._known[key] = _shared(w, self)
        return self._known[key]

    def reach(self, w: Workload, row: _Row) -> Ints:
        """Units that could be done from slot 0 to each slot (slots + 1,), with the fleet to itself."""
        shared = self.shared(w)
        found = self._reach.get(id(shared))
        if found is None:
            fits = (self.capacity >= w.accelerators) & (self.pool_limit >= row.kw[:, None] - _TINY)
            best = np.where(fits, row.rate[:, None], 0).max(axis=0, initial=0)
            found = self._reach[id(shared)] = np.append(0, np.cumsum(best)).astype(np.int64)
        return found


def _honour_what_runs(fleet: _Fleet, rows: list[_Row]) -> None:
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


def _rate_of_grid(c: Cluster, problem: Problem) -> Floats:
    """g per kWh from the grid, what it costs included; never below zero."""
    carbon = np.array(c.grams_per_kwh, dtype=np.float64)
    if not c.price_per_kwh:
        return carbon
    return np.maximum(0.0, carbon + problem.grams_per_money * np.array(c.price_per_kwh, dtype=np.float64))


def _limit(c: Cluster, slots: int) -> Floats:
    if c.limit_kw is None:
        return np.full(slots, np.inf)
    return np.maximum(0.0, np.broadcast_to(np.asarray(c.limit_kw, dtype=np.float64), (slots,)) - c.host_kw)


def _capacity(c: Cluster, kind: str, slots: int) -> Floats:
    count = c.capacity[kind] if kind else UNLIMITED
    return np.array(np.broadcast_to(np.asarray(count, dtype=np.float64), (slots,)))


_COLUMNS: dict[str, type] = {
    "work": np.int64, "part": np.float64, "ceiling": np.int64, "gang": np.float64, "first": np.int64,
    "last": np.int64, "deadline": np.float64, "fastest": np.int64, "stop_units": np.int64,
    "transfer_slots": np.int64, "transfer_units": np.int64, "transfer_kwh": np.float64,
    "start_kwh": np.float64,
    "lock": np.int64, "held": np.int64, "mode": np.int64, "own": np.int64, "data": np.int64,
    "late": np.float64, "wait": np.float64, "change": np.float64, "after": np.float64, "miss": np.float64,
}  # fmt: skip


@dataclass(slots=True)
class _Row:
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


def _up(x: float) -> int:
    return ceil(x - _TINY)


def _row(w: Workload, fleet: _Fleet) -> _Row:
    p, row = fleet.problem, _Row(np.zeros(0, dtype=np.int32), np.zeros(0))
    units = w.hours / p.slot_hours * p.units_per_slot
    row.work = _up(units)
    row.part = min(1.0, max(_TINY, units - (row.work - 1)))
    row.gang, row.mode = w.accelerators, _MODES[w.mode]
    _places(w, fleet, row)
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
    _deadline(w, fleet, row)
    return row


def _places(w: Workload, fleet: _Fleet, row: _Row) -> None:
    """Where it may run, how fast, at which facility power; where it is."""
    shared = fleet.shared(w)
    row.rate, row.kw, row.data = shared.rate, shared.kw, shared.data
    row.mean, row.worst, row.fastest = shared.mean, shared.worst, shared.fastest
    if w.place is not None and shared.here >= 0 and row.rate[shared.here]:
        row.own = shared.here


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


def _shared(w: Workload, fleet: _Fleet) -> _Shared:
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


def _deadline(w: Workload, fleet: _Fleet, row: _Row) -> None:
    """The window and what lateness and unfinished work cost."""
    p = fleet.problem
    row.deadline = FOREVER if w.deadline_hours is None else w.deadline_hours / p.slot_hours
    if w.required:
        row.deadline = floor(row.deadline + _TINY)
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
        row.work > 0 and w.deadline_hours is not None and row.deadline <= p.slots and not _can(w, fleet, row)
    )
    if not w.required:
        return
    if row.deadline > p.slots or row.hopeless or (row.own >= 0 and row.mode == NEVER):
        row.late = max(row.late, miss)
    else:
        row.last, row.miss, row.late, row.after = max(row.first, int(row.deadline)), miss, 0.0, 0.0


def _can(w: Workload, fleet: _Fleet, row: _Row) -> bool:
    """Whether it could finish by its deadline if it had the fleet to itself and stops cost nothing."""
    first = row.first
    best = fleet.reach(w, row)
    return bool(best[max(first, int(row.deadline))] - best[first] >= row.work)
