"""From a scenario and the state of its world to the snapshot that the operator would have gathered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from voltaire.api.aiworkload import Phase
from voltaire.api.values import BatteryState, Series, ZoneSignal
from voltaire.fleet.build import battery_view, cluster_view, policy_view
from voltaire.fleet.meters import observe_solar
from voltaire.fleet.picture import MemberView, Picture
from voltaire.fleet.snapshot import BatteryView, ClusterView, PolicyView, Snapshot, WorkloadView
from voltaire.fleet.stored import StoredEnergy
from voltaire.twin.forecasts import Forecasts
from voltaire.twin.job import Job
from voltaire.twin.scenario import Scenario
from voltaire.twin.sites import Storage
from voltaire.twin.state import JobState, Status

_PHASES: Mapping[Status, Phase] = {
    Status.COMING: "Pending",
    Status.STOPPED: "Pending",
    Status.TRANSFER: "Draining",
    Status.RESTART: "Running",
    Status.RUN: "Running",
}


class Views:
    """Makes snapshots. Clusters are looked at once a slot, workloads at every plan."""

    def __init__(self, scenario: Scenario, forecasts: Forecasts) -> None:
        self._s, self._forecasts = scenario, forecasts
        fleet = scenario.fleet
        self._plain = Picture(  # without batteries: the same for every policy
            clusters=dict(fleet.clusters),
            zones=dict(fleet.zones),
            policies=dict(fleet.policies),
            members={name: _member(scenario, name) for name in fleet.clusters},
        )
        self._picture = Picture(clusters=dict(fleet.clusters), batteries=dict(fleet.batteries))
        names = {job.policy for job in scenario.jobs} | {None}
        self.policies: Mapping[str | None, PolicyView] = {
            name: view for name in names if (view := policy_view(self._plain, name)) is not None
        }
        self._base = {job.id: _base(job, scenario, self.policies[job.policy]) for job in scenario.jobs}

    def residence_h(self, job: Job) -> float:
        """Least time between two changes."""
        residence: timedelta = self._base[job.id]["minimum_residence"]
        return residence / timedelta(hours=1)

    def clusters(self, k: int, storages: Mapping[str, Storage]) -> dict[str, ClusterView]:
        """Every member as it is in slot k."""
        for name, storage in storages.items():
            state = self._picture.battery_states[name] = self._reading(storage, k)
            observe_solar(self._picture, name, state)
            self._picture.stored[name] = StoredEnergy(storage.stored_grams_per_kwh)
        bare = self._forecasts.views.get(k)
        if bare is None:
            bare = self._forecasts.views[k] = self._bare(k)
        return {name: self._with_batteries(view, k) for name, view in bare.items()}

    def _bare(self, k: int) -> dict[str, ClusterView]:
        """The members without their batteries: they look the same to every policy."""
        s, start = self._s, self._s.start + k * self._s.slot
        for name, zone in s.fleet.zones.items():
            if zone.spec.zone in s.intensity:
                self._plain.signals[name] = self._signal(name, k)
        return {n: cluster_view(self._plain, n, start, s.slot, s.horizon) for n in sorted(s.clusters)}

    def _with_batteries(self, view: ClusterView, k: int) -> ClusterView:
        s, found = self._s, []
        start = s.start + k * s.slot
        for name in s.clusters[view.name].spec.batteries:
            battery = battery_view(self._picture, s.fleet.batteries[name], start, s.slot, s.horizon)
            assert battery is not None  # noqa: S101 (its state is known)
            found.append(self._sunny(battery, k))
        return replace(view, batteries=tuple(found)) if found else view

    def _signal(self, name: str, k: int) -> ZoneSignal:
        s, zone = self._s, self._s.fleet.zones[name].spec
        now = s.start + k * s.slot
        said, error = self._forecasts.outlook(zone.zone, k)
        return ZoneSignal(
            zone=zone.zone, basis=zone.basis, grams_per_kwh=float(said[0]), observed_at=now, source="trace",
            history=None, forecast=Series(now, s.slot, tuple(said.tolist())), sources=(), reason="Fresh",
            message="", forecast_error=error,
        )  # fmt: skip

    def _reading(self, storage: Storage, k: int) -> BatteryState:
        """What its telemetry says. The sun is left out where a forecast promises it anyway."""
        s = self._s
        sun = s.solar_kw.get(storage.name) if s.forecast.kind == "none" else None
        soc = min(1.0, storage.soc_kwh / storage.spec.capacity_kwh)
        return BatteryState(
            name=storage.name, soc=soc, power_kw=storage.power_kw,
            solar_kw=None if sun is None else float(sun[k]), load_kw=None, observed_at=s.start + k * s.slot,
            reason="Fresh", message="",
        )  # fmt: skip

    def _sunny(self, battery: BatteryView, k: int) -> BatteryView:
        """With the sun that a forecast promises; the operator's own outlook where there is no forecast."""
        sun = self._forecasts.sun(battery.name, k)
        return battery if sun is None else replace(battery, solar_kw=tuple(sun.tolist()))

    def snapshot(
        self, now_h: float, k: int, clusters: Mapping[str, ClusterView], states: Iterable[JobState],
        begun: Iterable[float],
    ) -> Snapshot:  # fmt: skip
        """The world at `now_h`, in slot k. `begun`: when migrations began."""
        s = self._s
        views = {state.job.id: self.workload(state, now_h) for state in states}
        active = sum(1 for state in states if state.status is Status.TRANSFER)
        recent = sum(1 for time in begun if now_h - 1.0 < time)
        start = s.start + k * s.slot
        # Nothing takes time here that the planner does not know of.
        return Snapshot(s.time(now_h), start, s.slot, s.horizon, clusters, views, recent, active, 0, 0.0)

    def workload(self, state: JobState, now_h: float) -> WorkloadView:
        """A job as the operator's planner sees an AIWorkload."""
        s, job = self._s, state.job
        return WorkloadView(
            **self._base[job.id],
            phase="Paused" if state.status is Status.STOPPED and state.runs else _PHASES[state.status],
            remaining_seconds=state.left_h(now_h) * 3600.0,
            at_risk_seconds=state.at_risk_h(now_h) * 3600.0,
            migrations_left=max(0, job.maximum_migrations - state.migrations),
            cluster=state.cluster if state.status is not Status.STOPPED else None,
            accelerator_type=state.kind if state.holds else None,
            data_cluster=state.cluster if state.holds else state.data,
            running=state.holds,
            movable=state.status is not Status.TRANSFER,
            last_change=None if state.changed is None else s.time(state.changed),
        )


