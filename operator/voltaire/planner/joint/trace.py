"""Reading the cheapest timeline off the tables that `kernel` filled, and reading costs off a timeline."""

from __future__ import annotations

from voltaire.planner.joint.arrays import BIG, Arrays, Floats, Rows
from voltaire.planner.joint.compiled import inlined, kernel
from voltaire.planner.joint.job import Job, Offer, finishing, highest, job_of, leftover, too_late


@inlined
def _worked(job: Job, offer: Offer, k: int, n: int, q: int, run: Floats, slots: int) -> float:
    """Priced cost of `slots` slots at pool q from k on with n units left, and the best after that."""
    rate, value = offer.rate[q], 0.0
    for at in range(k, k + slots):
        if at >= job.last:
            return float(value + leftover(job, n))
        if n > highest(job, at):
            return float(value + job.miss)
        i = at - job.first
        value += offer.full[q, i]
        if n <= rate:
            share = (n - 1 + job.part) / rate
            return float(value + offer.energy[q, i] * share + finishing(job, at, n, rate))
        value += offer.energy[q, i]
        n -= rate
    if n > highest(job, k + slots):
        return float(value + job.miss)
    return float(value + run[k + slots - job.first, q, n])


@inlined
def _best_begin(job: Job, offer: Offer, k: int, n: int, cluster: int, received: float, run: Floats,
                ) -> tuple[float, int]:  # fmt: skip
    """Cheapest start in slot k in `cluster`, anywhere if that is -1; with a transfer's end if `received` is
    1."""
    best, found = 2 * BIG, -1
    for q in range(offer.pools.shape[0]):
        if cluster in (-1, offer.spot[q]):
            i = k - job.first
            value = _worked(job, offer, k, n, q, run, job.lock) + offer.start[q, i]
            if received > 0:
                value += offer.half[offer.spot[q], i]
            if value < best:
                best, found = value, q
    return best, found


@kernel
def trace(job: Job, offer: Offer, run: Floats, stop: Floats, fresh: Floats, row: Rows) -> None:
    """Write the cheapest timeline into `row`. What never finishes and earns nothing by going on ends
    there."""
    n, k, first, last = job.work, job.first, job.first, job.last
    at, data, stay = offer.own, offer.data, job.held if offer.own >= 0 else 0
    while k < last and n > 0:
        if n > highest(job, k) and stay <= 0:
            return
        if at >= 0:
            lost, other = n + job.stop_units, BIG
            if stay <= 0 and job.mode > 0:
                if lost <= highest(job, k):
                    other = stop[k - first, offer.spot[at], lost] + job.change
                elif job.hard and lost <= job.ceiling:
                    other = job.miss
            if _worked(job, offer, k, n, at, run, 1) <= other:
                row[k] = offer.pools[at]
                n -= offer.rate[at]
                k, stay = k + 1, stay - 1
                continue
            if job.hard and other >= job.miss:
                return
            data, at, n = offer.spot[at], -1, lost
        wait = fresh[k - first + 1] if data < 0 else stop[k - first + 1, data, n]
        here, q = _best_begin(job, offer, k, n, data, 0.0, run)
        away, gone = 2 * BIG, -1
        there, left = k + job.transfer_slots, n + job.transfer_units
        if data >= 0 and job.mode == 2 and there < last and left <= job.ceiling:
            away, gone = _best_begin(job, offer, there, left, -1, 1.0, run)
            away += offer.half[data, k - first]
        if wait <= here and wait <= away:
            k += 1
        elif here <= away:
            at, data, stay = q, -1, job.lock
        else:
            at, data, stay, k, n = gone, -1, job.lock, there, left


@kernel
def take(a: Arrays, j: int, row: Rows, sign: float, free: Floats, room: Floats) -> None:
    """Take (sign 1) what a timeline holds from `free` (P, K) and `room` (C, K), or give it back (-1)."""
    for k in range(a.first[j], a.last[j]):
        p = row[k]
        if p >= 0:
            free[p, k] -= sign * a.gang[j]
            room[a.pool_cluster[p], k] -= sign * a.kw[j, p]


@kernel
def fits(a: Arrays, j: int, row: Rows, free: Floats, room: Floats) -> bool:
    """Whether what a timeline holds is there in `free` (P, K) and `room` (C, K)."""
    for k in range(a.first[j], a.last[j]):
        p = row[k]
        if p >= 0 and (free[p, k] < a.gang[j] - 1e-6 or room[a.pool_cluster[p], k] < a.kw[j, p] - 1e-6):
            return False
    return True


@kernel
def account(
    a: Arrays, j: int, row: Rows, energy: Floats, sign: float, load: Floats
) -> tuple[float, float, int]:
    """What a timeline costs, read from the row alone: g of energy at `energy` (C, K), g of everything else
    (starts, transfers, changes, time), units left at the end. Adds `sign` times its kWh to `load` (C, K)."""
    job = job_of(a, j)
    n, powered, other = job.work, 0.0, 0.0
    before = a.own[j]
    data = a.data[j] if a.own[j] < 0 and a.mode[j] > 0 else -1
    for k in range(a.first[j], a.last[j]):
        p = row[k]
        if n <= 0:
            break
        if before >= 0 and p != before:
            n += a.stop_units[j]
            other += a.change[j]
            data = a.pool_cluster[before]
        if p >= 0:
            c = a.pool_cluster[p]
            if p != before:
                other += a.start_kwh[j] * a.pue[c] * a.grid[c, k]
                if data >= 0 and data != c:
                    n += a.transfer_units[j]
                    sent = max(0, k - a.transfer_slots[j])
                    other += 0.5 * a.transfer_kwh[j] * (a.grid[data, sent] + a.grid[c, k])
            rate, share = a.rate[j, p], 1.0
            if n <= rate:
                share = (n - 1 + job.part) / rate
                if too_late(job, k, n, rate):
                    rate = 0
                else:
                    other += finishing(job, k, n, rate)
            used = a.kw[j, p] * a.slot_hours * share
            powered += used * energy[c, k]
            load[c, k] += sign * used
            n -= rate
        before = p
    left = max(0, n)
    return powered, other + leftover(job, left), left
