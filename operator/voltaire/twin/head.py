"""The head of a result file: the scenario in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

from voltaire.fleet.power import UNKNOWN_ACCELERATOR_KW, WITHOUT_ACCELERATOR_KW, accelerator_kw
from voltaire.twin.baselines.batteries import DEFAULT_RULE
from voltaire.twin.job import RESTART_H, Job
from voltaire.twin.result import PolicyResult, TwinResult
from voltaire.twin.scenario import Scenario, default_policy
from voltaire.twin.sites import Storage, open_sites


def head(scenario: Scenario, policies: Mapping[str, PolicyResult]) -> TwinResult:
    """The result file's head: the scenario in plain values."""
    cost = default_policy(scenario.fleet).migration
    return TwinResult(
        start=f"{scenario.start:%Y-%m-%dT%H:%M:%SZ}",
        slotMinutes=scenario.slot.total_seconds() / 60.0,
        slots=scenario.slots,
        forecast=str(scenario.forecast),
        announcedH=scenario.announced_h,
        seed=scenario.seed,
        voltaireVersion=version("voltaire"),
        clusters=tuple(_cluster(scenario, name) for name in sorted(scenario.clusters)),
        batteries=tuple(
            _battery(scenario, site, storage)
            for site, opened in open_sites(scenario).items()
            for storage in opened.storages
        ),
        jobs=tuple(_job(scenario, job) for job in scenario.jobs),
        migration={"kWhPerGB": cost.kwh_per_gb, "gbPerHour": cost.gb_per_hour, "restartH": RESTART_H},
        currency=scenario.currency,
        baselineBattery=scenario.baseline_battery or DEFAULT_RULE,
        policies=policies,
    )


def _cluster(scenario: Scenario, name: str) -> dict[str, Any]:
    spec, price = scenario.clusters[name].spec, scenario.prices.get(scenario.zone(name))
    return {
        "name": name,
        "zone": scenario.zone(name),
        "pue": spec.power.pue,
        "hostOverheadKW": spec.power.host_overhead_kw,
        "capacity": {entry.type: entry.count for entry in spec.capacity.accelerators},
        "powerLimitKW": spec.power.limit_kw,
        "jurisdictions": list(spec.jurisdictions),
        "gramsPerKWh": scenario.occurred(scenario.zone(name)).tolist(),
        "wue": spec.power.wue,
        "pricePerKWh": None if price is None else price.tolist(),
    }


def _battery(scenario: Scenario, site: str, storage: Storage) -> dict[str, Any]:
    spec, sun = storage.spec, scenario.solar_kw.get(storage.name)
    available = np.zeros(scenario.slots) if sun is None else sun[: scenario.slots] * scenario.slot_h
    return {
        "name": storage.name,
        "cluster": site,
        "capacityKWh": spec.capacity_kwh,
        "maxChargeKW": spec.max_charge_kw,
        "maxDischargeKW": spec.max_discharge_kw,
        "chargeEfficiency": spec.charge_efficiency,
        "dischargeEfficiency": spec.discharge_efficiency,
        "reserve": spec.reserve,
        "wearGramsPerKWh": spec.wear_grams_per_kwh,
        "initialSocKWh": storage.soc_kwh,
        "initialGramsPerKWh": storage.stored_grams_per_kwh,
        "solarKWh": available.tolist(),
    }


def _job(scenario: Scenario, job: Job) -> dict[str, Any]:
    power = home_power_kw(scenario, job)
    return {
        "id": job.id,
        "arrivalH": job.arrival_h,
        "durationH": job.duration_h,
        "accelerators": job.accelerators,
        "kWPerAccelerator": power / job.accelerators if job.accelerators else power,
        "deadlineH": job.deadline_h,
        "home": job.home,
        "interruptible": job.interruptible,
        "checkpointGB": job.checkpoint_gb,
        "residency": sorted(job.residency),
        "mode": job.mode,
        "restartH": job.restart_h,
    }


def home_power_kw(scenario: Scenario, job: Job) -> float:
    """IT power of the gang at home, on the first accelerators that it can use there."""
    if job.power_kw is not None:
        return job.power_kw
    entries = scenario.clusters[job.home].spec.capacity.accelerators if job.home else ()
    usable = [e for e in entries if job.throughput.get(e.type, 1.0) > 0]
    each = next((e.power_kw or accelerator_kw(e.type) for e in usable), UNKNOWN_ACCELERATOR_KW)
    return job.accelerators * each if job.accelerators else WITHOUT_ACCELERATOR_KW
