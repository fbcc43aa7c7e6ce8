"""One workload against prices, as the plain numbers and small arrays that the dynamic programme works on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from voltaire.planner.joint.arrays import BIG, Arrays, Floats, Ints
from voltaire.planner.joint.compiled import kernel


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
    """What the pools ask, by (pool, slot of the window). `full`: g for holding a slot, BIG where there is no
    room; `energy`: g for working it through; `start`: g for a start; `half`: g for one end of a transfer.
    `rate`, `cluster` by pool; `pools`: their indices; `own`: where it runs, `data`: a pool where its data
    lie, with no room in it if it may not run there."""

    pools: Ints
    rate: Ints
    cluster: Ints
    full: Floats
    energy: Floats
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
def finishing(job: Job, k: int, n: int, rate: int) -> float:
    """Cost of the time at which the last `n` units are finished in slot k at `rate`."""
    done = k + (n - 1 + job.part) / rate
    return float(job.wait * done + job.late * max(0.0, done - job.deadline))


@kernel
def highest(job: Job, k: int) -> int:
    """The most units worth counting at the beginning of slot k."""
    if job.hard:
        return int(min(job.ceiling, (job.last - k) * job.fastest))
    return int(job.ceiling)


@kernel
def _pools(a: Arrays, j: int) -> Ints:
    """Where it may run, and one pool of the cluster that holds its data where it may not run there."""
    pools = np.flatnonzero(a.rate[j])
    if a.own[j] >= 0 or a.data[j] < 0 or a.mode[j] == 0:
        return pools
    if (a.pool_cluster[pools] == a.data[j]).any():
        return pools
    there = np.flatnonzero(a.pool_cluster == a.data[j])
    return np.append(pools, there[0]) if there.shape[0] > 0 else pools


@kernel
def offer_of(a: Arrays, j: int, most: int, hold: Floats, draw: Floats, energy: Floats, free: Floats,
             room: Floats) -> Offer:  # fmt: skip
    """What pools ask of workload j: of all where it may run, or of the `most` that look cheapest."""
    pools = _pools(a, j)
    first, window = a.first[j], max(0, a.last[j] - a.first[j])
    shape = (pools.shape[0], window)
    full, powered = np.empty(shape), np.empty(shape)
    score = np.zeros(pools.shape[0])
    for q in range(pools.shape[0]):
        p = pools[q]
        c = a.pool_cluster[p]
        gang, kw, hours = a.gang[j], a.kw[j, p], a.slot_hours
        shut, total, least = 0, 0.0, BIG
        for i in range(window):
            k = first + i
            if a.rate[j, p] == 0 or free[p, k] < gang - 1e-6 or room[c, k] < kw - 1e-6:
                full[q, i], powered[q, i] = BIG, 0.0
                shut += 1
            else:
                full[q, i] = gang * hold[p, k] + kw * draw[c, k]
                powered[q, i] = kw * hours * energy[c, k]
                total += full[q, i] + powered[q, i]
                least = min(least, full[q, i] + powered[q, i])
        # A slot without room counts as dear.
        mean = total / max(1, window - shut)
        score[q] = 0.5 * (mean + least) / max(1, a.rate[j, p]) * (1.0 + shut / max(1, window))
        if p == a.own[j] or (a.own[j] < 0 and c == a.data[j]):
            score[q] = -1.0
    if most < pools.shape[0]:
        chosen = np.sort(np.argsort(score)[:most])
        pools, full, powered = pools[chosen], full[chosen], powered[chosen]
    return _with_events(a, j, pools, full, powered)


@kernel
def _with_events(a: Arrays, j: int, pools: Ints, full: Floats, powered: Floats) -> Offer:
    start, half = np.empty(full.shape), np.empty(full.shape)
    rate, cluster = np.empty(pools.shape[0], dtype=np.int64), np.empty(pools.shape[0], dtype=np.int64)
    own, data = -1, -1
    for q in range(pools.shape[0]):
        c = a.pool_cluster[pools[q]]
        rate[q], cluster[q] = max(1, a.rate[j, pools[q]]), c
        for i in range(full.shape[1]):
            grid = a.grid[c, a.first[j] + i]
            start[q, i], half[q, i] = a.start_kwh[j] * a.pue[c] * grid, 0.5 * a.transfer_kwh[j] * grid
        if pools[q] == a.own[j]:
            own = q
        elif a.own[j] < 0 and a.mode[j] > 0 and c == a.data[j]:
            data = q
    return Offer(pools, rate, cluster, full, powered, start, half, own, data)
