"""From the picture to the frozen views that decisions are made on. Pure: reads the picture only."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from voltaire.api.placementpolicy import PlacementPolicySpec
from voltaire.api.resources import Battery, RegionalCluster
from voltaire.fleet.outlook import intensity_outlook
from voltaire.fleet.picture import MemberView, Picture
from voltaire.fleet.power import accelerator_kw
from voltaire.fleet.snapshot import BatteryView, ClusterView, PolicyView

DEFAULT_POLICY = "default"
UNKNOWN_MEMBER = MemberView(False, "Connecting", "no contact yet")


def slot_start(time: datetime, slot: timedelta) -> datetime:
    """The slot boundary at or before `time`, counted from the epoch in UTC."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + (time - epoch) // slot * slot


def fleet_policy(picture: Picture) -> PlacementPolicySpec:
    """The policy called `default`, which sets slot and horizon; built-in values without it."""
    policy = picture.policies.get(DEFAULT_POLICY)
    return policy.spec if policy else PlacementPolicySpec()


def policy_view(picture: Picture, name: str | None) -> PolicyView | None:
    """The policy a workload names (None: the default); None when it names one that is not there."""
    if name is not None and name not in picture.policies:
        return None
    spec = picture.policies[name].spec if name else fleet_policy(picture)
    return PolicyView(
        name=name or DEFAULT_POLICY,
        act=spec.mode == "Auto",
        lateness_grams_per_hour=spec.objective.lateness_grams_per_hour,
        minimum_saving=spec.hysteresis.minimum_saving,
        minimum_saving_grams=spec.hysteresis.minimum_saving_grams,
        minimum_residence=spec.hysteresis.minimum_residence,
        kwh_per_gb=spec.migration.kwh_per_gb,
        gb_per_hour=spec.migration.gb_per_hour,
        migrations_per_hour=spec.budget.per_hour,
        concurrent_migrations=spec.budget.concurrent,
    )


def capacity(cluster: RegionalCluster, member: MemberView) -> dict[str, int]:
    """Accelerators by type that Voltaire may use: what the engine counts (others' use is taken off there),
    at most what is declared."""
    declared = {entry.type: entry.count for entry in cluster.spec.capacity.accelerators}
    types = declared or dict.fromkeys(member.capacity)
    free = {kind: member.capacity.get(kind, 0) for kind in types}
    return {kind: free[kind] if limit is None else min(limit, free[kind]) for kind, limit in types.items()}


def battery_view(
    picture: Picture,
    battery: Battery,
    start: datetime,
    slot: timedelta,
    slots: int,
) -> BatteryView | None:
    """A battery to plan with; None while its state is not fresh."""
    name, spec = battery.metadata.name, battery.spec
    state, stored = picture.battery_states.get(name), picture.stored.get(name)
    if state is None or state.soc is None or stored is None:
        return None
    solar, expected = spec.solar, picture.solar.get(name)
    outlook = (0.0,) * slots
    if solar and expected:
        outlook = expected.outlook(start, slot, slots)
    if solar and state.solar_forecast is not None:  # the site knows its own sky better
        given = state.solar_forecast.resample(start, slot, slots)
        outlook = tuple(ours if kw is None else kw for ours, kw in zip(outlook, given, strict=True))
    return BatteryView(
        name=name,
        capacity_kwh=spec.capacity_kwh,
        energy_kwh=state.soc * spec.capacity_kwh,
        reserve_kwh=spec.reserve * spec.capacity_kwh,
        max_charge_kw=spec.max_charge_kw,
        max_discharge_kw=spec.max_discharge_kw,
        charge_efficiency=spec.charge_efficiency,
        discharge_efficiency=spec.discharge_efficiency,
        wear_grams_per_kwh=spec.wear_grams_per_kwh,
        stored_grams_per_kwh=stored.grams_per_kwh,
        power_kw=state.power_kw or 0.0,
        solar_kw=outlook,
        solar_grams_per_kwh=solar.grams_per_kwh if solar else 0.0,
    )


def unavailable(cluster: RegionalCluster, member: MemberView) -> str:
    """Why nothing new may go there now; empty when it may."""
    if not member.reachable:
        return f"not reachable: {member.message or member.reason}"
    if cluster.spec.suspend:
        return "suspended by its administrator"
    return ""


def cluster_view(picture: Picture, name: str, start: datetime, slot: timedelta, slots: int) -> ClusterView:
    """A member as decisions see it."""
    cluster = picture.clusters[name]
    member = picture.members.get(name, UNKNOWN_MEMBER)
    signal = picture.signals.get(cluster.spec.grid_zone)
    views = (
        battery_view(picture, picture.batteries[battery], start, slot, slots)
        for battery in cluster.spec.batteries
        if battery in picture.batteries
    )
    counts = capacity(cluster, member)
    declared = {entry.type: entry.power_kw for entry in cluster.spec.capacity.accelerators}
    power = cluster.spec.power
    return ClusterView(
        name=name,
        labels=cluster.metadata.labels,
        jurisdictions=frozenset(cluster.spec.jurisdictions),
        namespaces=frozenset(cluster.spec.namespaces),
        zone=signal.zone if signal else cluster.spec.grid_zone,
        reachable=member.reachable,
        unavailable=unavailable(cluster, member),
        capacity=counts,
        accelerator_kw={kind: declared.get(kind) or accelerator_kw(kind) for kind in counts},
        pue=power.pue,
        host_overhead_kw=power.host_overhead_kw + _other_load_kw(picture, name, start, slot, slots),
        limit_kw=power.limit_kw,
        basis=signal.basis if signal else None,
        intensity=intensity_outlook(signal, start, slot, slots),
        forecast_error=signal.forecast_error if signal else None,
        batteries=tuple(view for view in views if view is not None),
        draining=cluster.spec.suspend,
    )


def _other_load_kw(picture: Picture, name: str, start: datetime, slot: timedelta, slots: int) -> float:
    """Mean of what else is expected to draw power at the site; 0 where its load is not measured."""
    meter = picture.other_loads.get(name)
    expected = float(meter.outlook(start, slot, slots).mean()) if meter else 0.0
    return 0.0 if math.isnan(expected) else expected
