"""What a baseline sees at one call: places, what they would emit, what room is left, how much time there is.

Emissions are ranked per second of work (intensity x PUE x power / throughput), so that clusters that differ
only in their grid rank by intensity alone, as in the papers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from voltaire.api.values import Series
from voltaire.fleet.snapshot import ClusterView, Snapshot, WorkloadView
from voltaire.planner.case import Place, is_lasting
from voltaire.planner.eligibility import fitting_types
from voltaire.planner.sites import ranked_basis
from voltaire.planner.supply import known_intensity
from voltaire.twin.baselines.grid import Floats, TimeGrid, time_grid
from voltaire.twin.baselines.places import Places, place_of
from voltaire.twin.baselines.room import Room

PATIENCE = timedelta(hours=24)
"""How long work without a deadline waits at most: the longest waiting time of GAIA's queues."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds that a stop, a start in place and a start elsewhere take from a workload."""

    stop: float
    restart: float
    move: float


class Scene:
    """One moment. `grids`: g/kWh by cluster for each slot that is left, without those whose intensity is
    unknown or of another basis; `room`: what is free now, kept up to date while decisions are made."""

    def __init__(
        self, snapshot: Snapshot, now: datetime, past: Mapping[str, Series], places: Places | None = None
    ) -> None:
        self.snapshot, self.now, self.past = snapshot, now, past
        self.time: TimeGrid = time_grid(snapshot, now)
        self.names = sorted(snapshot.clusters)
        self.workloads = sorted(snapshot.workloads.values(), key=lambda w: (w.arrival, w.key, w.uid))
        self.grids = self._grids()
        self._places = Places() if places is None else places
        self._places.open(snapshot.clusters)
        self.room = Room(snapshot.clusters, self.own_place)
        for w in self.workloads:
            self.room.occupy(w)

    def _grids(self) -> dict[str, Floats]:
        basis, _ = ranked_basis(self.snapshot.clusters)
        found = {}
        for name, view in self.snapshot.clusters.items():
            known = known_intensity(view, self.snapshot.slots) if basis is not None else None
            if known is not None and view.basis == basis:
                found[name] = known[self.time.first : self.snapshot.slots]
        return found

    @property
    def slot_begin(self) -> datetime:
        """When the current slot began."""
        return self.snapshot.start + self.time.first * self.snapshot.slot

    @property
    def slot_index(self) -> int:
        """The current slot, counted from 1970: the same slot keeps its number from snapshot to snapshot."""
        return int(self.slot_begin.timestamp() // self.snapshot.slot.total_seconds())

    @property
    def until_next(self) -> float:
        """Seconds until the next decision for sure: the next slot boundary."""
        return float(self.time.end[0])

    def view(self, name: str) -> ClusterView:
        """A cluster by name."""
        return self.snapshot.clusters[name]

    def own_place(self, w: WorkloadView) -> Place | None:
        """The place a workload occupies, None while it occupies none that is known."""
        view = self.snapshot.clusters.get(w.cluster) if w.cluster is not None else None
        if view is None:
            return None
        kind = w.accelerator_type if w.accelerators else None
        if kind is None and w.accelerators:
            fits = fitting_types(w, view)
            kind = fits[0] if fits else next(iter(sorted(view.capacity)), None)
        return place_of(w, view, kind)

    def places(self, w: WorkloadView) -> tuple[Place, ...]:
        """Where it may be started or moved to, capacity aside, its home first and then by name. What has a
        checkpoint somewhere stays there unless it may migrate."""
        return self._places.of(w).all

    def local(self, w: WorkloadView) -> tuple[Place, ...]:
        """Where a policy that never changes clusters runs it: where it or its checkpoint is; else at home;
        else, where it has no home it could ever run in, any allowed cluster, by name."""
        return self._places.of(w).local

    def intensity(self, place: Place) -> Floats | None:
        """g/kWh of its grid for each slot that is left."""
        return self.grids.get(place.cluster)

    def grams(self, place: Place, slot: int = 0) -> float:
        """g per second of work; infinite where the intensity is unknown."""
        grid = self.grids.get(place.cluster)
        return float("inf") if grid is None else place.facility_kw * float(grid[slot]) / 3600.0 / place.rate

    def costs(self, w: WorkloadView) -> Costs:
        """What its stops and starts take, in seconds."""
        transfer = w.checkpoint_gb / w.policy.gb_per_hour * 3600.0
        started = w.cluster is not None or w.data_cluster is not None
        restore = w.restore_seconds if started else 0.0
        return Costs(w.at_risk_seconds, restore, w.restore_seconds + transfer)

    def due(self, w: WorkloadView) -> float:
        """Seconds from now by which it must be done: its deadline, else the end of patience."""
        if w.deadline is not None:
            return self.time.seconds(w.deadline)
        return self.time.seconds(w.arrival + PATIENCE) + work_seconds(w)

    def spare(self, w: WorkloadView, place: Place | None = None) -> float:
        """Seconds it can still do nothing and be in time, if it then runs through at `place`, its restart
        there included. Negative: too late already."""
        rate = place.rate if place is not None else 1.0
        need = work_seconds(w) / rate
        if w.cluster is None:
            costs = self.costs(w)
            away = place is not None and w.data_cluster not in (None, place.cluster)
            need += costs.move if away else costs.restart
        return self.due(w) - max(0.0, self.time.seconds(w.earliest_start)) - need

    def pressing(self, w: WorkloadView, place: Place | None = None) -> bool:
        """Whether waiting for the next slot would be too late."""
        return self.spare(w, place) < self.until_next

    def may_pause(self, w: WorkloadView, place: Place) -> bool:
        """Whether it may be stopped now, and could wait for the next slot and still be in time."""
        if w.mode == "Never" or not self.settled(w):
            return False
        lost = self.costs(w)
        return self.spare(w, place) - lost.stop / place.rate - w.restore_seconds >= self.until_next

    def settled(self, w: WorkloadView) -> bool:
        """Whether its minimum residence is over."""
        return w.last_change is None or self.now >= w.last_change + w.minimum_residence

    def fixed(self, w: WorkloadView) -> bool:
        """Whether nothing may be decided about it: a change is under way, or where it is cannot be reached,
        or it is a server that runs."""
        if not w.movable:
            return True
        if w.cluster is None:
            return False
        view = self.snapshot.clusters.get(w.cluster)
        return view is None or not view.reachable or is_lasting(w)


def work_seconds(w: WorkloadView) -> float:
    """Work that is left, seconds at throughput 1; 0 for what has no known end."""
    return w.remaining_seconds or 0.0


def mean_or_inf(values: Floats | None) -> float:
    """The mean; infinite where nothing is known."""
    return float("inf") if values is None or not len(values) else float(np.mean(values))
