"""One workload's cheapest timeline at given prices: exact dynamic programming, compiled.

The state is (slot, where it runs or where its data lie, units left). Backwards over the slots:

    run(k, p, n)  = min( slot k at p + run(k+1, p, n - rate),
                         change + stop(k, cluster of p, n + stop_units) )
    stop(k, c, n) = min( stop(k+1, c, n),  begin(k, p in c, n),
                         send(k, c) + arrive(k + transfer, n + transfer) )
    arrive(k, n)  = min over p of begin(k, p, n) + receive(k, p)
    begin(k, p, n) is a start, then `lock` slots at p, or as many as it takes, then run.

Only units that can be left at a slot are computed: at least what full speed would leave, and, where work left
over has one price however much it is (`hard`), at most what can still be done. What runs through where it
starts needs no tables: see `straight`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from voltaire.planner.joint.arrays import BIG, MIGRATE, NEVER, Arrays, Floats, Rows
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.job import Job, Offer, finishing, highest, job_of, leftover, offer_of
from voltaire.planner.joint.straight import run_through
from voltaire.planner.joint.trace import trace


class Tables(NamedTuple):
    """Where in the scratch space what begins, and its strides: `run` (slot, pool, units), `stop` (slot,
    cluster, units), `arrive` (slot, units), `begin` (pool, units), `fresh` (slot): not started yet. Plain
    offsets, because each slice of an array would cost more than the few numbers it holds."""

    units: int
    pools: int
    spots: int
    stop: int
    arrive: int
    begin: int
    fresh: int


def scratch_size(a: Arrays) -> int:
    """Floats that `solve_one` needs for the largest workload."""
    able = np.flatnonzero((a.mode != NEVER) & (a.work > 0) & (a.last > a.first))
    if len(able) == 0:
        return 1
    window, units = (a.last - a.first + 1)[able], (a.ceiling + 1)[able]
    pools = np.count_nonzero(a.rate[able], axis=1)
    return int((window * units * (2 * pools + 2) + pools * units + window).max()) + 1


@kernel
def _tables(job: Job, pools: int, spots: int) -> Tables:
    window, units = job.last - job.first + 1, job.ceiling + 1
    stop = window * pools * units
    arrive = stop + window * spots * units
    begin = arrive + window * units
    return Tables(units, pools, spots, stop, arrive, begin, begin + pools * units)


@kernel
def _level(s: Floats, into: int, count: int, value: float) -> None:
    """s[into:][:count] = value"""
    to = np.uint64(into)
    for x in range(np.uint64(max(0, count))):
        s[to + x] = value


@kernel
def _add(s: Floats, into: int, source: int, count: int, extra: float) -> None:
    """s[into:] = s[source:] + extra, `count` of them."""
    to, out = np.uint64(into), np.uint64(source)
    for x in range(np.uint64(max(0, count))):
        s[to + x] = s[out + x] + extra


@kernel
def _lower(s: Floats, into: int, source: int, count: int, extra: float) -> None:
    """s[into:] = min(s[into:], s[source:] + extra), `count` of them."""
    to, out = np.uint64(into), np.uint64(source)
    for x in range(np.uint64(max(0, count))):
        s[to + x] = min(s[to + x], s[out + x] + extra)


@kernel
def _last_slot(job: Job, t: Tables, s: Floats, top: int) -> None:
    """Values where the window ends."""
    window = job.last - job.first
    for n in range(1, top + 1):
        value = leftover(job, n)
        for q in range(t.pools):
            s[(window * t.pools + q) * t.units + n] = value
        for c in range(t.spots):
            s[t.stop + (window * t.spots + c) * t.units + n] = value
    s[t.fresh + window] = leftover(job, job.work)


@kernel
def _begin(job: Job, t: Tables, i: int, q: int) -> int:
    """Where the values of beginning in slot i at pool q are: where it need not stay, they are those of
    running."""
    return t.begin + q * t.units if job.lock > 1 else (i * t.pools + q) * t.units


@kernel
def _bound(job: Job, offer: Offer, t: Tables, s: Floats, i: int, q: int, low: int, high: int) -> None:
    """`begin` in slot i at pool q where it must stay a while: as many slots as it takes, at most `lock`, and
    at most until the window ends."""
    rate, window, begin = offer.rate[q], job.last - job.first, t.begin + q * t.units
    slots, before = min(job.lock, window - i), offer.paid[q, i]
    for n in range(low, min(high, slots * rate) + 1):
        end = i + (n - 1) // rate
        rest = n - (end - i) * rate
        value = (
            offer.paid[q, end]
            - before
            + offer.full[q, end]
            + offer.energy[q, end] * ((rest - 1 + job.part) / rate)
        )
        s[begin + n] = value + finishing(job, job.first + end, rest, rate) if offer.shut[q, i] > end else BIG
    above = max(low, slots * rate + 1)
    passed = offer.paid[q, i + slots] - before if offer.shut[q, i] >= i + slots else BIG
    source = ((i + slots) * t.pools + q) * t.units + above - slots * rate
    _add(s, begin + above, source, high + 1 - above, passed)


@kernel
def _out_of_reach(job: Job, t: Tables, s: Floats, i: int, high: int, top: int) -> None:
    """What can no longer be done costs the same whatever is tried."""
    count = top - high
    _level(s, t.arrive + i * t.units + high + 1, count, job.miss)
    for q in range(t.pools):
        _level(s, (i * t.pools + q) * t.units + high + 1, count, job.miss)
        _level(s, t.begin + q * t.units + high + 1, count, job.miss)
    for c in range(t.spots):
        _level(s, t.stop + (i * t.spots + c) * t.units + high + 1, count, job.miss)


@kernel
def _running(job: Job, offer: Offer, t: Tables, s: Floats, i: int, low: int, high: int) -> None:
    """Slot i: `run` without the choice to stop, `begin` without the start, and `arrive`."""
    for q in range(t.pools):
        rate, full, energy = offer.rate[q], offer.full[q, i], offer.energy[q, i]
        run, begin = (i * t.pools + q) * t.units, _begin(job, t, i, q)
        for n in range(low, min(high, rate) + 1):
            s[run + n] = full + energy * ((n - 1 + job.part) / rate) + finishing(job, job.first + i, n, rate)
        above = max(low, rate + 1)
        source = ((i + 1) * t.pools + q) * t.units + above - rate
        _add(s, run + above, source, high + 1 - above, full + energy)
        if job.lock > 1:
            _bound(job, offer, t, s, i, q, low, high)
        if job.mode == MIGRATE:
            extra = offer.start[q, i] + offer.half[offer.spot[q], i]
            _lower(s, t.arrive + i * t.units + low, begin + low, high + 1 - low, extra)
        if job.work <= high:
            s[t.fresh + i] = min(s[t.fresh + i], s[begin + job.work] + offer.start[q, i])


@kernel
def _wait(s: Floats, into: int, wait: int, begin: int, count: int, start: float) -> None:
    """s[into:] = min(s[wait:], s[begin:] + start), `count` of them."""
    to, one, two = np.uint64(into), np.uint64(wait), np.uint64(begin)
    for x in range(np.uint64(max(0, count))):
        s[to + x] = min(s[one + x], s[two + x] + start)


@kernel
def _wait_or_send(s: Floats, into: int, wait: int, begin: int, arrive: int, count: int, start: float,
                  half: float) -> None:  # fmt: skip
    """s[into:] = min(s[wait:], s[begin:] + start, s[arrive:] + half), `count` of them."""
    to, one, two, three = np.uint64(into), np.uint64(wait), np.uint64(begin), np.uint64(arrive)
    for x in range(np.uint64(max(0, count))):
        s[to + x] = min(s[one + x], s[two + x] + start, s[three + x] + half)


@kernel
def _stopped(job: Job, offer: Offer, t: Tables, s: Floats, i: int, low: int, high: int) -> None:
    """`stop` in slot i, and the choice to stop in `run`."""
    moved, there, count = job.transfer_units, i + job.transfer_slots, high + 1 - low
    sends = min(high, job.ceiling - moved) + 1 - low
    if job.mode != MIGRATE or job.first + there >= job.last:
        sends = 0
    arrive, seen, next_slot = t.arrive + there * t.units + low + moved, 0, t.spots * t.units
    for q in range(t.pools):
        c, start = offer.spot[q], offer.start[q, i]
        into, begin = t.stop + (i * t.spots + c) * t.units + low, _begin(job, t, i, q) + low
        if c == seen:
            # The first of its cluster also waits, and sends.
            _wait_or_send(s, into, into + next_slot, begin, arrive, sends, start, offer.half[c, i])
            _wait(s, into + sends, into + sends + next_slot, begin + sends, count - sends, start)
            seen += 1
        else:
            _lower(s, into, begin, count, start)
    for c in range(seen, t.spots):
        into = t.stop + (i * t.spots + c) * t.units + low
        _add(s, into, into + next_slot, count, 0.0)
        _lower(s, into, arrive, sends, offer.half[c, i])
    if job.first + i >= job.held:
        count = min(high, job.ceiling - job.stop_units) + 1 - low
        for q in range(t.pools):
            stopped = t.stop + (i * t.spots + offer.spot[q]) * t.units + low + job.stop_units
            _lower(s, (i * t.pools + q) * t.units + low, stopped, count, job.change)


@kernel
def _fill(job: Job, offer: Offer, t: Tables, s: Floats) -> None:
    """All tables, from the last slot backwards."""
    ahead = max(job.lock, 1 + job.transfer_slots)
    extra = job.fastest * ahead + job.stop_units + job.transfer_units
    _last_slot(job, t, s, min(job.ceiling, extra) if job.hard else job.ceiling)
    for i in range(job.last - job.first - 1, -1, -1):
        high = highest(job, job.first + i)
        low, top = max(1, job.work - i * job.fastest), min(job.ceiling, high + extra)
        _level(s, t.arrive + i * t.units + low, top + 1 - low, BIG)
        s[t.fresh + i] = s[t.fresh + i + 1]
        if top > high:
            _out_of_reach(job, t, s, i, high, top)
        _running(job, offer, t, s, i, low, high)
        _stopped(job, offer, t, s, i, low, high)


@kernel
def solve_one(a: Arrays, j: int, hold: Floats, draw: Floats, energy: Floats, free: Floats, room: Floats,
              scratch: Floats, row: Rows, most: int) -> float:  # fmt: skip
    """Write workload j's cheapest timeline into `row` (K,), return its priced cost; BIG and an empty row
    where no timeline is possible.

    `hold` (P, K): g per accelerator and slot. `draw` (C, K): g per facility kW reserved for a slot. `energy`
    (C, K): g per facility kWh. `free` (P, K) accelerators and `room` (C, K) kW bound what it may take. Only
    the `most` pools that look best are weighed; with all of them the timeline is the cheapest there is.
    """
    job = job_of(a, j)
    row[:] = -1
    if job.work <= 0:
        return 0.0
    window = job.last - job.first
    if window <= 0 or (job.hard and job.work > window * job.fastest):
        return leftover(job, job.work)
    if job.mode == NEVER:
        return run_through(a, job, j, hold, draw, energy, free, room, row)
    offer = offer_of(a, j, most, hold, draw, energy, free, room)
    if offer.pools.shape[0] == 0:
        return leftover(job, job.work)
    t = _tables(job, offer.pools.shape[0], offer.half.shape[0])
    _fill(job, offer, t, scratch)
    value = scratch[t.fresh]
    if offer.own >= 0:
        value = scratch[offer.own * t.units + job.work]
    elif offer.data >= 0:
        value = scratch[t.stop + offer.data * t.units + job.work]
    if value >= BIG:
        return BIG
    window += 1
    run = scratch[: t.stop].reshape((window, t.pools, t.units))
    stop = scratch[t.stop : t.arrive].reshape((window, t.spots, t.units))
    trace(job, offer, run, stop, scratch[t.fresh : t.fresh + window], row)
    return float(value)


@kernel
def find_room(a: Arrays, j: int, hold: Floats, draw: Floats, energy: Floats, free: Floats, room: Floats,
              scratch: Floats, row: Rows, most: int) -> float:  # fmt: skip
    """As `solve_one`; where the `most` pools that look best have no room, all are weighed."""
    value = solve_one(a, j, hold, draw, energy, free, room, scratch, row, most)
    if most < a.rate.shape[1] and (value >= BIG or (a.miss[j] > 0 and value >= a.miss[j])):
        return float(solve_one(a, j, hold, draw, energy, free, room, scratch, row, a.rate.shape[1]))
    return float(value)
