"""A small world to explore: members with one Job each, a hub status, requests that get lost, late or refused.

Everything is a frozen value, so that worlds can be counted. Times carry no meaning but their order, epochs
and uids none but their order and identity: both are renumbered, which makes the world finite.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from voltaire.api.actions import Observation, Outcome, Request, Result, Verb
from voltaire.executor.machine import Answer, State

BEFORE, EARLY, LATE, NOW = (datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in range(4))
LONG_AGO = BEFORE - timedelta(days=1)
NONE, WORKING, ENDING = range(3)  # pods


@dataclass(frozen=True, slots=True)
class Job:
    """The object in a member."""

    uid: int
    epoch: int
    suspended: bool = False
    deleting: bool = False
    result: Result | None = None

    @property
    def makes_pods(self) -> bool:
        return not (self.suspended or self.deleting or self.result)


@dataclass(frozen=True, slots=True)
class Member:
    """A member: at most one object by the workload's name, and pods that outlive it for a while."""

    job: Job | None = None
    pods: int = NONE


@dataclass(frozen=True, slots=True)
class World:
    """`caches`: what the operator's watch of each member saw last. `late`: a request still on its way though
    its sender gave up. `ran_in`, `ran`: what the counters are held to: where it ran last, and whether it ran
    since it last paused. `removed`: it was deleted, which cannot be undone."""

    state: State
    members: tuple[Member, ...]
    caches: tuple[Member, ...]
    answer: Answer | None = None
    late: Request | None = None
    ran_in: str | None = None
    ran: bool = False
    removed: bool = False


NAMES = ("a", "b", "c")


def first(clusters: int) -> World:
    empty = (Member(),) * clusters
    return World(State(), empty, empty)


@cache
def observed(name: str, member: Member, *, live: bool) -> Observation:
    job = member.job
    return Observation(
        cluster=name,
        reachable=True,
        live=live,
        exists=job is not None,
        object_uid=str(job.uid) if job else None,
        epoch=job.epoch if job else None,
        suspended=bool(job and job.suspended),
        deleting=bool(job and job.deleting),
        pods=1 if member.pods else 0,
        ready=1 if member.pods == WORKING else 0,
        result=job.result if job else None,
    )


def away(name: str) -> Observation:
    return Observation(cluster=name, reachable=False, live=True)


@cache
def nature(member: Member, *, meddling: bool = False, finishing: bool = True) -> tuple[Member, ...]:
    """What may happen in a member by itself; with `meddling`, what somebody else may do there."""
    return tuple(_happenings(member, meddling, finishing))


def _happenings(member: Member, meddling: bool, finishing: bool) -> Iterator[Member]:
    job, pods = member.job, member.pods
    if job and job.makes_pods and pods == NONE:
        yield replace(member, pods=WORKING)
    if pods == WORKING and (job is None or not job.makes_pods):
        yield replace(member, pods=ENDING)
    if pods == ENDING:
        yield replace(member, pods=NONE)
    if job and job.deleting and pods == NONE:
        yield Member()
    if finishing and job and pods and not job.result and not job.deleting:
        yield Member(replace(job, result=Result.SUCCEEDED), NONE)
    if meddling and job and not job.deleting:
        yield replace(member, job=None)  # deleted with its pods left to end
        if not job.result:
            yield replace(member, job=replace(job, suspended=not job.suspended))


def settled(member: Member) -> Member:
    """The member once everything that goes by itself has gone, work that ends excepted."""
    while following := nature(member, finishing=False):
        member = following[0]
    return member


def perform(members: tuple[Member, ...], request: Request, fresh: int) -> tuple[tuple[Member, ...], Outcome]:
    """What a member's API server does with a request, as the direct engine puts it."""
    index = NAMES.index(request.cluster)
    member = members[index]
    job = member.job
    if request.verb is Verb.CREATE:
        if job is None:
            made = replace(member, job=Job(fresh, request.epoch))
            return (*members[:index], made, *members[index + 1 :]), Outcome(str(fresh))
        if job.epoch == request.epoch and not job.deleting:
            return members, Outcome(str(job.uid))
        permanent = job.epoch > request.epoch
        return members, Outcome(reason="Superseded" if permanent else "StaleCopy", permanent=permanent)
    if job is None or (request.object_uid is not None and str(job.uid) != request.object_uid):
        gone = request.verb is Verb.DELETE
        return members, Outcome() if gone else Outcome(reason="NotFound")
    changed = {
        Verb.SUSPEND: replace(job, suspended=True),
        Verb.RESUME: replace(job, suspended=False, epoch=request.epoch),
        Verb.DELETE: replace(job, deleting=True),
    }[request.verb]
    return (*members[:index], replace(member, job=changed), *members[index + 1 :]), Outcome(str(job.uid))


def timeless(state: State) -> State:
    """The state with times that keep only their order."""
    saved, last = state.checkpoint, state.last_change
    if saved is not None:
        counted = last is not None and last >= saved.time
        saved = replace(saved, time=EARLY if counted or last is None else LATE)
        last = last and (LATE if counted else EARLY)
    elif last is not None:
        last = EARLY
    copies = [
        copy and replace(copy, since=BEFORE, started_at=copy.started_at and BEFORE)
        for copy in (state.placement, state.previous)
    ]
    return replace(
        state,
        placement=copies[0],
        previous=copies[1],
        checkpoint=saved,
        last_change=last,
        phase_since=None,
        finished_at=state.finished_at and BEFORE,
        migrations=0,
        pauses=0,
    )


@cache
def _epochs(value: State | Member | Answer | Request | None) -> frozenset[int]:
    """The epochs that a part of the world mentions."""
    match value:
        case State(epoch=epoch, placement=placement, previous=previous):
            return frozenset({epoch, *(copy.epoch for copy in (placement, previous) if copy)})
        case Member(job=Job(epoch=epoch)) | Request(epoch=epoch):
            return frozenset({epoch})
        case Answer(request=request):
            return frozenset({request.epoch})
    return frozenset()


def renumbered(world: World) -> World:
    """The same world with the smallest epochs in the same order."""
    used = _epochs(world.state).union(
        (0,),
        _epochs(world.answer),
        _epochs(world.late),
        *map(_epochs, world.members),
        *map(_epochs, world.caches),
    )
    if max(used) == len(used) - 1:
        return world
    rank = {epoch: index for index, epoch in enumerate(sorted(used))}

    def members(group: tuple[Member, ...]) -> tuple[Member, ...]:
        return tuple(
            m if m.job is None else replace(m, job=replace(m.job, epoch=rank[m.job.epoch])) for m in group
        )

    state, answer, late = world.state, world.answer, world.late
    placement, previous = (c and replace(c, epoch=rank[c.epoch]) for c in (state.placement, state.previous))
    return replace(
        world,
        state=replace(state, epoch=rank[state.epoch], placement=placement, previous=previous),
        members=members(world.members),
        caches=members(world.caches),
        answer=answer and replace(answer, request=replace(answer.request, epoch=rank[answer.request.epoch])),
        late=late and replace(late, epoch=rank[late.epoch]),
    )


def unused_uid(world: World) -> int:
    """The smallest uid that nothing in the world remembers."""
    used = {m.job.uid for m in (*world.members, *world.caches) if m.job}
    requests = (world.answer and world.answer.request, world.late)
    copies = (world.state.placement, world.state.previous)
    remembered = {r.object_uid for r in requests if r} | {c.object_uid for c in copies if c}
    if world.answer:
        remembered.add(world.answer.outcome.object_uid)
    used |= {int(uid) for uid in remembered if uid}
    return next(uid for uid in range(len(used) + 1) if uid not in used)
