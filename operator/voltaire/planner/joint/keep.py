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
from voltaire.planner.joint.state import open_state, totals
from voltaire.planner.joint.trace import account, take
from voltaire.planner.joint.warm import carried


@kernel
def _keep(a: Arrays, rows: Rows, old: Rows, share: float, energy: Floats, free: Floats, room: Floats) -> int:
    """Put back each old timeline that begins as the new one does, fits, and costs at most `share` more."""
    load, kept = np.zeros(energy.shape), 0
    for j in range(rows.shape[0]):
        same, empty = True, True
        for k in range(rows.shape[1]):
            same = same and rows[j, k] == old[j, k]
            empty = empty and old[j, k] < 0
        if same or empty or rows[j, 0] != old[j, 0]:
            continue
        take(a, j, rows[j], -1.0, free, room)
        fits = True
        for k in range(rows.shape[1]):
            p = old[j, k]
            if p >= 0 and (free[p, k] < a.gang[j] - 1e-6 or room[a.pool_cluster[p], k] < a.kw[j, p] - 1e-6):
                fits = False
                break
        new, more, _ = account(a, j, rows[j], energy, 1.0, load)
        before, extra, _ = account(a, j, old[j], energy, 1.0, load)
        if fits and before + extra <= (new + more) * (1.0 + share):
            rows[j] = old[j]
            kept += 1
        take(a, j, rows[j], 1.0, free, room)
    return kept


def keep_close(problem: Problem, solution: Solution, last: Solution, elapsed: int, share: float) -> Solution:
    """`solution` with every timeline of `last`, whose slot `elapsed` is now slot 0, that is still sound, does
    the same in slot 0 and costs at most `share` more than the new one."""
    a = solution.built.arrays
    _, old = carried(solution.built, last, elapsed)
    rows = solution.rows.copy()
    state = open_state(a, rows, solution.prices.energy)
    if _keep(a, rows, old, share, solution.prices.energy, state.free, state.room) == 0:
        return solution
    load, other, left = totals(a, rows)
    sites = open_sites(problem, a)
    served = sites.serve(load)
    grams = sites.grams(load, served) + float(other.sum())
    return replace(
        solution, rows=rows, grams=grams, bound=min(solution.bound, grams), dispatch=served, load_kwh=load,
        left=tuple(int(n) for n in left),
    )  # fmt: skip
