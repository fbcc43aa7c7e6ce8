"""Ejection search: make room for one workload where it would rather be, and find the others another place.

A workload that pays much above what prices say it must is taken out and given its cheapest timeline at prices
that let it overlap. Whoever is in its way is taken out too, and put back where there is room, in a random
order that begins with the large. What is cheaper is kept, and now and then, while `heat` is left, what is a
little dearer: a plan that only ever improves soon has nowhere to go.
"""

from __future__ import annotations

import numpy as np

from voltaire.planner.joint.arrays import BIG, Arrays, Bools, Floats, Ints, Rows
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.kernel import find_room, solve_one
from voltaire.planner.joint.meters import Meters, pays
from voltaire.planner.joint.trace import account, take
from voltaire.planner.joint.visits import paid_for_room

MOST_OUT = 24
"""Workloads that one move takes out at the most."""

SEEN = 64
"""Workloads that are remembered for a (pool, slot); more are there, but cannot be ejected from it."""

TILT = 1.5
"""Moves are thought out at a mixture of the site prices of the moment, which say what little more costs, and
the market's, at which all would fit: up to this much of the latter, evenly, at most all of it."""


@kernel
def put(a: Arrays, j: int, row: Rows, free: Floats, room: Floats, who: Ints, count: Ints) -> None:
    """Take what a timeline holds, and enter it in the lists: `who` (P, K, SEEN) is there, `count` (P, K) of
    them."""
    for k in range(a.first[j], a.last[j]):
        p = row[k]
        if p >= 0:
            free[p, k] -= a.gang[j]
            room[a.pool_cluster[p], k] -= a.kw[j, p]
            if count[p, k] < who.shape[2]:
                who[p, k, count[p, k]] = j
                count[p, k] += 1


@kernel
def lift(a: Arrays, j: int, row: Rows, free: Floats, room: Floats, who: Ints, count: Ints) -> None:
    """The opposite of `put`."""
    for k in range(a.first[j], a.last[j]):
        p = row[k]
        if p >= 0:
            free[p, k] += a.gang[j]
            room[a.pool_cluster[p], k] += a.kw[j, p]
            for i in range(count[p, k]):
                if who[p, k, i] == j:
                    count[p, k] -= 1
                    who[p, k, i] = who[p, k, count[p, k]]
                    break


@kernel
def enter(a: Arrays, rows: Rows, movable: Bools, free: Floats, room: Floats, who: Ints, count: Ints) -> None:
    """Everything anew from `rows`; what is not `movable` (J,) holds its room, but is in no list."""
    free[:] = a.capacity
    room[:] = a.limit
    count[:] = 0
    for j in range(rows.shape[0]):
        if movable[j]:
            put(a, j, rows[j], free, room, who, count)
        else:
            take(a, j, rows[j], 1.0, free, room)


@kernel
def _soften(a: Arrays, j: int, free: Floats, room: Floats, hold: Floats, draw: Floats, share: float,
            more: float, soft: Floats, soft_draw: Floats) -> None:  # fmt: skip
    """Prices for workload j when it may overlap: `share` of the congestion price, and where there is no room,
    `more` of it besides for each accelerator or kW that lacks."""
    gang, first, last = a.gang[j], a.first[j], a.last[j]
    for p in range(hold.shape[0]):
        if a.rate[j, p] > 0:
            c, kw = a.pool_cluster[p], a.kw[j, p]
            for k in range(first, last):
                lack = min(gang, max(0.0, gang - free[p, k])) / max(1.0, gang)
                soft[p, k] = hold[p, k] * (share + more * lack)
                lack = min(kw, max(0.0, kw - room[c, k])) / max(1e-9, kw)
                soft_draw[c, k] = draw[c, k] * (share + more * lack)


@kernel
def _draw(mine: Ints, regret: Floats) -> int:
    """The worst of five random ones."""
    best = mine[np.random.randint(0, mine.shape[0])]
    for _ in range(4):
        other = mine[np.random.randint(0, mine.shape[0])]
        if regret[other] > regret[best]:
            best = other
    return int(best)


@kernel
def _victim(a: Arrays, here: Ints, count: int, lack: float) -> int:
    """Of three random ones of those here, the one whose size comes closest to what is lacking."""
    best = here[np.random.randint(0, count)]
    for _ in range(2):
        other = here[np.random.randint(0, count)]
        if abs(a.gang[other] - lack) < abs(a.gang[best] - lack):
            best = other
    return int(best)


@kernel
def _make_room(a: Arrays, j: int, row: Rows, rows: Rows, free: Floats, room: Floats, who: Ints, count: Ints,
               found: Ints) -> int:  # fmt: skip
    """Take out who is in the way of `row`: into `found` from 1 on. How many are out with j, or minus that if
    it does not help."""
    n, gang = 1, a.gang[j]
    for k in range(a.first[j], a.last[j]):
        p = row[k]
        if p < 0:
            continue
        c = a.pool_cluster[p]
        while free[p, k] < gang - 1e-6 or room[c, k] < a.kw[j, p] - 1e-6:
            if count[p, k] == 0 or n >= MOST_OUT:
                return -n
            found[n] = _victim(a, who[p, k], count[p, k], gang - free[p, k])
            lift(a, found[n], rows[found[n]], free, room, who, count)
            n += 1
    return n


