"""The fleet as arrays: pools, grids, capacities and limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voltaire.planner.joint.arrays import Bools, Floats
from voltaire.planner.joint.problem import Cluster, Problem

UNLIMITED = 1e12
"""Capacity of the pool of what needs no accelerators."""

_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Pool:
    """A cluster and an accelerator type ('' for work without accelerators)."""

    cluster: str
    kind: str


class FleetArrays:
    """The fleet's part of `Arrays`, and what the workloads' rows are made from."""

    def __init__(self, problem: Problem) -> None:
        self.problem, self.pools = problem, _pools(problem)
        pools = self.pools
        slots, clusters = problem.slots, problem.clusters
        index = {c.name: i for i, c in enumerate(clusters)}
        self.pool_cluster = np.array([index[p.cluster] for p in pools], dtype=np.int64)
        self.grid = np.array([_rate_of_grid(c, problem) for c in clusters])
        self.pue = np.array([c.pue for c in clusters], dtype=np.float64)
        self.limit = np.array([_limit(c, slots) for c in clusters])
        self.capacity = np.array([_capacity(clusters[index[p.cluster]], p.kind, slots) for p in pools])
        self.capacity = self.capacity.reshape((len(pools), slots))
        named = [clusters[index[p.cluster]].accelerator_kw.get(p.kind) for p in pools]
        self.accelerator_kw = np.array([np.nan if kw is None else kw for kw in named], dtype=np.float64)
        self.names = np.array([p.cluster for p in pools])
        self.kinds = np.array([p.kind for p in pools])
        self.mean_grid = self.grid.mean(axis=1)[self.pool_cluster] if pools else np.zeros(0)
        self.pool_pue = self.pue[self.pool_cluster] if pools else np.zeros(0)
        self.pool_limit = self.limit[self.pool_cluster]
        self.index, self.dearest = index, float(self.grid.max(initial=0.0))
        self.steady = bool(
            (self.capacity == self.capacity[:, :1]).all() and (self.limit == self.limit[:, :1]).all()
        )

    def fits(self, gang: int, kw: Floats) -> Bools:
        """Pools (P,) that have room for a gang that draws `kw` (P,), in some slot."""
        if self.steady:
            return (self.capacity[:, 0] >= gang) & (self.pool_limit[:, 0] >= kw - _TINY)
        found = (self.capacity >= gang) & (self.pool_limit >= kw[:, None] - _TINY)
        return np.asarray(found.any(axis=1))


def _pools(problem: Problem) -> list[Pool]:
    """By cluster; those for work without accelerators last, where there is such work."""
    cpu = any(w.accelerators == 0 for w in problem.workloads)
    pools = [Pool(c.name, kind) for c in problem.clusters for kind in sorted(c.capacity) if kind]
    return pools + [Pool(c.name, "") for c in problem.clusters if cpu]


def _rate_of_grid(c: Cluster, problem: Problem) -> Floats:
    """g per kWh from the grid, what it costs included; never below zero."""
    carbon = np.array(c.grams_per_kwh, dtype=np.float64)
    if not c.price_per_kwh:
        return carbon
    return np.maximum(0.0, carbon + problem.grams_per_money * np.array(c.price_per_kwh, dtype=np.float64))


def _limit(c: Cluster, slots: int) -> Floats:
    if c.limit_kw is None:
        return np.full(slots, np.inf)
    return np.maximum(0.0, np.broadcast_to(np.asarray(c.limit_kw, dtype=np.float64), (slots,)) - c.host_kw)


def _capacity(c: Cluster, kind: str, slots: int) -> Floats:
    count = c.capacity[kind] if kind else UNLIMITED
    return np.array(np.broadcast_to(np.asarray(count, dtype=np.float64), (slots,)))
