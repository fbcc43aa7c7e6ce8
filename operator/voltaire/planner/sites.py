"""What is left of every site while a plan is made: accelerators, power, and what the next kWh carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from voltaire.api.gridzone import Basis
from voltaire.fleet.snapshot import ClusterView, Snapshot
from voltaire.planner.grid import Bools, Floats, Ints, TimeGrid, time_grid
from voltaire.planner.reasons import Reason
from voltaire.planner.supply import Tier, grams_per_hour, known_intensity, tiers


@dataclass(slots=True)
class Site:
    """A cluster during planning. `grid` is None where its intensity is unknown or cannot be compared.

    `load_kw` is facility power already taken, host overhead included; `power_left_kw` what the limit leaves;
    `free` accelerators by type. All per slot.
    """

    view: ClusterView
    grid: Floats | None
    sources: tuple[Tier, ...]
    load_kw: Floats
    power_left_kw: Floats
    free: dict[str, Ints]

    def grams_per_hour(self, facility_kw: float) -> Floats | None:
        """What another `facility_kw` would emit, g/h per slot, through the marginal source of each slot."""
        if self.grid is None:
            return None
        if not self.sources:
            return facility_kw * self.grid
        before = grams_per_hour(self.load_kw, self.sources, self.grid)
        return grams_per_hour(self.load_kw + facility_kw, self.sources, self.grid) - before

    def open(self, kind: str | None, accelerators: int, facility_kw: float) -> Bools:
        """In which slots a gang of `accelerators` of type `kind` still fits."""
        fits = self.power_left_kw >= facility_kw - 1e-9
        if kind is not None:
            fits = fits & (self.free[kind] >= accelerators)
        return fits

    def take(self, slots: slice, kind: str | None, accelerators: int, facility_kw: float) -> None:
        """Reserve for a gang; negative amounts give back."""
        if kind is not None:
            if kind not in self.free:
                self.free[kind] = np.zeros(len(self.load_kw), dtype=np.int64)
            self.free[kind][slots] -= accelerators
        self.load_kw[slots] += facility_kw
        self.power_left_kw[slots] -= facility_kw


@dataclass(slots=True)
class Fleet:
    """Every site, and whether intensities may be compared. `frozen` says why not, empty when they may."""

    time: TimeGrid
    sites: dict[str, Site]
    frozen: str
    migrations_recent: int
    migrations_active: int

    @property
    def worst(self) -> float:
        """The highest grid intensity in view, g/kWh; 1 where nothing is known."""
        known = [float(site.grid.max()) for site in self.sites.values() if site.grid is not None]
        return max(known, default=1.0)


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
    """The whole fleet with nothing reserved yet."""
    time = time_grid(snapshot, now)
    basis, mixed = ranked_basis(snapshot.clusters)
    sites = {}
    for name in sorted(snapshot.clusters):
        view = snapshot.clusters[name]
        sites[name] = _site(view, time, snapshot.slots, basis is not None and view.basis == basis)
    frozen = Reason.MIXED_BASIS if mixed else Reason.SIGNALS_STALE if basis is None else ""
    return Fleet(time, sites, frozen, snapshot.migrations_recent, snapshot.migrations_active)


def _site(view: ClusterView, time: TimeGrid, slots: int, comparable: bool) -> Site:
    count = time.count
    known = known_intensity(view, slots) if comparable else None
    grid = None if known is None else known[time.first : slots]
    return Site(
        view,
        grid,
        () if grid is None else tiers(view, grid, time.hours),
        np.full(count, float(view.host_overhead_kw)),
        np.full(count, np.inf if view.limit_kw is None else float(view.limit_kw)),
        {kind: np.full(count, number, dtype=np.int64) for kind, number in view.capacity.items()},
    )
