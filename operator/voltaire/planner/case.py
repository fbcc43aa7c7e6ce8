"""One workload's problem as arrays: where it could run, what each slot would emit, what is open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voltaire.fleet.power import workload_power_kw
from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.eligibility import Rejection, fitting_types, rejections
from voltaire.planner.grid import Bools, Floats
from voltaire.planner.sites import Fleet, Site

DRAIN_GRAMS_PER_HOUR = 1e7
"""Virtual price of staying where it should leave: above any real emission, below any impossibility."""

UNKNOWN_FACTOR = 2.0
"""An unknown intensity is priced at twice the worst that is known: the last resort of a required deadline."""


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster and accelerator type. `rate`: work seconds per second; `facility_kw`: of the whole gang."""

    cluster: str
    kind: str | None
    rate: float
    facility_kw: float


@dataclass(slots=True)
class Case:
    """All arrays are (slots, places) unless they say otherwise.

    `gph`: marginal g per hour at work. `grid`: grid g/kWh, for transfers. `open`: capacity for it.
    `start_ok` and `known` are per place: whether it may be started there, whether the intensity is known.
    `surcharge`: virtual g per hour per place. `begin`, `usable`: seconds per slot, after its earliest start.
    `own`: index of the place where it is, or None. `data`: places in the cluster where its checkpoint lies.
    """

    workload: WorkloadView
    places: tuple[Place, ...]
    rejected: dict[str, Rejection | None]
    gph: Floats
    grid: Floats
    open: Bools
    start_ok: Bools
    known: Bools
    surcharge: Floats
    rate: Floats
    begin: Floats
    end: Floats
    usable: Floats
    own: int | None
    data: tuple[int, ...]

    @property
    def remaining(self) -> float:
        """Work left in seconds at throughput 1, at least one: what is not finished has something left.

        Raises ValueError where it is unknown.
        """
        if self.workload.remaining_seconds is None:
            raise ValueError(f"{self.workload.key} has no known duration")
        return max(1.0, self.workload.remaining_seconds)

    @property
    def transfer_seconds(self) -> float:
        """How long its checkpoint travels."""
        return self.workload.checkpoint_gb / self.workload.policy.gb_per_hour * 3600.0

    @property
    def transfer_kwh(self) -> float:
        """Network energy of one migration."""
        return self.workload.checkpoint_gb * self.workload.policy.kwh_per_gb

    @property
    def anchor(self) -> str | None:
        """The cluster that holds its copy or its checkpoint."""
        return self.workload.cluster or self.workload.data_cluster

    def cheapest_rate(self, bound: bool) -> Floats:
        """Per slot, g per second of work at the cheapest place that may be used, capacity aside. `bound`: it
        stays where it, or its checkpoint, is."""
        anchored = [i for i in (self.own, *self.data) if i is not None]
        usable = np.zeros_like(self.start_ok) if bound and anchored else self.start_ok.copy()
        usable[anchored] = True
        usable &= self.known
        if not usable.any():
            usable[:] = True
        return np.asarray((self.gph / 3600.0 / self.rate)[:, usable].min(axis=1))


def _places(workload: WorkloadView, fleet: Fleet, rejected: dict[str, Rejection | None]) -> list[Place]:
    """Every place it may be started at, and the one where it is or where its data lie, allowed or not."""
    places = []
    for name, site in fleet.sites.items():
        kinds: tuple[str | None, ...] = ()
        if name == workload.cluster:
            kinds = (_own_kind(workload, site, fitting_types(workload, site.view)),)
        elif rejected[name] is None:
            kinds = fitting_types(workload, site.view)
        if name == workload.data_cluster and not kinds and workload.cluster is None:
            kinds = (next(iter(sorted(site.view.capacity)), None),)
        places += [_place(workload, site, kind) for kind in dict.fromkeys(kinds)]
    return places


def _own_kind(workload: WorkloadView, site: Site, kinds: tuple[str | None, ...]) -> str | None:
    if workload.accelerator_type is not None or workload.accelerators == 0:
        return workload.accelerator_type if workload.accelerators else None
    return kinds[0] if kinds else next(iter(sorted(site.view.capacity)), None)


def _place(workload: WorkloadView, site: Site, kind: str | None) -> Place:
    kw = workload_power_kw(workload, site.view, kind)
    rate = workload.throughput.get(kind, 1.0) if kind is not None else 1.0
    return Place(site.view.name, kind, rate if rate > 0 else 1.0, kw * site.view.pue)


def own_place(workload: WorkloadView, fleet: Fleet) -> Place | None:
    """The place a workload occupies, None while it occupies none that is known."""
    if workload.cluster is None or workload.cluster not in fleet.sites:
        return None
    site = fleet.sites[workload.cluster]
    return _place(workload, site, _own_kind(workload, site, fitting_types(workload, site.view)))


def build_case(workload: WorkloadView, fleet: Fleet) -> Case:
    """The arrays of one workload against what is left of the fleet now."""
    views = {name: site.view for name, site in fleet.sites.items()}
    rejected = rejections(workload, views)
    places = tuple(_places(workload, fleet, rejected))
    time, sites = fleet.time, [fleet.sites[place.cluster] for place in places]
    shape = (time.count, len(places))
    gph, grid, fits = np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.bool_)
    unknown = fleet.worst * UNKNOWN_FACTOR
    for i, (place, site) in enumerate(zip(places, sites, strict=True)):
        rate = site.grams_per_hour(place.facility_kw)
        gph[:, i] = place.facility_kw * unknown if rate is None else rate
        grid[:, i] = unknown if site.grid is None else site.grid
        if place.kind is None or place.kind in site.free:
            fits[:, i] = site.open(place.kind, workload.accelerators, place.facility_kw)
    here = own_place(workload, fleet)
    own = places.index(here) if here in places else None
    earliest = np.maximum(time.begin, time.seconds(workload.earliest_start) if own is None else 0.0)
    start_ok = np.array([rejected[place.cluster] is None for place in places], dtype=np.bool_)
    leave = [own == i and _should_leave(rejected, site) for i, site in enumerate(sites)]
    return Case(
        workload, places, rejected, gph, grid, fits, start_ok,
        np.array([site.grid is not None for site in sites], dtype=np.bool_),
        np.array([DRAIN_GRAMS_PER_HOUR if go else 0.0 for go in leave], dtype=np.float64),
        np.array([place.rate for place in places], dtype=np.float64),
        np.minimum(earliest, time.end), time.end, np.maximum(0.0, time.end - earliest).round(6), own,
        tuple(i for i, place in enumerate(places) if place.cluster == workload.data_cluster),
    )  # fmt: skip


def _should_leave(rejected: dict[str, Rejection | None], site: Site) -> bool:
    """Whether a running workload should go elsewhere: its cluster drains, or is no longer allowed."""
    found = rejected[site.view.name]
    return site.view.draining or (found is not None and not found.passing and found.rule.owner)
