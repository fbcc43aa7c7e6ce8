"""What could have been done at best: one joint plan over the whole run, everything known, then followed.

`lower_bound_grams` is that problem's Lagrangian bound, comparable with a run's grams: no run that meets the
deadlines and changes at slot boundaries emits less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np

from voltaire.api.values import Series
from voltaire.fleet.snapshot import Snapshot, WorkloadView
from voltaire.planner.eligibility import fitting_types, rejection
from voltaire.planner.joint import Effort, Problem, Solution, solve
from voltaire.planner.plan import Action, Decision, Plan
from voltaire.twin.policy import Policy
from voltaire.twin.scenario import Scenario
from voltaire.twin.whole_run import idle_grams, whole_problem

EFFORT = Effort(rounds=150, neighbourhoods=20000, threads=1)
BOUND_EFFORT = Effort(rounds=150, neighbourhoods=0, threads=1)
"""Counts instead of a time: the same run gives the same plan on any machine."""


SOLVER_TOLERANCE = 1e-6
"""Linear programs of batteries are solved to 1e-7 and setpoints have six decimals: the bound gives way by
more, so that it is one."""


class Clairvoyant:
    """Solves at the first plan, and from then on says what the solution says of each slot."""

    def __init__(self, name: str, scenario: Scenario) -> None:
        self.name = name
        self._s = scenario
        self.problem: Problem = whole_problem(scenario, "plan")
        self.solution: Solution | None = None
        self.lower_bound_grams: float | None = None
        self._index = {job.id: i for i, job in enumerate(scenario.jobs)}
        self._powers: dict[str, tuple[float, ...]] = {}

    def plan(self, snapshot: Snapshot, now: datetime, past: Mapping[str, Series]) -> Plan:  # noqa: ARG002
        """What the solution says of the slot that holds `now`, and of the batteries from it on."""
        solution = self.solution or self._solve()
        k = (now - self._s.start) // self._s.slot
        decisions = {uid: self._decision(solution, w, k) for uid, w in snapshot.workloads.items()}
        left = [w for uid, w in snapshot.workloads.items() if decisions[uid].cluster is None]
        for decision in stragglers(left, snapshot):  # last: what was planned goes first
            decisions.pop(decision.uid)
            decisions[decision.uid] = decision
        powers = {name: kw[k : k + snapshot.slots] for name, kw in self._powers.items()}
        return Plan(now, snapshot.start, snapshot.slot, decisions, powers)

    def _solve(self) -> Solution:
        self.solution = solve(self.problem, EFFORT)
        bounded = whole_problem(self._s, "bound")
        proven = solve(bounded, BOUND_EFFORT).bound + idle_grams(bounded)
        self.lower_bound_grams = proven * (1 - SOLVER_TOLERANCE)
        for c, cluster in enumerate(self.problem.clusters):
            dispatch = self.solution.dispatch.get(c)
            for i, battery in enumerate(cluster.batteries):
                if dispatch is not None:
                    kw = (dispatch.discharge[i] - dispatch.charge[i]) / self._s.slot_h
                    self._powers[battery.name] = tuple(kw.tolist())
        return self.solution

    def _decision(self, solution: Solution, w: WorkloadView, k: int) -> Decision:
        """The step that leads from where it is to what its row says of slot k."""
        row = solution.rows[self._index[w.uid]]
        ahead = np.flatnonzero(row[k:] >= 0)
        begin = k + int(ahead[0]) if len(ahead) else None
        pool = solution.built.pools[int(row[begin])] if begin is not None else None
        cluster, kind = (None, None) if pool is None else (pool.cluster, pool.kind or None)
        action = self._action(w, k, begin, cluster)
        return Decision(w.uid, action, cluster or w.cluster, kind, "Clairvoyant", "As planned at the start.")

    def _action(self, w: WorkloadView, k: int, begin: int | None, cluster: str | None) -> Action:
        if begin is None or not w.movable:
            # Its row is over but for rounding: it finishes where it is.
            return Action.STAY if w.cluster is not None else Action.WAIT
        leaves = begin - int(w.checkpoint_gb / w.policy.gb_per_hour / self._s.slot_h + 1e-9)
        if w.cluster is not None:
            if w.cluster == cluster:
                return Action.STAY if begin == k else Action.PAUSE
            return Action.MIGRATE if leaves <= k else Action.PAUSE
        due = begin if w.data_cluster in (None, cluster) else leaves
        return Action.START if due <= k else Action.WAIT


def stragglers(left: Sequence[WorkloadView], snapshot: Snapshot) -> Iterator[Decision]:
    """What the solution had no room for, or lost it to a rounding, starts where there is room, earliest
    deadline first and in the cleanest place."""
    free = {(name, kind): n for name, view in snapshot.clusters.items() for kind, n in view.capacity.items()}
    for w in snapshot.workloads.values():
        if w.cluster is not None and w.accelerator_type is not None:
            free[w.cluster, w.accelerator_type] -= w.accelerators
    clusters = sorted(snapshot.clusters.values(), key=lambda view: (view.intensity or (0.0,))[0])
    for w in sorted(left, key=lambda w: w.deadline or w.arrival):
        fits = (
            (view.name, kind)
            for view in clusters
            if w.data_cluster in (None, view.name) and rejection(w, view) is None
            for kind in fitting_types(w, view)
            if kind is None or free[view.name, kind] >= w.accelerators
        )
        if (place := next(fits, None)) is not None:
            cluster, kind = place
            if kind is not None:
                free[cluster, kind] -= w.accelerators
            yield Decision(w.uid, Action.START, cluster, kind, "Straggler", "The plan had no room for it.")


def make(name: str, scenario: Scenario) -> Policy:
    """The policy for a run."""
    return Clairvoyant(name, scenario)
