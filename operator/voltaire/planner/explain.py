"""From a timeline to a decision: the action for now, its reason, and a sentence with numbers."""

from __future__ import annotations

import numpy as np

from voltaire.planner.candidates import candidates
from voltaire.planner.case import Case
from voltaire.planner.choose import Choice, can_migrate
from voltaire.planner.outcome import Outcome, Stretch
from voltaire.planner.plan import Action, Decision, Segment
from voltaire.planner.reasons import Reason
from voltaire.planner.sites import Fleet
from voltaire.planner.timeline import IMPOSSIBLE
from voltaire.planner.words import clock, grams, intensity, span

_NEAR_SECONDS = 2 * 3600.0


def action_of(case: Case, outcome: Outcome) -> Action:
    """What the timeline means for now."""
    now = outcome.runs_now
    if case.own is None:
        return Action.WAIT if now is None else Action.START
    if now is None:
        return Action.PAUSE
    return Action.STAY if now == case.own else Action.MIGRATE


def effective(case: Case, place: int, first: int, last: int) -> float:
    """Mean marginal g/kWh of facility energy at a place over slots [first, last]."""
    kw = case.places[place].facility_kw
    return float(case.gph[first : last + 1, place].mean()) / kw if kw > 0 else 0.0


def segments(case: Case, outcome: Outcome, fleet: Fleet) -> tuple[Segment, ...]:
    """The stretches as times."""
    return tuple(
        Segment(fleet.time.time(s.start), fleet.time.time(s.end), case.places[s.place].cluster)
        for s in outcome.stretches
    )


def decide(choice: Choice, fleet: Fleet) -> Decision:
    """The decision of a workload with known duration."""
    case, outcome = choice.case, choice.outcome
    action = action_of(case, outcome)
    now, upcoming = outcome.runs_now, _upcoming(outcome)
    explain = {
        Action.STAY: _stay, Action.MIGRATE: _migrate, Action.PAUSE: _pause,
        Action.START: _start, Action.WAIT: _wait,
    }[action]  # fmt: skip
    reason, message = explain(choice, fleet)
    if choice.late and choice.terms.required:
        reason, message = Reason.DEADLINE_IMPOSSIBLE, _impossible(choice, fleet) + message
    place = case.own if now is None else now
    held = None if place is None or action in (Action.WAIT, Action.PAUSE) else case.places[place]
    unseen = not outcome.stretches and outcome.unfinished > 0
    return Decision(
        uid=case.workload.uid,
        action=action,
        cluster=held.cluster if held else case.workload.cluster,
        accelerator_type=held.kind if held else case.workload.accelerator_type,
        reason=str(reason),
        message=message,
        segments=segments(case, outcome, fleet),
        candidates=candidates(case, fleet, choice),
        next_start=fleet.time.time(upcoming.start) if upcoming and now is None else None,
        finish=None if unseen or outcome.finish is None else fleet.time.time(outcome.finish),
        late=choice.late,
        grams=None if unseen or outcome.grams is None else round(outcome.grams, 3),
    )


def _upcoming(outcome: Outcome) -> Stretch | None:
    return outcome.stretches[0] if outcome.stretches else None


def _finish(choice: Choice, fleet: Fleet) -> str:
    """`finishes 14:20, 6 h before the deadline`."""
    finish = choice.outcome.finish
    if finish is None:
        return ""
    text = f"finishes {clock(fleet.time, finish)}"
    if not choice.terms.has_deadline:
        return text
    slack = choice.terms.deadline - finish
    side = "before" if slack >= 0 else "after"
    return (
        f"{text}, {span(slack)} {side} the deadline" if abs(slack) > 60 else f"{text}, just at the deadline"
    )


def _impossible(choice: Choice, fleet: Fleet) -> str:
    need = choice.case.remaining / float(choice.case.rate.max())
    finish = choice.outcome.finish
    then = f"; the earliest is {clock(fleet.time, finish)}" if finish is not None else ""
    due = clock(fleet.time, choice.terms.deadline)
    return f"Cannot finish by {due}: {span(need)} of work are left{then}. "


