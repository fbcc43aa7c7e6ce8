"""Placing, Running and Draining: something of it exists in a member, or is about to."""

from __future__ import annotations

from dataclasses import replace

from voltaire.api.actions import Observation, Verb
from voltaire.executor import serving
from voltaire.executor.case import Case
from voltaire.executor.rest import abandon, at_rest
from voltaire.executor.state import Copy
from voltaire.executor.values import Event, Exclusion, Keep, Run, Step, Stop


def placing(case: Case) -> Step:
    """It was announced for `placement`: make it so, or find out that it cannot be."""
    copy = case.state.placement
    if copy is None:  # no such state is ever written; the way out loses nothing
        return at_rest(case.rest())
    if case.state.previous is not None:
        replaced = serving.placing_beside(case, copy, case.state.previous)
        if replaced is not None:
            return replaced
    seen = case.seen(copy.cluster)
    if seen is None:
        return case.look(copy.cluster)
    if not seen.reachable:
        without = abandon(case, copy)
        return at_rest(without) if without else case.unreachable(copy.cluster, "TargetUnreachable")
    if not seen.exists:
        return _absent(case, copy, seen)
    if seen.epoch == copy.epoch:
        return _present(case, copy, seen)
    return _older(case, copy, seen)


def _absent(case: Case, copy: Copy, seen: Observation) -> Step:
    """Nothing there yet, or nothing any more."""
    if not seen.live:
        return case.look(copy.cluster)
    if seen.pods:
        return case.report("OldCopyEnding", f"waiting for older pods in {copy.cluster} to end")
    refused = case.refusal(Verb.CREATE, Verb.RESUME)
    if refused is not None or case.leaves(copy.cluster):
        withdrawn = replace(case, state=replace(case.state, placement=None)).rest()
        return _excluded(withdrawn, copy) if refused is not None else at_rest(withdrawn)
    return case.ask(Verb.CREATE, copy, seen)


def _excluded(case: Case, copy: Copy) -> Step:
    """The member will not have it: say so, and let the plan look elsewhere."""
    outcome = case.answer.outcome if case.answer is not None else None
    reason, message = (outcome.reason, outcome.message) if outcome is not None else ("Refused", "")
    event = Event("Warning", "PlacementRefused", f"{copy.cluster}: {message}")
    case = replace(case, excluded=Exclusion(copy.cluster, reason, message), events=(*case.events, event))
    return case.report(reason, f"{copy.cluster} refused it: {message}", blocked=True)


def _present(case: Case, copy: Copy, seen: Observation) -> Step:
    """Just this copy is there."""
    if seen.result is not None:
        return case.finish(seen)
    if seen.deleting:
        return case.report("OldCopyEnding", f"somebody deletes it in {copy.cluster}")
    if seen.ready and not seen.suspended:
        event = Event("Normal", "Started", f"runs in {copy.cluster}")
        return case.to(replace(case.started(copy, seen), phase="Running"), event).report(*_running_in(copy))
    if case.leaves(copy.cluster):
        return _drain(case, copy, seen)
    if seen.suspended:
        if not seen.live:
            return case.look(copy.cluster)
        if case.refusal(Verb.RESUME) is not None:
            return _excluded(case.rest(), copy)
        return case.ask(Verb.RESUME, copy, seen)
    return case.report("Starting", seen.message or f"waiting for its pods in {copy.cluster}")


def _older(case: Case, copy: Copy, seen: Observation) -> Step:
    """An older copy lies there: suspended, to be resumed under the new epoch; running, to be replaced."""
    if not seen.live:
        return case.look(copy.cluster)
    if seen.result is not None:
        return case.finish(seen)
    if seen.deleting or (seen.suspended and seen.pods):
        return case.report("OldCopyEnding", f"waiting for the older copy in {copy.cluster} to end")
    if not seen.suspended:
        return case.ask(Verb.DELETE, copy, seen)
    refused = case.refusal(Verb.RESUME, Verb.CREATE)
    if refused is not None:
        return _excluded(case.rest(), copy)
    if case.leaves(copy.cluster):
        return at_rest(case.rest())
    return case.ask(Verb.RESUME, copy, seen)


def running(case: Case) -> Step:
    """It works. See that it still does, and whether it shall go on here."""
    copy = case.state.placement
    if copy is None:  # no such state is ever written; the way out loses nothing
        return at_rest(case.rest())
    if case.state.previous is not None:
        replaced = serving.running_beside(case, copy, case.state.previous)
        if replaced is not None:
            return replaced
    seen = case.seen(copy.cluster)
    if seen is None:
        return case.look(copy.cluster)
    if not seen.reachable:
        return _out_of_sight(case, copy)
    if seen.result is not None:
        return case.finish(seen)
    if not seen.exists:
        return _vanished(case, copy, seen)
    if seen.deleting:
        return case.report("Terminating", f"somebody deletes it in {copy.cluster}")
    disturbed = seen.suspended or seen.epoch != copy.epoch
    if disturbed and not seen.live:
        return case.look(copy.cluster)
    if disturbed:
        event = Event("Warning", "StoppedElsewhere", f"somebody stopped it in {copy.cluster}")
        return _drain(replace(case, events=(*case.events, event)), copy, seen)
    if case.leaves(copy.cluster):
        return _leave(case, copy, seen)
    if copy.object_uid is None and seen.object_uid is not None:
        known = replace(copy, object_uid=seen.object_uid)
        case = case.to(replace(case.state, placement=known))
    return case.report(*_running_in(copy)) if seen.ready else _struggling(case, copy, seen)


