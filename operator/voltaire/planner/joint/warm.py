"""Starting from the last plan: its prices, and every timeline that is still sound and still fits."""

from __future__ import annotations

import numpy as np

from voltaire.planner.joint.arrays import MIGRATE, NEVER, Arrays, Floats, Ints, Rows, empty_rows
from voltaire.planner.joint.build import Built
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.job import job_of, too_late
from voltaire.planner.joint.prices import Prices
from voltaire.planner.joint.solution import Solution
from voltaire.planner.joint.visits import keep_fitting

NEWS = 0.05
"""A site whose grid has changed by more than this share of its mean forgets its energy prices."""


def carried(built: Built, last: Solution, elapsed: int) -> tuple[Prices, Rows]:
    """The prices of `last` and its timelines, moved `elapsed` slots to the left. Pools, clusters and
    workloads are matched by name; what is new has no price and no timeline.

    Energy prices stand only where a site dispatched (sun, batteries) under much the same grid: elsewhere they
    are the grid's.
    """
    a, old = built.arrays, last.built
    pools = _indices(built.pools, old.pools)
    clusters = _indices(built.clusters, old.clusters)
    energy = np.minimum(_moved(last.prices.energy, clusters, elapsed, a.slots), a.grid)
    before = _moved(last.built.arrays.grid, clusters, elapsed, a.slots)
    news = np.abs(before - a.grid).max(axis=1) > NEWS * a.grid.mean(axis=1)
    stored = np.isin(clusters, list(last.dispatch))
    fresh = (clusters < 0) | news | ~stored
    energy[fresh] = a.grid[fresh]
    # The new slots at the end are priced like the last ones known.
    prices = Prices(
        _moved(last.prices.hold, pools, elapsed, a.slots),
        _moved(last.prices.draw, clusters, elapsed, a.slots),
        energy,
    )
    return prices, _rows(built, last, elapsed)


def _indices(new: tuple[object, ...], old: tuple[object, ...]) -> Ints:
    known = {name: i for i, name in enumerate(old)}
    return np.array([known.get(name, -1) for name in new], dtype=np.int64)


def _moved(values: Floats, index: Ints, elapsed: int, slots: int) -> Floats:
    columns = np.minimum(np.arange(slots) + elapsed, values.shape[1] - 1)
    found = np.zeros((len(index), slots))
    found[index >= 0] = values[index[index >= 0]][:, columns]
    return found


def _rows(built: Built, last: Solution, elapsed: int) -> Rows:
    a, rows = built.arrays, empty_rows(built.arrays)
    jobs = _indices(built.ids, last.built.ids)
    to_new = np.append(_indices(last.built.pools, built.pools), -1).astype(np.int16)
    width = min(a.slots, max(0, last.rows.shape[1] - elapsed))
    known = jobs >= 0
    rows[known, :width] = to_new[last.rows[jobs[known], elapsed : elapsed + width]]
    _keep_sound(a, rows)
    keep_fitting(a, np.arange(a.jobs), rows)
    return rows


@kernel
def _sound(a: Arrays, j: int, row: Rows) -> bool:
    """Whether `row` is a timeline of workload j as it now stands: work done, unless what is left may be left,
    and nothing broken."""
    n, before, data, stopped = a.work[j], a.own[j], a.data[j], 0
    stayed = a.lock[j] - a.held[j]
    for k in range(row.shape[0]):
        p = row[k]
        if n <= 0:
            if p >= 0:
                return False
            continue
        if before >= 0 and p != before:
            if a.mode[j] == NEVER or stayed < a.lock[j]:
                return False
            n, data, stopped = n + a.stop_units[j], a.pool_cluster[before], k
        if p >= 0:
            if k < a.first[j] or k >= a.last[j] or a.rate[j, p] <= 0:
                return False
            if p != before:
                c = a.pool_cluster[p]
                if data >= 0 and a.mode[j] != NEVER and data != c:
                    if a.mode[j] != MIGRATE or k - stopped < a.transfer_slots[j]:
                        return False
                    n += a.transfer_units[j]
                stayed = 0
            if n > a.ceiling[j]:
                return False
            stayed += 1
            if n <= a.rate[j, p] and too_late(job_of(a, j), k, n, a.rate[j, p]):
                return False
            n -= a.rate[j, p]
        before = p
    return bool(n <= 0 or a.miss[j] <= 0)


@kernel
def _keep_sound(a: Arrays, rows: Rows) -> None:
    """Empty every row that is no sound timeline."""
    for j in range(rows.shape[0]):
        if not _sound(a, j, rows[j]):
            rows[j] = -1
