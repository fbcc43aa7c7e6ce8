"""Passes over workloads, compiled: what they ask for at given prices, what they pay at least, and insertion.

One kernel does all three, because whatever contains the dynamic programme takes long to compile. Insertion
takes a workload out, if it is in, and puts it where it is cheapest in what is left, with a share of the
congestion prices kept in, so that early ones leave scarce room to those who need it more.
"""

from __future__ import annotations

import numpy as np

from voltaire.planner.joint.arrays import BIG, Arrays, Floats, Ints, Rows
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.kernel import find_room, solve_one
from voltaire.planner.joint.trace import account, fits, take

ASK, PROVE, INSERT, VOTE = 0, 1, 2, 3


@kernel
def _vote(row: Rows, favourite: Rows, votes: Floats, j: int) -> None:
    """Count `row` for or against the `favourite` of workload j. Whatever wins more than half of all rounds is
    the favourite in the end (Boyer and Moore, 1981: MJRTY)."""
    if (row == favourite).all():
        votes[j] += 1.0
    elif votes[j] > 0.0:
        votes[j] -= 1.0
    else:
        favourite[:] = row
        votes[j] = 1.0


@kernel
def visit(a: Arrays, what: int, jobs: Ints, weight: float, hold: Floats, draw: Floats, energy: Floats,
          scratch: Floats, rows: Rows, free: Floats, room: Floats, load: Floats, values: Floats, most: int,
          ) -> None:  # fmt: skip
    """Visit `jobs` in turn, each weighing its `most` best pools.

    ASK: with all capacity theirs, take `weight` times what each wants from `free` (P, K), `room` (C, K), and
    add it to `load` (C, K). PROVE: `values` (J,) become the least that each pays, if it weighs all pools.
    INSERT: take each out and put it back where it is cheapest; what finds no room keeps the timeline it had
    in `rows` (J, K); `values` become costs at the prices `energy`. VOTE: as ASK, and `rows` become favourite
    timelines, `values` the votes for them.
    """
    row, none = np.empty(a.grid.shape[1], dtype=np.int16), np.zeros(energy.shape)
    for j in jobs:
        if what == INSERT:
            take(a, j, rows[j], -1.0, free, room)
            value = find_room(a, j, hold, draw, energy, free, room, scratch, row, most)
        else:
            value = solve_one(a, j, hold, draw, energy, a.capacity, a.limit, scratch, row, most)
        if what == VOTE:
            _vote(row, rows[j], values, j)
        if what in (ASK, VOTE):
            take(a, j, row, weight, free, room)
            account(a, j, row, none, weight, load)
        elif what == PROVE:
            values[j] = value
        else:
            if value < BIG:
                rows[j] = row
            take(a, j, rows[j], 1.0, free, room)
            powered, other, _ = account(a, j, rows[j], energy, 1.0, none)
            values[j] = powered + other


@kernel
def keep_fitting(a: Arrays, jobs: Ints, rows: Rows) -> None:
    """Empty the rows of those for which the earlier ones of `jobs` leave no room."""
    free, room = a.capacity.copy(), a.limit.copy()
    for j in jobs:
        if fits(a, j, rows[j], free, room):
            take(a, j, rows[j], 1.0, free, room)
        else:
            rows[j] = -1


@kernel
def paid_for_room(a: Arrays, j: int, row: Rows, hold: Floats, draw: Floats) -> float:
    """What a timeline pays for congestion, g."""
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
        found[j] = cost[j] + paid_for_room(a, j, rows[j], hold, draw) - values[j]
    return found
