"""One workload's cheapest timeline at given prices: exact dynamic programming, compiled.

The state is (slot, where it runs or where its data lie, units left). Backwards over the slots:

    run(k, p, n)  = min( slot k at p + run(k+1, p, n - rate),
                         change + stop(k, cluster of p, n + stop_units) )
    stop(k, c, n) = min( stop(k+1, c, n),  begin(k, p in c, n),  send(k, c) + arrive(k + transfer, n +
    transfer) ) arrive(k, n)  = min over p of begin(k, p, n) + receive(k, p)
    begin(k, p, n) is a start followed by `lock` slots at p, then run.

Only units that can be left at a slot are computed: at least what full speed would leave, and, where work left
over has one price however much it is (`hard`), at most what can still be done.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from voltaire.planner.joint.arrays import BIG, Arrays, Floats, Rows
from voltaire.planner.joint.compiled import inlined, kernel
from voltaire.planner.joint.job import Job, Offer, finishing, highest, job_of, leftover, offer_of
from voltaire.planner.joint.trace import trace


class Tables(NamedTuple):
    """`run`, `stop` by (slot, pool, units); `arrive` (slot, units); `begin` (pool, units); `forced` (slots
    still to stay - 1, pool, units); `fresh` (slot): not started yet. Stopped values are kept by pool; pools
    of one cluster hold the same."""

    run: Floats
    stop: Floats
    arrive: Floats
    begin: Floats
    forced: Floats
    fresh: Floats


def scratch_size(a: Arrays) -> int:
    """Floats that `solve_one` needs for the largest workload."""
    if a.jobs == 0:
        return 1
    window, units = np.maximum(1, a.last - a.first) + 1, a.ceiling + 1
    pools = np.count_nonzero(a.rate, axis=1) + 1
    sizes = window * units * (2 * pools + 1) + (np.minimum(a.lock, window) + 1) * pools * units + window
    return int(sizes.max()) + 1


@inlined
def _tables(job: Job, m: int, scratch: Floats) -> Tables:
    window, units = job.last - job.first, job.ceiling + 1
    size, ends = (window + 1) * m * units, [0]
    ends = [size, 2 * size, 2 * size + (window + 1) * units]
    ends.append(ends[2] + m * units)
    ends.append(ends[3] + (job.lock - 1) * m * units)
    return Tables(
        scratch[: ends[0]].reshape((window + 1, m, units)),
        scratch[ends[0] : ends[1]].reshape((window + 1, m, units)),
        scratch[ends[1] : ends[2]].reshape((window + 1, units)),
        scratch[ends[2] : ends[3]].reshape((m, units)),
        scratch[ends[3] : ends[4]].reshape((job.lock - 1, m, units)),
        scratch[ends[4] : ends[4] + window + 1],
    )


@inlined
def _advance(target: Floats, source: Floats, full: float, energy: float, job: Job, k: int, rate: int,
             low: int, high: int) -> None:  # fmt: skip
    """target[n] = slot k worked + source[n - rate], for low <= n <= high."""
    for n in range(low, min(high, rate) + 1):
        target[n] = full + energy * ((n - 1 + job.part) / rate) + finishing(job, k, n, rate)
    both, start = full + energy, max(low, rate + 1)
    if start <= high:
        # Slices that begin at 0 let the compiler use vector instructions.
        into, out = target[start : high + 1], source[start - rate : high + 1 - rate]
        for i in range(into.shape[0]):
            into[i] = both + out[i]


@inlined
def _lower(target: Floats, source: Floats, extra: float) -> None:
    """target = min(target, source + extra)."""
    for i in range(target.shape[0]):
        target[i] = min(target[i], source[i] + extra)


@inlined
def _last_slot(job: Job, t: Tables) -> None:
    """Values where the window ends."""
    window, top = job.last - job.first, job.ceiling
    if job.hard:
        top = min(top, job.fastest * (1 + job.transfer_slots) + job.stop_units + job.transfer_units)
    for n in range(1, top + 1):
        value = leftover(job, n)
        t.run[window, :, n] = value
        t.stop[window, :, n] = value
        t.forced[:, :, n] = value
    t.fresh[window] = leftover(job, job.work)


@inlined
def _running(job: Job, offer: Offer, t: Tables, k: int, q: int, low: int, high: int) -> None:
    """Slot k at pool q: `run` without the choice to stop, and `begin`."""
    i = k - job.first
    full, energy, rate, start = offer.full[q, i], offer.energy[q, i], offer.rate[q], offer.start[q, i]
    begin = t.begin[q]
    if job.lock > 1:
        for s in range(job.lock, 0, -1):
            source = t.forced[s - 2, q] if s > 1 else t.run[i + 1, q]
            target = begin if s == job.lock else t.forced[s - 1, q]
            _advance(target, source, full, energy, job, k, rate, low, high)
    _advance(t.run[i, q], t.run[i + 1, q], full, energy, job, k, rate, low, high)
    into, source = begin[low : high + 1], t.run[i, q, low : high + 1]
    if job.lock > 1:
        source = into
    for n in range(into.shape[0]):
        into[n] = source[n] + start


@inlined
def _stopped(job: Job, offer: Offer, t: Tables, k: int, low: int, high: int, top: int) -> None:
    i, lost, moved = k - job.first, job.stop_units, job.transfer_units
    can_send = job.mode == 2 and k + job.transfer_slots < job.last
    for q in range(offer.pools.shape[0]):
        values = t.stop[i, q]
        values[low : high + 1] = t.stop[i + 1, q, low : high + 1]
        values[high + 1 : top + 1] = job.miss
        for other in range(offer.pools.shape[0]):
            if offer.cluster[other] == offer.cluster[q]:
                _lower(values[low : high + 1], t.begin[other, low : high + 1], 0.0)
        end = min(high, job.ceiling - moved) + 1
        if can_send and end > low:
            arrive = t.arrive[i + job.transfer_slots]
            _lower(values[low:end], arrive[low + moved : end + moved], offer.half[q, i])
        end = min(high, job.ceiling - lost) + 1
        if k >= job.held and end > low:
            _lower(t.run[i, q, low:end], values[low + lost : end + lost], job.change)


@inlined
def _fill(job: Job, offer: Offer, t: Tables) -> None:
    """All tables, from the last slot backwards."""
    _last_slot(job, t)
    extra = job.fastest * (1 + job.transfer_slots) + job.stop_units + job.transfer_units
    for k in range(job.last - 1, job.first - 1, -1):
        i, high = k - job.first, highest(job, k)
        low, top = max(1, job.work - i * job.fastest), min(job.ceiling, high + extra)
        t.arrive[i, low : top + 1] = BIG
        t.fresh[i] = t.fresh[i + 1]
        for q in range(offer.pools.shape[0]):
            _running(job, offer, t, k, q, low, high)
            # What can no longer be done costs the same whatever is tried.
            t.run[i, q, high + 1 : top + 1] = job.miss
            t.begin[q, high + 1 : top + 1] = job.miss
            t.forced[:, q, high + 1 : top + 1] = job.miss
            if job.mode == 2:
                _lower(t.arrive[i, low : top + 1], t.begin[q, low : top + 1], offer.half[q, i])
            if job.work <= high:
                t.fresh[i] = min(t.fresh[i], t.begin[q, job.work])
        if job.mode > 0:
            _stopped(job, offer, t, k, low, high, top)


@kernel
def solve_one(a: Arrays, j: int, hold: Floats, draw: Floats, energy: Floats, free: Floats, room: Floats,
              scratch: Floats, row: Rows, most: int) -> float:  # fmt: skip
    """Write workload j's cheapest timeline into `row` (K,), return its priced cost; BIG and an empty row
    where no timeline is possible.

    `hold` (P, K): g per accelerator and slot. `draw` (C, K): g per facility kW reserved for a slot. `energy`
    (C, K): g per facility kWh. `free` (P, K) accelerators and `room` (C, K) kW bound what it may take. Only
    the `most` pools that look best are weighed; with all of them the timeline is the cheapest there is.
    """
    row[:] = -1
    job = job_of(a, j)
    if job.work <= 0:
        return 0.0
    offer = offer_of(a, j, most, hold, draw, energy, free, room)
    window = job.last - job.first
    if offer.pools.shape[0] == 0 or window <= 0 or (job.hard and job.work > window * job.fastest):
        return leftover(job, job.work)
    t = _tables(job, offer.pools.shape[0], scratch)
    _fill(job, offer, t)
    value = t.fresh[0]
    if offer.own >= 0:
        value = t.run[0, offer.own, job.work]
    elif offer.data >= 0:
        value = t.stop[0, offer.data, job.work]
    if value >= BIG:
        return BIG
    trace(job, offer, t.run, t.stop, t.fresh, row)
    return float(value)