def _member(scenario: Scenario, name: str) -> MemberView:
    declared = scenario.clusters[name].spec.capacity.accelerators
    counts = {entry.type: entry.count or 0 for entry in declared}
    return MemberView(True, "Connected", "", capacity=counts)


def _base(job: Job, scenario: Scenario, policy: PolicyView) -> dict[str, Any]:
    """The fields of a workload's view that never change."""
    residence = policy.minimum_residence
    if job.minimum_residence_h is not None:
        residence = timedelta(hours=job.minimum_residence_h)
    return {
        "uid": job.id,
        "key": f"{job.namespace}/{job.id}",
        "namespace": job.namespace,
        "type": job.type,
        "accelerators": job.accelerators,
        "power_kw": job.power_kw,
        "throughput": job.throughput,
        "arrival": scenario.time(scenario.known_h(job)),
        "earliest_start": scenario.time(job.start_h),
        "deadline": None if job.deadline_h is None else scenario.time(job.deadline_h),
        "deadline_required": job.deadline_required and job.deadline_h is not None,
        "residency": job.residency,
        "selector": job.selector,
        "home": job.home,
        "mode": job.mode,
        "checkpoint_gb": job.checkpoint_gb,
        "restore_seconds": job.restart_h * 3600.0,
        "minimum_residence": residence,
        "policy": policy,
    }
