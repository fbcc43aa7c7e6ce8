"""What the configuration kinds say of themselves: pure reducers from the picture to status and findings.

Numbers are rounded to what people read, so that a status is written when something happened, not when the
third decimal moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from voltaire.api.base import Condition, format_duration
from voltaire.api.conditions import Finding, in_progress, merge, ready, stalled
from voltaire.api.regionalcluster import SupplyStatus
from voltaire.api.resources import Battery, GridZone, PlacementPolicy, RegionalCluster
from voltaire.api.values import BatteryState, ControlReport, LeadError, Series, ZoneSignal
from voltaire.fleet.build import UNKNOWN_MEMBER, capacity
from voltaire.fleet.picture import MemberView, Picture
from voltaire.fleet.snapshot import ClusterView

Status = dict[str, Any]
FORECAST_STEPS = 96
CONTROL_ACTIVE = "ControlActive"
UNREPORTED = ControlReport(None, "Starting", "Nothing was written yet.")
# Reasons of signals (voltaire.signals.errors) that stay until a person changes something.
_PERMANENT = frozenset(
    {
        "Unauthorized",
        "WrongZone",
        "WrongBasis",
        "Sandbox",
        "Misconfigured",
        "UrlRefused",
        "TraceRefused",
        "AmbiguousQuery",
    }
)


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)


def _with_conditions(
    status: Status, old: Sequence[Condition], findings: Sequence[Finding], now: datetime, generation: int
) -> Status:
    merged = merge(old, findings, now=now, generation=generation)
    status["observedGeneration"] = generation
    status["conditions"] = [condition.to_wire() for condition in merged]
    return status


def _forecast(series: Series | None, now: datetime) -> Status | None:
    if series is None:
        return None
    start = max(series.start, series.start + (now - series.start) // series.step * series.step)
    values: list[float] = []
    for value in series.resample(start, series.step, FORECAST_STEPS):
        if value is None:
            break
        values.append(round(value, 1))
    if not values:
        return None
    return {"start": _time(start), "step": format_duration(series.step), "gramsPerKWh": values}


def _time(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds").replace("+00:00", "Z") if value else None


def _day_mean(errors: Sequence[float] | None) -> float | None:
    """Mean over the leads of a day."""
    day = (errors or ())[:24]
    return sum(day) / len(day) if day else None


def _lead_error(error: LeadError) -> Status:
    return {
        "leadHours": error.lead_hours,
        "used": _rounded(error.used, 3),
        "provider": _rounded(error.provider, 3),
        "own": _rounded(error.own, 3),
        "ownShare": round(error.own_share, 2),
        "comparisons": error.comparisons,
    }


def zone_status(
    zone: GridZone, signal: ZoneSignal, now: datetime, comparable: Sequence[Finding] = ()
) -> Status:
    """Status of a GridZone; `comparable`: whether it is ranked with the others."""
    if signal.fresh:
        findings = ready(signal.reason or "Fresh", signal.message)
    elif signal.reason in _PERMANENT:
        findings = stalled(signal.reason, signal.message)
    else:
        findings = in_progress(signal.reason, signal.message)
    status: Status = {
        "gramsPerKWh": _rounded(signal.grams_per_kwh),
        "observedAt": _time(signal.observed_at),
        "estimated": signal.estimated if signal.fresh else None,
        "source": signal.source,
        "forecast": _forecast(signal.forecast, now),
        "forecastError": _rounded(_day_mean(signal.forecast_error), 3),
        "forecastErrors": [_lead_error(error) for error in signal.forecast_errors],
        "sources": [
            {
                "name": source.name,
                "healthy": source.healthy,
                "lastSuccess": _time(source.last_success),
                "refused": source.refused,
                "message": source.message[:1024],
                "reason": source.reason or None,
                "refusals": [{"reason": reason, "count": count} for reason, count in source.refusals],
                "heldGramsPerKWh": _rounded(source.held_grams_per_kwh),
                "heldSince": _time(source.held_since),
            }
            for source in signal.sources
        ],
    }
    found = (*findings, *comparable)
    return _with_conditions(status, zone.status.conditions, found, now, zone.metadata.generation)


def battery_status(
    battery: Battery,
    state: BatteryState,
    picture: Picture,
    plan: Sequence[tuple[datetime, float]],
    now: datetime,
) -> Status:
    """Status of a Battery; `plan`: (start of slot, kW) of the recommended schedule."""
    stored = picture.stored.get(battery.metadata.name)
    assumption = stored.assumption if stored and stored.assumed else ""
    mode = battery.spec.control.mode
    report = picture.controls.get(battery.metadata.name, UNREPORTED) if mode == "Control" else None
    publish = mode != "Observe"
    status: Status = {
        "soc": _rounded(state.soc, 3),
        "socKWh": None if state.soc is None else round(state.soc * battery.spec.capacity_kwh, 2),
        "powerKW": _rounded(state.power_kw, 2),
        "solarKW": _rounded(state.solar_kw, 2),
        "loadKW": _rounded(state.load_kw, 2),
        "storedGramsPerKWh": _rounded(stored.grams_per_kwh) if stored else None,
        "storedAssumed": stored.assumed if stored else None,
        "storedAssumedShare": _rounded(stored.assumed_share, 3) if stored else None,
        "storedAssumption": assumption or None,
        "observedAt": _time(state.observed_at),
        "plan": [{"time": _time(t), "powerKW": round(kw, 2)} for t, kw in plan] if publish else [],
        "control": _control(report),
    }
    old = [c for c in battery.status.conditions if report is not None or c.type != CONTROL_ACTIVE]
    findings = battery_findings(state, report, assumption)
    return _with_conditions(status, old, findings, now, battery.metadata.generation)


def battery_findings(
    state: BatteryState, report: ControlReport | None, assumption: str = ""
) -> tuple[Finding, ...]:
    """Ready: it reports, and where it is controlled, its site holds to what was written. `report` is None
    where it is not controlled. `assumption`: what is assumed of the intensity of what it holds."""
    if not state.fresh:
        kind = stalled if state.reason in _PERMANENT else in_progress
        findings = kind(state.reason, state.message)
    elif report is not None and report.trouble:
        kind = stalled if report.permanent else in_progress
        findings = kind(report.reason, report.message)
    else:
        parts = (state.message, f"stored intensity is assumed: {assumption}" if assumption else "")
        findings = ready(state.reason or "Reporting", "; ".join(part for part in parts if part))
    if report is None:
        return findings
    return (*findings, Finding(CONTROL_ACTIVE, report.status, report.reason, report.message))


def _control(report: ControlReport | None) -> Status | None:
    """What the site was last told."""
    if report is None or report.setpoints is None:
        return None
    told = report.setpoints
    return {
        "reserve": round(told.reserve, 4),
        "maxChargeKW": round(told.max_charge_kw, 2),
        "maxDischargeKW": round(told.max_discharge_kw, 2),
        "powerKW": _rounded(told.power_kw, 2),
        "since": _time(report.since),
    }


def policy_status(policy: PlacementPolicy, now: datetime, comparable: Sequence[Finding] = ()) -> Status:
    """Status of a PlacementPolicy: it takes effect as soon as it is read; `comparable`: whether the fleet's
    intensities can be ranked."""
    findings = (*ready("InForce", "Used by the workloads that name it."), *comparable)
    return _with_conditions({}, policy.status.conditions, findings, now, policy.metadata.generation)


def cluster_findings(cluster: RegionalCluster, member: MemberView, picture: Picture) -> tuple[Finding, ...]:
    """Whether a member can be used, and if not what to do."""
    zone = cluster.spec.grid_zone
    missing = [name for name in cluster.spec.batteries if name not in picture.batteries]
    if zone not in picture.zones:
        return stalled("GridZoneMissing", f"spec.gridZone names {zone!r}: create that GridZone.")
    if missing:
        return stalled("BatteryMissing", f"spec.batteries names {missing[0]!r}: create that Battery.")
    if not member.reachable:
        kind = stalled if member.reason.startswith("Kubeconfig") else in_progress
        since = f" since {_time(member.lost_since)}" if member.lost_since else ""
        return kind(member.reason, f"{member.message}{since}")
    signal = picture.signals.get(zone)
    if signal is None or not signal.fresh:
        said = signal.message if signal else "not read yet"
        return in_progress("SignalUnknown", f"carbon intensity of {zone}: {said}")
    return ready("Connected", f"Kubernetes {member.server_version}, {member.nodes} nodes ready.")


def cluster_status(
    cluster: RegionalCluster,
    view: ClusterView,
    effective: float | None,
    supply: SupplyStatus | None,
    picture: Picture,
    now: datetime,
) -> Status:
    """Status of a RegionalCluster; `effective`: g/kWh of its supply at its present load, `supply`: that of
    the last days, None where it has no batteries."""
    name = cluster.metadata.name
    member = picture.members.get(name, UNKNOWN_MEMBER)
    signal = picture.signals.get(cluster.spec.grid_zone)
    counts = capacity(cluster, member)
    used, total = sum(member.used.get(kind, 0) for kind in counts), sum(counts.values())
    charge = [f"{b.energy_kwh / b.capacity_kwh:.0%}" for b in view.batteries]
    status: Status = {
        "reachable": member.reachable,
        "lostSince": _time(member.lost_since),
        "serverVersion": member.server_version,
        "nodes": member.nodes,
        "accelerators": [
            {
                "type": kind,
                "capacity": count,
                "used": member.used.get(kind, 0),
                "others": member.others.get(kind, 0),
            }
            for kind, count in sorted(counts.items())
        ],
        "acceleratorSummary": f"{used}/{total}",
        "gramsPerKWh": _rounded(signal.grams_per_kwh) if signal else None,
        "effectiveGramsPerKWh": _rounded(effective),
        "battery": ", ".join(charge) or None,
        "supply": supply.to_wire() if supply else None,
        "workloads": picture.tally.count(name),
    }
    findings = cluster_findings(cluster, member, picture)
    return _with_conditions(status, cluster.status.conditions, findings, now, cluster.metadata.generation)


def battery_plan(
    start: datetime, slot: timedelta, powers: Sequence[float], limit: int = 192
) -> list[tuple[datetime, float]]:
    """A schedule as (time, kW) pairs, where the power changes."""
    steps: list[tuple[datetime, float]] = []
    for index, power in enumerate(powers[:limit]):
        if not steps or abs(steps[-1][1] - power) > 0.01:
            steps.append((start + index * slot, power))
    return steps
