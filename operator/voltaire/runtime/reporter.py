"""Writes the status of the configuration kinds: only on change, one write at a time for each object."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from voltaire.api.resources import BATTERY, GRIDZONE, PLACEMENTPOLICY, REGIONALCLUSTER, Kind
from voltaire.clock import Clock
from voltaire.executor.queue import KeyedQueue
from voltaire.fleet.basis import comparable
from voltaire.fleet.build import cluster_view, fleet_policy, slot_start
from voltaire.fleet.picture import Picture
from voltaire.fleet.status import (
    Status,
    battery_plan,
    battery_status,
    cluster_status,
    policy_status,
    zone_status,
)
from voltaire.kube.errors import KubeError
from voltaire.planner import site_intensity
from voltaire.planner.plan import Plan
from voltaire.runtime.hub import Hub
from voltaire.runtime.record import SiteRecord

log = structlog.get_logger(__name__)
GATHER = 0.5  # seconds: changes of one object within this time are one write
RETRY = 5.0
_KINDS = {kind.kind: kind for kind in (GRIDZONE, BATTERY, PLACEMENTPOLICY, REGIONALCLUSTER)}


class Reporter:
    """`touch` what may have changed; `run` compares and writes."""

    def __init__(
        self,
        picture: Picture,
        clock: Clock,
        hub: Hub,
        may_write: Callable[[], bool],
        current_plan: Callable[[], Plan | None],
        record: SiteRecord,
    ) -> None:
        self._picture = picture
        self._clock = clock
        self._hub = hub
        self._may_write = may_write
        self._current_plan = current_plan
        self._record = record
        self._queue = KeyedQueue()
        self._written: dict[str, Status] = {}

    def touch(self, kind: Kind, name: str) -> None:
        """The status of this object may have changed."""
        self._queue.add(f"{kind.kind}/{name}", GATHER)

    def forget(self, kind: Kind, name: str) -> None:
        """The object is gone."""
        self._written.pop(f"{kind.kind}/{name}", None)

    async def run(self) -> None:
        """Write for ever."""
        while True:
            key = await self._queue.take()
            try:
                if self._may_write():
                    await self._report(key)
                else:
                    self._queue.add(key, RETRY)
            except KubeError as error:
                log.info("status not written", object=key, error=str(error))
                self._queue.add(key, RETRY)
            finally:
                self._queue.done(key)

    async def _report(self, key: str) -> None:
        kind_name, _, name = key.partition("/")
        kind = _KINDS[kind_name]
        status = self._status(kind, name)
        if status is None or status == self._written.get(key):
            return
        if await self._hub.write_status(kind, name, "", status) is not None:
            self._written[key] = status

    def _status(self, kind: Kind, name: str) -> Status | None:
        picture, now = self._picture, self._clock.now()
        if kind is GRIDZONE and name in picture.signals and name in picture.zones:
            signal = picture.signals[name]
            return zone_status(picture.zones[name], signal, now, comparable(picture, name))
        if kind is BATTERY and name in picture.battery_states and name in picture.batteries:
            state, plan = picture.battery_states[name], self._current_plan()
            powers = plan.batteries.get(name, ()) if plan else ()
            steps = battery_plan(plan.start, plan.slot, powers) if plan else []
            return battery_status(picture.batteries[name], state, picture, steps, now)
        if kind is PLACEMENTPOLICY and name in picture.policies:
            return policy_status(picture.policies[name], now, comparable(picture))
        if kind is REGIONALCLUSTER and name in picture.clusters:
            slot = fleet_policy(picture).slot
            view = cluster_view(picture, name, slot_start(now, slot), slot, 1)
            effective = site_intensity(view, picture.tally.load_kw(name), measured=True)
            supply = self._record.hours(name, now)
            return cluster_status(picture.clusters[name], view, effective, supply, picture, now)
        return None
