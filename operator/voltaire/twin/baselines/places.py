"""Where a workload may be, found once and kept: it changes only when the workload or a cluster does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from voltaire.fleet.power import workload_power_kw
from voltaire.fleet.snapshot import ClusterView, WorkloadView
from voltaire.planner.case import Place
from voltaire.planner.eligibility import fitting_types, rejection


@dataclass(frozen=True, slots=True)
class Options:
    """`all`: every place that it may be started at or moved to. `local`: those of a policy that never changes
    clusters."""

    all: tuple[Place, ...]
    local: tuple[Place, ...]


class Places:
    """The options of every workload of a run."""

    def __init__(self) -> None:
        self._clusters: Mapping[str, ClusterView] = {}
        self._fleet: object = None
        self._found: dict[str, tuple[object, Options]] = {}

    def open(self, clusters: Mapping[str, ClusterView]) -> None:
        """Begin a call: what is known of other clusters is forgotten."""
        fleet = [_fixed(clusters[name]) for name in sorted(clusters)]
        if fleet != self._fleet:
            self._found.clear()
        self._clusters, self._fleet = clusters, fleet

    def of(self, w: WorkloadView) -> Options:
        """The options of a workload as it is now."""
        state = (w.cluster, w.data_cluster, w.mode, w.migrations_left < 1, len(w.excluded))
        kept = self._found.get(w.uid)
        if kept is None or kept[0] != state:
            kept = (state, self._find(w))
            self._found[w.uid] = kept
        return kept[1]

    def _find(self, w: WorkloadView) -> Options:
        anchor = w.cluster or w.data_cluster
        bound = anchor is not None and (w.mode != "Migrate" or w.migrations_left < 1)
        names = [name for name in sorted(self._clusters) if not bound or name == anchor]
        views = [self._clusters[name] for name in sorted(names, key=lambda name: (name != w.home, name))]
        allowed = [view for view in views if rejection(w, view) is None]
        places = tuple(place_of(w, view, kind) for view in allowed for kind in fitting_types(w, view))
        for wanted in (w.cluster, w.data_cluster, w.home):
            here = tuple(place for place in places if place.cluster == wanted)
            if here:
                return Options(places, here)
        return Options(places, places)


def place_of(w: WorkloadView, view: ClusterView, kind: str | None) -> Place:
    """A cluster and accelerator type as a place for a workload."""
    rate = w.throughput.get(kind, 1.0) if kind is not None else 1.0
    return Place(view.name, kind, rate if rate > 0 else 1.0, workload_power_kw(w, view, kind) * view.pue)


def _fixed(view: ClusterView) -> tuple[object, ...]:
    """All of a cluster that decides who may use it."""
    return (
        view.name, view.labels, view.jurisdictions, view.namespaces, view.reachable, view.unavailable,
        view.capacity, view.accelerator_kw, view.pue, view.limit_kw,
    )  # fmt: skip
