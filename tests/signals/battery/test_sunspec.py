"""SunSpec over Modbus TCP: a real Modbus server, and pysunspec2 as the independent oracle of what it says."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signals.battery import sunspec_device as dev
from tests.signals.battery.builders import PRIVATE, free_port, hung, sites, spec
from tests.signals.builders import NOW, StandingClock
from voltaire.api.battery_sources import SunSpec
from voltaire.api.values import BatteryState
from voltaire.signals.addresses import UrlRules
from voltaire.signals.battery.build import build_watcher
from voltaire.signals.battery.modbus import Lines
from voltaire.signals.battery.rounding import downwards, upwards
from voltaire.signals.battery.sunspec import readings
from voltaire.signals.battery.sunspec_points import Point
from voltaire.signals.errors import SignalError

HYBRID = [
    dev.model(713, dev.STORAGE_713),
    dev.model(714, {"NPrt": 3, "DCW": 900, "DCW_SF": 2}, dev.ports((1, -700), (0, 900), (0, 305))),
    dev.model(802, dev.BATTERY_802),
]


async def state(device: dev.Device, **fields: Any) -> BatteryState:
    watcher = build_watcher("b", spec({"sunSpec": device.spec(**fields)}), sites(clock=StandingClock()))
    return await watcher.poll()


async def test_a_hybrid_device_reports_what_an_independent_client_reads() -> None:
    async with dev.served(dev.image(*HYBRID)) as device:
        found = await state(device)
        seen = await device.scanned()
    assert set(seen) == {1, 713, 714, 802}
    assert found.soc == pytest.approx(seen[713].SoC.cvalue / 100) == 0.65
    ports = [(port.PrtTyp.value, port.DCW.cvalue) for port in seen[714].groups["Prt"]]
    assert found.power_kw == pytest.approx(sum(w for kind, w in ports if kind == 1) / 1000) == -70
    assert found.solar_kw == pytest.approx(sum(w for kind, w in ports if kind == 0) / 1000) == 120.5
    assert (found.load_kw, found.reason, found.observed_at) == (None, "Observed", NOW)


@pytest.mark.parametrize(
    ("models", "fields", "expected"),
    [
        ([dev.model(802, dev.BATTERY_802)], {}, (0.65, 80, None)),
        ([dev.model(802, dev.BATTERY_802)], {"positive": "Charge"}, (0.65, -80, None)),
        ([dev.model(124, dev.BASIC_124)], {}, (0.64, None, None)),
        ([dev.model(713, dev.STORAGE_713)], {}, (0.65, None, None)),
        (
            [dev.model(701, dev.METER_701), dev.model(713, dev.STORAGE_713)],
            {"ac": "Battery"},
            (0.65, 120.5, None),
        ),
        (
            [dev.model(103, dev.INVERTER_103), dev.model(124, dev.BASIC_124)],
            {"ac": "Solar"},
            (0.64, None, 120.5),
        ),
        ([dev.model(103, dev.INVERTER_103), dev.model(124, dev.BASIC_124)], {}, (0.64, None, None)),
        (
            [dev.model(713, dev.STORAGE_713 | {"SoC": None}), dev.model(802, dev.BATTERY_802)],
            {},
            (0.65, 80, None),
        ),
    ],
    ids=["802", "802 other sign", "124", "713", "701", "103", "103 is a mixture", "713 without SoC"],
)
async def test_every_model_is_read(
    models: list[list[int]], fields: dict[str, Any], expected: tuple[float | None, ...]
) -> None:
    async with dev.served(dev.image(*models)) as device:
        found = await state(device, **fields)
    assert (found.soc, found.power_kw, found.solar_kw) == expected
    assert found.reason == "Observed", found.message


@pytest.mark.parametrize("base", [40000, 50000, 0])
async def test_the_map_is_found_at_each_of_its_places(base: int) -> None:
    async with dev.served(dev.image(*HYBRID), base=base) as device:
        assert (await state(device)).soc == 0.65
        assert (await state(device, base=base)).soc == 0.65
        elsewhere = await state(device, base=100)
    assert elsewhere.reason == "NoData"
    assert "no SunSpec map at 100" in elsewhere.message


async def test_models_that_are_unknown_are_walked_over() -> None:
    unknown = [64001, 300, *([0] * 300)]
    async with dev.served(dev.image(unknown, *HYBRID)) as device:
        assert (await state(device)).soc == 0.65


async def test_a_device_that_is_changed_is_scanned_anew() -> None:
    async with dev.served(dev.image(*HYBRID, [64001, 40, *([0] * 40)])) as device:
        watcher = build_watcher("b", spec({"sunSpec": device.spec()}), sites(clock=StandingClock()))
        assert (await watcher.poll()).soc == 0.65
        await device.poke(device.base, dev.image([64001, 40, *([0] * 40)], *HYBRID))
        changed = await watcher.poll(force=True)
        assert changed.reason == "LastKnown"
        assert "not where it was" in changed.message
        assert (await watcher.poll(force=True)).reason == "Observed"


async def test_another_unit_behind_the_same_address_is_not_taken_for_it() -> None:
    async with dev.served(dev.image(*HYBRID)) as device:
        found = await state(device, unitId=9)
    assert not found.fresh
    assert found.reason in {"TimedOut", "Rejected", "NoData"}, found


async def test_nobody_there_is_said() -> None:
    deps = sites(clock=StandingClock())
    device = {"host": "127.0.0.1", "port": free_port()}
    found = await build_watcher("b", spec({"sunSpec": device}), deps).poll()
    assert (found.reason, found.fresh) == ("Unreachable", False)


async def test_a_device_that_hangs_delays_no_other_and_is_given_up() -> None:
    lines = Lines(PRIVATE, total_seconds=4.0)

    async def ask(port: int) -> str:
        try:
            async with lines.open(SunSpec(host="127.0.0.1", port=port)) as line:
                await line.read(40000, 2)
        except SignalError as error:
            return error.reason
        return "answered"

    async with hung() as port, dev.served(dev.image(*HYBRID)) as device:
        asked = [asyncio.create_task(ask(port)) for _ in range(3)]
        began = asyncio.get_running_loop().time()
        assert (await state(device)).soc == 0.65
        assert asyncio.get_running_loop().time() - began < 3.5
        assert await asyncio.gather(*asked) == ["TimedOut"] * 3


@pytest.mark.parametrize(
    ("host", "rules", "named"),
    [
        ("127.0.0.1", UrlRules(), "private"),
        ("10.0.0.5", UrlRules(), "private"),
        ("169.254.169.254", PRIVATE, "link-local"),
        ("168.63.129.16", PRIVATE, "metadata"),
        ("8.8.8.8", PRIVATE, "clear text"),
        ("0.0.0.0", PRIVATE, "reserved"),  # noqa: S104
    ],
)
async def test_addresses_are_judged_before_they_are_connected_to(
    host: str, rules: UrlRules, named: str
) -> None:
    with pytest.raises(SignalError, match=named) as refused:
        async with Lines(rules).open(SunSpec(host=host)):
            raise AssertionError("connected")
    assert refused.value.reason == "UrlRefused"


async def test_a_name_with_one_forbidden_address_is_refused() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["10.0.0.5", "169.254.1.1"]

    with pytest.raises(SignalError, match="link-local"):
        async with Lines(PRIVATE, resolve).open(SunSpec(host="device.example")):
            raise AssertionError("connected")


async def test_a_name_is_resolved_once_and_the_judged_address_is_connected_to() -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    async with dev.served(dev.image(*HYBRID)) as device:
        named = SunSpec.model_validate(device.spec() | {"host": "device.example"})
        async with Lines(PRIVATE, resolve).open(named) as line:
            assert await line.read(dev.BASE, 2) == dev.MARKER
    assert asked == ["device.example"]


SIGNED = Point("W", 2, "int16", 4)
WIDE = Point("WSet", 2, "int32", 4)


@settings(deadline=None)
@given(st.integers(-0x7FFF, 0x7FFF), st.integers(-10, 10))
def test_scaled_numbers_round_trip(number: int, exponent: int) -> None:
    model = [1, 3, number & 0xFFFF, 0, exponent & 0xFFFF]
    value = SIGNED.value(model)
    assert value is not None
    assert value == pytest.approx(number * 10.0**exponent)
    assert SIGNED.words_of(model, value) == [number & 0xFFFF]


@settings(deadline=None)
@given(st.floats(-2e9, 2e9))
def test_what_is_written_reads_back_within_half_a_step(value: float) -> None:
    model = [1, 3, 0, 0, 2]
    written = [1, 3, *WIDE.words_of(model, value), 2]
    assert WIDE.value(written) == pytest.approx(value, abs=50.001)


@settings(deadline=None)
@given(st.floats(0, 100))
def test_reserves_are_rounded_up_and_limits_down(value: float) -> None:
    model = [1, 2, 0, 0xFFFF]
    share = Point("WMaxLimPct", 2, "uint16", 3)
    up = share.value([1, 2, *share.words_of(model, value, upwards), 0xFFFF])
    down = share.value([1, 2, *share.words_of(model, value, downwards), 0xFFFF])
    assert up is not None
    assert down is not None
    assert down - 1e-6 <= value <= up + 1e-6
    assert up - down <= 0.1 + 1e-6


REGISTERS = st.lists(st.sampled_from([0, 1, 65, 100, 0x7FFF, 0x8000, 0xFFFF]) | st.integers(0, 0xFFFF))


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([103, 124, 701, 713, 714, 802]), REGISTERS))
def test_fuzzed_registers_raise_only_signal_errors(bodies: dict[int, list[int]]) -> None:
    models = {number: [number, len(body), *body] for number, body in bodies.items()}
    try:
        raw = readings(SunSpec(host="a", ac="Battery"), models, NOW)
    except SignalError:
        return
    assert set(raw.values) | set(raw.errors) == set(raw.wires)


def test_staleness_is_of_the_receipt() -> None:
    models = {713: dev.model(713, dev.STORAGE_713)}
    raw = readings(SunSpec(host="a"), models, NOW - timedelta(hours=1))
    assert raw.values["soc"].time == NOW - timedelta(hours=1)
