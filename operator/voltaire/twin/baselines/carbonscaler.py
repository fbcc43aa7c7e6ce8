"""CarbonScaler: scale with the grid. The paper's greedy allocation, and what is left of it for rigid
gangs."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.case import Place, is_lasting
from voltaire.twin.baselines.grid import Floats, Ints
from voltaire.twin.baselines.planned import Planned, needed, span
from voltaire.twin.baselines.scene import Scene


@dataclass(frozen=True, slots=True)
class Level:
    """One scale of an elastic job: workers, work done per hour, kW drawn, all of them together."""

    workers: int
    throughput: float
    kw: float


class DeadlineTooTight(ValueError):
    """The largest scale in every slot does not do the work."""


def allocate(
    profile: Sequence[Level], grams_per_kwh: Sequence[float], work: float, slot_hours: float
) -> list[int]:
    """Workers in each slot such that `work` is done: the paper's greedy marginal allocation.

    `profile` ascends in workers and throughput; its first level is the smallest scale at which the job
    runs. Again and again the slot whose next level gives most throughput per gram (marginal throughput over
    marginal power x intensity) is raised to it, the earliest among equals, until the work is done. Optimal
    where marginal throughput per kW falls from level to level. Raises `DeadlineTooTight`.
    """
    _check(profile)
    levels = [0] * len(grams_per_kwh)
    queue = [(-_value(profile, 0, grams), slot) for slot, grams in enumerate(grams_per_kwh)]
    heapq.heapify(queue)
    left = work
    while left > 1e-9 * max(1.0, work):
        if not queue:
            raise DeadlineTooTight(f"{left:g} of {work:g} of the work does not fit {len(levels)} slots")
        _, slot = heapq.heappop(queue)
        level = levels[slot]
        left -= _gain(profile, level)[0] * slot_hours
        levels[slot] += 1
        if level + 1 < len(profile):
            heapq.heappush(queue, (-_value(profile, level + 1, grams_per_kwh[slot]), slot))
    return [profile[count - 1].workers if count else 0 for count in levels]


def _gain(profile: Sequence[Level], level: int) -> tuple[float, float]:
    """Marginal throughput and power of a level over the one below."""
    here = profile[level]
    below = profile[level - 1] if level else Level(0, 0.0, 0.0)
    return here.throughput - below.throughput, here.kw - below.kw


def _value(profile: Sequence[Level], level: int, grams_per_kwh: float) -> float:
    throughput, kw = _gain(profile, level)
    return float("inf") if kw * grams_per_kwh <= 0 else throughput / (kw * grams_per_kwh)


def _check(profile: Sequence[Level]) -> None:
    if not profile:
        raise ValueError("a scale profile has at least one level")
    for level in range(len(profile)):
        throughput, _ = _gain(profile, level)
        if throughput <= 0:
            raise ValueError(
                f"a scale profile ascends: {profile[level].workers} workers add {throughput:g} of work"
            )


class CarbonScaler(Planned):
    """The twin's gangs are rigid: a profile of one level. The greedy allocation is then suspend and resume in
    the cheapest slots, computed anew at each slot with what is left to do. What must not be suspended has a
    smallest scale above zero: it runs from its arrival on."""

    def pauses(self, w: WorkloadView) -> bool:
        return w.mode != "Never"

    def lacks(self, w: WorkloadView, scene: Scene) -> bool:  # noqa: ARG002
        return not is_lasting(w) and (w.cluster is None or self.pauses(w))

    def choose(self, w: WorkloadView, place: Place, grid: Floats, scene: Scene) -> Ints | None:
        if self.pauses(w):
            return self.pieces(w, place, grid, scene)
        first = int(np.searchsorted(scene.time.begin, scene.time.seconds(w.earliest_start)))
        return span(min(first, scene.time.count - 1), needed(w, place, scene), scene)
