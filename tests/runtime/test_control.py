"""Control of batteries: the leader alone writes, sites are released, and one that hangs delays no other."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from tests.signals.battery import sunspec_device as dev
from tests.signals.battery.broker import broker
from tests.signals.battery.builders import hung, sites
from voltaire.api.resources import BATTERY, Battery
from voltaire.api.values import BatteryState, ControlReport
from voltaire.clock import ScaledClock, system_clock
from voltaire.fleet.picture import Picture
from voltaire.planner.plan import Plan
from voltaire.runtime.control import BatteryControl
from voltaire.signals.battery.control.controller import BatteryController

SLOT = timedelta(minutes=15)
RATE = 20.0
CONTROLS = dev.BASE + 2 + len(dev.common()) + len(dev.model(702, dev.RATING_702))
IMAGE = dev.image(
    dev.model(702, dev.RATING_702), dev.model(704, dev.CONTROLS_704), dev.model(802, dev.BATTERY_802)
)


class Room:
    """A control room with one battery, `site`. Its clock runs twenty times as fast, so that refreshes do."""

    def __init__(self, leads: bool = True) -> None:
        now = system_clock().now()
        self.clock = ScaledClock(now, now, RATE)
        self.picture = Picture()
        self.leads = leads
        self.plan: Plan | None = self.planned(80.0)
        self.reports: list[str] = []
        self.control = BatteryControl(
            self.picture,
            self.clock,
            sites(clock=self.clock),
            lambda: self.leads,
            lambda: self.plan,
            self.reports.append,
        )

    def planned(self, power_kw: float) -> Plan:
        now = self.clock.now()
        powers = (power_kw,) * 100
        return Plan(now, now - SLOT, SLOT, {}, {"site": powers, "other": powers})

    def battery(self, control: dict[str, Any], name: str = "site", **fields: Any) -> None:
        """Put a battery with this control."""
        spec = {
            "capacityKWh": 500,
            "maxChargeKW": 250,
            "maxDischargeKW": 250,
            "solar": {"peakKW": 400},
            "telemetry": {"http": {"url": "https://a.example", "soc": {"query": "soc"}}},
            "control": {"refresh": "5s", **control},
            **fields,
        }
        battery: Battery = BATTERY.parse({"metadata": {"name": name}, "spec": spec})
        self.picture.batteries[name] = battery
        self.picture.battery_states[name] = BatteryState(name, 0.6, 0, 0, 0, self.clock.now(), "Observed", "")
        self.control.battery(name, battery)

    def reason(self) -> str:
        report = self.picture.controls.get("site")
        return report.reason if report is not None else ""


async def until(holds: Callable[[], object], what: str) -> None:
    for _ in range(600):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(what)


@pytest_asyncio.fixture
async def room() -> AsyncIterator[Room]:
    found = Room()
    yield found
    await found.control.close()


def control(device: dev.Device, mode: str = "Control") -> dict[str, Any]:
    return {"mode": mode, "sunSpec": device.spec()}


async def test_a_site_holds_to_the_plan_and_follows_it(room: Room) -> None:
    async with dev.served(IMAGE) as device:
        room.battery(control(device))
        await until(lambda: room.reason() == "Confirmed", "written")
        limit = (await device.scanned())[704].WMaxLimPct.cvalue
        room.plan = room.planned(0.0)
        await until(lambda: _limit(room) == 0.0, "the plan changed")
        after = await device.scanned()
    assert limit == 32.0
    assert (after[704].WMaxLimPct.cvalue, after[802].SoCRsvMin.cvalue) == (0.0, 60)
    assert room.reports == ["site", "site"]  # a report is made when something changed


def _limit(room: Room) -> float | None:
    report = room.picture.controls["site"]
    return report.setpoints.max_discharge_kw if report.setpoints else None


async def test_only_the_leader_writes(room: Room) -> None:
    async with dev.served(IMAGE) as device:
        room.leads = False
        room.battery(control(device))
        await asyncio.sleep(0.8)
        assert await device.registers(device.base, len(IMAGE)) == IMAGE
        room.leads = True
        await until(lambda: room.reason() == "Confirmed", "written")


async def test_a_site_that_is_controlled_no_longer_is_released(room: Room) -> None:
    async with dev.served(IMAGE) as device:
        room.plan = room.planned(0.0)
        room.battery(control(device))
        await until(lambda: room.reason() == "Confirmed", "written")
        room.battery(control(device, "Recommend"))
        assert room.reason() == ""
        seen = await released(device)
    assert (seen[802].SoCRsvMin.cvalue, seen[704].WMaxLimPctEna.value) == (20, 0)


async def test_a_battery_that_is_deleted_is_released(room: Room) -> None:
    async with dev.served(IMAGE) as device:
        room.plan = room.planned(0.0)
        room.battery(control(device))
        await until(lambda: room.reason() == "Confirmed", "written")
        del room.picture.batteries["site"]
        room.control.battery("site", None)
        seen = await released(device)
    assert seen[802].SoCRsvMin.cvalue == 20


async def released(device: dev.Device) -> dict[int, Any]:
    for _ in range(100):
        seen = await device.scanned()
        if seen[704].WMaxLimPctEna.value == 0:
            return seen
        await asyncio.sleep(0.1)
    raise AssertionError("not released")


async def test_a_change_of_something_else_does_not_release(room: Room) -> None:
    async with dev.served(IMAGE) as device:
        room.battery(control(device))
        await until(lambda: room.reason() == "Confirmed", "written")
        room.battery(control(device), wearGramsPerKWh=3)
        await until(lambda: room.reason() == "Confirmed", "written again")
        assert (await device.scanned())[704].WMaxLimPctEna.value == 1


async def test_a_step_that_misses_its_cancellation_reports_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pymodbus may, whose answer arrived in the same moment: the step goes on and reports."""
    step = BatteryController.step

    async def deaf(self: BatteryController, *arguments: Any) -> ControlReport:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        return await step(self, *arguments)

    monkeypatch.setattr(BatteryController, "step", deaf)
    async with dev.served(IMAGE) as device:
        room.battery(control(device))
        await asyncio.sleep(0.05)
        room.battery(control(device, "Observe"))
        await until(lambda: not room.control._tasks._past, "ended and released")
        assert (await device.scanned())[704].WMaxLimPctEna.value == 0
    assert room.picture.controls == {}


