"""Servers move make-before-break: the new copy is `placement`, the old one `previous`, and the old one goes
only while the new one has all its pods ready. Two copies at once do no harm, so nothing waits for a cluster
that is lost: what is left there has an older epoch and is removed when it is back.
"""

from __future__ import annotations

from dataclasses import replace

from voltaire.api.actions import Observation, Verb
from voltaire.executor.case import Case
from voltaire.executor.state import Copy, Saved
from voltaire.executor.values import Event, Exclusion, Run, Step, Stop


def begin(case: Case, old: Copy, goal: Run) -> Step:
    """Announce the successor; the old copy serves on."""
    there = case.seen(goal.cluster)
    if there is None:
        return case.look(goal.cluster)
    if not there.reachable:
        return case.unreachable(goal.cluster, "TargetUnreachable")
    if (there.exists or there.pods) and not there.live:
        return case.look(goal.cluster)
    if there.exists or there.pods:
        message = f"waiting for what is left of an older copy in {goal.cluster}"
        return case.report("OldCopyEnding", message)
    epoch = case.state.epoch + 1
    new = Copy(
        cluster=goal.cluster,
        epoch=epoch,
        since=case.now,
        accelerator_type=goal.accelerator_type,
        power_kw=goal.power_kw,
    )
    state = replace(case.state, phase="Placing", epoch=epoch, placement=new, previous=old, target=None)
    return case.to(state).ask(Verb.CREATE, new, there)


def placing_beside(case: Case, new: Copy, old: Copy) -> Step | None:
    """The successor is coming up. None: nothing to do with the old copy now."""
    seen, before = case.seen(new.cluster), case.seen(old.cluster)
    if seen is None or before is None:
        return case.look(new.cluster if seen is None else old.cluster)
    if before.gone:
        event = Event("Warning", "ObjectGone", f"somebody deleted the serving copy in {old.cluster}")
        saved = Saved(case.state.saved_seconds, case.now, old.cluster)  # where it ran, for the move to count
        state = replace(case.state, previous=None, checkpoint=saved)
        return case.to(state, event).report("ObjectGone", event.message)
    refused = case.refusal(Verb.CREATE, Verb.RESUME)
    if refused is not None or case.leaves(new.cluster):
        exclusion = Exclusion(new.cluster, refused.reason, refused.message) if refused else None
        return _drop(replace(case, excluded=exclusion), new, old, seen)
    if not seen.reachable or seen.epoch != new.epoch or seen.suspended or seen.deleting:
        return None
    if seen.ready >= case.profile.wanted:
        event = Event("Normal", "Started", f"serves from {new.cluster}; {old.cluster} may go")
        begun = case.to(replace(case.started(new, seen), phase="Running"), event)
        return running_beside(begun, begun.state.placement or new, old)
    return case.report("Starting", seen.message or f"waiting for its pods in {new.cluster}")


def running_beside(case: Case, new: Copy, old: Copy) -> Step | None:
    """The successor serves: remove the old copy. None once there is nothing to do about it."""
    seen, before = case.seen(new.cluster), case.seen(old.cluster)
    if seen is None or before is None:
        return case.look(new.cluster if seen is None else old.cluster)
    if before.gone:
        case = case.to(replace(case.state, previous=None))
        return case.report("Running", f"serves from {new.cluster}")
    serves_still = before.reachable and before.exists and not before.deleting and not before.suspended
    if serves_still and (seen.gone or (not seen.reachable and case.leaves(new.cluster))):
        return _revert(case, old, f"{new.cluster} failed; {old.cluster} serves on")
    if not before.reachable:
        return case.unreachable(old.cluster, "PreviousUnreachable") if seen.reachable else None
    if not before.exists or before.deleting:
        if not before.live and not before.exists:
            return case.look(old.cluster)
        return case.report("Deleting", f"waiting for the old copy to be gone from {old.cluster}")
    enough = seen.reachable and seen.epoch == new.epoch and seen.ready >= case.profile.wanted
    useless = before.suspended and before.live  # somebody stopped it: it holds nothing up
    if isinstance(case.desire, Stop) or useless or (enough and seen.live):
        return case.ask(Verb.DELETE, old, before)
    if serves_still and seen.live and not enough and (seen.suspended or case.leaves(new.cluster)):
        return _drop(case, new, old, seen)
    if enough or (seen.reachable and not seen.exists and not seen.live):
        return case.look(new.cluster)
    return case.report("PodsNotReady", f"{old.cluster} serves on until {new.cluster} is ready again")


def _drop(case: Case, new: Copy, old: Copy, seen: Observation) -> Step:
    """The successor is not wanted or cannot be: it goes, the old copy stays."""
    if not seen.reachable or seen.gone:
        return _revert(case, old, f"{new.cluster} is given up; {old.cluster} serves on")
    if not seen.exists and not seen.live:
        return case.look(new.cluster)
    if seen.deleting or not seen.exists:
        return case.report("Deleting", f"waiting for it to be gone from {new.cluster}")
    if seen.epoch != new.epoch and not seen.live:
        return case.look(new.cluster)
    asked = case.ask(Verb.DELETE, new, seen)
    return replace(asked, exclude=case.excluded)


def _revert(case: Case, old: Copy, message: str) -> Step:
    """Back to the old copy. The epoch grows so that whatever is left of the new one is older than it."""
    event = Event("Warning", "MoveGivenUp", message)
    state = case.state
    if state.phase == "Running":  # the new one served: going back is a move of its own
        state = replace(state, migrations=state.migrations + 1, last_change=case.now)
    state = replace(state, phase="Running", placement=old, previous=None, target=None, epoch=state.epoch + 1)
    return case.to(state, event).report("MoveGivenUp", message)
