"""result.json, from what was observed and what the operator accounted.

Intervals are the observer's, placements and grams the operator's; both stand side by side so that a reader
can compare them. How each figure is computed: docs/reference/demo-result.md. Unknown is null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from voltaire.api.aiworkload import AIWorkloadStatus
from voltaire.api.battery import BatterySpec
from voltaire.api.values import Series
from voltaire.demo.baseline import Greenest, greenest_and_stay
from voltaire.demo.decisions import Decision
from voltaire.demo.facts import ClusterFacts, WorkloadFacts
from voltaire.demo.invariants import CHECKS, Evidence, Violation
from voltaire.demo.telemetry import SiteRecord

VERSION = 1
_DIGITS = 6
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SiteLog:
    """A battery, the cluster it stands beside, and what it did."""

    name: str
    cluster: str
    battery: BatterySpec
    records: Sequence[SiteRecord]


@dataclass(frozen=True, slots=True)
class Run:
    """A played day. Series by zone id; `pauses` by uid, without the one that closes a server's account."""

    start: datetime
    seconds_per_hour: float
    carbon_source: str
    intensity: Mapping[str, Series]
    sites: Sequence[SiteLog]
    decisions: Sequence[Decision]
    pauses: Mapping[str, int]
    evidence: Evidence
    violations: Sequence[Violation]


def build(run: Run) -> Json:
    """The document, as formatted in `docs/reference/demo-result.md`."""
    evidence = run.evidence
    baseline = greenest_and_stay(
        evidence.workloads.values(), evidence.clusters, run.intensity, run.start, evidence.end
    )
    workloads = [
        _workload(facts, run, baseline)
        for facts in sorted(evidence.workloads.values(), key=lambda facts: (facts.namespace, facts.name))
    ]
    return {
        "version": VERSION,
        "start": _time(run.start),
        "end": _time(evidence.end),
        "secondsPerHour": run.seconds_per_hour,
        "carbonSource": run.carbon_source,
        "clusters": [_cluster(cluster) for cluster in evidence.clusters.values()],
        "intensity": [_intensity(zone, run) for zone in sorted(run.intensity)],
        "batteries": [_battery(site, run) for site in run.sites],
        "siteIntensity": [_site_intensity(site, run) for site in run.sites],
        "workloads": workloads,
        "decisions": [_decision(decision) for decision in run.decisions],
        "invariants": {
            "checked": list(CHECKS),
            "violations": [
                {"name": v.name, "workload": v.workload, "time": _time(v.time), "detail": v.detail}
                for v in run.violations
            ],
        },
        "totals": _totals(workloads, baseline),
    }


def exit_code(result: Mapping[str, Any]) -> int:
    """0; 1 where an invariant was violated or a feasible deadline was missed."""
    return 1 if result["invariants"]["violations"] or result["totals"]["missedDeadlines"] else 0


def _cluster(cluster: ClusterFacts) -> Json:
    return {
        "name": cluster.name,
        "zone": cluster.zone,
        "pue": cluster.pue,
        "hostOverheadKW": cluster.host_overhead_kw,
        "capacity": dict(cluster.capacity),
        "jurisdictions": list(cluster.jurisdictions),
    }


