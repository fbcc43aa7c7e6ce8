"""ESS settings of a GX device on a real broker: written only where they differ, read back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.signals.battery.broker import broker
from tests.signals.battery.builders import PRIVATE, no_secret
from tests.signals.battery.gx_device import ESS, PORTAL, GxDevice
from tests.signals.builders import StandingClock
from voltaire.api.battery_control import VictronControl
from voltaire.api.values import Setpoints
from voltaire.signals.battery.control.victron import VictronWriter
from voltaire.signals.battery.mqtt_connection import Brokers
from voltaire.signals.errors import NoData, Unreachable

HOLD = Setpoints(0.605, 5.0, 0.0)


@pytest_asyncio.fixture
async def device(tmp_path: Path) -> AsyncIterator[GxDevice]:
    async with broker(tmp_path) as running:
        found = GxDevice(running)
        async with found.running():
            yield found


def writer(device: GxDevice, portal: str = PORTAL) -> VictronWriter:
    spec = VictronControl.model_validate(device.broker.spec(portalId=portal))
    return VictronWriter(spec, Brokers(PRIVATE, no_secret), StandingClock(), 0.2, settle_seconds=1.0)


async def test_reserve_and_limits_are_set_and_read_back(device: GxDevice) -> None:
    outcome = await writer(device).write(HOLD)
    assert (outcome.differences, outcome.notes, outcome.confirmed) == ((), (), True)
    assert dict(device.writes) == {
        f"{ESS}/BatteryLife/MinimumSocLimit": 61,
        f"{ESS}/MaxChargePower": 5000,
        f"{ESS}/MaxDischargePower": 0,
    }


async def test_what_holds_is_not_written_into_flash_again(device: GxDevice) -> None:
    one = writer(device)
    await one.write(HOLD)
    count = len(device.writes)
    assert (await one.write(HOLD)).differences == ()
    assert len(device.writes) == count == 3


async def test_a_setting_the_device_keeps_to_itself_is_found_out(device: GxDevice) -> None:
    device.ignores.add(f"{ESS}/BatteryLife/MinimumSocLimit")
    outcome = await writer(device).write(HOLD)
    assert outcome.differences == ("MinimumSocLimit is 10.0, not 61",)


async def test_a_released_device_has_the_specs_reserve_and_no_limits(device: GxDevice) -> None:
    one = writer(device)
    await one.write(HOLD)
    assert (await one.release()).differences == ()
    assert device.values[f"{ESS}/BatteryLife/MinimumSocLimit"] == {"value": 20}
    assert device.values[f"{ESS}/MaxDischargePower"] == {"value": -1.0}
    assert device.values[f"{ESS}/MaxChargePower"] == {"value": -1.0}


async def test_nothing_is_written_to_a_device_that_does_not_report(device: GxDevice) -> None:
    with pytest.raises(NoData, match="portalId"):
        await writer(device, portal="other").write(HOLD)
    assert device.writes == []


async def test_lost_contact_is_an_error(device: GxDevice) -> None:
    await device.broker.stop()
    with pytest.raises(Unreachable):
        await writer(device).write(HOLD)
