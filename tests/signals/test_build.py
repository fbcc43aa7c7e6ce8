"""From specs to watchers, end to end without a network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.signals.builders import (
    HERE,
    HOUR,
    StandingClock,
    battery_spec,
    em_documents,
    json_page,
    matrix,
    zone_spec,
)
from voltaire.signals.addresses import UrlRules
from voltaire.signals.build import SignalDeps, build_battery_watcher, build_zone_watcher
from voltaire.signals.errors import ConfigError

EM = {"electricityMaps": {"secretRef": {"name": "em", "namespace": "v", "key": "token"}}}


def handler(request: httpx.Request) -> httpx.Response:
    if request.url.host == "api.electricitymaps.com":
        return json_page(em_documents()[request.url.path.rsplit("/", 1)[1]])
    return json_page({"battery": {"soc": 40, "power": 0}, "pv": 1, "load": 0})


def deps(tmp_path: Path, **fields: Any) -> SignalDeps:
    async def read_secret(namespace: str, name: str, key: str) -> str:
        return "key"

    async def read_config_map(namespace: str, name: str) -> Mapping[str, str]:
        return {"series.csv": matrix([11, 12])}

    def client(rules: UrlRules) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(handler))

    return SignalDeps(StandingClock(), read_secret, read_config_map, tmp_path, http_client=client, **fields)


@pytest.mark.parametrize(
    ("source", "name", "value"),
    [
        ({"static": {"gramsPerKWh": 0}}, "static[0]", 0),
        ({"configMap": {"name": "fr", "namespace": "v"}}, "configMap[0]", 11),
        ({"csv": {"file": "t.csv"}}, "csv[0]", 21),
        (EM, "electricityMaps[0]", 55),
    ],
)
async def test_every_source_can_be_built_and_gives_its_value(
    tmp_path: Path, source: dict[str, Any], name: str, value: float
) -> None:
    (tmp_path / "t.csv").write_text(matrix([21, 22]))
    signal = await build_zone_watcher(zone_spec([source]), deps(tmp_path)).poll()
    assert (signal.source, signal.grams_per_kwh) == (name, value)


async def test_a_broken_trace_falls_back_to_the_constant_for_this_hour_only(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(matrix([21, 22], zone="DE"))
    spec = zone_spec([{"csv": {"file": "t.csv"}}, {"static": {"gramsPerKWh": 400}}])
    signal = await build_zone_watcher(spec, deps(tmp_path)).poll()
    assert (signal.grams_per_kwh, signal.source, signal.reason) == (400, "static[1]", "Fallback")
    assert "t.csv: there is no column FR; near: DE" in signal.message
    assert signal.history is not None
    assert (signal.history.start, signal.history.end) == (HERE, HERE + HOUR)


async def test_the_horizon_of_the_forecast_can_be_set(tmp_path: Path) -> None:
    one = deps(tmp_path, forecast_horizon=100 * HOUR)
    (tmp_path / "t.csv").write_text(matrix([21, 22]))
    signal = await build_zone_watcher(zone_spec([{"csv": {"file": "t.csv"}}]), one).poll()
    assert signal.forecast is not None
    assert signal.forecast.end >= StandingClock().now() + 100 * HOUR


async def test_a_battery_is_built_from_either_telemetry(tmp_path: Path) -> None:
    one = deps(tmp_path)
    assert (await build_battery_watcher("b", battery_spec("http"), one).poll()).soc == 0.4
    assert (await build_battery_watcher("b", battery_spec("prometheus"), one).poll()).reason == "Malformed"
    await one.aclose()


@pytest.mark.parametrize("telemetry", [{}, {"both": True}])
def test_telemetry_that_is_not_exactly_one_is_refused(tmp_path: Path, telemetry: dict[str, bool]) -> None:
    readings = battery_spec().to_wire()["telemetry"]["prometheus"]
    both = {"prometheus": readings, "http": readings} if telemetry else {}
    with pytest.raises(ConfigError, match="exactly one"):
        build_battery_watcher("b", battery_spec(telemetry=both), deps(tmp_path))


def test_a_source_that_sets_nothing_is_refused_by_position(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sources\[1\]"):
        build_zone_watcher(zone_spec([{"static": {"gramsPerKWh": 1}}, {}]), deps(tmp_path))


async def test_private_addresses_follow_the_setting(tmp_path: Path) -> None:
    spec = battery_spec("http")
    wire = spec.to_wire()
    wire["telemetry"]["http"]["url"] = "http://10.0.0.5/state"
    private = type(spec).model_validate(wire)
    refused = await build_battery_watcher("b", private, deps(tmp_path)).poll()
    assert refused.reason == "UrlRefused"
    allowed = await build_battery_watcher("b", private, deps(tmp_path, allow_private_urls=True)).poll()
    assert allowed.soc == 0.4
