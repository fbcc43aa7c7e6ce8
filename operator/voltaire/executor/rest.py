"""Pending, Stopped and Paused: nothing runs. Where it starts next, and how its last place is left.

The rule that matters: a CREATE is announced only from `placement is None`, and `placement` of an exclusive
workload becomes None only when a live read found neither object nor pod.
"""

from __future__ import annotations

from dataclasses import replace

from voltaire.api.actions import Observation, Verb
from voltaire.executor.case import Case
from voltaire.executor.state import Copy, State
from voltaire.executor.values import Event, Keep, Run, Step, Stop


def at_rest(case: Case) -> Step:
    goal, copy = case.goal, case.state.placement
    if copy is not None:
        seen = case.seen(copy.cluster)
        if seen is not None and seen.gone:
            return at_rest(_emptied(case))
        if seen is not None and seen.reachable and seen.result is not None:
            return case.finish(seen)
    if goal is None:
        return _hold(case)
    if copy is None:
        return _announce(case, goal)
    if copy.cluster == goal.cluster:
        return _resume(case, copy, goal)
    return _vacate(case, copy, goal)


def paused(state: State, case: Case) -> State:
    """The state as a pause, counted once for each time it stopped."""
    saved, last = state.checkpoint, state.last_change
    if saved is None or (last is not None and last >= saved.time):
        return replace(state, phase="Paused", target=None)
    return replace(state, phase="Paused", target=None, pauses=state.pauses + 1, last_change=case.now)


def abandon(case: Case, copy: Copy) -> Case | None:
    """Go on without a lost copy, where its user accepted that and there is somewhere to go; else None."""
    goal, lost_at = case.goal, case.lost.get(copy.cluster)
    there = case.seen(goal.cluster) if goal is not None else None
    if not case.profile.restart_when_lost or goal is None or lost_at is None or goal.cluster == copy.cluster:
        return None
    if there is None or not there.reachable:
        return None
    warning = f"{copy.cluster} is lost since {lost_at.isoformat()}; its copy may still run until it is back"
    event = Event("Warning", "CopyAbandoned", warning)
    return case.stopped(event, seen=None, until=min(lost_at, case.now), keep=False, orderly=False)


def _hold(case: Case) -> Step:
    """Stay stopped. Suspended is to stay suspended."""
    if isinstance(case.desire, Stop) and case.state.phase == "Stopped":
        case = case.to(paused(case.state, case))
    state, copy = case.state, case.state.placement
    if copy is not None:
        seen = case.seen(copy.cluster)
        if seen is None:
            return case.look(copy.cluster)
        if seen.reachable and not seen.deleting and not (seen.exists and seen.suspended):
            return _unexpected(case, copy, seen)
    if state.phase == "Paused":
        return case.report("Paused", "stopped, with what it had completed")
    waits = "nothing decided yet" if isinstance(case.desire, Keep) else "it is not to run now"
    return case.report("Waiting", waits)


def _emptied(case: Case) -> Case:
    """Nothing of it is left where it stopped."""
    empty = case.to(replace(case.state, placement=None))
    return empty.rest() if case.state.phase == "Stopped" else empty


def _announce(case: Case, goal: Run) -> Step:
    """Nothing of it exists: give out the next epoch and create it."""
    seen = case.seen(goal.cluster)
    if seen is None:
        return case.look(goal.cluster)
    if not seen.reachable:
        return case.unreachable(goal.cluster, "TargetUnreachable")
    if seen.pods or (seen.exists and seen.epoch is not None):
        return case.look(goal.cluster) if not seen.live else _leftover(case, goal)
    copy = Copy(
        cluster=goal.cluster,
        epoch=case.state.epoch + 1,
        since=case.now,
        accelerator_type=goal.accelerator_type,
        power_kw=goal.power_kw,
    )
    return case.to(_placing(case.state, copy)).ask(Verb.CREATE, copy, seen)


def _leftover(case: Case, goal: Run) -> Step:
    return case.report("OldCopyEnding", f"waiting for what is left of an older copy in {goal.cluster}")


def _resume(case: Case, copy: Copy, goal: Run) -> Step:
    """It is suspended just where it shall run."""
    seen = case.seen(copy.cluster)
    if seen is None:
        return case.look(copy.cluster)
    if not seen.reachable:
        resumed = replace(case, state=replace(case.state, target=goal.cluster))
        return resumed.unreachable(copy.cluster, "TargetUnreachable")
    if not seen.exists or not seen.suspended:
        return _unexpected(case, copy, seen)
    if seen.deleting:
        return case.report("OldCopyEnding", f"it is being deleted in {copy.cluster}")
    again = Copy(
        cluster=copy.cluster,
        epoch=case.state.epoch + 1,
        since=case.now,
        object_uid=seen.object_uid,
        accelerator_type=goal.accelerator_type or copy.accelerator_type,
        power_kw=copy.power_kw if goal.power_kw is None else goal.power_kw,
    )
    return case.to(_placing(case.state, again)).ask(Verb.RESUME, again, seen)


def _unexpected(case: Case, copy: Copy, seen: Observation) -> Step:
    """Stopped, and yet the object is not there suspended: somebody else was at it, or the picture is old."""
    if not seen.live:
        return case.look(copy.cluster)
    if not seen.exists or seen.deleting:
        return case.report("OldCopyEnding", f"waiting for its pods in {copy.cluster} to end")
    return case.ask(Verb.SUSPEND, copy, seen)


def _vacate(case: Case, copy: Copy, goal: Run) -> Step:
    """Leave the old place for good before anything is made elsewhere."""
    there, seen = case.seen(goal.cluster), case.seen(copy.cluster)
    case = case.to(replace(case.state, target=goal.cluster))
    if there is None:
        return case.look(goal.cluster)
    if seen is None:
        return case.look(copy.cluster)
    if not there.reachable:
        return case.unreachable(goal.cluster, "TargetUnreachable")
    if not seen.reachable:
        without = abandon(case, copy)
        return at_rest(without) if without else case.unreachable(copy.cluster, "SourceUnreachable")
    if not seen.exists:
        return _unexpected(case, copy, seen)
    if seen.deleting:
        return case.report("Deleting", f"waiting for it to be gone from {copy.cluster}")
    return case.ask(Verb.DELETE, copy, seen)


def _placing(state: State, copy: Copy) -> State:
    return replace(state, phase="Placing", epoch=copy.epoch, placement=copy, target=None)
