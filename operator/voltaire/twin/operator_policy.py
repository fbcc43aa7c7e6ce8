"""The operator itself as a policy: its own planner, on the snapshot that it would have gathered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from voltaire.api.values import Series
from voltaire.fleet.snapshot import Snapshot
from voltaire.planner import Effort, Planner
from voltaire.planner.plan import Plan
from voltaire.twin.policy import Policy
from voltaire.twin.scenario import Scenario

FEW = 60
"""Up to so many workloads plans are cheap, and made with more effort."""

SMALL = Effort(rounds=80, neighbourhoods=4000, threads=1)
EFFORT, WITHIN = (
    Effort(rounds=24, neighbourhoods=1200, threads=1),
    Effort(rounds=6, neighbourhoods=300, threads=1),
)
"""At the beginning of a slot, and for what happens within: the prices of the slot's plan still hold, so
little is to be found anew. Counts instead of a time: the same run gives the same plans on any machine. Moves
are cheap beside price rounds, and from the last plan's prices more rounds find no better plans."""


class OperatorPolicy:
    """`voltaire.planner.Planner`, with the hysteresis, budgets and horizon of the fleet's PlacementPolicy."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._planner = Planner(EFFORT, explained=False)
        self._planned: datetime | None = None

    def plan(self, snapshot: Snapshot, now: datetime, past: Mapping[str, Series]) -> Plan:  # noqa: ARG002
        """One plan of the receding horizon."""
        within = self._planned == snapshot.start
        if len(snapshot.workloads) <= FEW:
            self._planner.effort = SMALL
        else:
            self._planner.effort = WITHIN if within else EFFORT
        self._planned = snapshot.start
        return self._planner.plan(snapshot, now)


def make(name: str, scenario: Scenario) -> Policy:  # noqa: ARG001
    """The policy for a run."""
    return OperatorPolicy(name)
