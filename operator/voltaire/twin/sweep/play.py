"""`run_case`: from a case to the summary of its run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from voltaire.api.resources import Battery, RegionalCluster
from voltaire.twin.errors import UnknownName
from voltaire.twin.fleet_file import FleetFile, read_fleet, read_objects
from voltaire.twin.forecast_kind import parse_forecast
from voltaire.twin.generate import JobShape, generate_jobs, write_jobs
from voltaire.twin.job import Job
from voltaire.twin.jobs_file import read_jobs
from voltaire.twin.play import play_one
from voltaire.twin.prices import PriceFile, read_prices
from voltaire.twin.scenario import Scenario, build_scenario
from voltaire.twin.solar import with_solar
from voltaire.twin.sweep.case import Case, Store, Workload
from voltaire.twin.trace import read_trace

# A Battery has a capacity above zero: one of a thousandth of a kWh leaves the sun beside it and does nothing.
NOTHING_KWH = 1e-3


def run_case(case: Case) -> dict[str, Any]:
    """Play it. Raises TwinError and its kinds."""
    scenario = scenario_of(case)
    played = play_one(scenario, case.policy)
    given = {entry.name: sum(entry.dischargeKWh) for entry in played.batteries}
    return {
        "policy": case.policy,
        "start": case.start,
        "hours": scenario.hours,
        "jobs": len(scenario.jobs),
        "dischargedKWh": given,
        "currency": scenario.currency,
        "withoutPrice": sorted(set(scenario.intensity) - set(scenario.prices)) if scenario.prices else [],
        **asdict(played.summary),
    }


def scenario_of(case: Case) -> Scenario:
    """The scenario of a case."""
    files = [Path(name) for name in case.fleet]
    fleet = read_fleet(document for file in files for document in read_objects(file))
    start = datetime.fromisoformat(case.start)
    jobs = jobs_of(case.jobs, files, fleet, start)
    if case.store is not None:
        fleet = with_store(fleet, case.store)
    zones = {fleet.zone_of(name) for name in fleet.clusters}
    trace = read_trace(Path(case.carbon), zones)
    solar = read_trace(Path(case.solar), with_solar(fleet), what="battery") if case.solar else None
    return build_scenario(
        fleet, jobs, trace, start=start, hours=case.jobs.hours, forecast=parse_forecast(case.forecast),
        seed=case.seed, solar=solar, baseline_battery=case.baseline_battery, announced_h=case.announced_h,
        prices=read_prices([PriceFile(zone, Path(name)) for zone, name in case.prices], zones),
    )  # fmt: skip


def jobs_of(
    workload: Workload, fleet_files: Sequence[Path], fleet: FleetFile, start: datetime
) -> tuple[Job, ...]:
    """The jobs of a case: from its file, made anew from its seed, or the AIWorkloads of the fleet files."""
    if workload.file is not None:
        return read_jobs(Path(workload.file), fleet, start)
    if workload.load is None:
        return tuple(job for file in fleet_files for job in read_jobs(file, fleet, start))
    shape = JobShape(load=workload.load, count=workload.count, hours=workload.hours or JobShape().hours)
    trace = None if workload.trace is None else Path(workload.trace)
    rows = generate_jobs(fleet_files, shape, workload.seed, trace)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jobs.csv"
        path.write_text(write_jobs(rows), encoding="utf-8")
        return read_jobs(path, fleet, start)


def with_store(fleet: FleetFile, store: Store) -> FleetFile:
    """The fleet with a battery of another size beside a cluster: with the efficiencies, wear and sun of the
    first one that is there, of any battery of the fleet where there is none. Raises UnknownName."""
    cluster = fleet.clusters.get(store.cluster)
    if cluster is None:
        raise UnknownName(f"there is no cluster {store.cluster}: choose from {', '.join(fleet.clusters)}")
    there = [fleet.batteries[name] for name in cluster.spec.batteries]
    template = there[0] if there else next(iter(fleet.batteries.values()), None)
    if template is None:
        raise UnknownName("the fleet has no Battery to take efficiencies and wear from: add one to its files")
    capacity = max(store.capacity_kwh, NOTHING_KWH)
    changes: dict[str, Any] = {
        "capacity_kwh": capacity,
        "max_charge_kw": capacity / store.hours,
        "max_discharge_kw": capacity / store.hours,
    }
    if not there:
        changes["solar"] = None
    if store.wear_grams_per_kwh is not None:
        changes["wear_grams_per_kwh"] = store.wear_grams_per_kwh
    name = there[0].metadata.name if there else f"{store.cluster}-battery"
    return _placed(fleet, cluster, template, name, changes)


def _placed(
    fleet: FleetFile, cluster: RegionalCluster, template: Battery, name: str, changes: dict[str, Any]
) -> FleetFile:
    battery = template.model_copy(
        update={
            "spec": template.spec.model_copy(update=changes),
            "metadata": template.metadata.model_copy(update={"name": name}),
        }
    )
    spec = cluster.spec.model_copy(update={"batteries": [name]})
    changed = cluster.model_copy(update={"spec": spec})
    dropped = set(cluster.spec.batteries)
    return replace(
        fleet,
        clusters={**fleet.clusters, cluster.metadata.name: changed},
        batteries={n: b for n, b in fleet.batteries.items() if n not in dropped} | {name: battery},
    )
