"""What an AIWorkload's status says after a step: a pure reducer, stable when nothing happened.

Figures that move by themselves (progress, energy, the plan's wording) are renewed only when the caller asks
for it, once a slot: a status write is an event for everybody who watches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from voltaire.api.aiworkload import (
    AIWorkloadStatus,
    CandidateStatus,
    NextStep,
    ProgressStatus,
    Receipt,
    Why,
)
from voltaire.api.conditions import READY, Finding, in_progress, merge, ready, stalled
from voltaire.executor.state import State, durable
from voltaire.executor.values import Step
from voltaire.fleet.demand import Demand
from voltaire.planner.plan import Action, Decision, Segment
from voltaire.planner.reasons import Reason

DEADLINE_AT_RISK = "DeadlineAtRisk"
AMENDED = "ManifestAmended"
NEXT_STEPS = 8


@dataclass(frozen=True, slots=True)
class Figures:
    """What moves by itself. `grams` and the rest in the units of their names; None where unknown."""

    progress: ProgressStatus | None
    receipts: Sequence[Receipt]
    energy_kwh: float
    grams: float
    quality: float
    counterfactual_grams: float | None
    saved: str | None


@dataclass(frozen=True, slots=True)
class Context:
    """What a status rests on beside the step. `refusal`: why the spec itself cannot be acted on, as (reason,
    message). `vetoed`: what of the plan no longer holds. `acts`: the policy lets Voltaire act."""

    generation: int
    suspended: bool
    acts: bool
    deadline: datetime | None
    demand: Demand
    decision: Decision | None
    refusal: tuple[str, str] | None = None
    vetoed: str = ""


def reduce(
    before: AIWorkloadStatus, made: Step, context: Context, figures: Figures | None, now: datetime
) -> AIWorkloadStatus:
    """The status after a step. `figures` None keeps those that are there."""
    fields = before.model_dump() | durable(made.state)
    fields["observed_generation"] = context.generation
    if figures is not None:
        fields |= _figures(figures)
    why = _why(context)
    if why is not None and why.reason == Reason.IN_TRANSITION and before.why is not None:
        why = None  # what the change under way is for still stands
    if why is not None and (figures is not None or before.why is None or before.why.reason != why.reason):
        fields["why"] = why
        fields["next"] = _next(context.decision, made.state, now)
    if made.state.final:
        fields["next"] = []
        fields["deadline_met"] = _deadline_met(made.state, context.deadline)
    still = [c for c in before.conditions if c.type != DEADLINE_AT_RISK or context.deadline is not None]
    told = findings(made, context, before)
    fields["conditions"] = merge(still, told, now=now, generation=context.generation)
    return AIWorkloadStatus.model_validate(fields)


def patch(before: AIWorkloadStatus, after: AIWorkloadStatus) -> dict[str, Any] | None:
    """The merge patch from one status to the other, with nulls for what goes; None if they are equal."""
    if before == after:
        return None
    old, new = before.to_wire(), after.to_wire()
    return _difference(old, new)


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Null for what is gone, at every depth: a merge patch keeps what it does not name."""
    changed = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    both = {key: isinstance(old.get(key), dict) and isinstance(new.get(key), dict) for key in changed}
    return {key: _difference(old[key], new[key]) if both[key] else new.get(key) for key in changed}


def findings(made: Step, context: Context, before: AIWorkloadStatus) -> tuple[Finding, ...]:
    """The conditions, by kstatus: Ready always, Reconciling while on its way, Stalled when it needs help."""
    told = list(_readiness(made, context, before))
    if context.deadline is not None:
        told.append(_deadline(made.state, context))
    if context.demand.amendments:
        told.append(Finding(AMENDED, "True", "MadeSafe", "; ".join(context.demand.amendments)))
    return tuple(told)


