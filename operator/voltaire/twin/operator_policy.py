"""The operator itself as a policy: its own planner, on the snapshot that it would have gathered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from voltaire.api.values import Series
from voltaire.fleet.snapshot import Snapshot
from voltaire.planner import plan as plan_fleet
from voltaire.planner.plan import Plan
from voltaire.twin.policy import Policy
from voltaire.twin.scenario import Scenario


@dataclass(slots=True)
class OperatorPolicy:
    """`voltaire.planner.plan`, with the hysteresis, budgets and horizon of the fleet's PlacementPolicy."""

    name: str

    def plan(self, snapshot: Snapshot, now: datetime, past: Mapping[str, Series]) -> Plan:  # noqa: ARG002
        """One plan of the receding horizon."""
        return plan_fleet(snapshot, now)


def make(name: str, scenario: Scenario) -> Policy:  # noqa: ARG001
    """The policy for a run."""
    return OperatorPolicy(name)
