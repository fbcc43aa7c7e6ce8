"""The AIWorkload was deleted: every copy goes, and the end does not depend on a member that is away."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voltaire.api.actions import Observation, Verb
from voltaire.executor.case import Case
from voltaire.executor.state import Copy
from voltaire.executor.values import Remove, Step


@dataclass(frozen=True, slots=True)
class _Left:
    """One copy that is not proven gone."""

    copy: Copy
    seen: Observation | None


def remove(case: Case, desire: Remove) -> Step:
    """One deletion at a time; finished once each member is clean or was waited for long enough."""
    left = _left(case)
    overdue = case.now - desire.since > case.profile.cleanup_timeout
    given_up = [item for item in left if overdue and _hopeless(case, item)]
    pending = [item for item in left if item not in given_up]
    case = _recorded(case, pending, given_up)
    if not pending:
        return replace(case.report("Removed", _farewell(case)), finished=True)
    for item in pending:
        if item.seen is not None and item.seen.exists and not item.seen.deleting:
            return case.ask(Verb.DELETE, item.copy, item.seen)
    return _waiting(case, pending)


def _left(case: Case) -> list[_Left]:
    """Copies of the state first, then whatever else of it is seen."""
    known = [copy for copy in (case.state.placement, case.state.previous) if copy is not None]
    left = [_Left(copy, case.seen(copy.cluster)) for copy in known]
    names = {copy.cluster for copy in known}
    for cluster, seen in sorted(case.observations.items()):
        if cluster not in names and seen.reachable and seen.exists and seen.epoch is not None:
            left.append(_Left(Copy(cluster, seen.epoch, case.now, seen.object_uid), seen))
    return [item for item in left if item.seen is None or not item.seen.gone]


def _hopeless(case: Case, item: _Left) -> bool:
    """Out of reach, or asked and not going: what remains is for the sweep, or for people."""
    seen = item.seen
    if seen is None:
        return False
    if not seen.reachable or (seen.live and (seen.deleting or not seen.exists)):
        return True
    answer = case.answer
    return (
        answer is not None
        and not answer.outcome.ok
        and answer.request.verb is Verb.DELETE
        and answer.request.cluster == seen.cluster
    )


def _recorded(case: Case, pending: list[_Left], given_up: list[_Left]) -> Case:
    """The state without what is gone, and with the names of what was given up."""
    kept = {item.copy.cluster for item in pending}
    state = case.state
    placement = state.placement if state.placement and state.placement.cluster in kept else None
    previous = state.previous if state.previous and state.previous.cluster in kept else None
    names = [item.copy.cluster for item in given_up if item.copy.cluster not in state.uncleaned]
    uncleaned = (*state.uncleaned, *names)
    state = replace(state, placement=placement, previous=previous, target=None, uncleaned=uncleaned)
    if not state.final and state.phase != "Pending":
        state = replace(state, phase="Draining" if pending else "Stopped")
    return case.to(state)


def _waiting(case: Case, pending: list[_Left]) -> Step:
    """Nothing to ask for: see what is missing."""
    for item in pending:
        seen = item.seen
        if seen is None or (seen.reachable and not seen.live and not seen.exists and not seen.pods):
            return case.look(item.copy.cluster)
    away = [item.copy.cluster for item in pending if item.seen is not None and not item.seen.reachable]
    if away:
        return case.unreachable(away[0], "CleanupBlocked")
    return case.report("Deleting", f"waiting for it to be gone from {pending[0].copy.cluster}")


def _farewell(case: Case) -> str:
    names = case.state.uncleaned
    return f"not cleaned, because out of reach: {', '.join(names)}" if names else "nothing of it is left"