def _struggling(case: Case, copy: Copy, seen: Observation) -> Step:
    return case.report("PodsNotReady", seen.message or f"none of its pods in {copy.cluster} is at work")


def _running_in(copy: Copy) -> tuple[str, str]:
    return "Running", f"runs in {copy.cluster}"


def _leave(case: Case, copy: Copy, seen: Observation) -> Step:
    """It runs and shall not run here: servers get a successor first, everything else stops first."""
    goal = case.goal
    if goal is None:
        return _drain(case, copy, seen)
    if not case.profile.exclusive:
        return serving.begin(case, copy, goal)
    there = case.seen(goal.cluster)
    if there is None:
        return case.look(goal.cluster)
    if not there.reachable:
        return case.unreachable(goal.cluster, "TargetUnreachable")
    return _drain(case, copy, seen)


def _out_of_sight(case: Case, copy: Copy) -> Step:
    """Its cluster cannot be reached: it may run or not."""
    if not case.leaves(copy.cluster):
        return case.unreachable(copy.cluster, "ClusterUnreachable")
    if case.goal is not None and not case.profile.exclusive:
        return serving.begin(case, copy, case.goal)
    without = abandon(case, copy)
    return at_rest(without) if without else case.unreachable(copy.cluster, "SourceUnreachable")


def _vanished(case: Case, copy: Copy, seen: Observation) -> Step:
    """The object is gone though nobody here removed it."""
    if not seen.live:
        return case.look(copy.cluster)
    if seen.pods:
        return case.report("Terminating", f"its object is gone from {copy.cluster}, its pods are ending")
    event = Event("Warning", "ObjectGone", f"somebody deleted it in {copy.cluster}; it is placed again")
    gone = case.stopped(event, seen=seen, until=case.now, keep=False)
    return gone.report("ObjectGone", event.message)


def _drain(case: Case, copy: Copy, seen: Observation) -> Step:
    """Begin to stop it. The intent is written before the request."""
    goal = case.goal
    target = goal.cluster if goal is not None and goal.cluster != copy.cluster else None
    begun = case.to(replace(case.state, phase="Draining", target=target))
    if seen.suspended:
        return begun.report("Stopping", f"suspended in {copy.cluster}")
    return begun.ask(Verb.SUSPEND, copy, seen)


def draining(case: Case) -> Step:
    """It was asked to stop. It has stopped when a live read finds no pod; not before."""
    copy = case.state.placement
    if copy is None:  # no such state is ever written; the way out loses nothing
        return at_rest(case.rest())
    case = _retargeted(case, copy)
    seen = case.seen(copy.cluster)
    if seen is None:
        return case.look(copy.cluster)
    if not seen.reachable:
        without = abandon(case, copy)
        return at_rest(without) if without else case.unreachable(copy.cluster, "SourceUnreachable")
    if seen.result is not None:
        return case.finish(seen)
    if seen.gone or (seen.stopped and not seen.deleting):
        return _at_a_stop(case, copy, seen)
    if not seen.pods and not seen.live:
        return case.look(copy.cluster)
    if seen.exists and not seen.suspended and not seen.deleting:
        return _still_working(case, copy, seen)
    return case.report("Stopping", f"waiting for its pods in {copy.cluster} to end")


def _retargeted(case: Case, copy: Copy) -> Case:
    """Where it goes afterwards may change while it stops."""
    if isinstance(case.desire, Keep):
        return case
    goal = case.goal
    target = goal.cluster if goal is not None and goal.cluster != copy.cluster else None
    return case.to(replace(case.state, target=target))


def _still_working(case: Case, copy: Copy, seen: Observation) -> Step:
    """The suspension has not reached it: ask again, unless it may stay after all."""
    stays = isinstance(case.desire, Run) and case.desire.cluster == copy.cluster
    if stays and seen.live and seen.ready and seen.epoch == copy.epoch:
        event = Event("Normal", "Staying", f"it stays in {copy.cluster} after all")
        state = replace(case.started(copy, seen), phase="Running", target=None)
        return case.to(state, event).report(*_running_in(copy))
    if seen.ready and seen.epoch == copy.epoch:
        case = case.to(replace(case.started(copy, seen), target=case.state.target))
    return case.ask(Verb.SUSPEND, case.state.placement or copy, seen)


def _at_a_stop(case: Case, copy: Copy, seen: Observation) -> Step:
    """Confirmed. What survives is written down together with what comes next."""
    until = case.state.phase_since or case.now
    event = Event("Normal", "Stopped", f"stopped in {copy.cluster}")
    still = case.stopped(event, seen=seen, until=until, keep=seen.exists)
    if isinstance(case.desire, Keep) and case.state.target is None:
        still = replace(still, desire=Stop())  # it was a pause that began
    return at_rest(still)
