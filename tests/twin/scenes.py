"""Small fleets, traces and jobs to play: tests set what matters, the rest has a value that does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from voltaire.api.values import Series
from voltaire.fleet.snapshot import Snapshot
from voltaire.planner.plan import Action, Decision, Plan
from voltaire.twin.fleet_file import FleetFile, read_fleet
from voltaire.twin.forecasts import Forecasts
from voltaire.twin.job import Job
from voltaire.twin.policy import Policy
from voltaire.twin.scenario import Scenario, build_scenario
from voltaire.twin.trace import Trace
from voltaire.twin.world import World

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
API = "voltaire.dev/v1alpha1"


def cluster(name: str, *, count: int = 16, jurisdictions: Sequence[str] = (), **power: Any) -> dict[str, Any]:
    """A RegionalCluster with `count` h100 of 1 kW in the GridZone of its own name. PUE 1, no overhead."""
    return {
        "apiVersion": API,
        "kind": "RegionalCluster",
        "metadata": {"name": name},
        "spec": {
            "region": name,
            "gridZone": name,
            "jurisdictions": list(jurisdictions),
            "location": {"latitude": 48.0, "longitude": 0.0},
            "connection": {"inCluster": True},
            "capacity": {"accelerators": [{"type": "h100", "count": count, "powerKW": 1.0}]},
            "power": {"pue": 1.0, **power},
        },
    }


def zone(name: str) -> dict[str, Any]:
    """The GridZone of a cluster: its id is the name in capitals."""
    spec = {"zone": name.upper(), "sources": [{"static": {"gramsPerKWh": 100}}]}
    return {"apiVersion": API, "kind": "GridZone", "metadata": {"name": name}, "spec": spec}


def battery(name: str, **spec: Any) -> dict[str, Any]:
    """100 kWh with losses and a reserve of a tenth, 25 kW both ways."""
    telemetry = {"http": {"url": "https://site.example.com/b.json", "soc": {"query": "soc"}}}
    values = {"capacityKWh": 100, "maxChargeKW": 25, "maxDischargeKW": 25, "chargeEfficiency": 0.95,
              "dischargeEfficiency": 0.9, "reserve": 0.1, "telemetry": telemetry}  # fmt: skip
    return {"apiVersion": API, "kind": "Battery", "metadata": {"name": name}, "spec": {**values, **spec}}


def placement_policy(**spec: Any) -> dict[str, Any]:
    """Slots of an hour; a transfer of 100 GB takes an hour; no minimum residence."""
    values = {
        "slot": "60m",
        "horizon": "24h",
        "hysteresis": {"minimumResidence": "0s"},
        "migration": {"kwhPerGB": 0.1, "gbPerHour": 100},
    }
    metadata = {"name": "default"}
    return {"apiVersion": API, "kind": "PlacementPolicy", "metadata": metadata, "spec": {**values, **spec}}


def with_battery(site: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same cluster with batteries."""
    return {**site, "spec": {**site["spec"], "batteries": list(names)}}


def fleet(*documents: dict[str, Any]) -> FleetFile:
    """A fleet of clusters and batteries, their zones and the policy added where they are missing."""
    kinds = {document["kind"] for document in documents}
    zones = [zone(d["metadata"]["name"]) for d in documents if d["kind"] == "RegionalCluster"]
    policies = [] if "PlacementPolicy" in kinds else [placement_policy()]
    return read_fleet([*documents, *zones, *policies])


def job(name: str = "j", **fields: Any) -> Job:
    """Two hours on four accelerators of 1 kW, there from the start, due in a day, free to move."""
    values = {"arrival_h": 0.0, "duration_h": 2.0, "accelerators": 4, "deadline_h": 24.0, "home": None,
              "power_kw": 4.0, "mode": "Migrate", "restart_h": 0.1}  # fmt: skip
    return Job(id=name, **{**values, **fields})


def trace(grams: Mapping[str, Sequence[float]], hours: int = 96) -> Trace:
    """Hourly values by cluster name from two days before START on; the last one goes on."""
    values = {}
    for name, known in grams.items():
        row = np.full(48 + hours, float(known[-1]))
        row[48 : 48 + len(known)] = known[:hours]
        row[:48] = known[0]
        values[name.upper()] = row
    return Trace("trace.csv", START - 48 * HOUR, HOUR, values)


def scenario(
    found: FleetFile, jobs: Sequence[Job], grams: Mapping[str, Sequence[float]], **options: Any
) -> Scenario:
    """A scenario from START on."""
    return build_scenario(found, jobs, trace(grams), **{"start": START, **options})


@dataclass
class Scripted:
    """A policy that says what it was told to say, by hour: actions of (job, action, cluster). `next_start`:
    hours at which it always wants to start jobs."""

    script: Mapping[float, Sequence[tuple[str, Action, str | None]]]
    batteries: Mapping[str, Sequence[float]] = field(default_factory=dict)
    next_start: Mapping[str, float] = field(default_factory=dict)
    name: str = "scripted"
    asked: list[float] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)

    def plan(self, snapshot: Snapshot, now: datetime, past: Mapping[str, Series]) -> Plan:  # noqa: ARG002
        hour = (now - START) / HOUR
        self.asked.append(round(hour, 6))
        self.snapshots.append(snapshot)
        said = self.script.get(round(hour, 6), ())
        decisions = {uid: Decision(uid, action, where, None, "Told", "") for uid, action, where in said}
        for uid, start in self.next_start.items():
            waits = Decision(uid, Action.WAIT, None, None, "Told", "", next_start=START + start * HOUR)
            decisions.setdefault(uid, waits)
        first = int(hour)
        powers = {name: tuple(kw[first:]) for name, kw in self.batteries.items()}
        return Plan(now, snapshot.start, snapshot.slot, decisions, powers)


def played(scene: Scenario, policy: Policy) -> World:
    """The world at the end of a run."""
    world = World(scene, policy, Forecasts(scene))
    world.run()
    return world