@kernel
def _large_first(a: Arrays, found: Ints, n: int) -> None:
    """Order all but the first by size, with a random touch."""
    keys = np.empty(n - 1)
    for i in range(n - 1):
        keys[i] = -a.gang[found[i + 1]] * (0.7 + 0.6 * np.random.random())
    found[1:n] = found[1:n][np.argsort(keys)]


@kernel
def _place_again(a: Arrays, found: Ints, n: int, fresh: Rows, limit: float, hold: Floats, draw: Floats,
                 energy: Floats, mixed: Floats, scratch: Floats, rows: Rows, free: Floats, room: Floats,
                 cost: Floats, who: Ints, count: Ints, most: int) -> tuple[int, float]:  # fmt: skip
    """The first of `found` takes `fresh`, the others what is cheapest. How many are placed when all are, or
    when the sum passes `limit`, and the sum. They are weighed at the site prices `mixed` and counted at
    `energy`."""
    fade = max(0.0, 1.3 * np.random.random() - 0.3)
    scaled, drawn, load, new = hold * fade, draw * fade, np.zeros(energy.shape), 0.0
    for i in range(n):
        j = found[i]
        if i > 0 and find_room(a, j, scaled, drawn, mixed, free, room, scratch, fresh, most) >= BIG:
            return i, BIG
        powered, other, _ = account(a, j, fresh, energy, 1.0, load)
        rows[j], cost[j] = fresh, powered + other
        put(a, j, fresh, free, room, who, count)
        new += cost[j]
        if new > limit:
            return i + 1, new
    return n, new


@kernel
def _undo(a: Arrays, found: Ints, done: int, n: int, before: Rows, old: Floats, rows: Rows, free: Floats,
          room: Floats, cost: Floats, who: Ints, count: Ints) -> None:  # fmt: skip
    """Take out the first `done` of `found` and put all `n` back as they were: `before`, at the cost `old`."""
    for i in range(done):
        lift(a, found[i], rows[found[i]], free, room, who, count)
    for i in range(n):
        rows[found[i]], cost[found[i]] = before[i], old[i]
        put(a, found[i], before[i], free, room, who, count)


@kernel
def search(a: Arrays, rounds: int, seed: int, mine: Ints, regret: Floats, hold: Floats, draw: Floats,
           energy: Floats, scratch: Floats, rows: Rows, free: Floats, room: Floats, cost: Floats, who: Ints,
           count: Ints, heat: float, most: int, meters: Meters, quoted: Floats) -> int:  # fmt: skip
    """Try `rounds` moves of the workloads `mine`; how many were kept. `regret` (J,) is brought up to date,
    and `meters` and `energy` where sites are metered exactly. `quoted` (C, K): the market's price of energy.
    `heat`: g by which a dearer one may be kept, on average."""
    np.random.seed(seed)
    found, old = np.empty(MOST_OUT + 1, dtype=np.int64), np.empty(MOST_OUT + 1)
    before, fresh = (
        np.empty((MOST_OUT + 1, rows.shape[1]), dtype=np.int16),
        np.empty(rows.shape[1], dtype=np.int16),
    )
    soft, soft_draw, kept = np.empty(hold.shape), np.empty(draw.shape), 0
    metered = meters.exact.any()
    mixed = energy.copy() if metered else energy
    for _ in range(rounds):
        j = _draw(mine, regret)
        found[0] = j
        lift(a, j, rows[j], free, room, who, count)
        share, more = np.random.random(), 0.6 + 0.8 * np.random.random()
        _soften(a, j, free, room, hold, draw, share, more, soft, soft_draw)
        n = 1
        if metered:
            tilt = min(1.0, TILT * np.random.random())
            mixed[:] = tilt * quoted + (1.0 - tilt) * energy
        if solve_one(a, j, soft, soft_draw, mixed, a.capacity, a.limit, scratch, fresh, most) < BIG:
            n = _make_room(a, j, fresh, rows, free, room, who, count, found)
        done, new, fits, limit = 0, BIG, n > 0, 0.0
        n = abs(n)
        _large_first(a, found, n)
        for i in range(n):
            w = found[i]
            if metered:
                powered, other, _ = account(a, w, rows[w], energy, 0.0, meters.load)
                cost[w] = powered + other
            before[i], old[i] = rows[w], cost[w]
        total = old[:n].sum()
        if fits:
            limit = total + heat * -np.log(1e-12 + np.random.random()) - 1e-9 * (1.0 + abs(total))
            done, new = _place_again(a, found, n, fresh, limit, hold, draw, energy, mixed, scratch, rows,
                                     free, room, cost, who, count, most)  # fmt: skip
        fits = fits and done == n and new <= limit
        if fits and metered:
            fits = pays(a, meters, found, n, before, rows, energy, limit - new)
        if fits:
            kept += 1
            for i in range(n):
                w = found[i]
                regret[w] += cost[w] - old[i] + paid_for_room(a, w, rows[w], hold, draw)
                regret[w] -= paid_for_room(a, w, before[i], hold, draw)
            continue
        _undo(a, found, done, n, before, old, rows, free, room, cost, who, count)
    return kept
