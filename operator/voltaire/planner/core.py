"""One plan for the whole fleet: what is fixed is left alone, the rest is planned together, and explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import monotonic

from voltaire.fleet.snapshot import Snapshot, WorkloadView
from voltaire.planner.alternatives import weigh
from voltaire.planner.candidates import rejected_only
from voltaire.planner.case import Case, Cases
from voltaire.planner.explain import decide, plain
from voltaire.planner.explain_lasting import leave
from voltaire.planner.frozen import frozen_turns, why_frozen
from voltaire.planner.joint import Effort, Problem, Solution
from voltaire.planner.plan import Decision, Plan
from voltaire.planner.reasons import Reason
from voltaire.planner.rounds import Made, Rounds
from voltaire.planner.schedule import battery_schedules
from voltaire.planner.sites import Fleet, open_fleet
from voltaire.planner.terms import Terms, make_terms
from voltaire.planner.unplaceable import verdict
from voltaire.planner.view import View

SECONDS = 2.0
"""The most a plan takes, if nothing is said."""

LEAST_SECONDS, SECONDS_EACH = 0.2, 0.002
"""What small fleets are given of it: so much, and so much for each workload."""

MEMORY = timedelta(hours=3)
"""How old a solution may be to begin from."""


@dataclass(frozen=True, slots=True)
class _Last:
    solution: Solution
    time: datetime
    slot: timedelta


class Planner:
    """Plans one fleet again and again, each time starting from the plan before.

    `effort`: how long to try at most; small fleets are given less. Given counts instead of seconds, the same
    snapshots in the same order give the same plans, whatever the machine does meanwhile: what a simulation
    needs. `explained`: whether what is optimised gets reasons, messages and candidates, which a simulation
    does not read. `problem`: that of the last plan, None where nothing was optimised.
    """

    def __init__(self, effort: Effort | None = None, explained: bool = True) -> None:
        self.effort = effort or Effort(seconds=SECONDS)
        self.problem: Problem | None = None
        self._explained = explained
        self._last: _Last | None = None

    def plan(self, snapshot: Snapshot, now: datetime) -> Plan:
        """A decision for every workload, and a schedule for every battery.

        Raises ValueError when `now` has no zone or lies past the snapshot's horizon.
        """
        began, self.problem = monotonic(), None
        fleet = open_fleet(snapshot, now)
        decisions, free = _settle(snapshot, fleet)
        made: Made | None = None
        if fleet.frozen:
            decisions |= {d.uid: d for d in frozen_turns(free, snapshot, fleet)}
        elif fleet.sites and (free or any(site.view.batteries for site in fleet.sites.values())):
            made = self._rounds(fleet, free).run()
            self._last = _Last(made.ground.solution, now, snapshot.slot)
            self.problem = made.problem
            decide_all = explain if self._explained else _unexplained
            decisions |= decide_all(fleet, made, free, set(decisions))
        solution = None if made is None else made.ground.solution
        return Plan(
            now, snapshot.start, snapshot.slot, {uid: decisions[uid] for uid in sorted(decisions)},
            battery_schedules(snapshot, fleet, solution),
            grams=None if solution is None else solution.grams,
            bound_grams=None if solution is None else solution.bound, seconds=monotonic() - began,
        )  # fmt: skip

    def _rounds(self, fleet: Fleet, cases: Mapping[str, tuple[Case, Terms]]) -> Rounds:
        effort, last = self.effort, None
        if effort.rounds is None:
            most = LEAST_SECONDS + SECONDS_EACH * len(cases)
            effort = replace(effort, seconds=min(effort.seconds, most))
        known = self._last
        if known is not None and known.slot.total_seconds() == fleet.time.slot_seconds:
            age = fleet.time.now - known.time
            if timedelta() <= age <= MEMORY:
                last = (known.solution, round(age / known.slot))
        return Rounds(fleet, cases, effort, last)


def plan(snapshot: Snapshot, now: datetime, effort: Effort | None = None) -> Plan:
    """One plan from nothing: see `Planner.plan`."""
    return Planner(effort).plan(snapshot, now)


def _settle(snapshot: Snapshot, fleet: Fleet) -> tuple[dict[str, Decision], dict[str, tuple[Case, Terms]]]:
    """Decisions about what nothing can or may be decided, and the cases of all that takes part: what is free,
    and what is under way and holds its place."""
    decisions, cases, build = dict[str, Decision](), dict[str, tuple[Case, Terms]](), Cases(fleet)
    for uid in sorted(snapshot.workloads):
        w = snapshot.workloads[uid]
        held = _why_held(w, snapshot, fleet)
        lost = (w.cluster or w.data_cluster or "") not in ("", *fleet.sites)
        if held is not None and lost:
            decisions[uid] = leave(w, fleet, *held, None)
            continue
        case = build.build(w)
        terms = make_terms(case, fleet)
        if held is not None:
            decisions[uid] = leave(w, fleet, *held, _end(case, terms))
        elif case.own is None and not case.choices(
            fleet, blind=case.required or case.lasting or fleet.frozen != ""
        ):
            decisions[uid] = _nowhere(case, snapshot, fleet)
        if case.own is not None or uid not in decisions:
            cases[uid] = (case, terms)
    return decisions, cases


def _end(case: Case, terms: Terms) -> float | None:
    return None if case.lasting or terms.keep is None else terms.keep.finish


def _why_held(w: WorkloadView, snapshot: Snapshot, fleet: Fleet) -> tuple[Reason, str] | None:
    anchor = w.cluster or w.data_cluster
    if not w.movable:
        return Reason.IN_TRANSITION, "A change is under way: it is finished first."
    if anchor is None:
        return None
    if anchor not in fleet.sites:
        where = "It runs" if w.cluster else "Its checkpoint lies"
        return (
            Reason.CLUSTER_MISSING,
            f"{where} in {anchor}, which is no RegionalCluster: bring it back, or delete the AIWorkload.",
        )
    if w.cluster is not None and not fleet.sites[anchor].view.reachable:
        return Reason.CLUSTER_UNREACHABLE, f"{anchor} cannot be reached: it is taken to run there still."
    if w.cluster is not None and fleet.frozen:
        return why_frozen(snapshot, fleet)
    return None


def _nowhere(case: Case, snapshot: Snapshot, fleet: Fleet) -> Decision:
    w = case.workload
    if not case.places:
        reason, message = verdict(w, snapshot.clusters, case.rejected)
    elif case.anchor is not None and not case.can_migrate and case.rejected[case.anchor] is not None:
        refused = case.rejected[case.anchor]
        why = refused.text if refused is not None else ""
        reason, message = Reason.CLUSTER_UNAVAILABLE, f"Its checkpoint lies in {case.anchor}, which is {why}."
    else:
        reason = Reason.INTENSITY_UNKNOWN
        message = "The carbon intensity of every cluster it may use is unknown: waiting for a fresh signal."
    late = w.deadline is not None and (reason is Reason.NO_CLUSTER_FITS or _slack(w, fleet) < 0)
    found = leave(w, fleet, reason, message, None)
    return replace(found, candidates=rejected_only(case, fleet), late=late)


def _slack(w: WorkloadView, fleet: Fleet) -> float:
    """Seconds to spare until its deadline if it ran from now on at full speed."""
    if w.deadline is None:
        return float("inf")
    begin = max(0.0, fleet.time.seconds(w.earliest_start))
    need = (w.remaining_seconds or 0.0) / max([1.0, *w.throughput.values()])
    return fleet.time.seconds(w.deadline) - begin - need


def explain(
    fleet: Fleet, made: Made, cases: Mapping[str, tuple[Case, Terms]], decided: set[str]
) -> dict[str, Decision]:
    """The decisions of all that was planned and is not `decided` otherwise."""
    table = weigh(fleet, made.ground, list(cases.values()))
    found = {}
    for i, (uid, (case, terms)) in enumerate(cases.items()):
        if uid not in decided:
            outcome, refused = made.outcomes[uid], made.refused.get(uid)
            found[uid] = decide(View(fleet, made.ground, table, i, case, terms, outcome, refused))
    return found


def _unexplained(
    fleet: Fleet, made: Made, cases: Mapping[str, tuple[Case, Terms]], decided: set[str]
) -> dict[str, Decision]:
    """The same decisions as `explain` gives, without why."""
    undecided = ((uid, *of) for uid, of in cases.items() if uid not in decided)
    return {uid: plain(fleet, case, terms, made.outcomes[uid]) for uid, case, terms in undecided}
