"""One step's inputs together, and the small moves that every phase is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from voltaire.api.actions import Observation, Outcome, Request, Result, Verb
from voltaire.api.aiworkload import Phase
from voltaire.executor.progress import surviving_work
from voltaire.executor.state import Copy, Saved, State
from voltaire.executor.values import Answer, Desire, Event, Exclusion, Keep, Profile, Run, Step, Stop

_DOING = {
    Verb.CREATE: ("Creating", "creating it in {}"),
    Verb.SUSPEND: ("Suspending", "suspending it in {}"),
    Verb.RESUME: ("Resuming", "resuming it in {}"),
    Verb.DELETE: ("Deleting", "deleting it in {}"),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A state, what is wanted, what is seen. Every method gives a value; nothing is changed.

    `events` and `excluded` collect what earlier parts of the same step had to say.
    """

    state: State
    desire: Desire
    observations: Mapping[str, Observation]
    now: datetime
    profile: Profile
    answer: Answer | None = None
    lost: Mapping[str, datetime] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    excluded: Exclusion | None = None

    def seen(self, cluster: str) -> Observation | None:
        return self.observations.get(cluster)

    @property
    def goal(self) -> Run | None:
        """Where it shall run: the desire, or what was begun; None where it shall not start anywhere."""
        if isinstance(self.desire, Run):
            return self.desire
        if isinstance(self.desire, Keep) and self.state.target is not None:
            return Run(self.state.target)
        return None

    def leaves(self, cluster: str) -> bool:
        """Whether it shall not run on `cluster` any longer."""
        return isinstance(self.desire, Stop) or (self.goal is not None and self.goal.cluster != cluster)

    def failure(self, *verbs: Verb) -> Outcome | None:
        """How the last request failed, if it was one of these for the present placement."""
        copy, answer = self.state.placement, self.answer
        if answer is None or copy is None or answer.outcome.ok or answer.request.verb not in verbs:
            return None
        mine = (answer.request.cluster, answer.request.epoch) == (copy.cluster, copy.epoch)
        return answer.outcome if mine else None

    def refusal(self, *verbs: Verb) -> Outcome | None:
        """The same, if asking again cannot help."""
        failed = self.failure(*verbs)
        return failed if failed is not None and failed.permanent else None

    # Moves of the state

    def to(self, state: State, *events: Event) -> Case:
        """The same case with another state; a new phase begins now."""
        if state.phase != self.state.phase:
            state = replace(state, phase_since=self.now)
        return replace(self, state=state, events=self.events + events)

    def rest(self, *events: Event) -> Case:
        """Stopped, or Pending if nothing of it ever ran."""
        phase: Phase = "Pending" if self.state.checkpoint is None else "Stopped"
        if phase == "Pending" and self.state.placement is not None:
            phase = "Stopped"  # a suspended object remains
        return self.to(replace(self.state, phase=phase), *events)

    def stopped(
        self, *events: Event, seen: Observation | None, until: datetime, keep: bool, orderly: bool = True
    ) -> Case:
        """It certainly stopped (or its loss was accepted): what survives is kept, once."""
        copy, state = self.state.placement, self.state
        if copy is not None and copy.started_at is not None:
            kept = surviving_work(state, seen, until, self.profile.work, orderly=orderly)
            state = replace(state, checkpoint=Saved(kept, self.now, copy.cluster))
        left = replace(copy, started_at=None) if copy is not None and keep else None
        return replace(self, state=replace(state, placement=left)).rest(*events)

    def counted(self, copy: Copy, origin: str | None) -> State:
        """The state once `copy` is known to have run; a start elsewhere than `origin` was a migration."""
        moved = origin is not None and origin != copy.cluster
        return replace(
            self.state,
            placement=copy,
            target=None,
            migrations=self.state.migrations + moved,
            last_change=self.now,
        )

    def started(self, copy: Copy, seen: Observation) -> State:
        """The state in which `copy` runs."""
        if copy.started_at is not None:
            return replace(self.state, placement=copy)
        begun = seen.started_at if seen.started_at is not None else self.now
        copy = replace(
            copy,
            started_at=min(max(begun, copy.since), self.now),
            object_uid=seen.object_uid or copy.object_uid,
        )
        saved, previous = self.state.checkpoint, self.state.previous
        return self.counted(copy, previous.cluster if previous else saved.cluster if saved else None)

    def finish(self, seen: Observation) -> Step:
        """The work itself ended, if that is certain: an old picture may show an older copy's end. What is
        left of it stays in place, for its logs."""
        if not seen.live:
            return self.look(seen.cluster)
        copy = self.state.placement
        state = self.started(copy, seen) if copy is not None else self.state
        good = seen.result is Result.SUCCEEDED
        phase: Phase = "Succeeded" if good else "Failed"
        ended = min(seen.finished_at or self.now, self.now)
        state = replace(state, phase=phase, finished_at=ended, target=None)
        message = seen.message or f"it ended in {seen.cluster}"
        event = Event("Normal" if good else "Warning", phase, message)
        return self.to(state, event).report(phase, message)

    # Ends of a step

    def report(
        self, reason: str, message: str = "", *, live: str | None = None, blocked: bool = False
    ) -> Step:
        """Nothing to ask for now."""
        return Step(
            state=self.state,
            reason=reason,
            message=message,
            events=self.events,
            needs_live=frozenset({live}) if live is not None else frozenset(),
            exclude=self.excluded,
            blocked=blocked,
        )

    def look(self, cluster: str) -> Step:
        """What is known is not enough: read that member itself."""
        return self.report("Observing", f"reading the state in {cluster}", live=cluster)

    def unreachable(self, cluster: str, reason: str) -> Step:
        seen = self.seen(cluster)
        detail = f": {seen.message}" if seen is not None and seen.message else ""
        return self.report(reason, f"{cluster} cannot be reached{detail}", blocked=True)

    def ask(self, verb: Verb, copy: Copy, seen: Observation | None) -> Step:
        """One request for `copy`. If just this was done and the picture is older than that, look instead."""
        resumes = verb in {Verb.CREATE, Verb.RESUME}
        request = Request(
            verb=verb,
            cluster=copy.cluster,
            epoch=copy.epoch,
            object_uid=None if verb is Verb.CREATE else (seen.object_uid if seen else copy.object_uid),
            completed_seconds=self.state.saved_seconds if resumes else 0.0,
            accelerator_type=copy.accelerator_type if resumes else None,
        )
        reason, message = _DOING[verb]
        message = message.format(copy.cluster)
        again = self.answer is not None and self.answer.request == request
        if again and self.answer is not None:
            if self.answer.outcome.ok and not (seen is not None and seen.live):
                return self.look(copy.cluster)
            if not self.answer.outcome.ok:
                failed = self.answer.outcome
                message = f"{message}; the last attempt failed: {failed.reason}: {failed.message}"
                return replace(self.report(failed.reason, message, blocked=True), request=request)
        return replace(self.report(reason, message), request=request)
