"""Work that cannot run anywhere: what is wrong, in which field, and what would help."""

from __future__ import annotations

from collections.abc import Mapping

from voltaire.fleet.snapshot import ClusterView, WorkloadView
from voltaire.planner.eligibility import Rejection, Rule, usable_types
from voltaire.planner.reasons import Reason

_OWNER_REMEDY = {
    Rule.NAMESPACE: "No cluster admits namespace {namespace}: add it to spec.namespaces of one.",
    Rule.RESIDENCY: "No cluster it may use lies in {residency}: add one, or widen placement.residency.",
    Rule.SELECTOR: "No cluster matches placement.clusterSelector: widen it, or label a RegionalCluster.",
}


def verdict(
    workload: WorkloadView, clusters: Mapping[str, ClusterView], rejected: Mapping[str, Rejection | None]
) -> tuple[Reason, str]:
    """Reason and sentence for a workload that every cluster of the fleet rejects."""
    if not clusters:
        return Reason.NO_CLUSTER_FITS, "There is no RegionalCluster yet: add one."
    found = {name: rejection for name, rejection in rejected.items() if rejection is not None}
    passing = [name for name, rejection in found.items() if rejection.passing]
    if passing:
        why = "; ".join(f"{name} {found[name].text}" for name in passing[:3])
        return Reason.CLUSTER_UNAVAILABLE, f"Every cluster it fits is out of use for now: {why}."
    rules = {rejection.rule for rejection in found.values()}
    if Rule.SIZE in rules:
        return Reason.NO_CLUSTER_FITS, _too_large(workload, clusters, found)
    if Rule.POWER in rules:
        name = next(name for name, rejection in found.items() if rejection.rule is Rule.POWER)
        return (
            Reason.NO_CLUSTER_FITS,
            f"It draws too much: {name} {found[name].text}. Lower profile.powerKW, or raise power.limitKW.",
        )
    last = next(rule for rule in (Rule.SELECTOR, Rule.RESIDENCY, Rule.NAMESPACE) if rule in rules)
    text = _OWNER_REMEDY[last].format(
        namespace=workload.namespace, residency=", ".join(sorted(workload.residency))
    )
    return Reason.NO_CLUSTER_FITS, text


def _too_large(
    workload: WorkloadView, clusters: Mapping[str, ClusterView], found: Mapping[str, Rejection]
) -> str:
    best, most, kind_of = "", -1, ""
    for name, rejection in found.items():
        if rejection.rule is Rule.SIZE:
            for kind in usable_types(workload, clusters[name]):
                if clusters[name].capacity[kind] > most:
                    best, most, kind_of = name, clusters[name].capacity[kind], kind
    others = any(rejection.rule in (Rule.SELECTOR, Rule.RESIDENCY) for rejection in found.values())
    widen = ", or widen placement.clusterSelector or placement.residency" if others else ", or add capacity"
    if most < 0:
        return (
            "No cluster it may use has an accelerator it can run on: widen profile.throughput" + widen + "."
        )
    return (
        f"Needs {workload.accelerators} {kind_of} at once; the largest allowed cluster {best} has {most}: "
        f"lower profile.accelerators{widen}."
    )
