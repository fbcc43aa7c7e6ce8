"""All sites of a problem: which have sun or batteries, what loads cost, what their energy is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voltaire.planner.joint.arrays import Arrays, Floats
from voltaire.planner.joint.meters import Meters
from voltaire.planner.joint.problem import Cluster, Problem
from voltaire.planner.joint.program import Program
from voltaire.planner.joint.sites import Dispatch, Site
from voltaire.planner.joint.store import Store


@dataclass(slots=True)
class Sites:
    """`dispatched`: by cluster index, the sites with sun or batteries; `idle`: what each costs with no
    workload. All other sites simply buy from the grid."""

    problem: Problem
    arrays: Arrays
    dispatched: dict[int, Site]
    idle: dict[int, float]
    most: Floats

    def serve(self, load: Floats) -> dict[int, Dispatch]:
        """How each site with sun or batteries serves `load` (C, K), kWh of workloads."""
        host = self.arrays.host_kw * self.arrays.slot_hours
        return {c: site.serve(load[c] + host[c]) for c, site in self.dispatched.items()}

    def grams(self, load: Floats, served: dict[int, Dispatch]) -> float:
        """What workloads' energy emits beyond what the hosts do anyway, g."""
        plain = [c for c in range(len(load)) if c not in self.dispatched]
        total = float((load[plain] * self.arrays.grid[plain]).sum())
        return total + sum(dispatch.grams - self.idle[c] for c, dispatch in served.items())

    def prices(self, served: dict[int, Dispatch], before: Floats, weight: float) -> Floats:
        """g per kWh at each site (C, K): the grid's rate, or the dispatch's marginal price mixed into
        `before`. Never above the grid's rate, at which more can always be bought."""
        energy = before.copy()
        for c, dispatch in served.items():
            mixed = (1 - weight) * before[c] + weight * dispatch.price
            energy[c] = np.clip(mixed, 0.0, self.arrays.grid[c])
        return energy

    def meters(self, load: Floats, served: dict[int, Dispatch]) -> Meters:
        """What the search weighs moves with, from a plan's `load` (C, K) and how it is served."""
        a, shape = self.arrays, load.shape
        found = Meters(
            np.zeros(shape[0], dtype=np.bool_), np.zeros(shape), np.zeros(shape[0]), np.zeros((shape[0], 9)),
            a.host_kw * a.slot_hours, load.copy(), np.zeros(shape[0]),
        )  # fmt: skip
        for c, site in self.dispatched.items():
            if isinstance(site, Store):
                found.exact[c], found.sun[c], found.solar_grams[c] = True, site.sun, site.solar_grams
                found.limits[c], found.grams[c] = site.limits, served[c].grams
        return found

    @property
    def exact(self) -> bool:
        """Whether moves are weighed exactly at all sites."""
        return all(isinstance(site, Store) for site in self.dispatched.values())

    def least(self, energy: Floats) -> float:
        """The sites' term of the bound at the prices `energy` (C, K), g."""
        host = self.arrays.host_kw * self.arrays.slot_hours
        return sum(
            site.least(energy[c], float(host[c]), self.most[c])[0] - self.idle[c]
            for c, site in self.dispatched.items()
        )

    def wanting(self, energy: Floats, load: Floats) -> Floats:
        """How much more `load` (C, K) takes than the sites sell at the prices `energy`, kWh; 0 at plain
        sites."""
        host = self.arrays.host_kw * self.arrays.slot_hours
        found = np.zeros(load.shape)
        for c, site in self.dispatched.items():
            _, sold = site.least(energy[c], float(host[c]), self.most[c])
            # At the grid's own rate a site sells as much as is wanted.
            dear = energy[c] >= self.arrays.grid[c] * (1 - 1e-9)
            found[c] = load[c] - np.where(dear, np.maximum(sold, load[c]), sold)
        return found


def open_sites(problem: Problem, a: Arrays) -> Sites:
    """Build each site once."""
    with_energy = {i: c for i, c in enumerate(problem.clusters) if c.batteries or any(c.solar_kw)}
    dispatched = {i: open_site(c, a.grid[i], a.slot_hours) for i, c in with_energy.items()}
    idle = {
        i: site.serve(np.full(a.slots, a.host_kw[i] * a.slot_hours)).grams for i, site in dispatched.items()
    }
    return Sites(problem, a, dispatched, idle, _most(a))


def open_site(cluster: Cluster, rate: Floats, slot_hours: float) -> Site:
    """A site at the grid's `rate` (slots,), g per kWh."""
    several = len(cluster.batteries) > 1
    return Program(cluster, rate, slot_hours) if several else Store(cluster, rate, slot_hours)


def _most(a: Arrays) -> Floats:
    """The most that workloads could draw in a slot (C, K), kWh: by their number, by accelerators, by the
    limit."""
    most = np.zeros(a.grid.shape)
    for p, c in enumerate(a.pool_cluster):
        able = a.rate[:, p] > 0
        kw, gang = a.kw[able, p], a.gang[able]
        each = float((kw[gang > 0] / gang[gang > 0]).max(initial=0.0))
        most[c] += np.minimum(kw.sum(), a.capacity[p] * each + kw[gang == 0].sum())
    return np.minimum(most, a.limit) * a.slot_hours