def _intensity(zone: str, run: Run) -> Json:
    series = run.intensity[zone]
    first = max(0, (run.start - series.start) // series.step)
    last = min(len(series.values), -((series.start - run.evidence.end) // series.step))
    return {
        "zone": zone,
        "start": _time(series.start + first * series.step),
        "stepMinutes": series.step / timedelta(minutes=1),
        "gramsPerKWh": list(series.values[first:last]),
    }


def _battery(site: SiteLog, run: Run) -> Json:
    return {
        "name": site.name,
        "cluster": site.cluster,
        "capacityKWh": site.battery.capacity_kwh,
        "chargeEfficiency": site.battery.charge_efficiency,
        "dischargeEfficiency": site.battery.discharge_efficiency,
        "reserve": site.battery.reserve,
        "solarGramsPerKWh": site.battery.solar.grams_per_kwh if site.battery.solar else 0.0,
        "series": [
            {
                "time": _time(record.time),
                "socKWh": _round(record.stored.energy_kwh),
                "chargeKW": _round(record.flows.charge_kw),
                "dischargeKW": _round(record.flows.discharge_kw),
                "solarKW": _round(record.flows.solar_kw),
                "storedGramsPerKWh": _round(record.stored.grams_per_kwh),
                "solarUsedKW": _round(record.flows.solar_used_kw),
                "gridKW": _round(record.flows.grid_kw),
                "loadKW": _round(record.flows.load_kw),
            }
            for record in _inside(site, run)
        ],
    }


def _site_intensity(site: SiteLog, run: Run) -> Json:
    series = run.intensity[run.evidence.clusters[site.cluster].zone]
    return {
        "cluster": site.cluster,
        "series": [
            {
                "time": _time(record.time),
                "gramsPerKWh": _round(
                    None
                    if (grid := series.at(record.time)) is None
                    else record.flows.supply_grams_per_kwh(site.battery, record.stored.grams_per_kwh, grid)
                ),
            }
            for record in _inside(site, run)
        ],
    }


def _inside(site: SiteLog, run: Run) -> list[SiteRecord]:
    return [record for record in site.records if run.start <= record.time < run.evidence.end]


def _workload(facts: WorkloadFacts, run: Run, baseline: Greenest) -> Json:
    evidence = run.evidence
    status = evidence.statuses.get(facts.uid) or AIWorkloadStatus()
    return {
        "name": facts.name,
        "namespace": facts.namespace,
        "type": facts.type,
        "kind": facts.kind,
        "accelerators": facts.accelerators,
        "powerKW": facts.power_kw,
        "homeCluster": facts.home_cluster,
        "arrival": _time(facts.arrival),
        "earliestStart": _time(facts.earliest_start),
        "durationHours": None if facts.duration is None else facts.duration / timedelta(hours=1),
        "deadline": _time(facts.deadline),
        "deadlineRequired": facts.deadline_required,
        "deadlineFeasible": facts.deadline_feasible if facts.deadline else None,
        "residency": list(facts.residency),
        "disruption": facts.disruption,
        "intervals": [
            {
                "cluster": stay.cluster,
                "epoch": stay.epoch,
                "start": _time(stay.start.time),
                "end": _time(stay.end.time if stay.end else None),
                "podUIDs": list(stay.pod_uids),
            }
            for stay in evidence.stays_of(facts.uid)
        ],
        "placements": [
            {
                "cluster": receipt.cluster,
                "epoch": receipt.epoch,
                "start": _time(receipt.start),
                "end": _time(receipt.end),
                "energyKWh": _round(receipt.energy_kwh),
                "grams": _round(receipt.grams),
                "transferKWh": _round(receipt.transfer_kwh),
                "transferGrams": _round(receipt.transfer_grams),
            }
            for receipt in status.receipts
        ],
        "migrations": status.migrations,
        "pauses": run.pauses.get(facts.uid, 0),
        "phase": status.phase,
        "finishedAt": _time(status.finished_at),
        "deadlineMet": _deadline_met(facts, status, evidence.end),
        "energyKWh": _round(status.energy_kwh),
        "grams": _round(status.grams),
        "counterfactualGrams": _round(status.counterfactual_grams),
        "greenestStayGrams": _round(baseline.grams.get(facts.uid)),
        "why": status.why.message if status.why else None,
    }


def _deadline_met(facts: WorkloadFacts, status: AIWorkloadStatus, end: datetime) -> bool | None:
    """The operator's word; where it is silent, a deadline that passed without a finish was missed."""
    if facts.deadline is None:
        return None
    if status.deadline_met is None and status.finished_at is None and end > facts.deadline:
        return False
    return status.deadline_met


def _decision(decision: Decision) -> Json:
    return {
        "time": _time(decision.time),
        "workload": decision.workload,
        "action": decision.action,
        "from": decision.origin,
        "to": decision.target,
        "reason": decision.reason,
        "message": decision.message,
    }


def _totals(workloads: Sequence[Json], baseline: Greenest) -> Json:
    grams = _sum(workloads, "grams")
    otherwise = _sum(workloads, "counterfactualGrams")
    saved = None if grams is None or not otherwise else 1 - grams / otherwise
    return {
        "energyKWh": _sum(workloads, "energyKWh"),
        "grams": grams,
        "counterfactualGrams": otherwise,
        "savedFraction": _round(saved),
        "migrations": sum(workload["migrations"] for workload in workloads),
        "pauses": sum(workload["pauses"] for workload in workloads),
        "missedDeadlines": sum(_missed(workload) for workload in workloads),
        "greenestStayGrams": _round(baseline.total),
        "greenestStayCluster": baseline.cluster,
    }


def _missed(workload: Json) -> bool:
    return workload["deadlineMet"] is False and workload["deadlineFeasible"] is True


def _sum(workloads: Sequence[Json], key: str) -> float | None:
    """The sum over the workloads that ran; None if one of them does not know."""
    values = [workload[key] for workload in workloads if workload["placements"]]
    return None if any(value is None for value in values) else _round(sum(values))


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
