"""The world: it moves on by itself, and does what a policy decides as far as capacity and rules allow.

Time runs in hours from the start. Within a slot the next thing that happens is a job's own change (its
transfer has arrived, its restart is over, its work is done), an arrival, or a start that the last plan saw
coming; the policy is asked at every slot boundary and after all of these but restarts, as the operator's is.
What holds whatever a policy says: a gang runs whole or not at all, capacity and power limits, residency and
selectors, minimum residence, and that what may not be stopped runs through.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from voltaire.fleet.snapshot import ClusterView
from voltaire.planner.plan import Action, Decision, Plan
from voltaire.twin.floor import Floor
from voltaire.twin.forecasts import Forecasts
from voltaire.twin.policy import Policy
from voltaire.twin.scenario import Scenario
from voltaire.twin.sites import Site, open_sites, storages_of
from voltaire.twin.state import HOUR, JobState, Status, fresh
from voltaire.twin.views import Views

EPSILON = 1e-9
"""Hours: a few microseconds, the grain of a datetime."""

Progress = Callable[[int], None]


@dataclass(slots=True)
class Record:
    """What is counted while a policy plays. `plan_seconds`: CPU time of each plan; `gaps`: certified, where
    the policy's plans carry one."""

    refused: int = 0
    plan_seconds: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    migrations_begun: list[float] = field(default_factory=list)
    gb_moved: float = 0.0


