"""A solution as the fleet's ground: what is left of it, what its room is worth, what its energy carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from voltaire.planner.case import Case, Place
from voltaire.planner.joint import Solution
from voltaire.planner.joint.arrays import Floats
from voltaire.planner.joint.mixture import mixed
from voltaire.planner.joint.sites import Dispatch
from voltaire.planner.joint.state import open_state
from voltaire.planner.outcome import Reckoner, Run
from voltaire.planner.rates import Rates
from voltaire.planner.sites import Fleet


@dataclass(frozen=True, slots=True)
class Ground:
    """Arrays by pool or cluster and slot: `free` accelerators and `room` kW that nobody holds; `marginal`:
    g/kWh of one kWh more; `hold`, `draw`: sums of the congestion prices up to each slot, one column more than
    slots, in g per accelerator and g per facility kW. `pools`, `clusters`: their indices."""

    solution: Solution
    reckoner: Reckoner
    pools: Mapping[tuple[str, str], int]
    clusters: Mapping[str, int]
    free: Floats
    room: Floats
    marginal: Floats
    hold: Floats
    draw: Floats

    def pool(self, place: Place) -> int:
        return self.pools[place.cluster, place.kind or ""]

    def congestion(self, place: Place, accelerators: int, first: int, last: int) -> float:
        """What holding a place in slots [first, last) is worth to others, g."""
        hold, draw = self.hold[self.pool(place)], self.draw[self.clusters[place.cluster]]
        return float(
            accelerators * (hold[last] - hold[first]) + place.facility_kw * (draw[last] - draw[first])
        )


def survey(fleet: Fleet, solution: Solution) -> Ground:
    """The ground after a solution."""
    built, prices = solution.built, solution.prices
    state = open_state(built.arrays, solution.rows, prices.energy)
    clusters = {name: i for i, name in enumerate(built.clusters)}
    marginal = np.array([fleet.sites[name].grid for name in built.clusters])
    energy = {}
    for c, dispatch in solution.dispatch.items():
        site = fleet.sites[built.clusters[c]]
        marginal[c] = np.clip(dispatch.price, 0.0, site.grid)
        mix = mixture(fleet, site.view.name, dispatch)
        energy[site.view.name] = Rates(mix, 0.0, fleet.time.slot_seconds)
    return Ground(
        solution, Reckoner(fleet, energy),
        {(pool.cluster, pool.kind): i for i, pool in enumerate(built.pools)}, clusters,
        state.free, state.room, marginal, _sums(prices.hold), _sums(prices.draw),
    )  # fmt: skip


def _sums(prices: Floats) -> Floats:
    return np.concatenate((np.zeros((len(prices), 1)), np.cumsum(prices, axis=1)), axis=1)


def mixture(fleet: Fleet, name: str, dispatch: Dispatch) -> Floats:
    """g/kWh of what a site draws, by slot: grid, sun and batteries as they are mixed then. What is stored
    keeps what it was charged with."""
    site = fleet.sites[name]
    batteries = site.view.batteries
    solar = max((b.solar_grams_per_kwh for b in batteries if any(b.solar_kw)), default=0.0)
    held = np.array([min(b.energy_kwh, b.capacity_kwh) for b in batteries])
    carbon, kept, given, wear = (
        np.array([getattr(b, of) for b in batteries], dtype=np.float64)
        for of in ("stored_grams_per_kwh", "charge_efficiency", "discharge_efficiency", "wear_grams_per_kwh")
    )
    return mixed(site.grid, dispatch.price, solar, dispatch.grid, dispatch.sun, dispatch.charge,
                 dispatch.discharge, held, carbon, kept, given, wear)  # fmt: skip


def all_runs(fleet: Fleet, solution: Solution, cases: Sequence[Case]) -> list[list[Run]]:
    """Every workload's timeline in seconds. `cases` in the order of the solution's rows."""
    rows, slot = solution.rows, fleet.time.slot_seconds
    count, slots = rows.shape
    edged = np.full((count, slots + 2), -1, dtype=np.int64)
    edged[:, 1:-1] = rows
    found: list[list[Run]] = [[] for _ in range(count)]
    jobs, cuts = np.nonzero(edged[:, 1:] != edged[:, :-1])
    after = edged[jobs, cuts + 1]
    for i in np.flatnonzero(after >= 0):
        pool = solution.built.pools[int(after[i])]
        place = cases[jobs[i]].place(pool.cluster, pool.kind)
        found[jobs[i]].append((place, float(cuts[i]) * slot, float(cuts[i + 1]) * slot))
    return found
