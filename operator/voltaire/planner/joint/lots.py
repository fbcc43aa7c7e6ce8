"""Several cores at one plan: the clusters are dealt out, and each core changes only what is and stays within
its own. They share all arrays and never touch the same place in them. Dealt out anew each time, in the long
run all that could be changed is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voltaire.planner.joint.arrays import Arrays, Ints, Rows
from voltaire.planner.joint.compiled import kernel

CLUSTERS_EACH = 8
"""Clusters that each core must have at least, or one works alone."""


@dataclass(frozen=True, slots=True)
class Lot:
    """One core's part: `arrays` in which workloads may run only within its clusters, and the workloads
    `mine`."""

    arrays: Arrays
    mine: Ints


def deal(a: Arrays, rows: Rows, cores: int, rng: np.random.Generator) -> list[Lot]:
    """A lot for each core; one with everything where there is one core or are few clusters."""
    clusters = len(a.grid)
    if cores < 2 or clusters < CLUSTERS_EACH * cores:
        return [Lot(a, np.arange(a.jobs))]
    of_cluster = rng.permutation(clusters) % cores
    of_pool = of_cluster[a.pool_cluster]
    home = _homes(a, rows, of_pool, of_cluster, int(rng.integers(cores)))
    lots = []
    for i in range(cores):
        rate = np.ascontiguousarray(np.where(of_pool == i, a.rate, 0), dtype=np.int32)
        lots.append(Lot(a._replace(rate=rate), np.flatnonzero(home == i)))
    return [lot for lot in lots if len(lot.mine)]


@kernel
def _homes(a: Arrays, rows: Rows, of_pool: Ints, of_cluster: Ints, salt: int) -> Ints:
    """For each workload the lot in which it is, was and will be, -1 if that is more than one; what has no
    place yet tries its luck in one or the other."""
    found, lots = np.full(rows.shape[0], -1, dtype=np.int64), of_cluster.max() + 1
    for j in range(rows.shape[0]):
        home, one = -1, True
        if a.own[j] >= 0:
            home = of_pool[a.own[j]]
        elif a.data[j] >= 0:
            home = of_cluster[a.data[j]]
        for k in range(a.first[j], a.last[j]):
            p = rows[j, k]
            if p >= 0:
                if home < 0:
                    home = of_pool[p]
                one = one and home == of_pool[p]
        if one:
            found[j] = home if home >= 0 else (j + salt) % lots
    return found
