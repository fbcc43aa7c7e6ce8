"""Copies where the state knows of none: left behind by a lost cluster, or unknown because the hub was
restored from a backup. The epoch tells which: a higher one is the truth and is adopted, a lower one is
removed. Nothing is done on a picture that may be old.
"""

from __future__ import annotations

from dataclasses import replace

from voltaire.api.actions import Observation, Verb
from voltaire.api.aiworkload import Phase
from voltaire.executor.case import Case
from voltaire.executor.state import Copy
from voltaire.executor.values import Event, Step


def newer_here(case: Case) -> Step | None:
    """The copy at `placement` carries an epoch that this state never gave out."""
    copy = case.state.placement
    seen = case.seen(copy.cluster) if copy is not None else None
    if copy is None or seen is None or case.state.final or not seen.exists or seen.epoch is None:
        return None
    if seen.epoch <= max(copy.epoch, case.state.epoch):
        return None
    return _adopt(case, seen) if seen.live else case.look(seen.cluster)


def strays(case: Case) -> Step | None:
    """What to do about a copy elsewhere; None if there is none."""
    state = case.state
    known = {copy.cluster for copy in (state.placement, state.previous) if copy is not None}
    for cluster, seen in sorted(case.observations.items()):
        if cluster in known or not seen.reachable or not seen.exists or seen.epoch is None:
            continue
        if not seen.live:
            return case.look(cluster)
        unknown = seen.epoch > state.epoch or (seen.epoch == state.epoch and state.placement is None)
        if unknown and not state.final:
            return _adopt(case, seen)
        if seen.epoch > state.epoch:
            continue  # it finished here, and yet there is a newer copy: for people to judge
        if seen.deleting:
            return case.report("OldCopyEnding", f"an older copy is being deleted in {cluster}")
        stray = Copy(cluster=cluster, epoch=seen.epoch, since=case.now, object_uid=seen.object_uid)
        return case.ask(Verb.DELETE, stray, seen)
    return None


def _adopt(case: Case, seen: Observation) -> Step:
    """Take over a copy that this state did not know."""
    if seen.epoch is None:
        return case.look(seen.cluster)
    copy = Copy(cluster=seen.cluster, epoch=seen.epoch, since=case.now, object_uid=seen.object_uid)
    event = Event("Warning", "Adopted", f"found a copy with epoch {seen.epoch} in {seen.cluster}")
    phase: Phase = "Stopped" if seen.suspended else "Placing"
    state = replace(
        case.state,
        phase=phase,
        epoch=max(case.state.epoch, seen.epoch),
        placement=copy,
        previous=None,
        target=None,
    )
    return case.to(state, event).report("Adopted", event.message)
