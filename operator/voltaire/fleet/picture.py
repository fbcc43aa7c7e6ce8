"""The picture of the fleet: what the watches, probes and signals have said last.

Handlers and tasks write it, one key at a time, on the event loop; decisions never read it but take a frozen
snapshot (`fleet.build`). `changed` is set when something happened that may change a decision.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from voltaire.api.resources import AIWorkload, Battery, GridZone, PlacementPolicy, RegionalCluster
from voltaire.api.values import BatteryState, ControlReport, ZoneSignal
from voltaire.fleet.demand import Demand
from voltaire.fleet.stored import StoredEnergy
from voltaire.fleet.tally import Tally
from voltaire.forecast.meter import MeterForecaster
from voltaire.forecast.solar import SolarForecaster


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member as its connection sees it. Accelerators by type; `lost_since`: when it was first lost."""

    reachable: bool
    reason: str
    message: str
    lost_since: datetime | None = None
    server_version: str | None = None
    nodes: int | None = None
    capacity: Mapping[str, int] = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Picture:
    """Everything known now. Workloads by uid, the rest by name."""

    workloads: dict[str, AIWorkload] = field(default_factory=dict)
    demands: dict[str, Demand] = field(default_factory=dict)
    clusters: dict[str, RegionalCluster] = field(default_factory=dict)
    zones: dict[str, GridZone] = field(default_factory=dict)
    batteries: dict[str, Battery] = field(default_factory=dict)
    policies: dict[str, PlacementPolicy] = field(default_factory=dict)
    signals: dict[str, ZoneSignal] = field(default_factory=dict)
    battery_states: dict[str, BatteryState] = field(default_factory=dict)
    controls: dict[str, ControlReport] = field(default_factory=dict)
    """How the control of each controlled battery stands."""
    stored: dict[str, StoredEnergy] = field(default_factory=dict)
    solar: dict[str, SolarForecaster] = field(default_factory=dict)
    """By battery, of those whose solar power was measured."""
    other_loads: dict[str, MeterForecaster] = field(default_factory=dict)
    """By cluster, where the load of the site is measured: what is not Voltaire's, kW."""
    members: dict[str, MemberView] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    excluded: dict[str, dict[str, tuple[str, datetime]]] = field(default_factory=dict)
    """Workload uid -> cluster -> (why it was refused there, when it may be tried again)."""
    migrations: list[datetime] = field(default_factory=list)
    """When the migrations of the last hour began."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
