"""The fleet as a plan sees it: which intensities are known and may be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from voltaire.api.gridzone import Basis
from voltaire.fleet.snapshot import ClusterView, Snapshot
from voltaire.fleet.uncertainty import error_at
from voltaire.planner.joint.arrays import Floats
from voltaire.planner.rates import Rates
from voltaire.planner.reasons import Reason
from voltaire.planner.slots import PlanTime, plan_time
from voltaire.planner.supply import known_intensity

UNKNOWN_FACTOR = 2.0
"""An unknown intensity is priced at twice the worst that is known: the last resort of a required deadline."""


@dataclass(frozen=True, slots=True)
class Site:
    """A cluster. `grid`: g/kWh on the plan's slots, an estimate where the intensity is not `known` or cannot
    be compared; `rates`: the same to the second; `error`: mean absolute error expected of `grid`, g/kWh."""

    view: ClusterView
    known: bool
    grid: Floats
    rates: Rates
    error: Floats


@dataclass(frozen=True, slots=True)
class Fleet:
    """Every site. `frozen` says why intensities may not be compared, empty when they may. `worst`: the
    highest grid intensity in view, g/kWh; 1 where nothing is known."""

    time: PlanTime
    sites: Mapping[str, Site]
    frozen: str
    worst: float
    migrations_recent: int
    migrations_active: int
    spare_slots: int
    spare_share: float


def ranked_basis(clusters: Mapping[str, ClusterView]) -> tuple[Basis | None, bool]:
    """The basis most known intensities share, and whether bases are mixed without such a majority."""
    counts: dict[Basis, int] = {}
    for cluster in clusters.values():
        if cluster.basis is not None and known_intensity(cluster) is not None:
            same = next((basis for basis in counts if basis == cluster.basis), None)
            counts[same or cluster.basis] = counts.get(same or cluster.basis, 0) + 1
    if not counts:
        return None, False
    best = max(counts.values())
    leaders = [basis for basis, count in counts.items() if count == best]
    return (leaders[0], False) if len(leaders) == 1 else (None, True)


def open_fleet(snapshot: Snapshot, now: datetime) -> Fleet:
    """The fleet at `now`. Raises ValueError as `plan_time` does."""
    time = plan_time(snapshot, now)
    basis, mixed = ranked_basis(snapshot.clusters)
    series = {
        name: known_intensity(view, snapshot.slots) if basis is not None and view.basis == basis else None
        for name, view in sorted(snapshot.clusters.items())
    }
    worst = max((float(s[time.first :].max()) for s in series.values() if s is not None), default=1.0)
    guess = np.full(snapshot.slots, UNKNOWN_FACTOR * worst)
    sites = {name: _site(snapshot.clusters[name], time, known, guess) for name, known in series.items()}
    frozen = Reason.MIXED_BASIS if mixed else Reason.SIGNALS_STALE if basis is None else ""
    return Fleet(
        time, sites, frozen, worst, snapshot.migrations_recent, snapshot.migrations_active,
        snapshot.spare_slots, snapshot.spare_share,
    )  # fmt: skip


def _site(view: ClusterView, time: PlanTime, known: Floats | None, guess: Floats) -> Site:
    values = (guess if known is None else known)[: time.first + time.count]
    rates = Rates(values[time.first :], time.past, time.slot_seconds)
    grid = time.onto(values)
    shares = error_at(view, (np.arange(time.count) + 0.5) * time.slot_hours)
    return Site(view, known is not None, grid, rates, grid * shares)
