"""What all baselines share: in which order workloads are looked at, and what holds for every one of them.

Capacity is first come, first served, by arrival; whatever fits may pass what does not (backfilling, as
Kubernetes does). One exception, so that large gangs do not starve: where a workload whose slack has run out
waits for room (at home, if it may run there), nobody starts after it. What has run out of slack takes the
first place with room: in the policy's own order, then among its local places, then, while it has not begun,
anywhere it may run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime

from voltaire.api.values import Series
from voltaire.fleet.snapshot import Snapshot, WorkloadView
from voltaire.planner.case import Place, is_lasting
from voltaire.planner.plan import Action, Decision, Plan
from voltaire.planner.reasons import Reason
from voltaire.twin.baselines.batteries import BatteryRule, schedules
from voltaire.twin.baselines.places import Places
from voltaire.twin.baselines.scene import Scene

PAUSE = None
"""What `Baseline.keep` gives to stop a workload where it is."""


class Baseline(ABC):
    """A policy that looks at one workload at a time. Subclasses say where one may start now, in order of
    preference, and what becomes of one that runs."""

    def __init__(self, name: str, battery: BatteryRule) -> None:
        self._name, self._battery = name, battery
        self._places = Places()

    @property
    def name(self) -> str:
        """Its name on the command line."""
        return self._name

    def prepare(self, scene: Scene) -> None:  # noqa: B027 - most have nothing to prepare
        """Called first at each call."""

    @abstractmethod
    def starts(self, w: WorkloadView, scene: Scene) -> Sequence[Place]:
        """Where it would start it now, best first; empty to wait. Room is checked by the caller."""

    def keep(self, w: WorkloadView, own: Place, scene: Scene) -> Place | None:  # noqa: ARG002
        """Where a running workload goes on: `own`, a place with room to migrate to, or `PAUSE`."""
        return own

    def plan(self, snapshot: Snapshot, now: datetime, past: Mapping[str, Series]) -> Plan:
        """As `voltaire.twin.policy.Policy.plan`."""
        scene = Scene(snapshot, now, past, self._places)
        self.prepare(scene)
        decisions: dict[str, Decision] = {}
        fixed = [w for w in scene.workloads if scene.fixed(w)]
        running = [w for w in scene.workloads if w.cluster is not None and w.movable and not scene.fixed(w)]
        waiting = [w for w in scene.workloads if w.cluster is None and w.movable]
        ready = [w for w in waiting if scene.time.seconds(w.earliest_start) <= 0]
        pressing = [w for w in ready if self._must_start(w, scene)]
        decisions.update((w.uid, _stay(w, Reason.IN_TRANSITION)) for w in fixed)
        decisions.update((w.uid, _wait(w, Reason.WAITING_FOR_EARLIEST_START)) for w in waiting)
        for w in pressing:
            decisions[w.uid] = self._start(w, scene, pressing=True)
        for w in running:
            decisions[w.uid] = self._keep(w, scene)
        scene.room.closed.clear()
        for w in pressing:
            if decisions[w.uid].action is Action.WAIT:
                decisions[w.uid] = self._start(w, scene, pressing=True)
        urgent = {w.uid for w in pressing}
        for w in ready:
            if w.uid not in urgent:
                decisions[w.uid] = self._start(w, scene, pressing=False)
        powers = schedules(self._battery, scene)
        return Plan(now, snapshot.start, snapshot.slot, decisions, powers)

    def _must_start(self, w: WorkloadView, scene: Scene) -> bool:
        return is_lasting(w) or scene.pressing(w, next(iter(scene.local(w)), None))

    def _start(self, w: WorkloadView, scene: Scene, pressing: bool) -> Decision:
        wanted, local = list(self.starts(w, scene)), scene.local(w)
        if pressing:
            elsewhere = scene.places(w) if w.data_cluster is None else ()
            wanted += [place for place in (*local, *elsewhere) if place not in wanted]
        if not wanted:
            return _wait(w, Reason.WAITING_FOR_CLEANER if scene.places(w) else Reason.NO_CLUSTER_FITS)
        for place in wanted:
            if scene.room.open(w, place):
                scene.room.take(w, place)
                reason = Reason.DEADLINE_NEAR if pressing else Reason.BEST_PLACE
                return Decision(
                    w.uid, Action.START, place.cluster, place.kind, reason, f"{self.name} starts it."
                )
        if pressing:
            scene.room.closed.add(local[0].cluster)
        return _wait(w, Reason.WAITING_FOR_CAPACITY)

    def _keep(self, w: WorkloadView, scene: Scene) -> Decision:
        own = scene.own_place(w)
        if own is None or w.mode == "Never" or not scene.settled(w):
            return _stay(w, Reason.NEVER_DISRUPTED if w.mode == "Never" else Reason.BEST_HERE)
        there = self.keep(w, own, scene)
        if there is PAUSE:
            if not scene.may_pause(w, own):
                return _stay(w, Reason.DEADLINE_NEAR)
            scene.room.release(w)
            return Decision(
                w.uid, Action.PAUSE, None, None, Reason.WAITING_FOR_CLEANER, f"{self.name} pauses it."
            )
        if there.cluster == own.cluster:
            return _stay(w, Reason.BEST_HERE)
        scene.room.take(w, there)
        return Decision(
            w.uid,
            Action.MIGRATE,
            there.cluster,
            there.kind,
            Reason.CLEANER_ELSEWHERE,
            f"{self.name} moves it.",
        )


def _stay(w: WorkloadView, reason: Reason) -> Decision:
    return Decision(w.uid, Action.STAY, w.cluster, w.accelerator_type, reason, "It goes on where it is.")


def _wait(w: WorkloadView, reason: Reason) -> Decision:
    return Decision(w.uid, Action.WAIT, None, None, reason, "It waits.")
