"""One plan for the whole fleet: everybody in turn chooses against what is left, and takes it.

What runs has its place reserved to its end before anybody chooses; on its own turn it gives that back and
chooses with it. So whatever the order, going on where it is stays possible. A required deadline that others
took the room of is given an earlier turn, and the group chooses again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from time import monotonic

import numpy as np

from voltaire.fleet.snapshot import Snapshot, WorkloadView
from voltaire.planner.candidates import rejected_only
from voltaire.planner.case import Case, build_case, own_place
from voltaire.planner.choose import choose
from voltaire.planner.explain import decide
from voltaire.planner.explain_lasting import decide_lasting, leave
from voltaire.planner.frozen import frozen_turns, why_frozen
from voltaire.planner.joint import Effort
from voltaire.planner.lasting import settle
from voltaire.planner.order import Turn, in_order, is_lasting, slack_seconds
from voltaire.planner.plan import Action, Decision, Plan
from voltaire.planner.reasons import Reason
from voltaire.planner.reservations import Reservations, Taken
from voltaire.planner.schedule import battery_schedules
from voltaire.planner.sites import Fleet, open_fleet
from voltaire.planner.twins import Twins, prices_of
from voltaire.planner.unplaceable import verdict

ROUNDS = 3
"""How often the required deadlines choose at most, those that came too late going first."""


class Planner:
    """Plans one fleet again and again, each time starting from the plan before.

    `effort`: how long to try. Given counts instead of seconds, the same snapshots in the same order give the
    same plans, whatever the machine does meanwhile: what a simulation needs.
    """

    def __init__(self, effort: Effort | None = None) -> None:
        self.effort = effort or Effort(seconds=2.0)

    def plan(self, snapshot: Snapshot, now: datetime) -> Plan:
        """A decision for every workload, and a schedule for every battery.

        Raises ValueError when `now` has no zone or lies past the snapshot's horizon.
        """
        began = monotonic()
        fleet = open_fleet(snapshot, now)
        planning = _Planning(snapshot, fleet)
        planning.run()
        decisions = {uid: planning.decisions[uid] for uid in sorted(planning.decisions)}
        batteries = battery_schedules(snapshot, fleet)
        return Plan(now, snapshot.start, snapshot.slot, decisions, batteries, seconds=monotonic() - began)


def plan(snapshot: Snapshot, now: datetime, effort: Effort | None = None) -> Plan:
    """One plan from nothing: see `Planner.plan`."""
    return Planner(effort).plan(snapshot, now)


class _Planning:
    """The making of one plan."""

    def __init__(self, snapshot: Snapshot, fleet: Fleet) -> None:
        self.snapshot, self.fleet = snapshot, fleet
        self.decisions: dict[str, Decision] = {}
        self.reserved = Reservations(fleet)
        self.begun: set[str] = set()
        self.twins = Twins()

    def run(self) -> None:
        workloads = [self.snapshot.workloads[uid] for uid in sorted(self.snapshot.workloads)]
        ends = {w.uid: self._occupy(w) for w in workloads}
        held = {w.uid: decision for w in workloads if (decision := self._held(w, ends[w.uid]))}
        self.decisions.update(held)
        free = [w for w in workloads if w.uid not in held]
        if self.fleet.frozen:
            for decision in frozen_turns(free, self.snapshot, self.reserved):
                self.decisions[decision.uid] = decision
            return
        self._turns(in_order(free, Turn.LASTING, self.fleet.time))
        self._required(free)
        self._turns(in_order(free, Turn.RUNNING, self.fleet.time))
        self._turns(in_order(free, Turn.WAITING, self.fleet.time))

    def _occupy(self, w: WorkloadView) -> float | None:
        """Reserve the place of what runs, or is about to, until its end. Gives that end in seconds from now,
        None where it is not known."""
        place = own_place(w, self.fleet)
        if place is None:
            return None
        time, end = self.fleet.time, None
        last = time.count - 1
        if not is_lasting(w):
            end = (w.remaining_seconds or 0.0) / place.rate
            last = min(last, int(np.count_nonzero(time.begin < end)) - 1)
        self.reserved.add(w.uid, Taken(place, w.accelerators, slice(0, max(0, last) + 1)))
        return end

    def _held(self, w: WorkloadView, end: float | None) -> Decision | None:
        """The decision of what nothing can or may be decided about, or None."""
        found = self._why_held(w)
        return None if found is None else leave(w, self.fleet, *found, end)

    def _why_held(self, w: WorkloadView) -> tuple[Reason, str] | None:
        anchor = w.cluster or w.data_cluster
        if not w.movable:
            return Reason.IN_TRANSITION, "A change is under way: it is finished first."
        if anchor is None:
            return None
        if anchor not in self.fleet.sites:
            where = "It runs" if w.cluster else "Its checkpoint lies"
            return (
                Reason.CLUSTER_MISSING,
                f"{where} in {anchor}, which is no RegionalCluster: bring it back, or delete the AIWorkload.",
            )
        if w.cluster is not None and not self.fleet.sites[anchor].view.reachable:
            return Reason.CLUSTER_UNREACHABLE, f"{anchor} cannot be reached: it is taken to run there still."
        if w.cluster is not None and self.fleet.frozen:
            return why_frozen(self.snapshot, self.fleet)
        return None

    def _required(self, free: list[WorkloadView]) -> None:
        """Required deadlines choose. While some are late that need not be, those go first and all choose
        again; the order with the fewest late ones stands."""
        time, promoted, tried = self.fleet.time, list[str](), list[tuple[int, list[WorkloadView]]]()
        for _ in range(ROUNDS):
            order = in_order(free, Turn.REQUIRED, time, promoted)
            self._again(order) if tried else self._turns(order)
            late = [w.uid for w in order if self.decisions[w.uid].late and slack_seconds(w, time) >= 0]
            tried.append((len(late), order))
            missed = [uid for uid in late if uid not in promoted]
            if not missed:
                break
            promoted += missed
        fewest, order = min(tried, key=lambda entry: entry[0])
        if fewest < tried[-1][0]:
            self._again(order)

    def _again(self, order: list[WorkloadView]) -> None:
        self.twins = Twins()
        for w in order:
            self.reserved.release(w.uid)
            self.begun.discard(w.uid)
        for w in order:
            self._occupy(w)
        self._turns(order)

    def _turns(self, order: Iterable[WorkloadView]) -> None:
        for workload in order:
            self.decisions[workload.uid] = self._turn(workload)

    def _turn(self, w: WorkloadView) -> Decision:
        twin = self.twins.find(w, self.fleet)
        if twin is not None:
            case, outcome, decision = twin
            self.reserved.take(case, outcome.stretches)
            return decision
        case = self._case(w)
        if not case.start_ok.any() and case.own is None:
            return self._nowhere(case)
        budget = self._may_migrate(w)
        if is_lasting(w):
            lasting = settle(case, self.fleet, may_migrate_now=budget)
            decision, outcome = decide_lasting(lasting, self.fleet), lasting.outcome
        else:
            choice = choose(case, self.fleet, may_migrate_now=budget)
            decision, outcome = decide(choice, self.fleet), choice.outcome
        prices = prices_of(case, self.fleet)
        self.reserved.take(case, outcome.stretches)
        self.twins.keep(case, outcome, decision, self.fleet, prices)
        if decision.action in (Action.START, Action.MIGRATE) and case.anchor not in (None, decision.cluster):
            self.begun.add(w.uid)
        return decision

    def _case(self, w: WorkloadView) -> Case:
        """Its arrays, with what it holds itself given back and open to it."""
        kept = self.reserved.release(w.uid)
        case = build_case(w, self.fleet)
        for taken in kept:
            if case.own is not None:
                case.open[taken.slots, case.own] = True
        return case

    def _may_migrate(self, w: WorkloadView) -> bool:
        recent = self.fleet.migrations_recent + len(self.begun)
        active = self.fleet.migrations_active + len(self.begun)
        return recent < w.policy.migrations_per_hour and active < w.policy.concurrent_migrations

    def _nowhere(self, case: Case) -> Decision:
        w = case.workload
        reason, message = verdict(w, self.snapshot.clusters, case.rejected)
        late = w.deadline is not None and (
            reason is Reason.NO_CLUSTER_FITS or slack_seconds(w, self.fleet.time) < 0
        )
        return replace(
            leave(w, self.fleet, reason, message, None), candidates=rejected_only(case, self.fleet), late=late
        )
