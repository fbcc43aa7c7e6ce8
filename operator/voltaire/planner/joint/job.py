"""One workload against prices, as the plain numbers and small arrays that the dynamic programme works on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from voltaire.planner.joint.arrays import BIG, Arrays, Floats, Ints
from voltaire.planner.joint.compiled import kernel

TINY = 1e-9
"""Slots by which what ends at its deadline may seem to end after it."""


class Job(NamedTuple):
    """Scalars only: handed from function to function at no cost. The names are those of `Arrays`; `hard`:
    work left over has one price however much it is."""

    work: int
    part: float
    ceiling: int
    first: int
    last: int
    deadline: float
    fastest: int
    stop_units: int
    transfer_slots: int
    transfer_units: int
    lock: int
    held: int
    mode: int
    late: float
    wait: float
    change: float
    after: float
    miss: float
    hard: bool


class Offer(NamedTuple):
    """What places ask, by (pool, slot of the window). `full`: g for holding a slot, BIG where there is no
    room; `energy`: g for working it through; `paid`: both, summed from the window's beginning, slots without
    room left out; `shut`: the next slot without room. `start`: g for a start.

    `pools`: their indices, with `rate` and `spot`, the row of their cluster in `half` (clusters, slots): g
    for one end of a transfer. `own`: pool where it runs, `data`: row of the cluster where its data lie, or
    -1.
    """

    pools: Ints
    rate: Ints
    spot: Ints
    full: Floats
    energy: Floats
    paid: Floats
    shut: Ints
    start: Floats
    half: Floats
    own: int
    data: int


@kernel
def job_of(a: Arrays, j: int) -> Job:
    """The numbers of workload j."""
    window = max(1, a.last[j] - a.first[j])
    lock = max(1, min(a.lock[j], window)) if a.mode[j] > 0 else 1
    return Job(
        a.work[j], a.part[j], a.ceiling[j], a.first[j], a.last[j], a.deadline[j], a.fastest[j],
        a.stop_units[j], a.transfer_slots[j], a.transfer_units[j], lock, a.held[j], a.mode[j], a.late[j],
        a.wait[j], a.change[j], a.after[j], a.miss[j],
        a.after[j] == 0.0 and a.late[j] == 0.0,
    )  # fmt: skip


@kernel
def leftover(job: Job, n: int) -> float:
    """Cost of `n` units left at the end of the window."""
    if n <= 0:
        return 0.0
    done = job.last + n / job.fastest
    waited = 0.0 if job.hard else job.wait * done
    return float(job.miss + n * job.after + job.late * max(0.0, done - job.deadline) + waited)


@kernel
def too_late(job: Job, k: int, n: int, rate: int) -> bool:
    """Whether the last `n` units, worked in slot k at `rate`, miss a deadline within that slot that must be
    met: then they count as not done."""
    return bool(job.hard and k + (n - 1 + job.part) / rate > job.deadline + TINY)


@kernel
def finishing(job: Job, k: int, n: int, rate: int) -> float:
    """Cost of the time at which the last `n` units are finished in slot k at `rate`."""
    if too_late(job, k, n, rate):
        return float(job.miss)
    done = k + (n - 1 + job.part) / rate
    return float(job.wait * done + job.late * max(0.0, done - job.deadline))


@kernel
def highest(job: Job, k: int) -> int:
    """The most units worth counting at the beginning of slot k."""
    if job.hard:
        return int(min(job.ceiling, (job.last - k) * job.fastest))
    return int(job.ceiling)


@kernel
def _asked(a: Arrays, j: int, p: int, hold: Floats, draw: Floats, energy: Floats, free: Floats, room: Floats,
           full: Floats, powered: Floats) -> None:  # fmt: skip
    """What pool p asks in each slot of the window: g for holding it, BIG without room, and for working it
    through."""
    gang, kw, first = a.gang[j], a.kw[j, p], np.uint64(a.first[j])
    at, c, work = np.uint64(p), np.uint64(a.pool_cluster[p]), kw * a.slot_hours
    for i in range(np.uint64(full.shape[0])):
        k = first + i
        fits = (free[at, k] >= gang - 1e-6) & (room[c, k] >= kw - 1e-6)
        full[i] = gang * hold[at, k] + kw * draw[c, k] if fits else BIG
        powered[i] = work * energy[c, k] if fits else 0.0


@kernel
def _appeal(a: Arrays, j: int, p: int, hold: Floats, draw: Floats, energy: Floats, free: Floats,
            room: Floats) -> float:  # fmt: skip
    """How dear pool p looks in the window, its mean and its cheapest slot counted alike, g per unit."""
    gang, kw, first = a.gang[j], a.kw[j, p], np.uint64(a.first[j])
    at, c, window = np.uint64(p), np.uint64(a.pool_cluster[p]), a.last[j] - a.first[j]
    total, least, open_slots, work = 0.0, BIG, 0.0, kw * a.slot_hours
    for i in range(np.uint64(window)):
        k = first + i
        fits = (free[at, k] >= gang - 1e-6) & (room[c, k] >= kw - 1e-6)
        value = gang * hold[at, k] + kw * draw[c, k] + work * energy[c, k]
        total += value if fits else 0.0
        least = min(least, value if fits else BIG)
        open_slots += 1.0 if fits else 0.0
    # A slot without room counts as dear.
    shut = 1.0 - open_slots / max(1, window)
    score = 0.5 * (total / max(1.0, open_slots) + least) / a.rate[j, p] * (1.0 + shut)
    # What cannot be done there alone: only if there is nothing better.
    return float(score * 100.0 if open_slots * a.rate[j, p] < a.work[j] else score)


@kernel
def _shortest(a: Arrays, j: int, pools: Ints, most: int, hold: Floats, draw: Floats, energy: Floats,
              free: Floats, room: Floats) -> Ints:  # fmt: skip
    """The `most` of `pools` that look cheapest, and where it is; in order."""
    score = np.empty(pools.shape[0])
    for q in range(pools.shape[0]):
        p = pools[q]
        if p == a.own[j] or (a.own[j] < 0 and a.pool_cluster[p] == a.data[j]):
            score[q] = -1.0
        else:
            score[q] = _appeal(a, j, p, hold, draw, energy, free, room)
    return np.argsort(score)[:most]


@kernel
def offer_of(a: Arrays, j: int, most: int, hold: Floats, draw: Floats, energy: Floats, free: Floats,
             room: Floats) -> Offer:  # fmt: skip
    """What pools ask of workload j: of all where it may run, or of the `most` that look cheapest."""
    pools, window, first = np.flatnonzero(a.rate[j]), max(0, a.last[j] - a.first[j]), a.first[j]
    if most < pools.shape[0]:
        pools = pools[_shortest(a, j, pools, most, hold, draw, energy, free, room)]
    count, own = pools.shape[0], -1
    full, powered = np.empty((count, window)), np.empty((count, window))
    start, rate = np.empty((count, window)), np.empty(count, dtype=np.int64)
    spot, clusters, data = _spots(a, j, pools)
    half = np.empty((clusters.shape[0], window))
    for at in range(clusters.shape[0]):
        half[at] = 0.5 * a.transfer_kwh[j] * a.grid[clusters[at], first : first + window]
    for q in range(count):
        c = a.pool_cluster[pools[q]]
        _asked(a, j, pools[q], hold, draw, energy, free, room, full[q], powered[q])
        rate[q] = a.rate[j, pools[q]]
        start[q] = a.start_kwh[j] * a.pue[c] * a.grid[c, first : first + window]
        if pools[q] == a.own[j]:
            own = q
    paid, shut = _sums(full, powered)
    return Offer(pools, rate, spot, full, powered, paid, shut, start, half, own, data)


@kernel
def _spots(a: Arrays, j: int, pools: Ints) -> tuple[Ints, Ints, int]:
    """A row for each cluster: that of each of `pools`, the cluster of each row, and the row of the cluster
    where the data of a stopped workload lie, or -1."""
    spot, clusters = np.empty(pools.shape[0], dtype=np.int64), np.empty(pools.shape[0] + 1, dtype=np.int64)
    data, spots = -1, 0
    for q in range(pools.shape[0]):
        at = 0
        while at < spots and clusters[at] != a.pool_cluster[pools[q]]:
            at += 1
        clusters[at] = a.pool_cluster[pools[q]]
        spot[q] = at
        spots = max(spots, at + 1)
    if a.own[j] < 0 and a.mode[j] > 0 and a.data[j] >= 0:
        data = 0
        while data < spots and clusters[data] != a.data[j]:
            data += 1
        clusters[data] = a.data[j]
        spots = max(spots, data + 1)
    return spot, clusters[:spots], data


@kernel
def _sums(full: Floats, powered: Floats) -> tuple[Floats, Ints]:
    count, window = full.shape
    paid, shut = np.zeros((count, window + 1)), np.full((count, window + 1), window + 1)
    for q in range(count):
        for i in range(window):
            paid[q, i + 1] = paid[q, i] + (full[q, i] + powered[q, i] if full[q, i] < BIG else 0.0)
        for i in range(window - 1, -1, -1):
            shut[q, i] = i if full[q, i] >= BIG else shut[q, i + 1]
    return paid, shut
