"""From signals to one value per slot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from voltaire.api.gridzone import Basis
from voltaire.api.regionalcluster import Location
from voltaire.api.values import Series, ZoneSignal
from voltaire.fleet.outlook import intensity_outlook, sun

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CALIFORNIA = Location(latitude=36.0, longitude=-120.0)


def signal(now: float | None, forecast: Series | None = None) -> ZoneSignal:
    return ZoneSignal("FR", Basis(), now, NOON, "static", None, forecast, (), "Fresh", "")


def test_a_zone_without_a_fresh_value_has_no_outlook() -> None:
    assert intensity_outlook(signal(None, Series(NOON, HOUR, (1.0, 2.0))), NOON, HOUR, 4) is None
    assert intensity_outlook(None, NOON, HOUR, 4) is None


def test_zero_is_a_value() -> None:
    assert intensity_outlook(signal(50.0, Series(NOON, HOUR, (0.0, 0.0))), NOON, HOUR, 2) == (0.0, 0.0)


def test_past_the_forecast_the_same_hour_of_the_day_before_holds() -> None:
    day = Series(NOON, HOUR, tuple(float(hour) for hour in range(24)))
    outlook = intensity_outlook(signal(0.0, day), NOON, HOUR, 30)
    assert outlook is not None
    assert outlook[24:] == (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)


def test_without_a_forecast_the_present_value_holds() -> None:
    assert intensity_outlook(signal(80.0), NOON, HOUR, 3) == (80.0, 80.0, 80.0)


def test_the_sun_is_high_at_local_noon_and_gone_at_night() -> None:
    assert sun(CALIFORNIA, NOON + 8 * HOUR) > 0.95
    assert sun(CALIFORNIA, NOON - 4 * HOUR) == 0.0
