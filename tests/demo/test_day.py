from datetime import UTC, datetime, timedelta

import pytest

from voltaire.demo import day

NOON_UTC = datetime(2025, 3, 20, 20, 30, tzinfo=UTC)
EVENING_UTC = datetime(2025, 3, 21, 3, 0, tzinfo=UTC)


def test_the_model_is_the_same_every_time_and_every_day() -> None:
    for zone in day.ZONES:
        assert day.intensity(zone, NOON_UTC) == day.intensity(zone, NOON_UTC + timedelta(days=17))


def test_california_is_low_at_solar_noon_and_high_in_the_evening() -> None:
    assert day.intensity("US-CAL-CISO", NOON_UTC) == pytest.approx(136)
    assert day.intensity("US-CAL-CISO", EVENING_UTC) == pytest.approx(288)


def test_values_stay_in_the_ranges_of_the_public_averages() -> None:
    bounds = {"FR": (75, 105), "US-MIDA-PJM": (350, 450), "US-CAL-CISO": (100, 300)}
    for zone, (low, high) in bounds.items():
        values = day.series(zone, day.DEFAULT_START, day.DEFAULT_START + timedelta(days=1)).values
        assert all(value is not None and low <= value <= high for value in values)


def test_there_is_no_jump_at_midnight() -> None:
    midnight = datetime(2025, 3, 21, tzinfo=UTC)
    for zone in day.ZONES:
        before = day.intensity(zone, midnight - timedelta(seconds=1))
        assert before == pytest.approx(day.intensity(zone, midnight), abs=0.1)


def test_france_is_the_greenest_grid_but_not_greener_than_the_sun_all_day() -> None:
    hours = [day.DEFAULT_START + timedelta(hours=hour) for hour in range(24)]
    assert all(
        day.intensity("FR", time)
        < min(day.intensity("US-CAL-CISO", time), day.intensity("US-MIDA-PJM", time))
        for time in hours
    )
    sun_at_the_site = 48.0 * 1.15
    above = [day.intensity("FR", time) * 1.2 > sun_at_the_site for time in hours]
    assert any(above)


def test_a_series_covers_what_is_asked_in_half_hours() -> None:
    start = day.DEFAULT_START
    series = day.series("FR", start, start + timedelta(hours=1, minutes=10))
    assert (series.start, series.step, len(series.values)) == (start, timedelta(minutes=30), 3)


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(KeyError):
        day.intensity("XX", NOON_UTC)
