"""Small fleets and workloads: tests set what matters, the rest has a value that does not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from voltaire.api.aiworkload import LabelSelector
from voltaire.api.gridzone import Basis
from voltaire.fleet.snapshot import BatteryView, ClusterView, PolicyView, Snapshot, WorkloadView
from voltaire.planner import Effort, Plan, Planner

NOW = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
SLOT = timedelta(minutes=15)
HOUR = timedelta(hours=1)
AVERAGE = Basis()
QUICK = Effort(rounds=30, neighbourhoods=20, threads=1)


def hourly(*values: float, hours: int = 48) -> tuple[float, ...]:
    """Intensity by slot from one value an hour; the last one goes on."""
    filled = [*values, *[values[-1]] * (hours - len(values))]
    return tuple(float(value) for value in filled[:hours] for _ in range(4))


def cluster(name: str, intensity: tuple[float, ...] | None, **fields: Any) -> ClusterView:
    """16 a100 of 1 kW each, PUE 1, no overhead, in a zone of its own name."""
    values: dict[str, Any] = {
        "labels": {"region": name},
        "jurisdictions": frozenset(),
        "namespaces": frozenset(),
        "zone": name.upper(),
        "reachable": True,
        "unavailable": "",
        "capacity": {"a100": 16},
        "accelerator_kw": {"a100": 1.0},
        "pue": 1.0,
        "host_overhead_kw": 0.0,
        "limit_kw": None,
        "basis": AVERAGE if intensity is not None else None,
        "intensity": intensity,
    }
    return ClusterView(name=name, **{**values, **fields})


def battery(**fields: Any) -> BatteryView:
    """100 kWh, half full, no reserve, no losses, no solar, holding 50 g/kWh, 10 kW both ways."""
    values: dict[str, Any] = {
        "name": "pack",
        "capacity_kwh": 100.0,
        "energy_kwh": 50.0,
        "reserve_kwh": 0.0,
        "max_charge_kw": 10.0,
        "max_discharge_kw": 10.0,
        "charge_efficiency": 1.0,
        "discharge_efficiency": 1.0,
        "wear_grams_per_kwh": 0.0,
        "stored_grams_per_kwh": 50.0,
        "power_kw": 0.0,
        "solar_kw": (),
        "solar_grams_per_kwh": 48.0,
    }
    return BatteryView(**{**values, **fields})


def workload(uid: str = "w", **fields: Any) -> WorkloadView:
    """Fresh training of 2 h on 4 accelerators, arrived now, that may migrate freely, without deadline."""
    values: dict[str, Any] = {
        "key": f"team/{uid}",
        "namespace": "team",
        "type": "Training",
        "phase": "Pending",
        "accelerators": 4,
        "power_kw": None,
        "throughput": {},
        "remaining_seconds": 7200.0,
        "arrival": NOW,
        "earliest_start": NOW,
        "deadline": None,
        "deadline_required": False,
        "residency": frozenset(),
        "selector": LabelSelector(),
        "home": None,
        "mode": "Migrate",
        "checkpoint_gb": 0.0,
        "restore_seconds": 0.0,
        "at_risk_seconds": 0.0,
        "minimum_residence": timedelta(minutes=30),
        "migrations_left": 10,
        "cluster": None,
        "accelerator_type": None,
        "data_cluster": None,
        "running": False,
        "movable": True,
        "last_change": None,
        "policy": PolicyView(),
    }
    return WorkloadView(uid=uid, **{**values, **fields})


def running(uid: str = "w", *, on: str, **fields: Any) -> WorkloadView:
    """As `workload`, at work on a cluster for two hours already."""
    values: dict[str, Any] = {
        "phase": "Running",
        "cluster": on,
        "accelerator_type": "a100",
        "running": True,
        "arrival": NOW - 2 * HOUR,
        "earliest_start": NOW - 2 * HOUR,
        "last_change": NOW - 2 * HOUR,
    }
    return workload(uid, **{**values, **fields})


def stopped(uid: str = "w", *, data: str, **fields: Any) -> WorkloadView:
    """As `workload`, paused with its checkpoint in a cluster."""
    values: dict[str, Any] = {
        "phase": "Paused",
        "data_cluster": data,
        "arrival": NOW - 2 * HOUR,
        "earliest_start": NOW - 2 * HOUR,
        "last_change": NOW - 2 * HOUR,
    }
    return workload(uid, **{**values, **fields})


def world(
    clusters: list[ClusterView], workloads: list[WorkloadView], now: datetime = NOW, **fields: Any
) -> Snapshot:
    """A snapshot of them, 48 hours in slots of 15 minutes."""
    values: dict[str, Any] = {"time": now, "start": NOW, "slot": SLOT, "slots": 192}
    members: Mapping[str, ClusterView] = {view.name: view for view in clusters}
    return Snapshot(
        clusters=members, workloads={view.uid: view for view in workloads}, **{**values, **fields}
    )


def plan(snapshot: Snapshot, now: datetime) -> Plan:
    """One plan from nothing, with counted effort: the same each time."""
    return Planner(QUICK).plan(snapshot, now)
