"""Workloads that are alike need not be planned twice.

While only reservations are added, room shrinks and marginal prices rise. So the timeline that was best for
one workload is best for its twin too, as long as it still has room and no price has moved.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace

from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.case import Case
from voltaire.planner.grid import TimeGrid
from voltaire.planner.order import is_lasting
from voltaire.planner.outcome import Outcome
from voltaire.planner.plan import Action, Decision
from voltaire.planner.sites import Fleet
from voltaire.planner.terms import PATIENCE_SECONDS


@dataclass(frozen=True, slots=True)
class _Solved:
    case: Case
    outcome: Outcome
    decision: Decision
    prices: Hashable


@dataclass(slots=True)
class Twins:
    """Solved workloads by what distinguishes them. Anything given back must clear it."""

    solved: dict[Hashable, _Solved] = field(default_factory=dict)

    def find(self, workload: WorkloadView, fleet: Fleet) -> tuple[Case, Outcome, Decision] | None:
        """A twin's plan for `workload`, if it still holds."""
        key = _key(workload, fleet.time)
        solved = self.solved.get(key) if key is not None else None
        if solved is None or solved.prices != prices_of(solved.case, fleet):
            return None
        for stretch in solved.outcome.stretches:
            place = solved.case.places[stretch.place]
            room = fleet.sites[place.cluster].open(place.kind, workload.accelerators, place.facility_kw)
            if not room[stretch.first : stretch.last + 1].all():
                return None
        case = replace(solved.case, workload=workload)
        return case, solved.outcome, replace(solved.decision, uid=workload.uid)

    def keep(self, case: Case, outcome: Outcome, decision: Decision, fleet: Fleet, prices: Hashable) -> None:
        """Remember a plan. `prices`: what `prices_of` gave before its room was taken."""
        key = _key(case.workload, fleet.time)
        if key is not None and decision.action in (Action.START, Action.WAIT):
            self.solved[key] = _Solved(case, outcome, decision, prices)


def prices_of(case: Case, fleet: Fleet) -> Hashable:
    """Stands for the marginal prices a workload sees: they move only where there is more than the grid."""
    sites = (fleet.sites[name] for name in dict.fromkeys(place.cluster for place in case.places))
    return tuple(site.load_kw.tobytes() for site in sites if site.sources)


def _key(w: WorkloadView, time: TimeGrid) -> Hashable | None:
    """Everything a plan depends on; None for what is never shared: the placed, and those with checkpoints."""
    if w.cluster is not None or w.data_cluster is not None or is_lasting(w):
        return None
    limit = (time.seconds(max(w.arrival, w.earliest_start)) + PATIENCE_SECONDS) // time.slot_seconds
    return (
        w.namespace, w.type, w.accelerators, w.power_kw, tuple(sorted(w.throughput.items())),
        w.remaining_seconds, max(w.earliest_start, time.now), w.deadline, w.deadline_required,
        limit if w.deadline is None else None, w.residency, w.selector.model_dump_json(), w.mode,
        w.checkpoint_gb, w.restore_seconds, w.at_risk_seconds, w.minimum_residence, w.migrations_left,
        w.policy, tuple(sorted(w.excluded.items())),
    )  # fmt: skip
