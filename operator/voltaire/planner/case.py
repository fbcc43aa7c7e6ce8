"""One workload's choices: where it could run, where it is, and what may be done to it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from voltaire.fleet.power import workload_power_kw
from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.eligibility import Rejection, Rule, fitting_types, rejections
from voltaire.planner.sites import Fleet, Site

UNKNOWN_KIND = "unknown"
"""Stands for the accelerators of what runs where none are counted."""


@dataclass(frozen=True, slots=True)
class Place:
    """A cluster and accelerator type. `rate`: work seconds per second; `facility_kw`: of the whole gang."""

    cluster: str
    kind: str | None
    rate: float
    facility_kw: float


def is_lasting(workload: WorkloadView) -> bool:
    """Whether it has no known end: servers, and work of unknown duration."""
    return workload.type == "Serving" or workload.remaining_seconds is None


@dataclass(frozen=True, slots=True)
class Case:
    """`places`: where it may be started. `own`: where it is, allowed or not. `leaving`: it runs where it
    should not, and may go elsewhere."""

    workload: WorkloadView
    places: tuple[Place, ...]
    rejected: Mapping[str, Rejection | None]
    own: Place | None
    can_migrate: bool
    leaving: bool

    @property
    def lasting(self) -> bool:
        """Whether it has no known end."""
        return is_lasting(self.workload)

    @property
    def remaining(self) -> float:
        """Work left in seconds at throughput 1, at least one: what is not finished has something left."""
        return max(1.0, self.workload.remaining_seconds or 0.0)

    @property
    def transfer_seconds(self) -> float:
        """How long its checkpoint travels; a server's new copy comes up beside the old one."""
        w = self.workload
        return 0.0 if w.type == "Serving" else w.checkpoint_gb / w.policy.gb_per_hour * 3600.0

    @property
    def transfer_kwh(self) -> float:
        """Network energy of one migration."""
        return self.workload.checkpoint_gb * self.workload.policy.kwh_per_gb

    @property
    def restore_seconds(self) -> float:
        return 0.0 if self.workload.type == "Serving" else self.workload.restore_seconds

    @property
    def at_risk_seconds(self) -> float:
        return 0.0 if self.workload.type == "Serving" else self.workload.at_risk_seconds

    @property
    def anchor(self) -> str | None:
        """The cluster that holds its copy or its checkpoint."""
        return self.workload.cluster or self.workload.data_cluster

    @property
    def required(self) -> bool:
        """Whether it has a deadline that must be met."""
        return not self.lasting and self.workload.deadline is not None and self.workload.deadline_required

    def place(self, cluster: str, kind: str) -> Place:
        """The place of that name. Raises LookupError for one that it may not use."""
        here: tuple[Place, ...] = (self.own,) if self.own is not None else ()
        everywhere: tuple[Place, ...] = (*here, *self.places)
        for place in everywhere:
            if place.cluster == cluster and (place.kind or "") == kind:
                return place
        raise LookupError(f"{self.workload.key} may not use {kind or 'processors'} in {cluster}")

    def choices(self, fleet: Fleet, blind: bool = False) -> tuple[Place, ...]:
        """Where it may be started now: at known intensity, or where its checkpoint lies; `blind`: or
        anywhere. What may not migrate starts where its checkpoint lies."""
        data = self.workload.data_cluster if self.own is None else None
        bound = self.anchor is not None and not self.can_migrate
        found = (p for p in self.places if not bound or p.cluster == self.anchor)
        known = fleet.sites
        return tuple(p for p in found if blind or known[p.cluster].known or p.cluster == data)


@dataclass(slots=True)
class Cases:
    """Builds cases; what depends only on the kind of workload is found once."""

    fleet: Fleet
    _found: dict[Hashable, tuple[dict[str, Rejection | None], tuple[Place, ...]]] = field(
        default_factory=dict
    )

    def build(self, w: WorkloadView) -> Case:
        """The case of one workload."""
        selector = w.selector.model_dump_json() if w.selector.model_fields_set else ""
        key = (
            w.namespace, w.accelerators, w.power_kw, tuple(w.throughput.items()), w.residency,
            selector, tuple(w.excluded.items()),
        )  # fmt: skip
        if key not in self._found:
            self._found[key] = self._search(w)
        rejected, places = self._found[key]
        own = own_place(w, self.fleet)
        if own is not None:  # within its cluster it keeps its accelerators
            same = () if rejected[own.cluster] is not None else (own,)
            places = (*(p for p in places if p.cluster != own.cluster), *same)
        movable = w.mode == "Migrate" and w.migrations_left > 0 and self._reachable(w)
        leaving = movable and own is not None and self._should_leave(w, rejected)
        if leaving and own is not None:
            places = tuple(p for p in places if p.cluster != own.cluster)
            leaving = bool(places) and w.movable
        return Case(w, places, rejected, own, movable, leaving)

    def _search(self, w: WorkloadView) -> tuple[dict[str, Rejection | None], tuple[Place, ...]]:
        rejected = rejections(w, {name: site.view for name, site in self.fleet.sites.items()})
        places = (
            place_of(w, site, kind)
            for name, site in self.fleet.sites.items()
            if rejected[name] is None
            for kind in fitting_types(w, site.view)
        )
        return rejected, tuple(places)

    def _reachable(self, w: WorkloadView) -> bool:
        anchor = w.cluster or w.data_cluster
        return anchor is None or (anchor in self.fleet.sites and self.fleet.sites[anchor].view.reachable)

    def _should_leave(self, w: WorkloadView, rejected: Mapping[str, Rejection | None]) -> bool:
        """Its cluster drains, is no longer allowed, or does not get it going."""
        name = w.cluster or ""
        found = rejected[name]
        stuck = found is not None and found.rule is Rule.EXCLUDED and not w.running
        refused = found is not None and found.rule.owner
        return self.fleet.sites[name].view.draining or refused or stuck


def place_of(w: WorkloadView, site: Site, kind: str | None) -> Place:
    """A workload at a cluster on an accelerator type."""
    kw = workload_power_kw(w, site.view, kind)
    rate = w.throughput.get(kind, 1.0) if kind is not None else 1.0
    return Place(site.view.name, kind, rate if rate > 0 else 1.0, kw * site.view.pue)


def own_place(w: WorkloadView, fleet: Fleet) -> Place | None:
    """The place a workload occupies, None while it occupies none that is known."""
    if w.cluster is None or w.cluster not in fleet.sites:
        return None
    site = fleet.sites[w.cluster]
    if w.accelerators == 0:
        return place_of(w, site, None)
    kinds = (w.accelerator_type, *fitting_types(w, site.view), *sorted(site.view.capacity))
    return place_of(w, site, next((kind for kind in kinds if kind is not None), UNKNOWN_KIND))
