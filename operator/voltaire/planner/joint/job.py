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
    """What places ask, by (pool, slot of the window). `full`: g for holding a slot, BIG where there is no
    room; `energy`: g for working it through; `paid`: both, summed from the window's beginning, slots without
    room left out; `shut`: the next slot without room. `start`: g for a start.

    `pools`: their indices (-1: a bundle, see `offer_of`), with `rate` and `spot`, the row of their cluster in
    `half` (clusters, slots): g for one end of a transfer. `own`: pool where it runs, `data`: row of the
    cluster where its data lie, or -1.
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
def _asked(a: Arrays, j: int, p: int, hold: Floats, draw: Floats, energy: Floats, free: Floats, room: Floats,
           full: Floats, powered: Floats) -> None:  # fmt: skip
    """What pool p asks in each slot of the window: g for holding it, BIG without room, and for working it
    through."""
    c, gang, kw, first = a.pool_cluster[p], a.gang[j], a.kw[j, p], a.first[j]
    hours = a.slot_hours
    for i in range(full.shape[0]):
        k = first + i
        if free[p, k] < gang - 1e-6 or room[c, k] < kw - 1e-6:
            full[i], powered[i] = BIG, 0.0
        else:
            full[i], powered[i] = gang * hold[p, k] + kw * draw[c, k], kw * hours * energy[c, k]


@kernel
def _shortest(a: Arrays, j: int, pools: Ints, most: int, full: Floats, powered: Floats) -> Ints:
    """The `most` of `pools` that look cheapest, and where it is; in order."""
    score, window = np.empty(pools.shape[0]), full.shape[1]
    for q in range(pools.shape[0]):
        p = pools[q]
        if p == a.own[j] or (a.own[j] < 0 and a.pool_cluster[p] == a.data[j]):
            score[q] = -1.0
            continue
        shut, total, least = 0, 0.0, BIG
        for i in range(window):
            value = full[q, i] + powered[q, i]
            if value >= BIG:
                shut += 1
            else:
                total += value
                least = min(least, value)
        # A slot without room counts as dear.
        mean = total / max(1, window - shut)
        score[q] = 0.5 * (mean + least) / a.rate[j, p] * (1.0 + shut / max(1, window))
        if (window - shut) * a.rate[j, p] < a.work[j]:
            # It cannot be done there alone: only if there is nothing better.
            score[q] *= 100.0
    return np.argsort(score)[:most]


@kernel
def _bundles(a: Arrays, j: int, pools: Ints, kept: Ints) -> tuple[Ints, Ints]:
    """The rates of the pools that are not `kept`, each once, and to which of them each pool belongs (-1:
    kept)."""
    member, rates = np.zeros(pools.shape[0], dtype=np.int64), np.zeros(pools.shape[0], dtype=np.int64)
    member[kept] = -1
    count = 0
    for q in range(pools.shape[0]):
        if member[q] == 0:
            at = 0
            while at < count and rates[at] != a.rate[j, pools[q]]:
                at += 1
            rates[at] = a.rate[j, pools[q]]
            count = max(count, at + 1)
            member[q] = at
    return rates[:count], member


@kernel
def offer_of(a: Arrays, j: int, most: int, bundle: bool, hold: Floats, draw: Floats, energy: Floats,
             free: Floats, room: Floats) -> Offer:  # fmt: skip
    """What pools ask of workload j: of all where it may run, or of the `most` that look cheapest.

    With `bundle` the others take part as one for each rate, which asks in every slot the least that any of
    its members asks, and within which moving is free: no timeline is cheaper than the cheapest of this offer.
    """
    pools, window = np.flatnonzero(a.rate[j]), max(0, a.last[j] - a.first[j])
    full, powered = np.empty((pools.shape[0], window)), np.empty((pools.shape[0], window))
    for q in range(pools.shape[0]):
        _asked(a, j, pools[q], hold, draw, energy, free, room, full[q], powered[q])
    if most >= pools.shape[0]:
        return _with_events(a, j, pools, full, powered, pools, pools[:0], pools[:0])
    kept = _shortest(a, j, pools, most, full, powered)
    if not bundle:
        return _with_events(a, j, pools[kept], full[kept], powered[kept], pools, pools[:0], pools[:0])
    rates, member = _bundles(a, j, pools, kept)
    n = kept.shape[0]
    all_full, all_powered = np.empty((n + rates.shape[0], window)), np.empty((n + rates.shape[0], window))
    all_full[:n], all_powered[:n] = full[kept], powered[kept]
    all_full[n:], all_powered[n:] = BIG, 2 * BIG
    for q in range(pools.shape[0]):
        if member[q] >= 0:
            one, both = all_full[n + member[q]], all_powered[n + member[q]]
            for i in range(window):
                one[i] = min(one[i], full[q, i])
                # Both for now; working through is what lies between.
                both[i] = min(both[i], full[q, i] + powered[q, i])
    all_powered[n:] -= all_full[n:]
    return _with_events(a, j, pools[kept], all_full, all_powered, pools, rates, member)


@kernel
def _with_events(a: Arrays, j: int, kept: Ints, full: Floats, powered: Floats, pools: Ints, rates: Ints,
                 member: Ints) -> Offer:  # fmt: skip
    """The offer with its sums, starts and transfers: first of the pools `kept`, then of bundles of `rates`,
    whose members are those of `pools` that `member` says."""
    count, window, first = full.shape[0], full.shape[1], a.first[j]
    chosen, rate = np.full(count, -1, dtype=np.int64), np.empty(count, dtype=np.int64)
    chosen[: kept.shape[0]] = kept
    rate[kept.shape[0] :] = rates
    spot, clusters, data = _spots(a, j, chosen)
    half, start, own = np.full((clusters.shape[0], window), BIG), np.full((count, window), BIG), -1
    for at in range(clusters.shape[0]):
        if clusters[at] >= 0:
            half[at] = 0.5 * a.transfer_kwh[j] * a.grid[clusters[at], first : first + window]
    for q in range(kept.shape[0]):
        c = a.pool_cluster[kept[q]]
        rate[q] = a.rate[j, kept[q]]
        start[q] = a.start_kwh[j] * a.pue[c] * a.grid[c, first : first + window]
        if kept[q] == a.own[j]:
            own = q
    for q in range(member.shape[0]):
        if member[q] >= 0:
            c, into = a.pool_cluster[pools[q]], kept.shape[0] + member[q]
            for i in range(window):
                grid = a.grid[c, first + i]
                start[into, i] = min(start[into, i], a.start_kwh[j] * a.pue[c] * grid)
                half[spot[into], i] = min(half[spot[into], i], 0.5 * a.transfer_kwh[j] * grid)
    paid, shut = _sums(full, powered)
    return Offer(chosen, rate, spot, full, powered, paid, shut, start, half, own, data)


@kernel
def _spots(a: Arrays, j: int, chosen: Ints) -> tuple[Ints, Ints, int]:
    """A row for each cluster and each bundle: that of each of `chosen`, the cluster of each row (-1: a
    bundle), and the row of the cluster where the data of a stopped workload lie, or -1."""
    spot, clusters = (
        np.empty(chosen.shape[0], dtype=np.int64),
        np.full(chosen.shape[0] + 1, -1, dtype=np.int64),
    )
    data, spots = -1, 0
    for q in range(chosen.shape[0]):
        at = spots
        if chosen[q] >= 0:
            at = 0
            while at < spots and clusters[at] != a.pool_cluster[chosen[q]]:
                at += 1
            clusters[at] = a.pool_cluster[chosen[q]]
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
