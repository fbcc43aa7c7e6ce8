"""Takes workloads from the queue and walks each to where the plan wants it, one safe step at a time.

The order of writes is the whole point: finalizer, intent (status), action in the member, proof, next intent.
Every step starts from what is observed, so a worker may die between any two of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from voltaire import metrics
from voltaire.api.actions import Observation, Outcome, Request
from voltaire.api.labels import FINALIZER
from voltaire.api.resources import AIWORKLOAD, AIWorkload
from voltaire.executor.desire import Wish, wish
from voltaire.executor.machine import Answer, Step, step
from voltaire.executor.queue import KeyedQueue
from voltaire.executor.state import State, from_status
from voltaire.fleet.build import fleet_policy, slot_start
from voltaire.fleet.demand import Demand
from voltaire.kube.errors import KubeError
from voltaire.runtime.gather import profile_of
from voltaire.runtime.hub import Said
from voltaire.runtime.render import render
from voltaire.runtime.shared import Shared

log = structlog.get_logger(__name__)
ROUNDS = 8  # steps of one workload in a row before others get their turn
POLL = 1.0  # seconds between looks while something is under way
STARTING = 5.0  # the same while pods start, which the watches tell
FIRST_WORD = 10.0  # seconds that a new workload's first status waits for the plan it will be about
RETRY = 5.0
TELLERS = 2  # Events posted at once, so that thousands leave connections to the steps
EXCLUDED_FOR = timedelta(minutes=30)  # operator's clock: a cluster that refused a workload rests this long
DOUBT = 30.0  # seconds after a request without an answer in which no read counts as proof


@dataclass(slots=True)
class Memory:
    """What a worker remembers of a workload between steps; losing it costs a look, never safety."""

    answer: Answer | None = None
    doubt: dict[str, float] = field(default_factory=dict)
    slot: datetime | None = None
    since: float = field(default_factory=lambda: asyncio.get_running_loop().time())


class Worker:
    """`touch` asks for a step; several `run`s share the work; `refresh` renews figures once a slot."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._queue = KeyedQueue()
        self._memories: dict[str, Memory] = {}
        self._courtesies: set[asyncio.Task[None]] = set()
        self._telling = asyncio.Semaphore(TELLERS)
        self._turn = asyncio.Lock()
        self._left: set[str] = set()

    def touch(self, uid: str, delay: float = 0.0) -> None:
        """Something happened to this workload."""
        self._queue.add(uid, delay)
        metrics.QUEUE.set(len(self._queue))

    def resume(self) -> None:
        """Take up what was left because this process did not lead."""
        for uid in self._left:
            self.touch(uid)
        self._left.clear()

    async def refresh(self) -> None:
        """At each slot, look at everything again: progress and figures move without events."""
        while True:
            slot, now = fleet_policy(self._shared.picture).slot, self._shared.clock.now()
            await self._shared.clock.sleep(slot_start(now, slot) + slot - now)
            for uid in list(self._shared.picture.workloads):
                self.touch(uid)

    async def run(self) -> None:
        """Work for ever. What goes wrong with one workload stays with it."""
        while True:
            uid = await self._queue.take()
            try:
                async with self._turn:  # thousands of steps that ask nobody must not be taken in a row
                    await asyncio.sleep(0)
                await self._walk(uid)
            except KubeError as error:
                log.info("step interrupted", uid=uid, error=str(error))
                self.touch(uid, error.retry_after or RETRY)
            except Exception:
                log.exception("step failed", uid=uid)
                self.touch(uid, 6 * RETRY)
            finally:
                self._queue.done(uid)

    async def _walk(self, uid: str) -> None:
        if not self._shared.leads():
            self._left.add(uid)
            return
        for _ in range(ROUNDS):
            workload = self._shared.picture.workloads.get(uid)
            if workload is None:
                self._memories.pop(uid, None)
                return
            if not await self._once(workload):
                return
        self.touch(uid, POLL)

    async def _once(self, workload: AIWorkload) -> bool:
        """One step; whether another may follow at once."""
        uid, deleting = workload.metadata.uid, workload.metadata.deletion_timestamp is not None
        held = FINALIZER in workload.metadata.finalizers
        if deleting and not held:
            return False
        if not held:  # nothing may be made that a deletion would not clean up
            return await self._finalizer(workload, present=True)
        memory = self._memories.setdefault(uid, Memory())
        demand = self._shared.picture.demands[uid]
        state, now = from_status(workload.status), self._shared.clock.now()
        wanted = self._wish(workload, demand, state, now)
        made = await self._decide(workload, demand, state, wanted, memory, now)
        if unsaid := self._unsaid(workload, demand, made, memory):
            self.touch(uid, unsaid)
            return False
        if not await self._write(workload, demand, made, wanted, memory, now):
            self.touch(uid, POLL)
            return False
        self._after_write(workload, state, made)
        if made.finished:
            await self._finalizer(workload, present=False)
            return False
        if made.request is None:
            self._lose_patience(uid, made, now)
            self._come_back(uid, made)
            return False
        return await self._perform(workload, made.request, memory, made.blocked)

    def _unsaid(self, workload: AIWorkload, demand: Demand, made: Step, memory: Memory) -> float:
        """Seconds for which there is nothing worth a write: a new workload waits for the plan that will have
        it, or pods start as they should. With thousands of workloads such writes would delay the others."""
        if made.request is not None or made.finished or made.blocked or made.needs_live:
            return 0.0
        if made.events or made.exclude is not None:
            return 0.0
        if made.state.phase == "Placing" and made.state == from_status(workload.status):
            clock, since = self._shared.clock, made.state.phase_since
            age = (clock.now() - since).total_seconds() / clock.rate if since else STARTING
            return max(0.0, STARTING - age)
        if workload.status.conditions or made.state.epoch or not self._awaits_plan(workload, demand):
            return 0.0
        return max(0.0, FIRST_WORD + memory.since - asyncio.get_running_loop().time())

    def _awaits_plan(self, workload: AIWorkload, demand: Demand) -> bool:
        """Whether the next plan will have it and the present one does not."""
        spec, plan = workload.spec, self._shared.planning.current
        policy = spec.placement.policy
        if demand.problems or spec.suspend or workload.metadata.deletion_timestamp is not None:
            return False
        if policy is not None and policy not in self._shared.picture.policies:
            return False
        return plan is None or workload.metadata.uid not in plan.decisions

    def _wish(self, workload: AIWorkload, demand: Demand, state: State, now: datetime) -> Wish:
        planning, deleted = self._shared.planning, workload.metadata.deletion_timestamp
        decision = planning.current.decisions.get(workload.metadata.uid) if planning.current else None
        return wish(
            workload,
            demand,
            state,
            decision,
            planning.snapshot,
            self._shared.picture,
            now,
            self._shared.clock.from_wall(deleted) if deleted else None,
        )

    async def _decide(
        self,
        workload: AIWorkload,
        demand: Demand,
        state: State,
        wanted: Wish,
        memory: Memory,
        now: datetime,
    ) -> Step:
        """Step on what the watches say; where that is not enough, on what the members' servers say."""
        shared = self._shared
        lost = self._lost(now)
        cleanup = shared.settings.cleanup_timeout * shared.clock.rate
        profile = profile_of(workload, demand, cleanup=cleanup)
        seen: dict[str, Observation] = {
            name: shared.engine.cached(workload, name) for name in shared.picture.clusters
        }
        for name in self._gone_members(state):
            seen[name] = Observation(name, reachable=False, live=True, message="no such RegionalCluster")
        made = step(state, wanted.desire, seen, now=now, profile=profile, answer=memory.answer, lost=lost)
        if made.needs_live:
            seen.update(await self._read(workload, made.needs_live, memory))
            made = step(state, wanted.desire, seen, now=now, profile=profile, answer=memory.answer, lost=lost)
        return made

    async def _read(
        self, workload: AIWorkload, clusters: frozenset[str], memory: Memory
    ) -> Mapping[str, Observation]:
        names = [name for name in clusters if name in self._shared.picture.clusters]
        found = await asyncio.gather(
            *(self._shared.engine.observe(workload, name, live=True) for name in names)
        )
        loop = asyncio.get_running_loop()
        return {
            name: replace(seen, live=False) if memory.doubt.get(name, 0.0) > loop.time() else seen
            for name, seen in zip(names, found, strict=True)
        }

    def _gone_members(self, state: State) -> set[str]:
        copies = {copy.cluster for copy in (state.placement, state.previous) if copy}
        return copies - set(self._shared.picture.clusters)

    def _lost(self, now: datetime) -> dict[str, datetime]:
        """Members lost for longer than the grace, by the wall clock: networks do not speed up."""
        grace = self._shared.settings.lost_grace * self._shared.clock.rate
        return {
            name: member.lost_since
            for name, member in self._shared.picture.members.items()
            if member.lost_since is not None and now - member.lost_since > grace
        }

    async def _write(
        self,
        workload: AIWorkload,
        demand: Demand,
        made: Step,
        wanted: Wish,
        memory: Memory,
        now: datetime,
    ) -> bool:
        """Write the status if it changed; False when somebody else wrote meanwhile."""
        shared = self._shared
        slot = slot_start(now, fleet_policy(shared.picture).slot)
        fresh = memory.slot != slot or made.state != from_status(workload.status)
        status = render(shared, workload, demand, made, wanted, now, figures=fresh)
        if status is None:
            return True
        written = await shared.hub.write_status(
            AIWORKLOAD, workload.key, workload.metadata.resource_version, status
        )
        if written is None:
            return False
        memory.slot = slot
        shared.workloads.accept(written)
        return True

    def _after_write(self, workload: AIWorkload, before: State, made: Step) -> None:
        """Tell people, count, remember refusals. Only what was written is told."""
        picture, now = self._shared.picture, self._shared.clock.now()
        for event in made.events:
            said = Said(event.reason, event.message, event.type)
            metrics.DECISIONS.labels(action=event.reason, reason=made.reason).inc()
            self._background(self._tell(workload, said))
        if made.exclude is not None:
            refused = picture.excluded.setdefault(workload.metadata.uid, {})
            why = f"{made.exclude.reason}: {made.exclude.message}"
            refused[made.exclude.cluster] = (why, now + EXCLUDED_FOR)
            picture.changed.set()
        if made.state.target is not None and before.target is None and before.placement is not None:
            picture.migrations.append(now)
            metrics.MIGRATIONS.inc()

    def _background(self, work: Coroutine[None, None, None]) -> None:
        """A courtesy that no step waits for."""
        task = asyncio.create_task(work)
        self._courtesies.add(task)
        task.add_done_callback(self._courtesies.discard)

    async def _tell(self, workload: AIWorkload, said: Said) -> None:
        meta = {
            "name": workload.metadata.name,
            "namespace": workload.metadata.namespace,
            "uid": workload.metadata.uid,
        }
        async with self._telling:
            await self._shared.hub.say(AIWORKLOAD, meta, said)

    async def _perform(
        self, workload: AIWorkload, request: Request, memory: Memory, failed_before: bool
    ) -> bool:
        if not self._shared.leads():  # the lease may have ended while the status was written
            self._left.add(workload.metadata.uid)
            return False
        outcome = await self._shared.engine.perform(workload, request)
        self._note(request, outcome, memory)
        if not outcome.ok and not outcome.permanent:
            self.touch(workload.metadata.uid, RETRY if failed_before else POLL)
            return False
        return True

    def _note(self, request: Request, outcome: Outcome, memory: Memory) -> None:
        memory.answer = Answer(request, outcome)
        result = outcome.reason or "done"
        metrics.ACTIONS.labels(cluster=request.cluster, verb=request.verb.value, result=result).inc()
        log.info(
            "requested",
            verb=request.verb.value,
            cluster=request.cluster,
            epoch=request.epoch,
            result=result,
            detail=outcome.message,
        )
        if outcome.reason == "Unreachable":
            memory.doubt[request.cluster] = asyncio.get_running_loop().time() + DOUBT

    def _come_back(self, uid: str, made: Step) -> None:
        if made.blocked:
            self.touch(uid, RETRY)
        elif made.needs_live or made.state.phase in ("Draining", "Stopped"):
            self.touch(uid, POLL)
        elif made.state.phase == "Placing":
            self.touch(uid, STARTING)

    def _lose_patience(self, uid: str, made: Step, now: datetime) -> None:
        """Pods that nobody schedules (a fragmented member, a quota) must not cost a deadline: say that the
        member does not work for it, so that the next plan may look elsewhere."""
        copy, shared = made.state.placement, self._shared
        patience = shared.settings.placing_patience * shared.clock.rate
        if made.state.phase != "Placing" or copy is None or now - copy.since < patience:
            return
        refused = shared.picture.excluded.setdefault(uid, {})
        if copy.cluster not in refused or refused[copy.cluster][1] <= now:
            refused[copy.cluster] = (f"its pods do not start: {made.message}", now + EXCLUDED_FOR)
            shared.picture.changed.set()

    async def _finalizer(self, workload: AIWorkload, *, present: bool) -> bool:
        body = self._shared.workloads.store.get(workload.key)
        if body is None:
            return False
        written = await self._shared.hub.set_finalizer(AIWORKLOAD, body, present=present)
        if written is None:
            self.touch(workload.metadata.uid, POLL)
            return False
        if present:
            self._shared.workloads.accept(written)
        return present
