"""A site's own forecast of its sun: taken where it can be, left out and named where it cannot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.signals.battery.builders import no_secret, spec
from tests.signals.builders import NOW, StandingClock, json_page, web
from voltaire.api.values import BatteryState, Series
from voltaire.signals.battery.build import build_watcher, site_deps

HALF = timedelta(minutes=30)
READING = {"values": "$.forecast[*].w", "times": "$.forecast[*].at", "unit": "W", "scale": 10}


def entries(*watts: Any, step: timedelta = HALF, start: Any = NOW) -> list[dict[str, Any]]:
    return [{"at": (start + index * step).isoformat(), "w": value} for index, value in enumerate(watts)]


async def state(forecast: Any) -> BatteryState:
    document = {"soc": 0.65, "forecast": forecast}
    http = {"url": "https://a.example", "soc": {"query": "soc"}, "solarForecast": READING}
    deps = site_deps(StandingClock(), web(lambda _: json_page(document)), no_secret)
    return await build_watcher("b", spec({"http": http}), deps).poll()


async def test_a_forecast_arrives_in_kw() -> None:
    found = await state(entries(0, 1000, "2000", -1))
    assert found.reason == "Observed", found.message
    assert found.solar_forecast == Series(NOW, HALF, (0.0, 10.0, 20.0, 0.0))


@pytest.mark.parametrize(
    ("forecast", "named"),
    [
        (entries(0, 1, 2, start=NOW - 4 * HALF), "ended at"),
        (entries(0, 70_000), "solar power cannot be"),
        (entries(0, -5_000), "solar power cannot be"),
        (entries(0, None), "null"),
        (entries(0, float("nan")), "finite"),
        (entries(0, True), "not a number"),
        (entries(7), "2 to 1000 values"),
        (entries(*[1] * 1001), "2 to 1000 values"),
        ([], "nothing there"),
        ([*entries(1, 2), {"w": 3}], "do not belong together"),
        (entries(1, 2) + entries(3, start=NOW + 5 * HALF), "equal distances"),
        (list(reversed(entries(1, 2, 3))), "step lies between"),
        (entries(1, 2, step=timedelta(0)), "step lies between"),
        (entries(1, 2, step=timedelta(days=1)), "step lies between"),
        ([{"at": "2026-03-14T06:00:00", "w": 1}, {"at": "2026-03-14T06:30:00", "w": 1}], "without an offset"),
    ],
)
async def test_a_forecast_that_cannot_be_is_left_out_and_named(forecast: Any, named: str) -> None:
    found = await state(forecast)
    assert (found.soc, found.solar_forecast, found.reason) == (0.65, None, "Partial")
    assert named in found.message