def _at(case: Case, stretch: Stretch) -> str:
    """`paris: 31 g/kWh`."""
    name = case.places[stretch.place].cluster
    if not case.known[stretch.place]:
        return f"{name}: intensity unknown"
    return f"{name}: {intensity(effective(case, stretch.place, stretch.first, stretch.last))}"


def _start(choice: Choice, fleet: Fleet) -> tuple[Reason, str]:
    case, first = choice.case, choice.outcome.stretches[0]
    if choice.blind:
        return (
            Reason.INTENSITY_UNKNOWN,
            f"{_at(case, first)}, but nothing else meets the deadline; {_finish(choice, fleet)}.",
        )
    others = {
        case.places[i].cluster: effective(case, i, first.first, first.last)
        for i in range(len(case.places))
        if case.known[i] and case.places[i].cluster != case.places[first.place].cluster and case.start_ok[i]
    }
    against = ", ".join(f"{value:.0f} in {name}" for name, value in sorted(others.items())[:3])
    versus = f" against {against}" if against else ""
    near = choice.terms.required and choice.terms.deadline - (choice.outcome.finish or 0.0) < _NEAR_SECONDS
    reason = Reason.DEADLINE_NEAR if near else Reason.BEST_PLACE
    return reason, f"{_at(case, first)}{versus}; {_finish(choice, fleet)}."


def _wait(choice: Choice, fleet: Fleet) -> tuple[Reason, str]:
    case, time = choice.case, fleet.time
    first = _upcoming(choice.outcome)
    ready = [i for i in range(len(case.places)) if case.start_ok[i] and (case.known[i] or choice.blind)]
    bound = case.anchor is not None and not can_migrate(case, fleet)
    if not ready or (bound and not any(i in ready for i in case.data)):
        return _nowhere_yet(case, bound)
    if case.usable[0] <= 0:
        when = clock(time, time.seconds(case.workload.earliest_start))
        return Reason.WAITING_FOR_EARLIEST_START, f"May not start before {when}; {_then(choice, fleet)}."
    open_now = [i for i in ready if case.open[0, i]]
    if not open_now or first is None:
        return Reason.WAITING_FOR_CAPACITY, f"Nowhere it may run has room now; {_then(choice, fleet)}."
    now = min(effective(case, i, 0, 0) for i in open_now)
    when = clock(time, first.start)
    return (
        Reason.WAITING_FOR_CLEANER,
        f"Waiting for {when}: {_at(case, first)} against {now:.0f} now; {_finish(choice, fleet)}.",
    )


def _nowhere_yet(case: Case, bound: bool) -> tuple[Reason, str]:
    if not bound or case.start_ok[list(case.data)].any():
        return (
            Reason.INTENSITY_UNKNOWN,
            "The carbon intensity of every cluster it may use is unknown: waiting for a fresh signal.",
        )
    refused = next((r.text for name, r in case.rejected.items() if name == case.anchor and r), "")
    return Reason.CLUSTER_UNAVAILABLE, f"Its checkpoint lies in {case.anchor}, which is {refused}."


def _then(choice: Choice, fleet: Fleet) -> str:
    first = _upcoming(choice.outcome)
    if first is None:
        return "no start is in sight within the horizon"
    return f"starts {clock(fleet.time, first.start)} at {_at(choice.case, first)}; {_finish(choice, fleet)}"


def _pause(choice: Choice, fleet: Fleet) -> tuple[Reason, str]:
    case, first = choice.case, _upcoming(choice.outcome)
    here = intensity(effective(case, case.own or 0, 0, 0))
    if first is None:
        return Reason.WAITING_FOR_CLEANER, f"Pausing: {here} here now; {_then(choice, fleet)}."
    when = clock(fleet.time, first.start)
    text = f"Pausing until {when}: {_at(case, first)} against {here} here now{_saving(choice)}"
    return Reason.WAITING_FOR_CLEANER, f"{text}; {_finish(choice, fleet)}."


