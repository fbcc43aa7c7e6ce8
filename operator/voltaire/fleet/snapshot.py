"""The frozen snapshot: everything a decision may rest on, and nothing else.

Slots are counted from `Snapshot.start`; every per-slot tuple has `Snapshot.slots` entries. Power is IT power
in kW unless the name says facility; energy kWh; carbon g; times aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voltaire.api.aiworkload import DisruptionMode, LabelSelector, Phase, WorkloadType
from voltaire.api.gridzone import Basis


@dataclass(frozen=True, slots=True)
class BatteryView:
    """A battery at a site, fresh enough to plan with. `energy_kwh` is held now, reserve included."""

    name: str
    capacity_kwh: float
    energy_kwh: float
    reserve_kwh: float
    max_charge_kw: float
    max_discharge_kw: float
    charge_efficiency: float
    discharge_efficiency: float
    wear_grams_per_kwh: float
    stored_grams_per_kwh: float
    power_kw: float
    solar_kw: tuple[float, ...]
    solar_grams_per_kwh: float


@dataclass(frozen=True, slots=True)
class ClusterView:
    """A member.

    `capacity`: accelerators by type that Voltaire may use (others' use already taken off), its own running
    workloads included. `unavailable` says why nothing may be placed or moved there now (empty: it may).
    `draining`: what runs there moves away where it may. `intensity`: grid g/kWh per slot, None while nothing
    fresh is known. `forecast_error`: mean absolute error of that as a share of the value, by lead (the first
    for one hour, the last holds beyond) or one for all; read it with `fleet.uncertainty.error_at`.
    `host_overhead_kw`: facility power drawn whatever runs, with what else is expected to draw power at the
    site, on the mean of the horizon; solar and battery serve it first.
    """

    name: str
    labels: Mapping[str, str]
    jurisdictions: frozenset[str]
    namespaces: frozenset[str]
    zone: str
    reachable: bool
    unavailable: str
    capacity: Mapping[str, int]
    accelerator_kw: Mapping[str, float]
    pue: float
    host_overhead_kw: float
    limit_kw: float | None
    basis: Basis | None
    intensity: tuple[float, ...] | None
    forecast_error: float | tuple[float, ...] | None = None
    batteries: tuple[BatteryView, ...] = ()
    draining: bool = False


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A PlacementPolicy, resolved."""

    name: str = "builtin"
    act: bool = True
    lateness_grams_per_hour: float = 5000.0
    minimum_saving: float = 0.05
    minimum_saving_grams: float = 0.0
    minimum_residence: timedelta = timedelta(minutes=30)
    kwh_per_gb: float = 0.06
    gb_per_hour: float = 450.0
    migrations_per_hour: int = 60
    concurrent_migrations: int = 20


@dataclass(frozen=True, slots=True)
class WorkloadView:
    """A workload to plan for. Finished, deleted and user-suspended ones are not in a snapshot.

    `remaining_seconds`: work left at throughput 1, from the last checkpoint if it is stopped; None for
    servers. `cluster`: where its copy is or is being made; `running` whether it works there now.
    `at_risk_seconds`: work that a stop now would lose. `movable` is False while a transition is under way:
    the planner then keeps `cluster` (or `target`) and only counts its capacity.
    `data_cluster`: where its checkpoint lies while it is stopped.
    """

    uid: str
    key: str
    namespace: str
    type: WorkloadType
    phase: Phase
    accelerators: int
    power_kw: float | None
    throughput: Mapping[str, float]
    remaining_seconds: float | None
    arrival: datetime
    earliest_start: datetime
    deadline: datetime | None
    deadline_required: bool
    residency: frozenset[str]
    selector: LabelSelector
    home: str | None
    mode: DisruptionMode
    checkpoint_gb: float
    restore_seconds: float
    at_risk_seconds: float
    minimum_residence: timedelta
    migrations_left: int
    cluster: str | None
    accelerator_type: str | None
    data_cluster: str | None
    running: bool
    movable: bool
    last_change: datetime | None
    policy: PolicyView
    excluded: Mapping[str, str] = field(default_factory=dict)
    """Clusters it may not use for now (a refused manifest, a missing namespace): name -> reason."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The world at one moment. `migrations_recent`: begun in the last hour; `migrations_active`: now.

    A required deadline is planned for with `spare_slots`, or `spare_share` of the work if that is more, to
    spare: pods are scheduled, images pulled and checkpoints restored in real time.
    """

    time: datetime
    start: datetime
    slot: timedelta
    slots: int
    clusters: Mapping[str, ClusterView]
    workloads: Mapping[str, WorkloadView]
    migrations_recent: int = 0
    migrations_active: int = 0
    spare_slots: int = 2
    spare_share: float = 0.1
