"""From prices to a plan that fits: insertion, sweeps and large-neighbourhood search, compiled.

Insertion gives each workload in turn its cheapest timeline in what is left, congestion prices kept in, so
that early ones leave scarce room to those who need it more. Sweeps take one out at a time and put it back
while the prices fade. The search takes out a handful that compete for one (pool, few slots), puts them back
in another order under randomly scaled prices, and keeps what is cheaper. Where it looks is drawn towards
workloads that pay most above what the prices say they need to.
"""

from __future__ import annotations

import numpy as np

from voltaire.planner.joint.arrays import BIG, Arrays, Floats, Ints, Rows
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.kernel import solve_one
from voltaire.planner.joint.trace import account, take


@kernel
def insert(a: Arrays, jobs: Ints, share: float, hold: Floats, draw: Floats, energy: Floats, scratch: Floats,
           rows: Rows, at: Rows, free: Floats, room: Floats, cost: Floats, most: int) -> None:  # fmt: skip
    """Take each of `jobs` out and put it back where it is cheapest at `share` of the congestion prices. What
    finds no room keeps the timeline it had."""
    load, row = np.zeros(energy.shape), np.empty(rows.shape[1], dtype=np.int16)
    scaled, drawn = hold * share, draw * share
    for j in jobs:
        take(a, j, rows[j], -1.0, free, room)
        if solve_one(a, j, scaled, drawn, energy, free, room, scratch, row, most) < BIG:
            rows[j] = row
            at[:, j] = row
        take(a, j, rows[j], 1.0, free, room)
        powered, other, _ = account(a, j, rows[j], energy, 1.0, load)
        cost[j] = powered + other


@kernel
def _gather(at: Rows, ideal: Rows, p: int, k: int, reach: int, most: int, first: int, marked: Ints,
            found: Ints) -> int:  # fmt: skip
    """Who is, or would like to be, at pool p around slot k: a random `most` of them, `first` among them.
    `ideal` and `at` are (K, J); `marked` (J,) is all zero before and after."""
    count, seen = 0, 0
    if first >= 0:
        found[0] = first
        marked[first] = 1
        count = 1
    base = count
    for slot in range(max(0, k - reach), min(at.shape[0], k + reach + 1)):
        for j in range(at.shape[1]):
            if (at[slot, j] == p or ideal[slot, j] == p) and marked[j] == 0:
                marked[j] = 1
                seen += 1
                if count < most:
                    found[count] = j
                    count += 1
                else:
                    swap = np.random.randint(0, seen)
                    if swap < most - base:
                        found[base + swap] = j
    marked[:] = 0
    return count


@kernel
def _ordered(a: Arrays, found: Ints, count: int, largest_first: bool) -> None:
    """Shuffle, or put the largest first (with a random touch)."""
    for i in range(count - 1, 0, -1):
        other = np.random.randint(0, i + 1)
        found[i], found[other] = found[other], found[i]
    if largest_first:
        keys = np.empty(count)
        for i in range(count):
            keys[i] = -a.gang[found[i]] * (0.7 + 0.6 * np.random.random())
        order = np.argsort(keys)
        found[:count] = found[:count][order]


@kernel
def _draw(regret: Floats) -> int:
    """The worst of eight random ones."""
    best = np.random.randint(0, regret.shape[0])
    for _ in range(7):
        other = np.random.randint(0, regret.shape[0])
        if regret[other] > regret[best]:
            best = other
    return best


@kernel
def _cell(row: Rows, other: Rows) -> tuple[int, int]:
    """A random (pool, slot) that `row` uses, rather one that `other` does not; (-1, 0) if there is none."""
    pool, slot, seen = -1, 0, 0.0
    for k in range(row.shape[0]):
        if row[k] >= 0:
            weight = 1.0 if row[k] != other[k] else 0.1
            seen += weight
            if np.random.random() * seen < weight:
                pool, slot = row[k], k
    return pool, slot


@kernel
def search(a: Arrays, rounds: int, seed: int, regret: Floats, wish: Rows, ideal: Rows, hold: Floats,
           draw: Floats, energy: Floats, scratch: Floats, rows: Rows, at: Rows, free: Floats, room: Floats,
           cost: Floats, heat: float, most: int) -> tuple[int, float]:  # fmt: skip
    """`rounds` neighbourhoods; how many were kept, and g saved. `wish` (J, K) answers the prices, `ideal` is
    the same transposed; `regret` (J,) is brought up to date. `heat`: g by which a worse one may be kept."""
    np.random.seed(seed)
    jobs = rows.shape[0]
    marked, found = np.zeros(jobs, dtype=np.int64), np.empty(64, dtype=np.int64)
    before, fresh = np.empty((64, rows.shape[1]), dtype=np.int16), np.empty(rows.shape[1], dtype=np.int16)
    old, load = np.empty(64), np.zeros(energy.shape)
    kept, saved = 0, 0.0
    for _ in range(rounds):
        j = _draw(regret)
        p, k = _cell(wish[j], rows[j])
        if p < 0 or np.random.random() < 0.2:
            p, k = _cell(rows[j], wish[j])
        if p < 0:
            continue
        count = _gather(at, ideal, p, k, np.random.randint(0, 3), np.random.randint(4, 33), j, marked, found)
        _ordered(a, found, count, np.random.random() < 0.6)
        share = 1.1 * np.random.random()
        total = 0.0
        for i in range(count):
            w = found[i]
            before[i], old[i] = rows[w], cost[w]
            total += cost[w]
            take(a, w, rows[w], -1.0, free, room)
        limit, done, fits = total + heat * -np.log(1e-12 + np.random.random()), 0, True
        new = 0.0
        scaled, drawn = hold * share, draw * share
        while done < count and fits:
            w = found[done]
            fits = solve_one(a, w, scaled, drawn, energy, free, room, scratch, fresh, most) < BIG
            if fits:
                powered, other, _ = account(a, w, fresh, energy, 1.0, load)
                rows[w], cost[w] = fresh, powered + other
                new += cost[w]
                take(a, w, fresh, 1.0, free, room)
                done += 1
                fits = new <= limit
        if fits and new < limit - 1e-9 * (1.0 + abs(total)):
            kept, saved = kept + 1, saved + total - new
            for i in range(count):
                w = found[i]
                at[:, w] = rows[w]
                regret[w] += (
                    cost[w] - old[i] + _held(a, w, rows[w], hold, draw) - _held(a, w, before[i], hold, draw)
                )
        else:
            for i in range(done):
                take(a, found[i], rows[found[i]], -1.0, free, room)
            for i in range(count):
                rows[found[i]], cost[found[i]] = before[i], old[i]
                take(a, found[i], before[i], 1.0, free, room)
    return kept, saved


@kernel
def _held(a: Arrays, j: int, row: Rows, hold: Floats, draw: Floats) -> float:
    """What a timeline pays for congestion."""
    total = 0.0
    for k in range(a.first[j], a.last[j]):
        p = row[k]
        if p >= 0:
            total += a.gang[j] * hold[p, k] + a.kw[j, p] * draw[a.pool_cluster[p], k]
    return total


@kernel
def regrets(a: Arrays, rows: Rows, cost: Floats, values: Floats, hold: Floats, draw: Floats) -> Floats:
    """How much more each workload pays, congestion included, than prices say it must (J,)."""
    found = np.empty(rows.shape[0])
    for j in range(rows.shape[0]):
        found[j] = cost[j] + _held(a, j, rows[j], hold, draw) - values[j]
    return found