async def test_an_operator_that_ends_leaves_the_site_to_its_timer(room: Room) -> None:
    async with dev.served(IMAGE) as device:
        room.battery(control(device))
        await until(lambda: room.reason() == "Confirmed", "written")
        await room.control.close()
        seen = await device.scanned()
    assert (seen[704].WMaxLimPctEna.value, seen[704].WMaxLimPctRvrtTms.value) == (1, 120)


class Reverting:
    """The reversion timer of model 704, counted on the room's fast clock."""

    def __init__(self) -> None:
        self.registers: list[int] = []
        self._timer: asyncio.TimerHandle | None = None
        self.reverted = 0

        async def action(*call: Any) -> None:
            _function, _start, address, _count, current, new = call
            if new is not None and address == CONTROLS + 14:  # WMaxLimPctEna starts it anew
                self._start(current, current[address - _start + 4 : address - _start + 6])

        self.action = action

    def _start(self, current: list[int], seconds: list[int]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        after = (seconds[0] << 16 | seconds[1]) / RATE
        self._timer = asyncio.get_running_loop().call_later(after, self._revert, current)

    def _revert(self, current: list[int]) -> None:
        self.reverted += 1
        current[CONTROLS - dev.BASE + 14] = current[CONTROLS - dev.BASE + 17]  # to WMaxLimPctEnaRvrt


async def test_what_expires_is_refreshed_and_expires_when_the_operator_is_gone(room: Room) -> None:
    timer = Reverting()
    async with dev.served(IMAGE, action=timer.action) as device:
        room.battery({**control(device), "revertAfter": "20s"})
        await until(lambda: room.reason() == "Confirmed", "written")
        await asyncio.sleep(3 * 20 / RATE)
        assert (await device.scanned())[704].WMaxLimPctEna.value == 1
        assert timer.reverted == 0
        await room.control.close()
        await until(lambda: timer.reverted == 1, "the timer ends")
        assert (await device.scanned())[704].WMaxLimPctEna.value == 0


async def test_a_site_that_hangs_delays_no_other(room: Room) -> None:
    async with hung() as port, dev.served(IMAGE) as device:
        nobody = {"host": "127.0.0.1", "port": port}
        room.battery({"mode": "Control", "sunSpec": nobody}, name="other")
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        room.battery(control(device))
        await until(lambda: room.reason() == "Confirmed", "written")
        assert asyncio.get_running_loop().time() - began < 10  # the hung one takes fifteen
        assert "other" not in room.picture.controls
        await room.control.close()


async def test_a_recommended_plan_is_a_metric_and_an_observed_one_is_not(room: Room) -> None:
    room.battery({"mode": "Recommend"})
    await until(lambda: _planned() == 80.0, "the gauge")
    room.battery({"mode": "Observe"})
    assert _planned() is None


def _planned() -> float | None:
    return REGISTRY.get_sample_value("voltaire_battery_planned_kw", {"battery": "site"})


async def test_the_plan_is_published_while_only_recommending(room: Room, tmp_path: Path) -> None:
    async with broker(tmp_path) as running:
        where = running.spec(topic="voltaire/site/plan")
        room.battery({"mode": "Recommend", "publish": where})
        async with running.client() as client:
            await client.subscribe("voltaire/#")
            document = json.loads((await anext(client.messages)).payload)  # type: ignore[arg-type]
            assert document["battery"] == "site"
            assert [step["powerKW"] for step in document["steps"]] == [80.0]
            room.plan = room.planned(-7.0)
            document = json.loads((await anext(client.messages)).payload)  # type: ignore[arg-type]
            assert [step["powerKW"] for step in document["steps"]] == [-7.0]
    assert room.picture.controls == {}
