"""The cheapest timeline of one interruptible workload: exact dynamic programming over its slots.

The state is (slot, place, work left, running or stopped). Work is counted in units of a few minutes, rounded
so that a timeline never promises more than can be done: a slot's work is rounded down; restores, transfers
and lost work are rounded up. Values are in g: real emissions plus virtual prices for lateness, waiting and
changes.

    running(k, p, n) = min( run(k, p, n),  stop and wait,  stop and go on elsewhere )
    stopped(k, p, n) = min( wait a slot,   start here,     start elsewhere )
    run(k, p, n)     = emissions of slot k + running(k+1, p, n - work done in slot k)

A start commits to the minimum residence: `start` runs through that many slots before `running` is free again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from voltaire.planner.grid import Bools, Floats, Ints

BIG = 1e15
"""Cost of the impossible, g: above every sum of real costs and virtual prices."""

IMPOSSIBLE = 1e14
_UNIT_SECONDS = 180.0
_MOST_UNITS = 120
_NOWHERE = -1


@dataclass(frozen=True, slots=True)
class Problem:
    """What one timeline is made of. Arrays are (slots, places), (slots,) or (places,).

    `cost`: g of working through the whole of a slot, BIG where it cannot. `usable`, `begin`: seconds.
    `transfer_grams`: one end's share of a checkpoint's transfer. `change_grams`: what a stop or a move must
    save beyond its cost. `hold_grams`: price of a slot not worked. `stop_from`: first slot at whose start it
    may stop. `lock`: slots that a start commits to. `price_after`: g per second of work left at the end, and
    `lateness` g per second past `deadline` (seconds from now); `required` forbids being late.
    Where it begins: running at `own`, or stopped with its data at `data`, or, with neither, not started yet.
    """

    cost: Floats
    usable: Floats
    begin: Floats
    slot_seconds: float
    rate: Floats
    start_ok: Bools
    transfer_grams: Floats
    work: float
    restore_seconds: float
    transfer_seconds: float
    lost_seconds: float
    change_grams: float
    hold_grams: Floats
    stop_from: int
    lock: int
    can_pause: bool
    can_migrate: bool
    migrate_now: bool
    deadline: float
    lateness: float
    required: bool
    price_after: float
    own: int | None = None
    data: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Units:
    """Work counted in units of `seconds` of work: `left` at the start, shifts that events add, table size."""

    seconds: float
    left: int
    stop: int
    move: int
    beyond: float
    size: int


def solve(p: Problem) -> tuple[Ints, float] | None:
    """Where it runs in each slot (index of the place, -1: nowhere) and the value; None if impossible."""
    units = _units(p)
    tables = _Tables(p, units)
    value = tables.fill()
    return (tables.trace(), value) if value < IMPOSSIBLE else None


def _units(p: Problem) -> Units:
    fastest, slowest = float(p.rate.max()), float(p.rate.min())
    most = float(p.usable.sum()) * fastest
    need = p.work + (p.restore_seconds if p.own is None and p.data else 0.0)
    work = min(need, most + p.slot_seconds * fastest)
    per_slot = max(1.0, round(p.slot_seconds / _UNIT_SECONDS))
    # At least two: with one, all but a whole slot rounds down to nothing, and what could start now would wait
    # for the next slot, and then for the next.
    per_slot = max(2, int(min(per_slot, _MOST_UNITS * p.slot_seconds * fastest / max(work, 1.0))))
    seconds = p.slot_seconds * fastest / per_slot
    if slowest < fastest:
        seconds = max(min(seconds, p.slot_seconds * slowest / 8), p.slot_seconds * fastest / 200)
    left = _up(work / seconds)
    stop, move = _up((p.lost_seconds + p.restore_seconds) / seconds), _up(p.transfer_seconds / seconds)
    return Units(seconds, left, stop, move, need - work, left + 3 * (stop + move) + 1)


def _up(x: float) -> int:
    return math.ceil(x - 1e-9)


class _Step:
    """Working through a slot of a given length: how it moves `left`, and which share of the slot it takes."""

    def __init__(self, p: Problem, units: Units, seconds: float) -> None:
        n, rate = np.arange(units.size), p.rate[:, None]
        done = np.floor(seconds * rate / units.seconds + 1e-9).astype(np.int64)
        places = np.arange(len(p.rate))[:, None]
        self.index: Ints = places * units.size + np.maximum(n - done, 0)
        self.share: Floats = np.minimum(n, done) * units.seconds / (max(seconds, 1e-9) * rate)
        self.finishing: Bools = (n >= 1) & (n <= done)
        self.idle: Bools = done[:, 0] == 0
        self.seconds = seconds


def _lower(table: Floats, values: Floats, by: int) -> None:
    """table[:, n] = min(table[:, n], values[:, n + by]), where there is such an entry."""
    size = table.shape[1] - by
    if size > 0:
        np.minimum(table[:, :size], values[:, by:], out=table[:, :size])


class _Tables:
    """Values of every state, filled backwards, then read forwards."""

    def __init__(self, p: Problem, units: Units) -> None:
        self.p, self.u = p, units
        shape = (len(p.begin) + 1, len(p.rate), units.size)
        self.running, self.stopped, self.start = np.empty(shape), np.empty(shape), np.empty(shape)
        self.fresh = np.empty(shape[0])
        self.steps = {float(d): _Step(p, units, float(d)) for d in np.unique(p.usable)}

    def _step(self, k: int) -> _Step:
        return self.steps[float(self.p.usable[k])]

    def _terminal(self) -> Floats:
        p, n = self.p, np.arange(self.u.size)
        seconds = n * self.u.seconds + self.u.beyond
        end = float(p.begin[-1] + p.usable[-1])
        late = np.maximum(0.0, end + seconds / float(p.rate.max()) - p.deadline)
        value = seconds * p.price_after + (0.0 if p.required else late * p.lateness)
        if p.required:
            value = np.where(late > 1e-6, BIG, value)
        if not self.u.beyond:
            value[0] = 0.0
        return np.asarray(value, dtype=np.float64)

    def _lateness(self, k: int, step: _Step) -> Floats | None:
        p = self.p
        if p.required or p.begin[k] + step.seconds <= p.deadline:
            return None
        finish = p.begin[k] + step.share * step.seconds
        return np.where(step.finishing, np.maximum(0.0, finish - p.deadline) * p.lateness, 0.0)

    def _too_short(self, k: int, step: _Step) -> Bools:
        """Where a start gets nothing done in slot k. What is left of the present slot is excepted where the
        next one is no cleaner: else what could start now would wait for the next slot, and then for the next.
        """
        p = self.p
        if k > 0 or len(p.begin) < 2 or not step.idle.any():
            return step.idle
        now, then = p.cost[0] * p.usable[1], p.cost[1] * p.usable[0]
        return np.asarray(step.idle & ((now > then * (1 + 1e-9)) | (p.cost[0] >= BIG)))

    def fill(self) -> float:
        """Compute every table; the value of where it begins."""
        p, last = self.p, len(self.p.begin)
        terminal = self._terminal()
        self.running[last] = self.stopped[last] = self.start[last] = terminal
        self.fresh[last] = terminal[self.u.left]
        locked = [self.running[last]] * p.lock
        for k in range(last - 1, -1, -1):
            locked = self._fill_slot(k, locked)
        if p.own is not None:
            return float(self.running[0, p.own, self.u.left])
        if p.data:
            return float(min(self.stopped[0, i, self.u.left] for i in p.data))
        return float(self.fresh[0])

    def _fill_slot(self, k: int, locked: list[Floats]) -> list[Floats]:
        p, u, step = self.p, self.u, self._step(k)
        running, stopped, start = self.running[k], self.stopped[k], self.start[k]
        base = p.cost[k][:, None] * step.share
        late = self._lateness(k, step)
        if late is not None:
            base += late
        now = [base + table.take(step.index) for table in (self.running[k + 1], *locked[:-1])]
        running[:] = now[0]
        start[:] = now[-1]
        start[~p.start_ok | self._too_short(k, step)] = BIG
        np.minimum(self.stopped[k + 1] + p.hold_grams[k], start, out=stopped)
        if p.can_migrate and (k > 0 or p.migrate_now):
            ends = p.transfer_grams[k][:, None]
            moved = ends + (start + ends).min(axis=0) + p.change_grams
            _lower(stopped, moved, u.move)
            if k >= p.stop_from:
                _lower(running, moved, u.stop + u.move)
        if not u.beyond:
            stopped[:, 0] = 0.0
        if p.can_pause and k >= p.stop_from:
            _lower(running, stopped + p.change_grams, u.stop)
        self.fresh[k] = min(self.fresh[k + 1] + p.hold_grams[k], float(start[:, u.left].min()))
        return now

    def trace(self) -> Ints:
        """Follow the cheapest choices forwards."""
        p, where = self.p, np.full(len(self.p.begin), _NOWHERE, dtype=np.int64)
        k, n, place = 0, self.u.left, p.own
        data = None if p.own is not None or not p.data else min(p.data, key=lambda i: self.stopped[0, i, n])
        while k < len(where) and n > 0:
            if place is not None:
                k, n, place, data = self._from_running(k, n, place, where)
            else:
                k, n, place, data = self._from_stopped(k, n, data, where)
        return where

    def _work(self, k: int, n: int, place: int, where: Ints, slots: int) -> tuple[int, int, int, None]:
        for _ in range(slots):
            if k < len(where) and n > 0:
                where[k] = place
                n = int(self._step(k).index[place, n] - place * self.u.size)
                k += 1
        return k, n, place, None

    def _run_value(self, k: int, n: int, place: int) -> float:
        step, p = self._step(k), self.p
        value = float(p.cost[k, place] * step.share[place, n])
        late = self._lateness(k, step)
        value += 0.0 if late is None else float(late[place, n])
        return value + float(self.running[k + 1].take(int(step.index[place, n])))

    def _from_running(
        self, k: int, n: int, place: int, where: Ints
    ) -> tuple[int, int, int | None, int | None]:
        best = float(self.running[k, place, n])
        if self._run_value(k, n, place) <= best + 1e-9 + abs(best) * 1e-12:
            return self._work(k, n, place, where, 1)
        n += self.u.stop
        if self.p.can_migrate and (k > 0 or self.p.migrate_now):
            move, target = self._move_value(k, n, place)
            if move <= best + 1e-9 + abs(best) * 1e-12:
                return self._work(k, n + self.u.move, target, where, self.p.lock)
        return k, n, None, place

    def _from_stopped(
        self, k: int, n: int, data: int | None, where: Ints
    ) -> tuple[int, int, int | None, int | None]:
        hold = float(self.p.hold_grams[k])
        if data is None:
            here = int(self.start[k, :, n].argmin())
            wait, start = self.fresh[k + 1] + hold, float(self.start[k, here, n])
            return (k + 1, n, None, None) if wait < start else self._work(k, n, here, where, self.p.lock)
        wait, start = float(self.stopped[k + 1, data, n]) + hold, float(self.start[k, data, n])
        move, target = self._move_value(k, n, data)
        if not self.p.can_migrate or (k == 0 and not self.p.migrate_now):
            move = BIG
        if wait < min(start, move):
            return k + 1, n, None, data
        if start <= move:
            return self._work(k, n, data, where, self.p.lock)
        return self._work(k, n + self.u.move, target, where, self.p.lock)

    def _move_value(self, k: int, n: int, place: int) -> tuple[float, int]:
        if n + self.u.move >= self.u.size:
            return 2 * BIG, place
        ends = self.p.transfer_grams[k]
        values = self.start[k, :, n + self.u.move] + ends
        target = int(values.argmin())
        return float(ends[place] + values[target]) + self.p.change_grams, target
