"""Control of batteries: one task for each that is controlled or whose plan is recommended.

Only the leader writes. A battery that is no longer controlled is released once; one whose operator dies is
released by its site's own timers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from voltaire import metrics
from voltaire.api.battery import BatterySpec
from voltaire.api.resources import Battery
from voltaire.api.values import BatteryState
from voltaire.clock import Clock
from voltaire.fleet.picture import Picture
from voltaire.planner.plan import Plan
from voltaire.runtime.keyed import Keyed, Work
from voltaire.signals.battery.build import SiteDeps
from voltaire.signals.battery.control.build import build_controller
from voltaire.signals.battery.control.controller import BatteryController
from voltaire.signals.battery.control.decide import Schedule, planned_kw
from voltaire.signals.battery.control.publish import publish_plan
from voltaire.signals.source_state import failure

log = structlog.get_logger(__name__)
SHORTEST_WAIT = 0.2  # seconds of wall time between two steps, however fast the clock
PUBLISH_SECONDS = 20.0
_UNKNOWN = ("NoData", "not read yet")


class BatteryControl:
    """Keeps `picture.controls` current for the batteries that are controlled."""

    def __init__(
        self,
        picture: Picture,
        clock: Clock,
        dependencies: SiteDeps,
        leads: Callable[[], bool],
        current_plan: Callable[[], Plan | None],
        on_report: Callable[[str], None],
    ) -> None:
        self._picture = picture
        self._clock = clock
        self._dependencies = dependencies
        self._leads = leads
        self._current_plan = current_plan
        self._on_report = on_report
        self._tasks = Keyed()

    def battery(self, name: str, battery: Battery | None) -> None:
        """Begin, change or (None) end what is done for a battery."""
        spec = battery.spec if battery is not None else None
        wanted = spec.model_dump_json() if spec is not None and spec.control.mode != "Observe" else None
        before = self._tasks.wanted(called := f"control {name}")
        if before == wanted:
            return
        self._picture.controls.pop(name, None)
        for gauge in (metrics.BATTERY_CONTROLLED, metrics.BATTERY_PLANNED):
            with contextlib.suppress(KeyError):
                gauge.remove(name)
        release = self._release(name, before, spec) if before is not None else None
        self._tasks.replace(called, wanted, lambda: self._run(name), release)

    async def close(self) -> None:
        """End everything; sites are left as they are: the next leader goes on."""
        await self._tasks.close()

    def _release(self, name: str, before: str, after: BatterySpec | None) -> Work | None:
        """How to release a site that was controlled and now is not, or is through another interface."""
        spec = BatterySpec.model_validate_json(before)
        if spec.control.mode != "Control" or not self._leads():
            return None
        if after is not None and after.control == spec.control:
            return None
        return build_controller(name, spec, self._dependencies).release

    async def _run(self, name: str) -> None:
        spec = self._picture.batteries[name].spec
        controlled = spec.control.mode == "Control"
        controller = build_controller(name, spec, self._dependencies) if controlled else None
        published: datetime | None = None
        while True:
            if self._leads():
                plan = self._schedule(name)
                if controller is not None:
                    await self._step(name, controller, plan)
                if plan is not None and plan.created != published and await self._publish(name, spec, plan):
                    published = plan.created
            shortest = timedelta(seconds=SHORTEST_WAIT * self._clock.rate)
            await self._clock.sleep(max(spec.control.refresh, shortest))

    async def _step(self, name: str, controller: BatteryController, plan: Schedule | None) -> None:
        state = self._picture.battery_states.get(name) or _unread(name)
        report = await controller.step(plan, state)
        self._tasks.checkpoint()
        before = self._picture.controls.get(name)
        self._picture.controls[name] = report
        metrics.BATTERY_CONTROLLED.labels(battery=name).set(1 if report.active else 0)
        metrics.BATTERY_STEPS.labels(battery=name, result=report.reason).inc()
        if report != before:
            self._on_report(name)

    async def _publish(self, name: str, spec: BatterySpec, plan: Schedule) -> bool:
        where = spec.control.publish
        if where is None:
            return False
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await publish_plan(name, plan, where, self._dependencies.brokers)
        except Exception as error:
            known = failure(error)
            log.warning("plan not published", battery=name, reason=known.reason, error=str(known))
            return False
        return True

    def _schedule(self, name: str) -> Schedule | None:
        """The plan of a battery, and its gauge."""
        plan = self._current_plan()
        powers = plan.batteries.get(name) if plan is not None else None
        schedule = Schedule(plan.created, plan.start, plan.slot, powers) if plan and powers else None
        power_kw = planned_kw(schedule, self._clock.now())
        if isinstance(power_kw, float):
            metrics.BATTERY_PLANNED.labels(battery=name).set(power_kw)
        return schedule


def _unread(name: str) -> BatteryState:
    return BatteryState(name, None, None, None, None, None, *_UNKNOWN)
