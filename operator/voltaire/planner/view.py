"""One workload's part of a plan, as its explanation needs it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voltaire.planner.alternatives import Alternatives
from voltaire.planner.case import Case, Place
from voltaire.planner.changes import Change
from voltaire.planner.ground import Ground
from voltaire.planner.joint.arrays import Floats
from voltaire.planner.outcome import Outcome, Stretch
from voltaire.planner.sites import Fleet
from voltaire.planner.terms import Terms
from voltaire.planner.words import intensity


@dataclass(frozen=True, slots=True)
class View:
    """`index`: its row in the solution; `refused`: the change that is not made now."""

    fleet: Fleet
    ground: Ground
    alternatives: Alternatives
    index: int
    case: Case
    terms: Terms
    outcome: Outcome
    refused: Change | None

    @property
    def first(self) -> Stretch | None:
        return self.outcome.first

    @property
    def now(self) -> Place | None:
        """Where it runs from now on."""
        return self.outcome.now

    @property
    def late(self) -> bool:
        """Whether it misses the user's deadline."""
        return self.terms.missed(self.outcome)

    @property
    def blind(self) -> bool:
        """Whether it uses a cluster of unknown intensity."""
        return any(not self.known(stretch.place.cluster) for stretch in self.outcome.stretches)

    def known(self, cluster: str) -> bool:
        return self.fleet.sites[cluster].known

    def effective(self, cluster: str, begin: float, end: float) -> float:
        """Mean g/kWh of a site's energy from `begin` to `end`, seconds from now."""
        return self.ground.reckoner.energy[cluster].between(begin, min(end, self.fleet.time.horizon))

    def at(self, stretch: Stretch) -> str:
        """`paris: 31 g/kWh`."""
        name = stretch.place.cluster
        if not self.known(name):
            return f"{name}: intensity unknown"
        return f"{name}: {intensity(self.effective(name, stretch.start, stretch.end))}"

    def room_now(self, place: Place) -> bool:
        """Whether nobody holds the place in the first slot."""
        w, ground = self.case.workload, self.ground
        free = ground.free[ground.pool(place), 0] >= w.accelerators - 1e-6
        return bool(free and ground.room[ground.clusters[place.cluster], 0] >= place.facility_kw - 1e-6)

    def column(self, values: Floats, place: Place) -> float:
        """Its value of an array of `alternatives` at a place."""
        return float(values[self.index, self.ground.pool(place)])

    def best_other(self) -> tuple[Place, float] | None:
        """The cheapest place in another cluster, and what all of the work would emit there, move included."""
        own = self.case.own
        places = [
            p
            for p in self.case.choices(self.fleet)
            if self.case.can_migrate and (own is None or p.cluster != own.cluster) and self.known(p.cluster)
        ]
        costs = np.array([self.column(self.alternatives.grams, p) for p in places])
        if not len(costs) or not np.isfinite(costs).any():
            return None
        best = int(costs.argmin())
        return places[best], float(costs[best])
