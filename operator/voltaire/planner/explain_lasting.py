"""Decisions of servers, of work of unknown duration, and of whatever is left as it is."""

from __future__ import annotations

import numpy as np

from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.candidates import candidates
from voltaire.planner.explain import action_of, effective, segments
from voltaire.planner.lasting import Lasting
from voltaire.planner.plan import Action, Decision, Segment
from voltaire.planner.reasons import Reason
from voltaire.planner.sites import Fleet
from voltaire.planner.words import clock, grams, intensity


def decide_lasting(found: Lasting, fleet: Fleet) -> Decision:
    """The decision of a workload without a known end."""
    case, outcome = found.case, found.outcome
    action = action_of(case, outcome)
    first = outcome.stretches[0] if outcome.stretches else None
    runs = first is not None and first.first == 0
    place = case.places[first.place] if first is not None and runs else None
    reason, message = _why(found, fleet, action)
    return Decision(
        uid=case.workload.uid,
        action=action,
        cluster=place.cluster if place else None,
        accelerator_type=place.kind if place else None,
        reason=str(reason),
        message=message,
        segments=segments(case, outcome, fleet),
        candidates=candidates(case, fleet, found),
        next_start=fleet.time.time(first.start) if first is not None and not runs else None,
        grams=None if outcome.grams is None else round(outcome.grams, 3),
    )


def _why(found: Lasting, fleet: Fleet, action: Action) -> tuple[Reason, str]:
    case, outcome = found.case, found.outcome
    if not outcome.stretches:
        return Reason.WAITING_FOR_CAPACITY, "Nowhere it may run has room that lasts; no start is in sight."
    first = outcome.stretches[0]
    name, hours = case.places[first.place].cluster, f"over the next {found.hours:.0f} h"
    last = max(first.first, int(np.count_nonzero(case.begin < found.hours * 3600.0)) - 1)
    known = bool(case.known[first.place])
    here = intensity(effective(case, first.place, first.first, last)) if known else "intensity unknown"
    if action is Action.WAIT:
        early = case.usable[0] <= 0
        reason = Reason.WAITING_FOR_EARLIEST_START if early else Reason.WAITING_FOR_CAPACITY
        return reason, f"Starts {clock(fleet.time, first.start)} in {name}: {here} {hours}."
    if action is Action.MIGRATE:
        return _moves(found, f"{name}: {here}", hours)
    if found.budget_held:
        return Reason.MIGRATION_BUDGET_USED, "A move would pay, but the migration budget is used up for now."
    if not known:
        return Reason.INTENSITY_UNKNOWN, f"{name}: {here}; it runs all the same."
    kind = "a server always runs"
    if case.workload.type != "Serving":
        kind = "its duration is unknown, so it is neither delayed nor paused (set profile.duration)"
    reason = Reason.ALWAYS_RUNS if case.workload.type == "Serving" else Reason.DURATION_UNKNOWN
    return reason, f"{name}: {here} {hours}, {_standing(found)}; {kind}."


def _standing(found: Lasting) -> str:
    case, own = found.case, found.case.own
    if own is None:
        return "the lowest it may use with room for it"
    others = case.start_ok & case.known & found.open
    others[own] = False
    if not others.any():
        return "and nowhere else to go"
    best = int(np.where(others, found.grams, np.inf).argmin())
    saving, name = float(found.grams[own] - found.grams[best]), case.places[best].cluster
    if saving <= 0:
        return f"moving to {name} would cost {grams(-saving)} more"
    return f"moving to {name} would save {grams(saving)}, and {grams(found.margin)} are asked"


def _moves(found: Lasting, target: str, hours: str) -> tuple[Reason, str]:
    case, outcome = found.case, found.outcome
    own = case.own or 0
    origin = case.places[own].cluster
    if case.surcharge[own] > 0:
        return Reason.CLUSTER_DRAINING, f"Leaves {origin}, which is being emptied; {target} {hours}."
    to, last = outcome.stretches[0].place, max(0, int(np.count_nonzero(case.begin < found.hours * 3600)) - 1)
    saved = float(found.grams[own] - found.grams[to] + found.moving[to])
    cost = grams(float(found.moving[to]))
    here = f"{effective(case, own, 0, last):.0f} here {hours}"
    return Reason.CLEANER_ELSEWHERE, f"{target} against {here}; saves {grams(saved)} for {cost} of moving."


def leave(w: WorkloadView, fleet: Fleet, reason: Reason, message: str, seconds: float | None) -> Decision:
    """Everything stays as it is: on its cluster until done (`seconds` from now, None: open), or stopped."""
    if w.cluster is None:
        return Decision(w.uid, Action.WAIT, None, None, str(reason), message)
    end = fleet.time.time(fleet.time.horizon if seconds is None else seconds)
    stay = (Segment(fleet.time.now, end, w.cluster),) if end > fleet.time.now else ()
    finish = None if seconds is None else end
    late = w.deadline is not None and finish is not None and finish > w.deadline
    return Decision(
        w.uid,
        Action.STAY,
        w.cluster,
        w.accelerator_type,
        str(reason),
        message,
        stay,
        finish=finish,
        late=late,
    )
