"""What every workload would cost in every place: runs in one piece, all at once as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voltaire.planner.case import Case, Place
from voltaire.planner.ground import Ground
from voltaire.planner.joint.arrays import Bools, Floats, Ints, Rows
from voltaire.planner.sites import Fleet
from voltaire.planner.terms import Terms

CHUNK = 128
"""Workloads at once: some megabytes."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Arrays (workloads, pools). The best run in one piece in the room that nobody else holds: its `grams`
    (infinite where there is none), its `finish` in seconds from now; `soonest`: the earliest finish;
    `any_time`: g if there were no deadline; `free_from`: the first slot that has room, -1 if none has. The
    best run if room were for sale: `wished_grams`, and `price_grams`, what its room is worth to others."""

    grams: Floats
    finish: Floats
    soonest: Floats
    any_time: Floats
    free_from: Ints
    wished_grams: Floats
    price_grams: Floats


def weigh(fleet: Fleet, ground: Ground, cases: Sequence[tuple[Case, Terms]]) -> Alternatives:
    """The alternatives of `cases`, in the order of the solution's rows."""
    table = _Table(fleet, ground)
    parts = [
        table.part(cases[i : i + CHUNK], ground.solution.rows[i : i + CHUNK])
        for i in range(0, len(cases), CHUNK)
    ]
    if not parts:
        parts = [table.part([], ground.solution.rows[:0])]
    return Alternatives(*(np.concatenate(column) for column in zip(*parts, strict=True)))


