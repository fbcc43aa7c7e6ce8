"""What decides in a simulated fleet. Voltaire's own planner and every baseline stand behind the same call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from voltaire.api.values import Series
from voltaire.fleet.snapshot import Snapshot
from voltaire.planner.plan import Plan


class Policy(Protocol):
    """One way to run a fleet. A policy is made for one run and may remember what it decided before."""

    @property
    def name(self) -> str:
        """Its name on the command line."""

    def plan(self, snapshot: Snapshot, now: datetime, past: Mapping[str, Series]) -> Plan:
        """What to do with every workload of `snapshot` from `now` on, and with every battery.

        `past`: what occurred up to `now`, g/kWh by zone. The twin carries out each decision's `action` at
        once, where capacity allows it, and follows `Plan.batteries` (kW by slot of the snapshot, positive
        discharges) within what the battery can.
        """
