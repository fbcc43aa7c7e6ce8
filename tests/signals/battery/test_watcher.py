"""Batteries from Prometheus and from JSON documents: units, signs, and what no battery can report."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signals.battery.builders import no_secret
from tests.signals.builders import (
    NOW,
    StandingClock,
    battery_spec,
    json_page,
    prometheus_page,
    web,
)
from tests.signals.json_values import JSON
from voltaire.api.battery import BatterySpec
from voltaire.api.values import BatteryState
from voltaire.signals.battery import convert
from voltaire.signals.battery.build import build_watcher, site_deps
from voltaire.signals.battery.prometheus import single_value
from voltaire.signals.battery.readings import RawReadings, Wire
from voltaire.signals.battery.watcher import BatteryWatcher
from voltaire.signals.errors import Implausible, SignalError

GOOD = {"battery": {"soc": 80, "power": -100_000}, "pv": 120.5, "load": 0.2}


class Site:
    """A site as both wires show it: a document, or one series for each of its queries."""

    def __init__(self, document: object = None, **series: Any) -> None:
        self.document = GOOD if document is None else document
        self.series: dict[str, Any] = {
            "battery.soc": prometheus_page("80"),
            "battery.power": prometheus_page("-100000"),
            "pv": prometheus_page("120.5"),
            "load": prometheus_page("0.2"),
        } | {name.replace("__", "."): page for name, page in series.items()}
        self.failure: httpx.Response | Exception | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self.failure, Exception):
            raise self.failure
        if self.failure is not None:
            return self.failure
        query = request.url.params.get("query")
        answer = self.document if query is None else self.series[query]
        return answer if isinstance(answer, httpx.Response) else json_page(answer)


def watcher(site: Site, kind: str, clock: StandingClock | None = None, **fields: Any) -> BatteryWatcher:
    spec = battery_spec(kind, **fields)
    clock = clock or StandingClock()
    return build_watcher("b", spec, site_deps(clock, web(site), no_secret))


KINDS = pytest.mark.parametrize("kind", ["prometheus", "http"])


@KINDS
async def test_readings_arrive_in_our_units_and_signs(kind: str) -> None:
    state = await watcher(Site(), kind).poll()
    assert (state.soc, state.power_kw, state.solar_kw, state.load_kw) == (0.8, 100, 120.5, 200)
    assert (state.observed_at, state.reason, state.message, state.fresh) == (NOW, "Observed", "", True)


async def test_a_query_goes_to_the_instant_endpoint() -> None:
    paths: set[str] = set()

    def handler(request: httpx.Request) -> httpx.Response:
        paths.add(request.url.path)
        return json_page(prometheus_page("0"))

    await build_watcher("b", battery_spec(), site_deps(StandingClock(), web(handler), no_secret)).poll()
    assert paths == {"/state/api/v1/query"}


async def test_an_empty_battery_is_known() -> None:
    state = await watcher(Site({"battery": {"soc": 0, "power": 0}, "pv": 0, "load": 0}), "http").poll()
    assert (state.soc, state.power_kw, state.fresh) == (0, 0, True)


async def test_what_is_not_configured_is_not_reported() -> None:
    readings = {"url": "https://ems.example.com/", "soc": {"query": "battery.soc", "unit": "Percent"}}
    state = await watcher(Site(), "http", telemetry={"http": readings}).poll()
    assert (state.power_kw, state.solar_kw, state.load_kw, state.reason) == (None, None, None, "Observed")


async def test_scalars_are_taken_too() -> None:
    state = await watcher(Site(battery__soc=prometheus_page("55", kind="scalar")), "prometheus").poll()
    assert state.soc == 0.55


def series(count: int) -> dict[str, Any]:
    page = prometheus_page("80")
    page["data"]["result"] = [
        {"metric": {"site": "a", "rack": str(i)}, "value": [NOW.timestamp(), "80"]} for i in range(count)
    ]
    return page


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    page = copy.deepcopy(prometheus_page("80"))
    change(page)
    return page


@pytest.mark.parametrize(
    ("page", "reason", "named"),
    [
        (prometheus_page("140"), "Implausible", "140 %"),
        (prometheus_page("-5"), "Implausible", "-5 %"),
        (prometheus_page("100.1"), "Implausible", "100.1 %"),
        (prometheus_page("NaN"), "Implausible", "not a finite number"),
        (prometheus_page("+Inf"), "Implausible", "not a finite number"),
        (prometheus_page("-Inf"), "Implausible", "not a finite number"),
        (prometheus_page("1e999"), "Implausible", "finite"),
        (prometheus_page("eighty"), "Malformed", "not a number"),
        (prometheus_page("8_0"), "Malformed", "not a number"),
        (prometheus_page(""), "Malformed", "not a number"),
        (prometheus_page(80), "Malformed", "not a sample"),
        (prometheus_page(None), "Malformed", "not a sample"),
        (prometheus_page("80", NOW - timedelta(minutes=16)), "Stale", "more than 0:15:00 old"),
        (prometheus_page("80", NOW + timedelta(minutes=6)), "Stale", "future"),
        (series(0), "NoData", "no series"),
        (series(2), "AmbiguousQuery", "2 series.*over rack"),
        (prometheus_page("80", kind="matrix"), "AmbiguousQuery", "'matrix'"),
        (changed(lambda page: page.update(status="error")), "Malformed", "not a successful query"),
        (changed(lambda page: page.pop("data")), "Malformed", "not a successful query"),
        (changed(lambda page: page["data"].update(result=None)), "Malformed", "not a list"),
        (changed(lambda page: page["data"].update(result=[3])), "Malformed", "not a sample"),
        (changed(lambda page: page["data"]["result"][0].pop("value")), "Malformed", "not a sample"),
        (changed(lambda page: page["data"]["result"][0].update(value=["x", "80"])), "Malformed", "number"),
        (changed(lambda page: page["data"]["result"][0].update(value=[-1, "80"])), "Malformed", "not a time"),
        ([1, 2], "Malformed", "not a successful query"),
        (
            httpx.Response(400, json={"status": "error", "error": "parse error"}),
            "Misconfigured",
            "parse error",
        ),
        (httpx.Response(200, text="<html>login</html>"), "Malformed", "web page"),
        (httpx.Response(200, content=b'{"status":'), "Malformed", "cut off"),
    ],
)
async def test_a_corrupted_state_of_charge_from_prometheus_never_comes_through(
    page: Any, reason: str, named: str
) -> None:
    await refused(watcher(Site(battery__soc=page), "prometheus"), reason, named)


@pytest.mark.parametrize(
    ("document", "reason", "named"),
    [
        ({"battery": {"soc": 140}}, "Implausible", "140 %"),
        ({"battery": {"soc": -1}}, "Implausible", "-1 %"),
        ({"battery": {"soc": float("nan")}}, "Implausible", "not a finite number"),
        ({"battery": {"soc": float("inf")}}, "Implausible", "not a finite number"),
        ({"battery": {"soc": 10**400}}, "Implausible", "too large"),
        ({"battery": {"soc": None}}, "Implausible", "null"),
        ({"battery": {"soc": True}}, "Malformed", "not a number"),
        ({"battery": {"soc": "unavailable"}}, "Malformed", "not a number"),
        ({"battery": {"soc": "NaN"}}, "Implausible", "not a finite number"),
        ({"battery": {"soc": "1_0"}}, "Malformed", "not a number"),
        ({"battery": {"soc": [80]}}, "Malformed", "not a number"),
        ({"battery": {"soc": {"value": 80}}}, "Malformed", "not a number"),
        ({"battery": {"SOC": 80}}, "NoData", "near: SOC"),
        ({"battery": {}}, "NoData", "no 'soc'"),
        ({"battery": 80}, "NoData", "nothing below 80"),
        ({"battery": [80]}, "NoData", "not an index"),
        ({}, "NoData", "no 'battery'"),
        ([], "NoData", "not an index"),
        (80, "NoData", "nothing below"),
        (httpx.Response(200, content=b""), "Malformed", "empty"),
        (httpx.Response(200, content=b'{"battery": {"so'), "Malformed", "cut off"),
        (httpx.Response(200, text="<html>"), "Malformed", "web page"),
        (httpx.Response(204), "Rejected", "204"),
        (httpx.Response(401), "Unauthorized", "401"),
    ],
)
async def test_a_corrupted_state_of_charge_from_json_never_comes_through(
    document: Any, reason: str, named: str
) -> None:
    await refused(watcher(Site(document), "http"), reason, named)


async def refused(watched: BatteryWatcher, reason: str, named: str) -> None:
    """Nothing is known, and the state says why."""
    state = await watched.poll()
    assert (state.soc, state.power_kw, state.solar_kw, state.load_kw) == (None,) * 4
    assert state.reason == reason
    with pytest.raises(AssertionError, match=f"(?s){named}"):
        raise AssertionError(state.message)


@pytest.mark.parametrize(
    ("field", "wire", "named"),
    [
        ("battery.power", "400000", "beyond what the battery can"),
        ("battery.power", "-400000", "beyond what the battery can"),
        ("battery.power", "NaN", "battery.power|power.query"),
        ("pv", "-50", "solar power cannot be"),
        ("pv", "900", "solar power cannot be"),
        ("load", "-1", "load"),
        ("load", "1e9", "load"),
    ],
)
@KINDS
async def test_another_field_that_cannot_be_is_left_out_and_named(
    kind: str, field: str, wire: str, named: str
) -> None:
    document = json.loads(json.dumps(GOOD))
    *parents, last = field.split(".")
    target = document[parents[0]] if parents else document
    target[last] = float(wire)
    site = Site(document, **{field.replace(".", "__"): prometheus_page(wire)})
    state = await watcher(site, kind).poll()
    name = {"battery.power": "power_kw", "pv": "solar_kw", "load": "load_kw"}[field]
    assert (state.soc, state.reason, getattr(state, name)) == (0.8, "Partial", None)
    with pytest.raises(AssertionError, match=named):
        raise AssertionError(state.message)


async def test_an_inverter_that_draws_a_little_at_night_makes_no_power() -> None:
    site = Site({"battery": {"soc": 50, "power": 0}, "pv": -0.01, "load": 0})
    assert (await watcher(site, "http").poll()).solar_kw == 0


@KINDS
async def test_a_battery_that_stops_reporting_keeps_its_last_value_until_it_is_stale(kind: str) -> None:
    clock, site = StandingClock(), Site()
    watched = watcher(site, kind, clock)
    assert (await watched.poll()).fresh
    site.failure = httpx.ConnectError("gone")
    clock.time = NOW + timedelta(minutes=15)
    held = await watched.poll()
    assert (held.soc, held.observed_at, held.reason) == (0.8, NOW, "LastKnown")
    assert "Unreachable" in held.message or "cannot be reached" in held.message
    clock.time += timedelta(seconds=1)
    gone = await watched.poll()
    assert (gone.fresh, gone.power_kw, gone.reason, gone.observed_at) == (False, None, "Stale", NOW)
    assert "cannot be reached" in gone.message
    site.failure = None
    if kind == "http":
        clock.time += timedelta(minutes=1)
        assert (await watched.poll()).reason == "Observed"


async def test_a_series_that_stands_still_gets_stale_by_its_own_time() -> None:
    clock = StandingClock()
    watched = watcher(Site(), "prometheus", clock)
    await watched.poll()
    clock.time += timedelta(minutes=20)
    assert (await watched.poll()).reason == "Stale"


async def test_an_impossible_value_leaves_the_last_one_until_it_is_stale() -> None:
    clock, site = StandingClock(), Site()
    watched = watcher(site, "http", clock)
    await watched.poll()
    site.document = {"battery": {"soc": 140}}
    clock.time += timedelta(minutes=2)
    state = await watched.poll()
    assert (state.soc, state.reason) == (0.8, "LastKnown")
    assert "140 %" in state.message


async def test_the_site_is_read_again_after_refresh_and_not_before() -> None:
    clock, site = StandingClock(), Site()
    watched = watcher(site, "http", clock)
    await watched.poll()
    site.document = {"battery": {"soc": 70}}
    clock.time += timedelta(seconds=56)
    assert (await watched.poll()).soc == 0.8
    assert (await watched.poll(force=True)).soc == 0.7


async def test_prometheus_times_are_brought_to_our_clock() -> None:
    clock = StandingClock(NOW + timedelta(days=100), rate=720.0, offset=timedelta(days=100))
    state = await watcher(Site(), "prometheus", clock).poll()
    assert state.observed_at == NOW + timedelta(days=100)


async def test_a_fast_clock_does_not_turn_a_second_of_skew_into_the_future() -> None:
    clock = StandingClock(NOW, rate=720.0, offset=timedelta(hours=1))
    state = await watcher(Site(), "prometheus", clock).poll()
    assert (state.fresh, state.observed_at) == (True, NOW)


async def test_a_reader_that_hangs_or_breaks_is_a_state_and_not_an_exception() -> None:
    class Hung:
        async def read(self, _now: object) -> RawReadings:
            await asyncio.Event().wait()
            raise AssertionError

        async def aclose(self) -> None:
            """Nothing."""

    class Broken(Hung):
        async def read(self, _now: object) -> RawReadings:
            raise KeyError("secret")

    hung = await BatteryWatcher("b", battery_spec(), Hung(), StandingClock(), timeout_seconds=0.01).poll()
    assert hung.reason == "TimedOut"
    broken = await BatteryWatcher("b", battery_spec(), Broken(), StandingClock()).poll()
    assert (broken.reason, "secret" in broken.message) == ("SignalFailed", False)


SPEC = battery_spec()
UNITS = st.sampled_from([("W", 1000.0), ("kW", 1.0), ("MW", 0.001)])


@settings(deadline=None)
@given(st.floats(0, 1), st.sampled_from([("Fraction", 1.0), ("Percent", 100.0), ("kWh", 500.0)]))
def test_state_of_charge_round_trips(fraction: float, unit: tuple[Any, float]) -> None:
    reading = Wire(unit[0])
    assert convert.soc(fraction * unit[1], reading, SPEC) == pytest.approx(fraction, abs=1e-12)


@settings(deadline=None)
@given(st.floats(-250, 250), UNITS, st.sampled_from([("Discharge", 1), ("Charge", -1)]))
def test_battery_power_round_trips(power_kw: float, unit: tuple[Any, float], sign: tuple[Any, int]) -> None:
    reading = Wire(unit[0], positive=sign[0])
    wire = power_kw * unit[1] * sign[1]
    assert convert.battery_power(wire, reading, SPEC) == pytest.approx(power_kw, abs=1e-9)


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["Fraction", "Percent", "kWh"]))
def test_no_wire_value_gives_an_impossible_state_of_charge(value: float, unit: Any) -> None:
    try:
        fraction = convert.soc(value, Wire(unit), SPEC)
    except Implausible:
        return
    assert 0 <= fraction <= 1


def test_limits_differ_by_direction() -> None:
    spec = BatterySpec.model_validate(battery_spec().to_wire() | {"maxChargeKW": 10, "maxDischargeKW": 100})
    reading = Wire("kW")
    assert convert.battery_power(150, reading, spec) == 150
    assert convert.battery_power(-15, reading, spec) == -15
    for beyond in (151, -16):
        with pytest.raises(Implausible):
            convert.battery_power(beyond, reading, spec)


@settings(deadline=None)
@given(JSON)
def test_fuzzed_results_raise_only_signal_errors(document: object) -> None:
    with pytest.raises(SignalError):
        single_value(document)


@settings(deadline=None)
@given(st.binary(max_size=120))
def test_fuzzed_bytes_are_a_state_that_is_not_fresh(body: bytes) -> None:
    state: BatteryState = asyncio.run(watcher(Site(httpx.Response(200, content=body)), "http").poll())
    assert not state.fresh
    assert state.observed_at is None