class _Table:
    def __init__(self, fleet: Fleet, ground: Ground) -> None:
        self.fleet, self.ground = fleet, ground
        self.names = list(ground.pools)
        self.cluster = np.array([ground.clusters[name] for name, _ in self.names], dtype=np.int64)
        self.slots = fleet.time.count
        zero = np.zeros((len(ground.marginal), 1))
        self.energy = np.concatenate(
            (zero, np.cumsum(ground.marginal * fleet.time.slot_hours, axis=1)), axis=1
        )
        self.after = ground.marginal.mean(axis=1) * fleet.time.slot_hours

    def part(self, cases: Sequence[tuple[Case, Terms]], rows: Rows) -> tuple[Floats | Ints, ...]:
        """One chunk's columns."""
        kw, need, extra = self._needs(cases)
        due = np.array([min(terms.deadline, 1e12) for _, terms in cases]) / self.fleet.time.slot_seconds
        starts = self._starts(cases)
        stop = starts[:, None, :] + need[:, :, None]
        grams = kw[:, :, None] * self._spent(
            self.energy[self.cluster], self.after[self.cluster], starts, stop
        )
        grams = np.where(np.isfinite(stop), grams + extra[:, :, None], np.inf)
        gang = np.array([case.workload.accelerators for case, _ in cases], dtype=np.float64)
        price = gang[:, None, None] * self._spent(self.ground.hold, None, starts, stop)
        price += kw[:, :, None] * self._spent(self.ground.draw[self.cluster], None, starts, stop)
        late = stop > due[:, None, None] + 1e-6
        open_ = self._open(gang, kw, rows, stop)
        return self._best(grams, price, stop, late, open_)

    def _best(
        self, grams: Floats, price: Floats, stop: Floats, late: Bools, room: Bools
    ) -> tuple[Floats | Ints, ...]:
        """The cheapest in time, else the cheapest."""
        slot = self.fleet.time.slot_seconds

        def pick(value: Floats) -> Ints:
            timely = np.where(late, np.inf, value)
            some = np.isfinite(timely).any(axis=2, keepdims=True)
            return np.asarray(np.where(some, timely, value).argmin(axis=2))[:, :, None]

        def at(values: Floats, index: Ints) -> Floats:
            return np.asarray(np.take_along_axis(values, index, axis=2)[:, :, 0])

        if grams.shape[2] == 0:
            raise ValueError("there is no slot to start in")
        held = np.where(room, grams, np.inf)
        best, wish = pick(held), pick(grams + price)
        soonest = np.where(room, stop, np.inf).min(axis=2) * slot
        first = np.where(room.any(axis=2), room.argmax(axis=2), -1)
        return (
            at(held, best), at(stop, best) * slot, soonest, held.min(axis=2), first, at(grams, wish),
            at(price, wish),
        )  # fmt: skip

    def _needs(self, cases: Sequence[tuple[Case, Terms]]) -> tuple[Floats, Floats, Floats]:
        """kW, slots of a run with its start (infinite where it cannot run), g of a move, by pool."""
        shape, slot = (len(cases), len(self.names)), self.fleet.time.slot_seconds
        kw, need, extra = np.zeros(shape), np.full(shape, np.inf), np.zeros(shape)
        for i, (case, _) in enumerate(cases):
            for place in (*case.places, *(() if case.own is None else (case.own,))):
                p = self.ground.pool(place)
                kw[i, p], (need[i, p], extra[i, p]) = place.facility_kw, self._run(case, place, slot)
        return kw, need, extra

    def _run(self, case: Case, place: Place, slot: float) -> tuple[float, float]:
        if case.lasting:
            return float(self.slots), 0.0
        seconds, extra = case.remaining / place.rate, 0.0
        if case.anchor is not None and place != case.own:
            seconds += case.restore_seconds
            if case.own is not None:
                seconds += case.at_risk_seconds / place.rate
            if place.cluster != case.anchor:
                seconds += case.transfer_seconds
                sites = self.fleet.sites
                ends = sites[place.cluster].grid[0] + sites[case.anchor].grid[0]
                extra = case.transfer_kwh * float(ends) / 2
        return seconds / slot, extra

    def _starts(self, cases: Sequence[tuple[Case, Terms]]) -> Floats:
        """When it may start, in slots (workloads, slots): at each slot, and at its earliest start in one."""
        time, slots = self.fleet.time, np.arange(self.slots, dtype=np.float64)
        first = [
            0.0 if case.own is not None else time.seconds(case.workload.earliest_start) for case, _ in cases
        ]
        earliest = np.array(first, dtype=np.float64).reshape(-1, 1) / time.slot_seconds
        return np.where(slots >= np.floor(earliest), np.maximum(slots, earliest), np.inf)

    def _spent(self, sums: Floats, after: Floats | None, starts: Floats, stop: Floats) -> Floats:
        """Sums from start to stop (workloads, pools, slots); past the horizon at `after` for each slot."""

        def until(x: Floats) -> Floats:
            inside = np.clip(np.nan_to_num(x, posinf=0.0), 0.0, self.slots)
            low = np.minimum(inside.astype(np.int64), self.slots - 1)
            pool = np.arange(sums.shape[0])[None, :, None]
            here, then = sums[pool, low], sums[pool, low + 1]
            found = here + (inside - low) * (then - here)
            if after is not None:
                over = np.maximum(0.0, np.where(np.isfinite(x), x, 0.0) - self.slots)
                found = found + over * after[None, :, None]
            return np.asarray(found)

        return until(stop) - until(np.broadcast_to(starts[:, None, :], stop.shape))

    def _open(self, gang: Floats, kw: Floats, rows: Rows, stop: Floats) -> Bools:
        """Whether there is room from start to stop, with what it holds itself given back."""
        own = rows[:, None, :] == np.arange(len(self.names))[None, :, None]
        mine = np.where(own, gang[:, None, None], 0.0)
        drawn = np.zeros((len(gang), len(self.ground.room), self.slots))
        for p, c in enumerate(self.cluster):
            drawn[:, c] += np.where(own[:, p], kw[:, p, None], 0.0)
        shut = self.ground.free[None] + mine < gang[:, None, None] - 1e-6
        shut |= (self.ground.room[None] + drawn)[:, self.cluster] < kw[:, :, None] - 1e-6
        closed = np.concatenate((np.zeros((*shut.shape[:2], 1)), np.cumsum(shut, axis=2)), axis=2)
        end = np.minimum(np.ceil(np.nan_to_num(stop, posinf=0.0) - 1e-6), self.slots).astype(np.int64)
        begin = np.broadcast_to(np.arange(self.slots)[None, None, :], stop.shape)
        last = np.maximum(begin, end)
        run = np.take_along_axis(closed, last, axis=2) - np.take_along_axis(closed, begin, axis=2)
        return np.asarray(np.isfinite(stop) & (run == 0))
