"""The joint planning problem as data: clusters, batteries and workloads over a grid of equal slots.

Everything is measured from the beginning of slot 0: hours for times and for work (work: hours of the whole
gang at throughput 1), kW, kWh, g. A series has one value for each slot. All values are checked when an object
is made; `BadProblem` (see `errors`) says what is wrong. What is merely impossible (a workload larger than any
cluster, a deadline that cannot be met) is no error: the plan says so and still plans the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from voltaire.planner.joint.checks import (
    check_each,
    check_efficiency,
    check_number,
    check_series,
    check_unique,
)
from voltaire.planner.joint.errors import EmptyFleet, OutOfRange, UnknownName

Series = tuple[float, ...]


class Mode(StrEnum):
    """What may be done to a workload that has started."""

    NEVER = "Never"  # it runs through where it started
    SUSPEND = "Suspend"  # it may be paused, and goes on in the same cluster
    MIGRATE = "Migrate"  # it may also go on elsewhere


@dataclass(frozen=True, slots=True)
class Battery:
    """Storage behind a cluster's meter. `energy_kwh`: held at the start, reserve included.

    What it holds carries `stored_grams_per_kwh`; at the end, energy is worth that up to what it began with,
    so that a plan gains nothing by leaving a battery empty, or by filling it. `wear_grams_per_kwh` is charged
    for each kWh delivered.
    """

    name: str
    capacity_kwh: float
    energy_kwh: float
    reserve_kwh: float = 0.0
    max_charge_kw: float = 0.0
    max_discharge_kw: float = 0.0
    charge_efficiency: float = 1.0
    discharge_efficiency: float = 1.0
    wear_grams_per_kwh: float = 0.0
    stored_grams_per_kwh: float = 0.0

    def __post_init__(self) -> None:
        where = f"battery {self.name}"
        amounts = ("capacity_kwh", "energy_kwh", "reserve_kwh", "max_charge_kw", "max_discharge_kw",
                   "wear_grams_per_kwh", "stored_grams_per_kwh")  # fmt: skip
        for name in amounts:
            check_number(getattr(self, name), f"{where}: {name}")
        for name in ("charge_efficiency", "discharge_efficiency"):
            check_efficiency(getattr(self, name), f"{where}: {name}")
        if self.energy_kwh > self.capacity_kwh + 1e-9 or self.reserve_kwh > self.capacity_kwh:
            raise OutOfRange(f"{where}: energy_kwh and reserve_kwh may not exceed capacity_kwh")


@dataclass(frozen=True, slots=True)
class Cluster:
    """A place to run. `capacity`: accelerators by type, one number or one for each slot; `accelerator_kw`: IT
    power of one at work, by type. `grams_per_kwh` of the grid and `price_per_kwh` are series. `limit_kw`
    bounds facility power (None: no limit), `host_kw` is facility power drawn whatever runs. `solar_kw`: what
    the sun would give; what is not used is lost."""

    name: str
    capacity: Mapping[str, int | tuple[int, ...]]
    grams_per_kwh: Series
    accelerator_kw: Mapping[str, float] = field(default_factory=dict)
    price_per_kwh: Series = ()
    pue: float = 1.0
    host_kw: float = 0.0
    limit_kw: float | Series | None = None
    solar_kw: Series = ()
    solar_grams_per_kwh: float = 0.0
    batteries: tuple[Battery, ...] = ()

    def __post_init__(self) -> None:
        where = f"cluster {self.name}"
        check_each(self.grams_per_kwh, f"{where}: grams_per_kwh")
        check_each(self.price_per_kwh, f"{where}: price_per_kwh", negative=True)
        check_each(self.solar_kw, f"{where}: solar_kw")
        for kind, count in self.capacity.items():
            check_each(count if isinstance(count, tuple) else (count,), f"{where}: capacity of {kind}")
        check_each(self.accelerator_kw.values(), f"{where}: accelerator_kw")
        if self.limit_kw is not None:
            limit = self.limit_kw if isinstance(self.limit_kw, tuple) else (self.limit_kw,)
            check_each(limit, f"{where}: limit_kw")
        for name in ("host_kw", "solar_grams_per_kwh"):
            check_number(getattr(self, name), f"{where}: {name}")
        if check_number(self.pue, f"{where}: pue") < 1.0:
            raise OutOfRange(f"{where}: pue is facility energy over IT energy, at least 1, not {self.pue}")
        check_unique((battery.name for battery in self.batteries), f"{where}: batteries")


@dataclass(frozen=True, slots=True)
class Workload:
    """Work to be done, and what may be done to it.

    `hours` of work are left. `accelerators` run together or not at all; `power_kw` is the gang's IT power
    (None: that of the cluster's accelerators). `throughput` by accelerator type, 1 where it is not named, 0
    where it cannot run. `clusters`: where it may run (None: anywhere).

    It may run from `earliest_hours` on. A `required` deadline is never planned past while it can be met:
    missing it costs `miss_grams`. Otherwise each hour of lateness costs `late_grams_per_hour`. Work left at
    the end of the horizon costs `after_grams_per_hour` of work (None: the workload's mean over place and
    time). Each hour until it is done costs `wait_grams_per_hour`, late or not.

    A stop loses `lost_hours` of work and costs `change_grams` (what a change must save), a restart takes
    `restore_hours` and `start_kwh` (IT; a first start takes only `start_kwh`); a migration takes
    `transfer_hours` and `transfer_kwh` besides: before it starts, or, where `transfer_held`, while it holds
    its new place already. It stays at least
    `residence_hours` where it starts. Where it is: running at `place` (cluster, accelerator type) and not to
    be stopped for `held_hours`, or stopped with its data in `data`, or neither.
    """

    id: str
    hours: float
    accelerators: int
    power_kw: float | None = None
    throughput: Mapping[str, float] = field(default_factory=dict)
    clusters: tuple[str, ...] | None = None
    earliest_hours: float = 0.0
    deadline_hours: float | None = None
    required: bool = False
    late_grams_per_hour: float = 0.0
    miss_grams: float | None = None
    after_grams_per_hour: float | None = None
    mode: Mode = Mode.MIGRATE
    lost_hours: float = 0.0
    restore_hours: float = 0.0
    transfer_hours: float = 0.0
    transfer_kwh: float = 0.0
    transfer_held: bool = False
    start_kwh: float = 0.0
    change_grams: float = 0.0
    wait_grams_per_hour: float = 0.0
    residence_hours: float = 0.0
    held_hours: float = 0.0
    place: tuple[str, str] | None = None
    data: str | None = None

    def __post_init__(self) -> None:
        where = f"workload {self.id}"
        for name in _AMOUNTS:
            check_number(getattr(self, name), f"{where}: {name}")
        for name in ("power_kw", "miss_grams", "after_grams_per_hour"):
            if getattr(self, name) is not None:
                check_number(getattr(self, name), f"{where}: {name}")
        if self.deadline_hours is not None:
            check_number(self.deadline_hours, f"{where}: deadline_hours", negative=True)
        check_each(self.throughput.values(), f"{where}: throughput")
        if self.required and self.deadline_hours is None:
            raise OutOfRange(f"{where}: required needs deadline_hours")
        if self.accelerators == 0 and self.power_kw is None:
            raise OutOfRange(f"{where}: without accelerators it needs power_kw")


_AMOUNTS = ("hours", "accelerators", "earliest_hours", "late_grams_per_hour", "lost_hours", "restore_hours",
            "transfer_hours", "transfer_kwh", "start_kwh", "change_grams", "wait_grams_per_hour",
            "residence_hours", "held_hours")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """The whole of it. `units_per_slot`: how finely remaining work is counted, per slot at throughput 1;
    losses are rounded up to units, throughput down. `grams_per_money` weighs price against carbon."""

    slots: int
    slot_hours: float
    clusters: tuple[Cluster, ...]
    workloads: tuple[Workload, ...] = ()
    units_per_slot: int = 1
    grams_per_money: float = 0.0

    def __post_init__(self) -> None:
        if self.slots < 1 or self.units_per_slot < 1:
            raise OutOfRange("slots and units_per_slot must be at least 1")
        if check_number(self.slot_hours, "slot_hours") <= 0:
            raise OutOfRange("slot_hours must be above 0")
        check_number(self.grams_per_money, "grams_per_money")
        if not self.clusters:
            raise EmptyFleet("there is no cluster to plan for")
        check_unique((cluster.name for cluster in self.clusters), "clusters")
        check_unique((workload.id for workload in self.workloads), "workloads")
        for cluster in self.clusters:
            _check_lengths(cluster, self.slots)
        kinds = MappingProxyType({cluster.name: set(cluster.capacity) for cluster in self.clusters})
        for workload in self.workloads:
            _check_names(workload, kinds)


def _check_lengths(cluster: Cluster, slots: int) -> None:
    where = f"cluster {cluster.name}"
    check_series(cluster.grams_per_kwh, slots, f"{where}: grams_per_kwh")
    for name in ("price_per_kwh", "solar_kw"):
        if getattr(cluster, name):
            check_series(getattr(cluster, name), slots, f"{where}: {name}")
    for kind, count in cluster.capacity.items():
        if isinstance(count, tuple):
            check_series(count, slots, f"{where}: capacity of {kind}")
    if isinstance(cluster.limit_kw, tuple):
        check_series(cluster.limit_kw, slots, f"{where}: limit_kw")


def _check_names(workload: Workload, kinds: Mapping[str, Iterable[str]]) -> None:
    where = f"workload {workload.id}"
    for name in (*(workload.clusters or ()), *((workload.data,) if workload.data is not None else ())):
        if name not in kinds:
            raise UnknownName(f"{where}: there is no cluster {name}")
    if workload.place is not None:
        cluster, kind = workload.place
        if cluster not in kinds or (kind not in kinds[cluster] and workload.accelerators > 0):
            raise UnknownName(f"{where}: there is no {kind or 'accelerator'} in {cluster}")
