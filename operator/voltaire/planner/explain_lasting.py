"""Decisions of servers, of work of unknown duration, and of whatever is left as it is."""

from __future__ import annotations

from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.plan import Action, Decision, Segment
from voltaire.planner.reasons import Reason
from voltaire.planner.sites import Fleet
from voltaire.planner.view import View
from voltaire.planner.words import clock, grams, intensity


def why_lasting(v: View, action: Action) -> tuple[Reason, str]:
    """Reason and sentence for a workload without a known end."""
    case, first, time = v.case, v.first, v.fleet.time
    if first is None:
        return Reason.WAITING_FOR_CAPACITY, "Nowhere it may run has room that lasts; no start is in sight."
    name, hours = first.place.cluster, f"over the next {time.horizon / 3600:.0f} h"
    known = v.known(name)
    here = intensity(v.effective(name, first.start, first.end)) if known else "intensity unknown"
    if action is Action.WAIT:
        early = time.seconds(case.workload.earliest_start) > 0
        reason = Reason.WAITING_FOR_EARLIEST_START if early else Reason.WAITING_FOR_CAPACITY
        return reason, f"Starts {clock(time, first.start)} in {name}: {here} {hours}."
    if action is Action.MIGRATE:
        return _moves(v, f"{name}: {here}", hours)
    if v.refused is not None and v.refused.worth_it:
        return Reason.MIGRATION_BUDGET_USED, "A move would pay, but the migration budget is used up for now."
    if not known:
        return Reason.INTENSITY_UNKNOWN, f"{name}: {here}; it runs all the same."
    kind = "a server always runs"
    if case.workload.type != "Serving":
        kind = "its duration is unknown, so it is neither delayed nor paused (set profile.duration)"
    reason = Reason.ALWAYS_RUNS if case.workload.type == "Serving" else Reason.DURATION_UNKNOWN
    return reason, f"{name}: {here} {hours}, {_standing(v)}; {kind}."


def _standing(v: View) -> str:
    if v.case.own is None:
        return "the lowest it may use with room for it"
    other, keep = v.best_other(), v.terms.keep
    if other is None or keep is None or keep.grams is None:
        return "and nowhere else to go"
    saving, name = keep.grams - other[1], other[0].cluster
    if saving <= 0:
        return f"moving to {name} would cost {grams(-saving)} more"
    needed = v.refused.needed if v.refused is not None else v.terms.change_grams
    return f"moving to {name} would save {grams(saving)}, and {grams(needed)} are asked"


def _moves(v: View, target: str, hours: str) -> tuple[Reason, str]:
    own, keep, outcome = v.case.own, v.terms.keep, v.outcome
    origin = own.cluster if own is not None else ""
    if v.case.leaving:
        return Reason.CLUSTER_DRAINING, f"Leaves {origin}, which is being emptied; {target} {hours}."
    here = f"{v.effective(origin, 0.0, v.fleet.time.horizon):.0f} here {hours}"
    saved = (keep.grams if keep and keep.grams else 0.0) - (outcome.grams or 0.0) + outcome.moving_grams
    cost = grams(outcome.moving_grams)
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
        w.uid, Action.STAY, w.cluster, w.accelerator_type, str(reason), message, stay, finish=finish,
        late=late,
    )  # fmt: skip
