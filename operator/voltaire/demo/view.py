"""From what the hub says and the observer sees to one picture of the day. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from voltaire.api.resources import AIWorkload, RegionalCluster
from voltaire.api.values import Series
from voltaire.demo.decisions import Decision
from voltaire.demo.facts import ClusterFacts, WorkloadFacts
from voltaire.demo.observations import PodEvent
from voltaire.demo.screen import ClusterRow, Frame, WorkloadRow
from voltaire.demo.telemetry import Site

_TREND = 12


def load_kw(cluster: ClusterFacts, pods: Iterable[PodEvent], workloads: Mapping[str, WorkloadFacts]) -> float:
    """Facility power of a member, kW: its overhead, and what the pods that run there draw, times PUE."""
    it_kw = 0.0
    for pod in pods:
        facts = workloads.get(pod.workload_uid)
        if not pod.running or facts is None or facts.power_kw is None or not facts.accelerators:
            continue
        it_kw += facts.power_kw * pod.accelerators / facts.accelerators
    return cluster.host_overhead_kw + cluster.pue * it_kw


def frame(
    now: datetime,
    start: datetime,
    end: datetime,
    clusters: Mapping[str, ClusterFacts],
    zones: Mapping[str, Series],
    sites: Mapping[str, Site],
    pods: Mapping[str, Sequence[PodEvent]],
    resources: Mapping[str, RegionalCluster],
    workloads: Iterable[AIWorkload],
    decisions: Sequence[Decision],
) -> Frame:
    """The picture now. `sites` by cluster."""
    rows = [
        _cluster(now, facts, zones[facts.zone], sites.get(name), pods.get(name, ()), resources.get(name))
        for name, facts in clusters.items()
    ]
    known = sorted(workloads, key=lambda workload: workload.metadata.name)
    return Frame(
        now=now,
        passed=max(0.0, (now - start) / (end - start)),
        clusters=rows,
        workloads=[_workload(workload) for workload in known],
        decisions=decisions,
        saved=_saved(known),
    )


def _cluster(
    now: datetime,
    facts: ClusterFacts,
    series: Series,
    site: Site | None,
    pods: Sequence[PodEvent],
    resource: RegionalCluster | None,
) -> ClusterRow:
    status = resource.status if resource else None
    grid = status.grams_per_kwh if status else None
    effective = status.effective_grams_per_kwh if status else None
    return ClusterRow(
        name=facts.name,
        zone=facts.zone,
        grams=grid,
        effective=grid if effective is None else effective,
        trend=[series.at(now + timedelta(hours=hour)) for hour in range(-_TREND, _TREND + 1)],
        used=sum(pod.accelerators for pod in pods if pod.bound),
        capacity=facts.accelerators,
        soc=site.soc if site else None,
        power_kw=site.flows.discharge_kw - site.flows.charge_kw if site else 0.0,
        solar_kw=site.flows.solar_kw if site else 0.0,
    )


def _workload(workload: AIWorkload) -> WorkloadRow:
    status = workload.status
    percent = status.progress.percent if status.progress else None
    if percent is None and workload.spec.type != "Serving":
        percent = 0
    return WorkloadRow(
        name=workload.metadata.name,
        phase=status.phase,
        cluster=status.placement.cluster if status.placement else "",
        percent=100 if status.phase == "Succeeded" else percent,
        deadline=workload.spec.schedule.deadline,
        migrations=status.migrations,
        why=status.why.message if status.why else "",
    )


def _saved(workloads: Sequence[AIWorkload]) -> str:
    grams = sum(workload.status.grams or 0.0 for workload in workloads)
    otherwise = sum(workload.status.counterfactual_grams or 0.0 for workload in workloads)
    if otherwise <= 0:
        return f"{grams / 1000:.1f} kg"
    return f"{grams / 1000:.1f} kg, {1 - grams / otherwise:.0%} saved"
