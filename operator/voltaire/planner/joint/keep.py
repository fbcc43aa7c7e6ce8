"""Keeping what hardly matters: a timeline of the last plan stays where the new one is worth next to nothing
more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from voltaire.planner.joint.arrays import Arrays, Floats, Rows
from voltaire.planner.joint.batteries import open_sites
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.problem import Problem
from voltaire.planner.joint.solution import Solution
from voltaire.planner.joint.state import open_state
from voltaire.planner.joint.task import weighed
from voltaire.planner.joint.trace import account, fits, take
from voltaire.planner.joint.warm import carried


@kernel
def _begins(a: Arrays, j: int, row: Rows) -> bool:
    """Whether a timeline begins a change in slot 0: a stop, or a start elsewhere than where its data lie."""
    p = row[0]
    if a.own[j] >= 0:
        return bool(p != a.own[j])
    return bool(p >= 0 and a.data[j] >= 0 and a.pool_cluster[p] != a.data[j])


@kernel
def _may(a: Arrays, j: int, new: Rows, old: Rows) -> bool:
    """Whether the old timeline may stand for the new one: it is one, begins no change that was not weighed,
    and does not wait where the new one starts: room that has become free is used at once."""
    if not (old >= 0).any() or (a.own[j] < 0 and new[0] >= 0 and old[0] < 0):
        return False
    return bool(new[0] == old[0] or not _begins(a, j, old))


@kernel
def _cost(a: Arrays, j: int, row: Rows, energy: Floats, load: Floats) -> float:
    powered, other, _ = account(a, j, row, energy, 1.0, load)
    return float(powered + other)


@kernel
def _all(a: Arrays, rows: Rows, old: Rows, share: float, energy: Floats) -> bool:
    """Put every old timeline back that may be, if together with the rest they fit and cost at most `share`
    more."""
    free, room, load = a.capacity.copy(), a.limit.copy(), np.zeros(energy.shape)
    new, before = 0.0, 0.0
    mixed = rows.copy()
    for j in range(rows.shape[0]):
        if _may(a, j, rows[j], old[j]):
            mixed[j] = old[j]
        if not fits(a, j, mixed[j], free, room):
            return False
        take(a, j, mixed[j], 1.0, free, room)
        new += _cost(a, j, rows[j], energy, load)
        before += _cost(a, j, mixed[j], energy, load)
    if before > new * (1.0 + share):
        return False
    rows[:] = mixed
    return True


@kernel
def _each(a: Arrays, rows: Rows, old: Rows, share: float, energy: Floats, free: Floats, room: Floats) -> int:
    """Put back each old timeline that may be, fits, and costs at most `share` more."""
    load, kept = np.zeros(energy.shape), 0
    for j in range(rows.shape[0]):
        if not (rows[j] != old[j]).any() or not _may(a, j, rows[j], old[j]):
            continue
        take(a, j, rows[j], -1.0, free, room)
        close = _cost(a, j, old[j], energy, load) <= _cost(a, j, rows[j], energy, load) * (1.0 + share)
        if close and fits(a, j, old[j], free, room):
            rows[j] = old[j]
            kept += 1
        take(a, j, rows[j], 1.0, free, room)
    return kept


ALL_SHARE = 0.4
"""Of the share that one timeline may cost more, what the whole plan may."""

PASSES = 3


def keep_close(problem: Problem, solution: Solution, last: Solution, elapsed: int, share: float) -> Solution:
    """`solution` with every timeline of `last`, whose slot `elapsed` is now slot 0, that is still sound,
    begins no change now that the new one does not, and costs at most `share` more."""
    a, energy = solution.built.arrays, solution.prices.energy
    _, old = carried(solution.built, last, elapsed)
    rows = solution.rows.copy()
    if not _all(a, rows, old, share * ALL_SHARE, energy):
        state = open_state(a, rows, energy)
        for _ in range(PASSES):
            if _each(a, rows, old, share, energy, state.free, state.room) == 0:
                break
    if (rows == solution.rows).all():
        return solution
    best = weighed(a, open_sites(problem, a), rows)
    return replace(
        solution, rows=rows, grams=best.grams, bound=min(solution.bound, best.grams),
        dispatch=best.dispatch, load_kwh=best.load, left=tuple(int(n) for n in best.left),
    )  # fmt: skip
