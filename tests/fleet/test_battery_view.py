"""The sun a battery is planned with: the site's own forecast where there is one, ours beyond it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from voltaire.api.resources import BATTERY
from voltaire.api.values import BatteryState, Series
from voltaire.fleet.build import battery_view
from voltaire.fleet.picture import Picture
from voltaire.fleet.stored import StoredEnergy

NOW = datetime(2026, 6, 21, 12, tzinfo=UTC)
SLOT = timedelta(minutes=15)
STATE = BatteryState("site", 0.6, 0.0, 30.0, 2.0, NOW, "Observed", "")


def sun(state: BatteryState, **fields: Any) -> tuple[float, ...]:
    spec = {
        "capacityKWh": 500,
        "maxChargeKW": 250,
        "maxDischargeKW": 250,
        "solar": {"peakKW": 40},
        "telemetry": {"http": {"url": "https://a.example", "soc": {"query": "soc"}}},
        **fields,
    }
    battery = BATTERY.parse({"metadata": {"name": "site"}, "spec": spec})
    picture = Picture()
    picture.battery_states["site"] = state
    picture.stored["site"] = StoredEnergy(50.0, 0.0)
    view = battery_view(picture, battery, NOW, SLOT, 4)
    assert view is not None
    return view.solar_kw


def test_the_sites_forecast_is_planned_with_as_far_as_it_reaches() -> None:
    given = replace(STATE, solar_forecast=Series(NOW, 2 * SLOT, (7.0,)))
    assert sun(given) == (7.0, 7.0, 0.0, 0.0)


def test_without_solar_in_the_spec_there_is_none_to_plan_with() -> None:
    given = replace(STATE, solar_forecast=Series(NOW, 2 * SLOT, (7.0,)))
    assert sun(given, solar=None) == (0.0, 0.0, 0.0, 0.0)
