"""From what is known of a workload to its status: a pure reducer. Nothing changed gives an equal status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from voltaire.api.aiworkload import (
    AIWorkloadStatus,
    CandidateStatus,
    ProgressStatus,
    Receipt,
    Why,
)
from voltaire.api.conditions import Finding, in_progress, merge, ready, stalled
from voltaire.api.resources import AIWorkload
from voltaire.executor.forecast import next_steps
from voltaire.executor.state import State, durable
from voltaire.executor.values import Step
from voltaire.planner.plan import Decision

DEADLINE_AT_RISK = "DeadlineAtRisk"
MANIFEST_ADJUSTED = "ManifestAdjusted"
_NOBODY_CAN = frozenset({"NoClusterFits"})
_CREEPING = frozenset(
    {"progress", "energy_kwh", "grams", "counterfactual_grams", "saved", "quality", "receipts", "next"}
)


@dataclass(frozen=True, slots=True)
class Account:
    """The ledger's figures so far: facility energy kWh, emissions g, both over all stays; `quality` is the
    share of the energy whose intensity is known. `grams` counts only that share."""

    receipts: tuple[Receipt, ...] = ()
    energy_kwh: float | None = None
    grams: float | None = None
    counterfactual_grams: float | None = None
    quality: float | None = None


def workload_status(
    workload: AIWorkload,
    state: State,
    *,
    now: datetime,
    step: Step | None = None,
    decision: Decision | None = None,
    progress: ProgressStatus | None = None,
    account: Account | None = None,
    problems: Sequence[tuple[str, str]] = (),
    amendments: Sequence[str] = (),
    note: str = "",
) -> AIWorkloadStatus:
    """The whole status. Without `decision` or `account` what was said before stays.

    `problems`: (field, message) of a manifest that is refused; `amendments`: what is changed in it before it
    is applied; `note`: why the plan is not followed just now.
    """
    before = workload.status
    late = decision.late if decision is not None else None
    findings = [
        *_standing(workload, state, step, decision, problems, note),
        *_deadline(workload, state, late, decision),
        *_adjusted(workload, amendments),
    ]
    generation = workload.metadata.generation
    fields: dict[str, Any] = {
        **durable(state),
        "observed_generation": generation,
        "conditions": merge(before.conditions, findings, now=now, generation=generation),
        "progress": progress if progress is not None else before.progress,
        "next": _next(workload, state, decision, now),
        "why": _why(decision) if decision is not None and not state.final else before.why,
        "deadline_met": _deadline_met(workload, state),
        **_figures(before, account),
    }
    return AIWorkloadStatus(**fields)


def as_patch(status: AIWorkloadStatus) -> dict[str, Any]:
    """The status for a JSON merge patch: what is unset is null, so that it goes."""
    pruned: dict[str, Any] = _pruned(status.model_dump(mode="json", by_alias=True))
    return pruned


def same_story(old: AIWorkloadStatus, new: AIWorkloadStatus) -> bool:
    """Whether only figures crept on that may wait for the next write: progress, energy, emissions."""
    return old.model_dump(exclude=set(_CREEPING)) == new.model_dump(exclude=set(_CREEPING)) and [
        (step.action, step.cluster) for step in old.next
    ] == [(step.action, step.cluster) for step in new.next]


def _standing(
    workload: AIWorkload,
    state: State,
    step: Step | None,
    decision: Decision | None,
    problems: Sequence[tuple[str, str]],
    note: str,
) -> tuple[Finding, ...]:
    """Ready, and Reconciling or Stalled: the first that applies."""
    moving = step is not None and (step.request is not None or step.blocked)
    if workload.metadata.deletion_timestamp is not None:
        return in_progress("Deleting", step.message if step else "being removed from its members")
    if state.phase == "Succeeded":
        return ready("Succeeded", "its work is done")
    if state.phase == "Failed":
        return stalled("Failed", (step.message if step and step.message else "") or _failed(workload, state))
    if problems:
        return stalled("ManifestRefused", "; ".join(f"{field}: {message}" for field, message in problems))
    if step is not None and step.blocked:
        return in_progress(step.reason, step.message)
    if state.phase == "Running" and not moving and (step is None or step.reason in _CONTENT):
        return ready("Running", step.message if step else "")
    if workload.spec.suspend and state.phase in ("Paused", "Pending", "Stopped"):
        return ready("Suspended", "spec.suspend is true")
    if state.phase in ("Pending", "Stopped", "Paused") and not moving:
        return _waiting(decision, note)
    reason, message = (step.reason, step.message) if step else (state.phase, "")
    return in_progress(reason, message)


_CONTENT = frozenset({"Running", "Observing"})


def _failed(workload: AIWorkload, state: State) -> str:
    said = next((c.message for c in workload.status.conditions if c.reason == "Failed"), "")
    where = f" in {state.placement.cluster}" if state.placement else ""
    return said or f"its work failed{where}: see its logs"


def _waiting(decision: Decision | None, note: str) -> tuple[Finding, ...]:
    if note:
        return in_progress("Waiting", note)
    if decision is None:
        return in_progress("Waiting", "the next plan decides")
    kind = stalled if decision.reason in _NOBODY_CAN else in_progress
    return kind(str(decision.reason), decision.message)


def _deadline(
    workload: AIWorkload, state: State, late: bool | None, decision: Decision | None
) -> tuple[Finding, ...]:
    """DeadlineAtRisk, true as soon as the plan sees no way to be in time."""
    deadline = workload.spec.schedule.deadline
    said = any(c.type == DEADLINE_AT_RISK for c in workload.status.conditions)
    if deadline is None:
        return (Finding(DEADLINE_AT_RISK, "False", "NoDeadline"),) if said else ()
    if state.final:
        met = _deadline_met(workload, state)
        return (Finding(DEADLINE_AT_RISK, "False" if met else "True", "Met" if met else "Missed"),)
    if late is None:
        return ()
    if late:
        expected = decision.finish if decision is not None else None
        end = (
            f"expected to finish at {expected.isoformat(timespec='minutes')}" if expected else "cannot finish"
        )
        message = f"{end}, after its deadline {deadline.isoformat(timespec='minutes')}"
        return (Finding(DEADLINE_AT_RISK, "True", "ExpectedLate", message),)
    return (Finding(DEADLINE_AT_RISK, "False", "OnTime"),)


def _adjusted(workload: AIWorkload, amendments: Sequence[str]) -> tuple[Finding, ...]:
    """What was changed in the manifest, for its author to know."""
    if amendments:
        return (Finding(MANIFEST_ADJUSTED, "True", "MadeSafe", "; ".join(amendments)),)
    said = any(c.type == MANIFEST_ADJUSTED for c in workload.status.conditions)
    return (Finding(MANIFEST_ADJUSTED, "False", "AsWritten"),) if said else ()


def _deadline_met(workload: AIWorkload, state: State) -> bool | None:
    deadline = workload.spec.schedule.deadline
    if deadline is None or not state.final or state.finished_at is None:
        return None
    return state.phase == "Succeeded" and state.finished_at <= deadline


def _next(workload: AIWorkload, state: State, decision: Decision | None, now: datetime) -> Any:
    if state.final or workload.metadata.deletion_timestamp is not None:
        return []
    if decision is None:
        return workload.status.next
    return next_steps(state, decision, now, server=workload.spec.type == "Serving")


def _why(decision: Decision) -> Why:
    candidates = [
        CandidateStatus(
            cluster=candidate.cluster,
            grams=None if candidate.grams is None else round(candidate.grams, 1),
            rejected=candidate.rejected[:512] if candidate.rejected else None,
        )
        for candidate in decision.candidates[:8]
    ]
    return Why(reason=str(decision.reason)[:63], message=decision.message[:1024], candidates=candidates)


def _figures(before: AIWorkloadStatus, account: Account | None) -> dict[str, Any]:
    if account is None:
        names = ("receipts", "energy_kwh", "grams", "counterfactual_grams", "quality", "saved")
        return {name: getattr(before, name) for name in names}
    return {
        "receipts": list(account.receipts),
        "energy_kwh": _rounded(account.energy_kwh, 3),
        "grams": _rounded(account.grams, 1),
        "counterfactual_grams": _rounded(account.counterfactual_grams, 1),
        "quality": _rounded(account.quality, 3),
        "saved": saved_text(account.grams, account.counterfactual_grams, account.quality),
    }


def saved_text(grams: float | None, counterfactual: float | None, quality: float | None) -> str | None:
    """Share saved, `-12%` where it cost more. Nothing is claimed while a part of either is unknown, or where
    the counterfactual is zero and there is nothing to compare with."""
    if grams is None or counterfactual is None or counterfactual <= 0 or (quality or 0.0) < 1.0:
        return None
    return f"{round(100 * (1 - grams / counterfactual))}%"


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _pruned(value: Any, *, listed: bool = False) -> Any:
    """Nulls stay in maps, where a merge patch removes by them, and go from lists, which it replaces."""
    if isinstance(value, dict):
        return {k: _pruned(v, listed=listed) for k, v in value.items() if not (listed and v is None)}
    if isinstance(value, list):
        return [_pruned(item, listed=True) for item in value]
    return value