class World:
    """One policy playing one scenario. After `run`, `states`, `sites` and `record` tell what happened."""

    def __init__(self, scenario: Scenario, policy: Policy, forecasts: Forecasts) -> None:
        self.scenario, self._policy = scenario, policy
        self._forecasts = forecasts
        self._views = Views(scenario, forecasts)
        self.states = {job.id: fresh(job) for job in scenario.jobs}
        self.sites: dict[str, Site] = open_sites(scenario)
        self._storages = storages_of(self.sites)
        self.record = Record()
        self._coming = list(reversed(scenario.jobs))
        self._active: dict[str, JobState] = {}
        self._events: list[tuple[float, str, int]] = []
        self._opening: list[float] = []  # when what is known and may not start yet may
        self._clusters: Mapping[str, ClusterView] = {}
        self._floor = Floor(self.sites)
        self._plan: Plan | None = None
        self._now, self._slot = 0.0, 0

    def run(self, progress: Progress | None = None) -> None:
        """Play to the end. `progress` is told each slot that is over."""
        hours = self.scenario.slot_h
        for k in range(self.scenario.slots):
            self._slot = k
            self._advance(k * hours)
            self._clusters = self._views.clusters(k, self._storages)
            self._floor.look(self._clusters)
            self._arrivals()
            self._decide()
            self._within((k + 1) * hours)
            for site in self.sites.values():
                site.settle(k, hours)
            if progress is not None:
                progress(k + 1)
        for state in self._active.values():
            state.close(self._now)

    def _within(self, end: float) -> None:
        """Until the slot is over: events and arrivals in their order."""
        while True:
            event = self._events[0][0] if self._events else end
            arrival = self.scenario.known_h(self._coming[-1]) if self._coming else end
            start = self._next_start_h()
            moment = min(event, arrival, start)
            if moment >= end - EPSILON:
                break
            self._advance(moment)
            changed = start <= moment + EPSILON
            while self._events and self._events[0][0] <= moment + EPSILON:
                changed |= self._happen(*heapq.heappop(self._events)[1:])
            if self._arrivals() or changed:
                self._decide()
        self._advance(end)
        while self._events and self._events[0][0] <= end + EPSILON:
            self._happen(*heapq.heappop(self._events)[1:])

    def _advance(self, moment: float) -> None:
        """Let time pass in which nothing happens."""
        passed = moment - self._now
        if passed <= 0:
            return
        for site in self.sites.values():
            site.it_kwh += site.load_kw * passed
        if self._plan is not None:
            index = (self.scenario.time(self._now) - self._plan.start) // self._plan.slot
            for name, powers in self._plan.batteries.items():
                if name in self._storages and index < len(powers):
                    self._storages[name].setpoint_kwh += powers[index] * passed
        self._now = moment

    def _arrivals(self) -> bool:
        """Let in who is known by now; whether there is anybody."""
        found = False
        while self._coming and self.scenario.known_h(self._coming[-1]) <= self._now + EPSILON:
            state = self.states[self._coming.pop().id]
            state.status, state.since = Status.STOPPED, self._now
            heapq.heappush(self._opening, state.job.start_h)
            self._active[state.job.id] = state
            found = True
        return found

    def _decide(self) -> None:
        """Ask the policy and do what it says."""
        if not self._active and not self._storages:
            return
        begun = self.record.migrations_begun
        snapshot = self._views.snapshot(self._now, self._slot, self._clusters, self._active.values(), begun)
        past = {zone: self._forecasts.past(zone, self._slot) for zone in self.scenario.intensity}
        began = time.process_time()
        plan = self._policy.plan(snapshot, snapshot.time, past)
        self.record.plan_seconds.append(time.process_time() - began)
        if (gap := getattr(plan, "gap", None)) is not None:
            self.record.gaps.append(float(gap))
        self._plan = plan
        decisions = [d for d in plan.decisions.values() if d.uid in self._active]
        for decision in decisions:  # what stops makes room first
            if decision.action in (Action.PAUSE, Action.MIGRATE):
                self._stop(self._active[decision.uid], decision)
        for decision in decisions:
            if decision.action is Action.START:
                self._start(self._active[decision.uid], decision)

    def _stop(self, state: JobState, decision: Decision) -> None:
        target = decision.cluster if decision.action is Action.MIGRATE else None
        if target == state.cluster and state.holds:
            return
        if not self._may_stop(state) or (target is not None and not self._may_go(state, target)):
            self.record.refused += 1
            return
        self._leave(state)
        if target is None:
            state.pauses += 1
        else:
            self._send(state, target, decision.accelerator_type)

    def _may_stop(self, state: JobState) -> bool:
        if not state.holds or not state.job.interruptible:
            return False
        residence = self._views.residence_h(state.job)
        return state.changed is None or self._now >= state.changed + residence - EPSILON

    def _may_go(self, state: JobState, cluster: str) -> bool:
        """Whether it may be sent there: by its own rules, however full it is."""
        job = state.job
        if job.mode != "Migrate" or state.migrations >= job.maximum_migrations:
            return False
        return self._floor.fits(self._views.workload(state, self._now), cluster)

    def _leave(self, state: JobState) -> None:
        """Stop it where it is: its checkpoint stays there."""
        state.close(self._now)
        self._vacate(state)
        state.data, state.cluster, state.kind = state.cluster, None, None
        self._turn(state, Status.STOPPED)
        state.changed = self._now

    def _start(self, state: JobState, decision: Decision) -> None:
        cluster = decision.cluster
        if state.holds and state.cluster == cluster:
            return
        waits = state.status is Status.STOPPED and self._now >= state.job.start_h - EPSILON
        if cluster is None or not waits:
            self.record.refused += 1
        elif state.data is not None and state.data != cluster:
            if self._may_go(state, cluster):
                self._send(state, cluster, decision.accelerator_type)
            else:
                self.record.refused += 1
        elif not self._occupy(state, cluster, decision.accelerator_type):
            self.record.refused += 1

    def _send(self, state: JobState, cluster: str, kind: str | None) -> None:
        """Its checkpoint travels: half of the energy at this end now, half at the other when it arrives."""
        policy, size = self._views.policies[state.job.policy], state.job.checkpoint_gb
        assert state.data is not None  # noqa: S101
        self.sites[state.data].transfer_kwh += 0.5 * size * policy.kwh_per_gb
        self.record.migrations_begun.append(self._now)
        self.record.gb_moved += size
        state.migrations += 1
        state.cluster, state.kind, state.data = cluster, kind, None
        self._turn(state, Status.TRANSFER)
        state.changed = self._now
        if size > 0:
            self._expect(state, self._now + size / policy.gb_per_hour)
        else:
            self._arrived(state)

    def _arrived(self, state: JobState) -> None:
        """The checkpoint is there. Without room it waits there."""
        cluster, kind = state.cluster, state.kind
        assert cluster is not None  # noqa: S101
        policy = self._views.policies[state.job.policy]
        self.sites[cluster].transfer_kwh += 0.5 * state.job.checkpoint_gb * policy.kwh_per_gb
        state.close(self._now)
        state.data, state.cluster, state.kind = cluster, None, None
        self._turn(state, Status.STOPPED)
        if not self._occupy(state, cluster, kind):
            self.record.refused += 1

    def _occupy(self, state: JobState, cluster: str, kind: str | None) -> bool:
        """Start it there if there is room; whether there was."""
        room = self._floor.take(self._views.workload(state, self._now), cluster, kind)
        if room is None:
            return False
        again = state.started
        state.cluster, state.kind, state.kw, state.data = cluster, room.kind, room.kw, None
        state.speed = state.work.speed(room.kind)
        self.sites[cluster].load_kw = self._floor.load_kw(cluster)
        state.changed = self._now
        if again and state.job.restart_h > 0:
            self._turn(state, Status.RESTART)
            self._expect(state, self._now + state.job.restart_h)
        else:
            self._work(state)
        return True

    def _vacate(self, state: JobState) -> None:
        assert state.cluster is not None  # noqa: S101
        self._floor.give_back(state.job.id)
        self.sites[state.cluster].load_kw = self._floor.load_kw(state.cluster)

    def _work(self, state: JobState) -> None:
        self._turn(state, Status.RUN)
        self._expect(state, self._now + (state.job.duration_h - state.saved_h) / state.speed)

    def _turn(self, state: JobState, status: Status) -> None:
        state.status, state.since = status, self._now
        state.turn += 1

    def _expect(self, state: JobState, moment: float) -> None:
        heapq.heappush(self._events, (moment, state.job.id, state.turn))

    def _next_start_h(self) -> float:
        """When the plan next wants to start something that waits, or something may start for the first
        time."""
        while self._opening and self._opening[0] <= self._now + EPSILON:
            heapq.heappop(self._opening)
        decisions = {} if self._plan is None else self._plan.decisions
        starts = (d.next_start for d in decisions.values() if d.uid in self._active)
        hours = ((t - self.scenario.start) / HOUR for t in starts if t is not None)
        return min([*self._opening[:1], *(h for h in hours if h > self._now + EPSILON)], default=float("inf"))

    def _happen(self, uid: str, turn: int) -> bool:
        """A job's own change, unless something else came before it; whether there is more room or less."""
        state = self.states[uid]
        if state.turn != turn:
            return False
        if state.status is Status.TRANSFER:
            self._arrived(state)
        elif state.status is Status.RESTART:
            state.close(self._now)
            self._work(state)
            return False
        elif state.status is Status.RUN:
            state.close(self._now, done=True)
            self._vacate(state)
            self._turn(state, Status.DONE)
            del self._active[uid]
        return True
