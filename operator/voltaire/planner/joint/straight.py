"""What runs through where it starts: the cheapest start is a sliding sum over each pool's slots."""

from __future__ import annotations

from voltaire.planner.joint.arrays import BIG, Arrays, Floats, Rows
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.job import Job, finishing, leftover


@kernel
def _cheapest_start(a: Arrays, job: Job, j: int, p: int, until: int, hold: Floats, draw: Floats,
                    energy: Floats, free: Floats, room: Floats) -> tuple[float, int]:  # fmt: skip
    """The least priced cost of running at pool p from a slot before `until`, and that slot; BIG and -1
    without room."""
    c, gang, kw, rate = a.pool_cluster[p], a.gang[j], a.kw[j, p], a.rate[j, p]
    slots, hours = (job.work - 1) // rate + 1, a.slot_hours
    rest = job.work - (slots - 1) * rate
    share = (rest - 1 + job.part) / rate
    best, at = BIG, -1
    # What the slots from `begin` to `k` cost, the latter whole; the last slot that has no room.
    total, begin, shut = 0.0, job.first, -1
    for k in range(job.first, job.last):
        if free[p, k] < gang - 1e-6 or room[c, k] < kw - 1e-6:
            total, begin, shut = 0.0, k + 1, k
            continue
        full = gang * hold[p, k] + kw * draw[c, k]
        powered = kw * hours * energy[c, k]
        total += full + powered
        if k - begin + 1 == slots:
            if begin < until:
                start = a.start_kwh[j] * a.pue[c] * a.grid[c, begin] if a.own[j] != p else 0.0
                value = total - powered * (1.0 - share) + start + finishing(job, k, rest, rate)
                if value < best:
                    best, at = value, begin
            total -= gang * hold[p, begin] + kw * (draw[c, begin] + hours * energy[c, begin])
            begin += 1
    # Starts that the window's end cuts short.
    for k in range(max(begin, job.last - slots + 1, shut + 1), min(until, job.last)):
        start = a.start_kwh[j] * a.pue[c] * a.grid[c, k] if a.own[j] != p else 0.0
        value = total + start + leftover(job, job.work - (job.last - k) * rate)
        if value < best:
            best, at = value, k
        total -= gang * hold[p, k] + kw * (draw[c, k] + hours * energy[c, k])
    return best, at


@kernel
def run_through(a: Arrays, job: Job, j: int, hold: Floats, draw: Floats, energy: Floats, free: Floats,
                room: Floats, row: Rows) -> float:  # fmt: skip
    """The cheapest timeline of workload j, written into `row`; its priced cost, or BIG."""
    best, at, pool = leftover(job, job.work), -1, -1
    if a.own[j] >= 0 and a.rate[j, a.own[j]] > 0:
        pool = a.own[j]
        best, at = _cheapest_start(a, job, j, pool, job.first + 1, hold, draw, energy, free, room)
    else:
        for p in range(a.pool_cluster.shape[0]):
            if a.rate[j, p] > 0:
                value, k = _cheapest_start(a, job, j, p, job.last, hold, draw, energy, free, room)
                if value < best:
                    best, at, pool = value, k, p
    if at >= 0:
        for k in range(at, min(job.last, at + (job.work - 1) // a.rate[j, pool] + 1)):
            row[k] = pool
    return best
