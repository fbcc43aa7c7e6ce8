"""Which clusters a workload may use: a chain of small checks, each giving a rejection in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from voltaire.fleet.power import workload_power_kw
from voltaire.fleet.snapshot import ClusterView, WorkloadView
from voltaire.planner.selector import unmet


class Rule(StrEnum):
    """What can speak against a cluster."""

    NAMESPACE = "namespace"
    RESIDENCY = "residency"
    SELECTOR = "clusterSelector"
    SIZE = "accelerators"
    POWER = "power"
    EXCLUDED = "excluded"
    UNAVAILABLE = "unavailable"

    @property
    def owner(self) -> bool:
        """Whether somebody decided it, so that it also holds for what already runs."""
        return self in (Rule.NAMESPACE, Rule.RESIDENCY, Rule.SELECTOR)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a cluster cannot be used. `passing` ones may be gone at the next plan."""

    rule: Rule
    text: str

    @property
    def passing(self) -> bool:
        return self.rule in (Rule.UNAVAILABLE, Rule.EXCLUDED)


Check = Callable[[WorkloadView, ClusterView], Rejection | None]


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _namespace(workload: WorkloadView, cluster: ClusterView) -> Rejection | None:
    if not cluster.namespaces or workload.namespace in cluster.namespaces:
        return None
    return Rejection(Rule.NAMESPACE, f"namespace: {workload.namespace} may not use it")


def _residency(workload: WorkloadView, cluster: ClusterView) -> Rejection | None:
    if not workload.residency or workload.residency & cluster.jurisdictions:
        return None
    has = _names(cluster.jurisdictions) or "none"
    return Rejection(Rule.RESIDENCY, f"residency: wants {_names(workload.residency)}, has {has}")


def _selector(workload: WorkloadView, cluster: ClusterView) -> Rejection | None:
    missing = unmet(workload.selector, cluster.labels)
    return None if missing is None else Rejection(Rule.SELECTOR, f"clusterSelector: wants {missing}")


def usable_types(workload: WorkloadView, cluster: ClusterView) -> tuple[str, ...]:
    """Accelerator types it can run on, whatever their number."""
    return tuple(kind for kind in sorted(cluster.capacity) if workload.throughput.get(kind, 1.0) > 0)


def _size(workload: WorkloadView, cluster: ClusterView) -> Rejection | None:
    if workload.accelerators == 0:
        return None
    counts = {kind: cluster.capacity[kind] for kind in usable_types(workload, cluster)}
    if any(count >= workload.accelerators for count in counts.values()):
        return None
    has = ", ".join(f"{count} {kind}" for kind, count in counts.items()) or "none it can run on"
    return Rejection(Rule.SIZE, f"accelerators: needs {workload.accelerators} at once, has {has}")


def _power(workload: WorkloadView, cluster: ClusterView) -> Rejection | None:
    if cluster.limit_kw is None or fitting_types(workload, cluster):
        return None
    kinds = usable_types(workload, cluster) or (None,)
    need = min(workload_power_kw(workload, cluster, kind) for kind in kinds) * cluster.pue
    return Rejection(Rule.POWER, f"power: needs {need:.3g} kW of the {cluster.limit_kw:g} kW it may draw")


def fitting_types(workload: WorkloadView, cluster: ClusterView) -> tuple[str | None, ...]:
    """Accelerator types on which it fits an empty cluster; `(None,)` for work without accelerators."""

    def within_limit(kind: str | None) -> bool:
        need = workload_power_kw(workload, cluster, kind) * cluster.pue
        return cluster.limit_kw is None or need <= cluster.limit_kw + 1e-9

    if workload.accelerators == 0:
        return (None,) if within_limit(None) else ()
    enough = (k for k in usable_types(workload, cluster) if cluster.capacity[k] >= workload.accelerators)
    return tuple(kind for kind in enough if within_limit(kind))


def _excluded(workload: WorkloadView, cluster: ClusterView) -> Rejection | None:
    why = workload.excluded.get(cluster.name)
    return None if why is None else Rejection(Rule.EXCLUDED, f"excluded: {why}")


def _unavailable(_: WorkloadView, cluster: ClusterView) -> Rejection | None:
    if cluster.unavailable:
        return Rejection(Rule.UNAVAILABLE, f"unavailable: {cluster.unavailable}")
    return None if cluster.reachable else Rejection(Rule.UNAVAILABLE, "unavailable: cannot be reached")


CHECKS: tuple[Check, ...] = (_namespace, _residency, _selector, _size, _power, _excluded, _unavailable)


def rejection(workload: WorkloadView, cluster: ClusterView) -> Rejection | None:
    """The first thing that speaks against `cluster`, or None."""
    return next((found for check in CHECKS if (found := check(workload, cluster))), None)


def rejections(workload: WorkloadView, clusters: Mapping[str, ClusterView]) -> dict[str, Rejection | None]:
    """`rejection` for every cluster, by name."""
    return {name: rejection(workload, clusters[name]) for name in sorted(clusters)}
