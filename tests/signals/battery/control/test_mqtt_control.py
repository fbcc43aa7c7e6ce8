"""Reserve, limits and the plan on topics of a real broker, and what a site says back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.signals.battery.broker import Running, broker
from tests.signals.battery.builders import PRIVATE, no_secret
from tests.signals.builders import NOW, StandingClock
from voltaire.api.battery_control import MqttControl, PlanTopic
from voltaire.api.values import Setpoints
from voltaire.signals.battery.control.decide import Schedule
from voltaire.signals.battery.control.mqtt import MqttWriter, targets_of
from voltaire.signals.battery.control.publish import plan_document, publish_plan
from voltaire.signals.battery.mqtt_connection import Brokers
from voltaire.signals.errors import Unreachable
from voltaire.tasks import end

BROKERS = Brokers(PRIVATE, no_secret)
REST = Setpoints(0.2, 250, 250)
NOW_HOLD = Setpoints(0.6, 250, 0, -12.5)
EVERYTHING = {
    "reserve": {"topic": "set/reserve", "readBack": {"topic": "is/reserve"}},
    "maxCharge": {"topic": "set/charge", "unit": "kW", "readBack": {"topic": "is/charge", "path": "$.v"}},
    "maxDischarge": {"topic": "set/discharge", "readBack": {"topic": "is/discharge"}},
    "power": {"topic": "set/power", "positive": "Charge", "readBack": {"topic": "is/power"}},
}


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with broker(tmp_path) as found:
        yield found


def writer(running: Running, fields: dict[str, Any], seconds: float = 1.0) -> MqttWriter:
    spec = MqttControl.model_validate(running.spec(**fields))
    return MqttWriter(spec, BROKERS, StandingClock(), REST, timedelta(minutes=2), seconds)


class Site:
    """Takes `set/X` and says `is/X`; `says` changes what it confirms."""

    def __init__(self) -> None:
        self.taken: dict[str, bytes] = {}
        self.says: dict[str, bytes] = {}

    @asynccontextmanager
    async def on(self, running: Running) -> AsyncIterator[None]:
        ready = asyncio.Event()
        task = asyncio.create_task(self._serve(running, ready))
        await ready.wait()
        try:
            yield
        finally:
            await end(task)

    async def _serve(self, running: Running, ready: asyncio.Event) -> None:
        async with running.client() as client:
            await client.subscribe("set/#")
            ready.set()
            async for message in client.messages:
                name = str(message.topic).removeprefix("set/")
                payload = message.payload
                assert isinstance(payload, bytes)
                self.taken[name] = payload
                said = self.says.get(name, payload)
                if name == "charge":
                    said = b'{"v": ' + said + b"}"
                await client.publish(f"is/{name}", said)


async def test_every_topic_gets_its_number_and_is_read_back(running: Running) -> None:
    site = Site()
    async with site.on(running):
        outcome = await writer(running, EVERYTHING).write(NOW_HOLD)
    assert (outcome.differences, outcome.notes, outcome.confirmed) == ((), (), True)
    assert site.taken == {"reserve": b"60", "charge": b"250", "discharge": b"0", "power": b"12500"}


async def test_power_stays_unwritten_without_being_told(running: Running) -> None:
    site = Site()
    async with site.on(running):
        await writer(running, EVERYTHING).write(REST)
    assert "power" not in site.taken


async def test_a_site_that_says_otherwise_or_nothing_is_found_out(running: Running) -> None:
    site = Site()
    site.says = {"reserve": b"15", "discharge": b"unavailable", "power": b"12500.1"}
    async with site.on(running):
        outcome = await writer(running, EVERYTHING).write(NOW_HOLD)
    assert "is/reserve is 15, not 60" in outcome.differences
    assert any("says no number" in said for said in outcome.differences)
    assert len(outcome.differences) == 2
    alone = await writer(running, EVERYTHING).write(NOW_HOLD)
    assert set(alone.differences) == {
        f"set/{name} is not confirmed" for name in ("reserve", "charge", "discharge", "power")
    }


async def test_a_document_says_everything_and_until_when(running: Running) -> None:
    site = Site()
    async with site.on(running):
        outcome = await writer(running, {"document": "set/all"}).write(NOW_HOLD)
        await asyncio.sleep(0.2)
    assert json.loads(site.taken["all"]) == {
        "reserve": 0.6,
        "maxChargeKW": 250,
        "maxDischargeKW": 0,
        "powerKW": -12.5,
        "validUntil": "2026-03-14T05:32:00Z",
    }
    assert (outcome.confirmed, outcome.notes) == (False, ("set/all is not read back",))


async def test_a_released_site_is_told_the_specs_reserve_and_limits(running: Running) -> None:
    site = Site()
    async with site.on(running):
        await writer(running, EVERYTHING).release()
    assert site.taken == {"reserve": b"20", "charge": b"250", "discharge": b"250000"}


async def test_lost_contact_is_an_error(running: Running) -> None:
    await running.stop()
    with pytest.raises(Unreachable):
        await writer(running, EVERYTHING).write(REST)


@pytest.mark.parametrize(
    ("kw", "unit", "text"),
    [(1234567.891, "W", "1234567891"), (0.0, "W", "0"), (1e-9, "MW", "0"), (1500, "MW", "1.5")],
)
def test_numbers_are_written_without_an_exponent(kw: float, unit: str, text: str) -> None:
    spec = MqttControl.model_validate({"host": "a", "maxDischarge": {"topic": "t", "unit": unit}})
    assert [said for _, said in targets_of(spec, Setpoints(0.2, 0, kw))] == [text]


PLAN = Schedule(NOW, NOW, timedelta(minutes=15), (0.0, 0.0, 10.004, 10.0, -5.0))


async def test_the_plan_is_kept_on_its_topic(running: Running) -> None:
    where = PlanTopic.model_validate(running.spec(topic="voltaire/site/plan"))
    await publish_plan("site", PLAN, where, BROKERS)
    async with running.client() as client:
        await client.subscribe("voltaire/#")
        message = await anext(client.messages)
    assert message.retain
    assert isinstance(message.payload, bytes)
    assert json.loads(message.payload) == {
        "battery": "site",
        "created": "2026-03-14T05:30:00Z",
        "validUntil": "2026-03-14T06:15:00Z",
        "end": "2026-03-14T06:45:00Z",
        "steps": [
            {"time": "2026-03-14T05:30:00Z", "powerKW": 0.0},
            {"time": "2026-03-14T06:00:00Z", "powerKW": 10.0},
            {"time": "2026-03-14T06:30:00Z", "powerKW": -5.0},
        ],
    }
    assert plan_document("site", PLAN) == message.payload.decode()
