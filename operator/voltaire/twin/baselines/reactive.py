"""Baselines that look at the present only: they keep no timetable. docs/explanation/baselines.md says where
each comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.case import Place
from voltaire.twin.baselines.base import PAUSE, Baseline
from voltaire.twin.baselines.scene import Scene, mean_or_inf, work_seconds

DAY = 24 * 3600.0
QUANTILE = 0.3


class CarbonAgnostic(Baseline):
    """Starts on arrival: at home if there is room, else in the first allowed cluster by name that has
    room."""

    def starts(self, w: WorkloadView, scene: Scene) -> Sequence[Place]:
        return scene.places(w)


class LowestMeanStay(Baseline):
    """Starts on arrival where the long-run mean is lowest among what has room, and stays to the end."""

    def prepare(self, scene: Scene) -> None:
        self._means = {name: _long_run_mean(scene, name) for name in scene.names}

    def starts(self, w: WorkloadView, scene: Scene) -> Sequence[Place]:
        def mean_grams(place: Place) -> float:
            return self._means[place.cluster] * place.facility_kw / place.rate

        return sorted(scene.places(w), key=mean_grams)


def _long_run_mean(scene: Scene, name: str) -> float:
    """Mean of all that occurred in the zone; of the forecast while less than a day is known."""
    past = scene.past.get(scene.view(name).zone)
    known = [] if past is None else [value for value in past.values if value is not None]
    if past is not None and len(known) * past.step.total_seconds() >= DAY and name in scene.grids:
        return float(np.mean(known))
    return mean_or_inf(scene.grids.get(name))


class GreedyNow(Baseline):
    """Starts on arrival where it emits least now, and moves at every slot boundary to where it emits less,
    with no regard to what the move costs, as long as the deadline allows it."""

    def starts(self, w: WorkloadView, scene: Scene) -> Sequence[Place]:
        return sorted(scene.places(w), key=scene.grams)

    def keep(self, w: WorkloadView, own: Place, scene: Scene) -> Place | None:
        moved_in_slot = w.last_change is not None and w.last_change >= scene.slot_begin
        if w.mode != "Migrate" or w.migrations_left < 1 or moved_in_slot:
            return own
        for place in self.starts(w, scene):
            if scene.grams(place) >= scene.grams(own):
                break
            if (
                place.cluster != own.cluster
                and scene.room.open(w, place)
                and self._worth(w, own, place, scene)
            ):
                return place
        return own

    def _worth(self, w: WorkloadView, own: Place, place: Place, scene: Scene) -> bool:  # noqa: ARG002
        """Whether the deadline leaves time for the move."""
        costs = scene.costs(w)
        finish = (work_seconds(w) + costs.stop) / place.rate + costs.move
        return finish <= scene.due(w)


class GreedyPayback(GreedyNow):
    """As greedy, but moves only where the move pays: at the present intensities, taken to last until the
    work is done, all that the move costs (work lost, transfer, restart) included."""

    def _worth(self, w: WorkloadView, own: Place, place: Place, scene: Scene) -> bool:
        if not super()._worth(w, own, place, scene):
            return False
        left, costs = work_seconds(w), scene.costs(w)
        ends = [float(grid[0]) for grid in (scene.intensity(own), scene.intensity(place)) if grid is not None]
        transfer = w.checkpoint_gb * w.policy.kwh_per_gb * float(np.mean(ends))
        busy = (left + costs.stop) + costs.move * place.rate
        return busy * scene.grams(place) + transfer < left * scene.grams(own)


class Threshold(Baseline):
    """Runs where it is at home, only while the intensity is below the 30th percentile of the next 24 hours,
    and through once its slack has run out."""

    _slot: int | None = None

    def prepare(self, scene: Scene) -> None:
        if self._slot == scene.slot_index:
            return
        self._slot = scene.slot_index
        slots = max(1, round(DAY / scene.time.slot_seconds))
        self._clean = {
            name: bool(grid[0] <= np.quantile(grid[:slots], QUANTILE)) for name, grid in scene.grids.items()
        }

    def starts(self, w: WorkloadView, scene: Scene) -> Sequence[Place]:
        return [place for place in scene.local(w) if self._clean.get(place.cluster, True)]

    def keep(self, w: WorkloadView, own: Place, scene: Scene) -> Place | None:  # noqa: ARG002
        return own if self._clean.get(own.cluster, True) else PAUSE