def _readiness(made: Step, context: Context, before: AIWorkloadStatus) -> tuple[Finding, ...]:
    state, decision = made.state, context.decision
    if state.final:
        end = ready if state.phase == "Succeeded" else stalled
        return end(state.phase, _last_words(made, before))
    if context.refusal is not None:
        return stalled(*context.refusal)
    if made.blocked:
        return in_progress(made.reason, made.message)
    if state.phase == "Running":
        return ready("Running", made.message)
    if state.phase in ("Placing", "Draining"):
        return in_progress(made.reason, made.message)
    return _resting(made, context, decision)


def _last_words(made: Step, before: AIWorkloadStatus) -> str:
    """How it ended, as it was said when it did: later steps no longer see why."""
    said = (c.message for c in before.conditions if c.type == READY and c.reason == made.state.phase)
    return next(said, made.message)


def _resting(made: Step, context: Context, decision: Decision | None) -> tuple[Finding, ...]:
    """Nothing runs: by the user's wish, by the plan, or because there is no plan yet."""
    if context.suspended:
        return (Finding(READY, "False", "Suspended", "spec.suspend is true"),)
    if decision is None:
        return in_progress("WaitingForPlan", made.message)
    if decision.reason == "NoClusterFits":
        return stalled(decision.reason, decision.message)
    if not context.acts:
        return (Finding(READY, "False", "Recommended", f"The policy only recommends. {decision.message}"),)
    if context.vetoed:
        return in_progress("PlanOutdated", f"waiting for the next plan: {context.vetoed}")
    if decision.action in (Action.WAIT, Action.PAUSE):
        return (Finding(READY, "False", decision.reason, decision.message),)
    return in_progress(made.reason, made.message)


def _deadline(state: State, context: Context) -> Finding:
    decision = context.decision
    if state.final:
        met = _deadline_met(state, context.deadline)
        reason = "DeadlineMet" if met else "DeadlineMissed"
        return Finding(DEADLINE_AT_RISK, "False" if met else "True", reason)
    if decision is not None and decision.late:
        return Finding(DEADLINE_AT_RISK, "True", "CannotBeMet", decision.message)
    return Finding(DEADLINE_AT_RISK, "False", "OnTime")


def _deadline_met(state: State, deadline: datetime | None) -> bool | None:
    if deadline is None or state.finished_at is None:
        return None
    return state.phase == "Succeeded" and state.finished_at <= deadline


def _why(context: Context) -> Why | None:
    decision = context.decision
    if decision is None:
        return None
    candidates = [
        CandidateStatus(
            cluster=candidate.cluster,
            grams=None if candidate.grams is None else round(candidate.grams, 1),
            rejected=candidate.rejected[:512] if candidate.rejected else None,
            price_grams=round(candidate.price_grams, 1),
        )
        for candidate in decision.candidates[:8]
    ]
    return Why(
        reason=decision.reason, message=decision.message[:1024], candidates=candidates, limit=decision.limit
    )


def _next(decision: Decision | None, state: State, now: datetime) -> list[NextStep]:
    """The coming steps of the plan: starts, pauses, moves and the end."""
    if decision is None:
        return []
    steps: list[NextStep] = []
    here = state.placement.cluster if state.placement is not None else None
    last: Segment | None = None
    for segment in decision.segments:
        if last is not None and segment.start > last.end:
            steps.append(NextStep(time=last.end, action="Pause"))
        started = state.checkpoint is not None or last is not None or here is not None
        moved = (last.cluster if last else here) not in (None, segment.cluster)
        if segment.start > now or moved:
            action = "Migrate" if moved else "Resume" if started else "Start"
            steps.append(NextStep(time=max(now, segment.start), action=action, cluster=segment.cluster))
        last, here = segment, segment.cluster
    if decision.finish is not None:
        steps.append(NextStep(time=decision.finish, action="Finish", cluster=last.cluster if last else None))
    return steps[:NEXT_STEPS]


def _figures(figures: Figures) -> dict[str, Any]:
    counterfactual = figures.counterfactual_grams
    return {
        "progress": figures.progress,
        "receipts": list(figures.receipts),
        "energy_kwh": figures.energy_kwh,
        "grams": figures.grams,
        "quality": figures.quality,
        "counterfactual_grams": counterfactual,
        "saved": figures.saved,
    }
