"""A GX device on a real MQTT broker: silent without keep-alives, nothing retained, as Venus OS is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.signals.battery.broker import broker
from tests.signals.battery.builders import sites, spec
from tests.signals.battery.gx_device import PORTAL, GxDevice
from tests.signals.builders import NOW, StandingClock
from voltaire.api.values import BatteryState
from voltaire.signals.battery.build import build_watcher
from voltaire.signals.battery.mqtt_listener import Message
from voltaire.signals.battery.victron import value
from voltaire.signals.battery.watcher import BatteryWatcher
from voltaire.signals.errors import SignalError


@pytest_asyncio.fixture
async def device(tmp_path: Path) -> AsyncIterator[GxDevice]:
    async with broker(tmp_path) as running:
        found = GxDevice(running)
        async with found.running():
            yield found


def watcher(device: GxDevice, **fields: object) -> BatteryWatcher:
    victron = device.broker.spec(portalId=PORTAL, **fields)
    return build_watcher("b", spec({"victron": victron}), sites(clock=StandingClock()))


async def state_of(device: GxDevice, **fields: object) -> BatteryState:
    one = watcher(device, **fields)
    try:
        return await one.poll()
    finally:
        await one.aclose()


async def test_a_device_that_is_kept_alive_reports_in_our_units_and_signs(device: GxDevice) -> None:
    state = await state_of(device)
    assert (state.soc, state.power_kw, state.solar_kw, state.load_kw) == (0.65, -2, None, None)
    assert (state.observed_at, state.reason) == (NOW, "Observed")


async def test_solar_and_load_are_summed_over_what_there_is(device: GxDevice) -> None:
    state = await state_of(device, solar=True, load=True)
    assert (state.solar_kw, state.load_kw) == (3.5, 4.5)
    assert state.reason == "Observed", state.message


async def test_it_is_kept_alive(device: GxDevice) -> None:
    one = watcher(device)
    await one.poll()
    assert device.keepalives == 1
    one._reader.listener._greet_seconds = 0.05  # type: ignore[attr-defined]
    await one.aclose()
    await one.poll(force=True)
    await asyncio.sleep(0.4)
    await one.aclose()
    assert device.keepalives >= 4


async def test_another_portal_is_another_device(device: GxDevice) -> None:
    one = build_watcher(
        "b",
        spec({"victron": device.broker.spec(portalId="other")}),
        sites(clock=StandingClock()),
    )
    assert (await one.poll()).reason == "NoData"
    await one.aclose()


async def test_a_value_that_goes_away_is_not_known_any_more(device: GxDevice) -> None:
    for gone in ({"value": None}, {"value": []}, None):
        device.values["system/0/Dc/Battery/Soc"] = gone
        state = await state_of(device)
        assert (state.soc, state.reason) == (None, "NoData"), gone


def refusal(payload: bytes, retained: bool = False) -> str:
    try:
        value(Message(payload, retained, NOW))
    except SignalError as error:
        return error.reason
    return "taken"


def test_what_is_not_a_notification_is_refused() -> None:
    assert refusal(b'{"value": 65}') == "taken"
    assert refusal(b'{"value": "65.5"}') == "taken"
    assert refusal(b'{"value": 65}', retained=True) == "Stale"
    assert refusal(b"") == "NoData"
    assert refusal(b'{"value": null}') == "NoData"
    for bad in (b"65", b"[65]", b'{"max": 65}', b'{"value": true}', b'{"value"', b"\xff"):
        assert refusal(bad) == "Malformed", bad
    for bad in (b'{"value": NaN}', b'{"value": "nan"}', json.dumps({"value": 10**400}).encode()):
        assert refusal(bad) == "Implausible", bad
    assert refusal(b'{"value": 65' + b" " * (1 << 18) + b"}") == "Malformed"
