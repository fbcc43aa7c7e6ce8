"""Reserve and limit on a real Modbus server; what was written is read by pysunspec2 as well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pymodbus.constants import ExcCodes

from tests.signals.battery import sunspec_device as dev
from tests.signals.battery.builders import PRIVATE
from voltaire.api.battery_control import SunSpecControl
from voltaire.api.values import Setpoints
from voltaire.signals.battery.control.sunspec import SunSpecWriter
from voltaire.signals.battery.modbus import Lines
from voltaire.signals.errors import ConfigError, Rejected, SignalError, Unreachable

MINUTES = timedelta(minutes=2)
RATING = dev.model(702, dev.RATING_702)
CONTROLS = dev.model(704, dev.CONTROLS_704)
BATTERY = dev.model(802, dev.BATTERY_802)
DISCHARGE = Setpoints(0.25, 250, 80)


def writer(device: dev.Device, **fields: Any) -> SunSpecWriter:
    return SunSpecWriter(SunSpecControl(**_names(device.spec()), **fields), Lines(PRIVATE), 0.2, MINUTES)


def _names(fields: dict[str, Any]) -> dict[str, Any]:
    return {"host": fields["host"], "port": fields["port"], "unit_id": fields["unitId"]}


async def test_reserve_and_limit_arrive_with_their_timer() -> None:
    async with dev.served(dev.image(RATING, CONTROLS, BATTERY)) as device:
        outcome = await writer(device).write(DISCHARGE)
        seen = await device.scanned()
    assert (outcome.differences, outcome.notes, outcome.confirmed) == ((), (), True)
    assert seen[802].SoCRsvMin.cvalue == 25
    controls = seen[704]
    assert (controls.WMaxLimPctEna.value, controls.WMaxLimPct.cvalue) == (1, pytest.approx(32.0))
    assert (controls.WMaxLimPctRvrtTms.value, controls.WMaxLimPctEnaRvrt.value) == (120, 0)
    assert controls.WMaxLimPctRvrt.cvalue == 100
    assert (controls.WSetEna.value, controls.WSet.value) == (0, 0)  # no power without being asked


async def test_power_arrives_only_when_it_is_told() -> None:
    async with dev.served(dev.image(RATING, CONTROLS, BATTERY)) as device:
        outcome = await writer(device).write(Setpoints(0.25, 250, 80, -42.5))
        seen = (await device.scanned())[704]
    assert outcome.differences == ()
    assert (seen.WSetEna.value, seen.WSetMod.value, seen.WSet.cvalue) == (1, 1, -42500)
    assert (seen.WSetRvrtTms.value, seen.WSetEnaRvrt.value, seen.WSetRvrt.cvalue) == (120, 0, 0)


class Journal:
    """Every write a device gets, in order."""

    def __init__(self) -> None:
        self.writes: list[tuple[int, list[int]]] = []

        async def action(*call: Any) -> None:
            _function, _start, address, _count, _current, new = call
            if new is not None:
                self.writes.append((address, [int(value) for value in new]))

        self.action = action


async def test_a_value_is_written_before_what_makes_it_count() -> None:
    journal = Journal()
    async with dev.served(dev.image(CONTROLS, RATING, BATTERY), action=journal.action) as device:
        await writer(device).write(Setpoints(0.25, 250, 80, 10))
    controls = dev.BASE + 2 + len(dev.common())
    offsets = [address - controls for address, _ in journal.writes]
    assert offsets.index(18) < offsets.index(15) < offsets.index(14)  # timer, limit, switch
    assert offsets.index(31) < offsets.index(24) < offsets.index(22)  # timer, power, switch


async def test_a_reserve_that_holds_is_not_written_again_and_the_timer_is() -> None:
    journal = Journal()
    async with dev.served(dev.image(CONTROLS, RATING, BATTERY), action=journal.action) as device:
        one = writer(device)
        await one.write(DISCHARGE)
        first = len(journal.writes)
        await one.write(DISCHARGE)
        again = journal.writes[first:]
        beat = (await device.scanned())[802].CtrlHb.value
    assert first - len(again) == 1
    assert beat == dev.BATTERY_802["CtrlHb"] + 2


async def test_a_heartbeat_never_becomes_the_value_for_not_there() -> None:
    last = dev.model(802, dev.BATTERY_802 | {"CtrlHb": 0xFFFE})
    async with dev.served(dev.image(CONTROLS, RATING, last)) as device:
        await writer(device).write(DISCHARGE)
        assert (await device.scanned())[802].CtrlHb.value == 0


async def test_reserves_round_up_and_limits_down() -> None:
    async with dev.served(dev.image(RATING, CONTROLS, BATTERY)) as device:
        outcome = await writer(device).write(Setpoints(0.201, 250, 80.24))
        seen = await device.scanned()
    assert outcome.differences == ()
    assert seen[802].SoCRsvMin.cvalue == 21
    assert seen[704].WMaxLimPct.cvalue == pytest.approx(32.0)


async def test_where_the_inverter_carries_solar_the_limit_is_left_alone() -> None:
    async with dev.served(dev.image(RATING, CONTROLS, BATTERY)) as device:
        await writer(device, limit=False).write(DISCHARGE)
        seen = await device.scanned()
    assert (seen[802].SoCRsvMin.cvalue, seen[704].WMaxLimPctEna.value) == (25, 0)


async def test_an_inverter_that_shows_solar_ports_is_not_limited() -> None:
    ports = dev.model(714, {"NPrt": 2, "DCW_SF": 2}, dev.ports((1, 0), (0, 900)))
    async with dev.served(dev.image(RATING, CONTROLS, BATTERY, ports)) as device:
        outcome = await writer(device).write(DISCHARGE)
        seen = await device.scanned()
    assert (seen[802].SoCRsvMin.cvalue, seen[704].WMaxLimPctEna.value) == (25, 0)
    assert "carries solar" in outcome.notes[0]


async def test_what_the_device_does_not_offer_is_said() -> None:
    async with dev.served(dev.image(BATTERY)) as device:
        outcome = await writer(device).write(Setpoints(0.25, 250, 80, 10))
    assert len(outcome.notes) == 2
    assert "no limit" in outcome.notes[0]
    assert "takes no power" in outcome.notes[1]


@pytest.mark.parametrize(
    ("models", "error", "named"),
    [
        ([dev.model(124, dev.BASIC_124)], ConfigError, "nothing can be written.*no reserve"),
        ([dev.model(802, dev.BATTERY_802 | {"LocRemCtl": 1}), RATING, CONTROLS], Rejected, "local control"),
        (
            [RATING, dev.model(704, dev.CONTROLS_704 | {"WMaxLimPctRvrtTms": None})],
            Rejected,
            "no reversion timer",
        ),
        ([RATING, dev.model(704, dev.CONTROLS_704 | {"WMaxLimPct_SF": None})], SignalError, "scale factor"),
    ],
    ids=["124 alone", "local control", "no timer", "no scale factor"],
)
async def test_nothing_is_written_where_it_would_stay_or_mean_something_else(
    models: list[list[int]], error: type[SignalError], named: str
) -> None:
    journal = Journal()
    async with dev.served(dev.image(*models), action=journal.action) as device:
        with pytest.raises(error, match=named):
            await writer(device).write(DISCHARGE)
    assert journal.writes == []


async def test_model_124_is_never_written() -> None:
    journal = Journal()
    async with dev.served(dev.image(BATTERY, dev.model(124, dev.BASIC_124)), action=journal.action) as device:
        await writer(device).write(DISCHARGE)
    basic = dev.BASE + 2 + len(dev.common()) + len(BATTERY)
    assert journal.writes
    assert all(address < basic for address, _ in journal.writes)


async def test_a_device_that_keeps_its_own_value_is_found_out() -> None:
    async def stubborn(*call: Any) -> None:
        _function, start, address, _count, current, new = call
        if new is not None:
            new[:] = current[address - start : address - start + len(new)]

    async with dev.served(dev.image(BATTERY), action=stubborn) as device:
        outcome = await writer(device).write(DISCHARGE)
    assert outcome.differences == ("SoCRsvMin of model 802 is 20.0, not 25",)


async def test_a_device_that_refuses_to_be_written_says_so() -> None:
    async def refuse(*call: Any) -> ExcCodes | None:
        new = call[-1]
        return ExcCodes.ILLEGAL_VALUE if new is not None else None

    async with dev.served(dev.image(BATTERY), action=refuse) as device:
        with pytest.raises(Rejected, match="does not take the value"):
            await writer(device).write(DISCHARGE)


async def test_a_released_device_has_the_specs_reserve_and_no_limit() -> None:
    async with dev.served(dev.image(RATING, CONTROLS, BATTERY)) as device:
        one = writer(device)
        await one.write(Setpoints(0.6, 250, 0, 0))
        assert (await one.release()).differences == ()
        seen = await device.scanned()
    assert seen[802].SoCRsvMin.cvalue == 20
    assert (seen[704].WMaxLimPctEna.value, seen[704].WSetEna.value) == (0, 0)


async def test_lost_contact_is_an_error_and_the_next_write_is_whole_again() -> None:
    async with dev.served(dev.image(RATING, CONTROLS, BATTERY)) as device:
        one = writer(device)
        await one.write(DISCHARGE)
    with pytest.raises(Unreachable):
        await one.write(DISCHARGE)