def _saving(choice: Choice) -> str:
    """`; saves 5.2 kg for 0.1 kg of moving`."""
    keep, outcome = choice.keep, choice.outcome
    if keep is None or keep.grams is None or outcome.grams is None:
        return ""
    saved = keep.grams - outcome.grams + outcome.moving_grams
    return f"; saves {grams(saved)} for {grams(outcome.moving_grams)} of moving"


def _migrate(choice: Choice, fleet: Fleet) -> tuple[Reason, str]:
    case, first = choice.case, choice.outcome.stretches[0]
    own = case.own if case.own is not None else first.place
    origin = case.places[own].cluster
    if case.surcharge[own] > 0:
        refused = case.rejected[origin]
        why = refused.text if refused else "it is being emptied"
        return Reason.CLUSTER_DRAINING, f"Leaves {origin} ({why}); {_at(case, first)}."
    if choice.keep and (choice.keep.finish or 0.0) > choice.terms.deadline + 1.0 and not choice.late:
        due = clock(fleet.time, choice.terms.deadline)
        return (
            Reason.DEADLINE_NEAR,
            f"{origin} would miss {due}; {_at(case, first)}, {_finish(choice, fleet)}.",
        )
    here = effective(case, own, first.first, first.last)
    return (
        Reason.CLEANER_ELSEWHERE,
        f"{_at(case, first)} against {here:.0f} here{_saving(choice)}; {_finish(choice, fleet)}.",
    )


def _stay(choice: Choice, fleet: Fleet) -> tuple[Reason, str]:
    case, time = choice.case, fleet.time
    w, own = case.workload, case.own or 0
    first = choice.outcome.stretches[0]
    tail = f"{_finish(choice, fleet)}."
    if choice.budget_held:
        return (
            Reason.MIGRATION_BUDGET_USED,
            f"A move would pay, but the policy's migration budget is used up for now; {tail}",
        )
    if not case.known[own]:
        return Reason.INTENSITY_UNKNOWN, f"{_at(case, first)}, so nothing is changed; {tail}"
    if w.mode == "Never":
        return Reason.NEVER_DISRUPTED, f"{_at(case, first)}; it runs to its end here, undisturbed; {tail}"
    other = _best_other_now(choice)
    if other is None or choice.keep is None or choice.keep.grams is None:
        return Reason.BEST_HERE, f"{_at(case, first)}, and nowhere else to go; {tail}"
    place, cost = other
    saving, name = choice.keep.grams - cost, case.places[place].cluster
    until = 0.0 if w.last_change is None else time.seconds(w.last_change + w.minimum_residence)
    if saving > choice.terms.change_grams and until > 0:
        when = clock(time, until)
        return (
            Reason.MINIMUM_RESIDENCE,
            f"{name} would save {grams(saving)}, but it stays until {when}; {tail}",
        )
    if saving > 0:
        text = (
            f"moving to {name} would save {grams(saving)} where {grams(choice.terms.change_grams)} are asked"
        )
        return Reason.NOT_WORTH_MOVING, f"{_at(case, first)}; {text}; {tail}"
    return Reason.BEST_HERE, f"{_at(case, first)}; moving to {name} would cost {grams(-saving)} more; {tail}"


def _best_other_now(choice: Choice) -> tuple[int, float] | None:
    """The cheapest other place to move to now, and what all of the work would emit there, move included."""
    case = choice.case
    if case.workload.mode != "Migrate":
        return None
    cost = choice.straight.grams[0].copy()
    cost += case.transfer_kwh * (case.grid[0] + case.grid[0, case.own or 0]) / 2
    cost[~(case.start_ok & case.known)] = np.inf
    cost[case.own or 0] = np.inf
    best = int(cost.argmin())
    return (best, float(cost[best])) if float(cost[best]) < IMPOSSIBLE else None
