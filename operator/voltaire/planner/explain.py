"""From a timeline to a decision: the action for now, its reason, and a sentence with numbers."""

from __future__ import annotations

from dataclasses import replace

from voltaire.planner.candidates import candidates, limit
from voltaire.planner.case import Case, Place
from voltaire.planner.explain_lasting import why_lasting
from voltaire.planner.explain_stay import why_stay
from voltaire.planner.outcome import Outcome
from voltaire.planner.plan import Action, Decision, Segment
from voltaire.planner.reasons import Reason
from voltaire.planner.sites import Fleet
from voltaire.planner.terms import Terms
from voltaire.planner.view import View
from voltaire.planner.words import clock, finishes, grams, intensity, span

_NEAR_SECONDS = 2 * 3600.0


def action_of(own: Place | None, now: Place | None) -> Action:
    """What a timeline means for now: from where it is to where it runs from now on."""
    if own is None:
        return Action.WAIT if now is None else Action.START
    if now is None:
        return Action.PAUSE
    return Action.STAY if now == own else Action.MIGRATE


def plain(fleet: Fleet, case: Case, terms: Terms, outcome: Outcome) -> Decision:
    """The decision of one workload, with no word about why: reason and message are empty."""
    w, time = case.workload, fleet.time
    first, place = outcome.first, outcome.now
    stretches = outcome.stretches
    return Decision(
        uid=w.uid,
        action=action_of(case.own, place),
        cluster=place.cluster if place is not None else w.cluster,
        accelerator_type=place.kind if place is not None else w.accelerator_type,
        reason="",
        message="",
        segments=tuple(Segment(time.time(s.start), time.time(s.end), s.place.cluster) for s in stretches),
        next_start=time.time(first.start) if first is not None and place is None else None,
        finish=None if first is None or outcome.finish is None else time.time(outcome.finish),
        late=terms.missed(outcome),
        grams=None if first is None or outcome.grams is None else round(outcome.grams, 3),
    )  # fmt: skip


def decide(v: View) -> Decision:
    """The decision of one workload, and why."""
    found = plain(v.fleet, v.case, v.terms, v.outcome)
    explain = {
        Action.STAY: why_stay, Action.MIGRATE: _migrate, Action.PAUSE: _pause,
        Action.START: _start, Action.WAIT: _wait,
    }[found.action]  # fmt: skip
    reason, message = why_lasting(v, found.action) if v.case.lasting else explain(v)
    keeps, more = limit(v)
    if v.late and v.case.required:
        reason, message = Reason.DEADLINE_IMPOSSIBLE, _impossible(v) + message
    return replace(
        found, reason=str(reason), message=message + more, candidates=candidates(v), limit=keeps
    )  # fmt: skip


def _impossible(v: View) -> str:
    places = (*v.case.places, *(() if v.case.own is None else (v.case.own,)))
    need = v.case.remaining / max(place.rate for place in places)
    finish, time = v.outcome.finish, v.fleet.time
    then = f"; the earliest is {clock(time, finish)}" if finish is not None else ""
    return f"Cannot finish by {clock(time, v.terms.deadline)}: {span(need)} of work are left{then}. "


def _start(v: View) -> tuple[Reason, str]:
    first = v.outcome.stretches[0]
    if v.blind:
        return Reason.INTENSITY_UNKNOWN, f"{v.at(first)}, but nothing else meets the deadline; {finishes(v)}."
    others = {
        p.cluster: v.effective(p.cluster, first.start, first.end)
        for p in v.case.choices(v.fleet)
        if v.known(p.cluster) and p.cluster != first.place.cluster
    }
    against = ", ".join(f"{value:.0f} in {name}" for name, value in sorted(others.items())[:3])
    versus = f" against {against}" if against else ""
    near = v.case.required and v.terms.deadline - (v.outcome.finish or 0.0) < _NEAR_SECONDS
    reason = Reason.DEADLINE_NEAR if near else Reason.BEST_PLACE
    return reason, f"{v.at(first)}{versus}; {finishes(v)}."


def _wait(v: View) -> tuple[Reason, str]:
    time, first, case = v.fleet.time, v.first, v.case
    if v.refused is not None:
        return Reason.MIGRATION_BUDGET_USED, f"The migration budget is used up for now; {_then(v)}."
    earliest = time.seconds(case.workload.earliest_start)
    if earliest > 0 and (first is None or first.start < earliest + time.slot_seconds):
        return Reason.WAITING_FOR_EARLIEST_START, f"May not start before {clock(time, earliest)}; {_then(v)}."
    open_now = [p for p in case.choices(v.fleet, blind=v.blind) if v.room_now(p)]
    if not open_now or first is None:
        return Reason.WAITING_FOR_CAPACITY, f"Nowhere it may run has room now; {_then(v)}."
    now = min(v.effective(p.cluster, 0.0, time.slot_seconds) for p in open_now)
    return (
        Reason.WAITING_FOR_CLEANER,
        f"Waiting for {clock(time, first.start)}: {v.at(first)} against {now:.0f} now; {finishes(v)}.",
    )


def _then(v: View) -> str:
    first = v.first
    if first is None:
        return "no start is in sight within the horizon"
    return f"starts {clock(v.fleet.time, first.start)} at {v.at(first)}; {finishes(v)}"


def _pause(v: View) -> tuple[Reason, str]:
    first, own = v.first, v.case.own
    name = own.cluster if own is not None else ""
    here = intensity(v.effective(name, 0.0, v.fleet.time.slot_seconds))
    if first is None:
        return Reason.WAITING_FOR_CLEANER, f"Pausing: {here} here now; {_then(v)}."
    text = (
        f"Pausing until {clock(v.fleet.time, first.start)}: {v.at(first)} against {here} here now{_saving(v)}"
    )
    keep = v.terms.keep
    if keep is not None and keep.grams is not None and (v.outcome.grams or 0.0) > keep.grams * (1 - 1e-9):
        return Reason.MAKING_ROOM, f"{text}; others need the room more; {finishes(v)}."
    return Reason.WAITING_FOR_CLEANER, f"{text}; {finishes(v)}."


def _saving(v: View) -> str:
    """`; saves 5.2 kg for 0.1 kg of moving`."""
    keep, outcome = v.terms.keep, v.outcome
    if keep is None or keep.grams is None or outcome.grams is None:
        return ""
    saved = keep.grams - outcome.grams + outcome.moving_grams
    return f"; saves {grams(saved)} for {grams(outcome.moving_grams)} of moving" if saved > 0 else ""


def _migrate(v: View) -> tuple[Reason, str]:
    case, first = v.case, v.outcome.stretches[0]
    origin = case.own.cluster if case.own is not None else first.place.cluster
    if case.leaving:
        refused = case.rejected[origin]
        why = refused.text if refused else "it is being emptied"
        return Reason.CLUSTER_DRAINING, f"Leaves {origin} ({why}); {v.at(first)}."
    keep = v.terms.keep
    if case.required and keep and (keep.finish or 0.0) > v.terms.deadline + 1.0 and not v.late:
        due = clock(v.fleet.time, v.terms.deadline)
        return Reason.DEADLINE_NEAR, f"{origin} would miss {due}; {v.at(first)}, {finishes(v)}."
    here = v.effective(origin, first.start, first.end)
    text = f"{v.at(first)} against {here:.0f} here{_saving(v)}"
    if keep is not None and keep.grams is not None and (v.outcome.grams or 0.0) > keep.grams * (1 - 1e-9):
        return Reason.MAKING_ROOM, f"{text}; others need the room more; {finishes(v)}."
    return Reason.CLEANER_ELSEWHERE, f"{text}; {finishes(v)}."
