"""What the forecaster expects, and what it says of itself."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.forecast.signals import DAY, HOUR, MONDAY, noisy, series, sine, working_week
from voltaire.api.values import Series
from voltaire.forecast import Forecaster

QUARTER = timedelta(minutes=15)


def taught(values: np.ndarray, step: timedelta = HOUR, **limits: float) -> Forecaster:
    forecaster = Forecaster(**limits)
    forecaster.learn(series(values, step))
    return forecaster


def test_it_knows_nothing_before_it_was_told_anything() -> None:
    forecaster = Forecaster()
    assert np.isnan(forecaster.predict(MONDAY, HOUR, 3)).all()
    assert set(forecaster.errors()) == {None}
    forecaster.learn(Series(MONDAY, HOUR, (None, None)))
    assert forecaster.known_until is None
    assert np.isnan(forecaster.predict(MONDAY, HOUR, 3)).all()


def test_from_the_first_value_on_the_level_persists() -> None:
    forecaster = taught(np.array([77.0]))
    assert list(forecaster.predict(MONDAY + HOUR, HOUR, 48)) == pytest.approx([77.0] * 48)


def test_before_an_hour_of_the_day_was_seen_the_level_persists_there() -> None:
    forecaster = taught(sine(10))
    assert forecaster.predict(MONDAY + 15 * HOUR, HOUR, 1)[0] == pytest.approx(sine(10)[-1], abs=6.0)


def test_after_a_day_the_next_one_is_expected_to_resemble_it() -> None:
    expected = taught(sine(24)).predict(MONDAY + DAY, HOUR, 24)
    assert np.corrcoef(expected, sine(24))[0, 1] > 0.9


def test_after_two_weeks_a_day_like_every_other_is_known_to_the_percent() -> None:
    expected = taught(sine(14 * 24)).predict(MONDAY + 14 * DAY, HOUR, 48)
    assert expected == pytest.approx(sine(48), abs=2.0)


def test_after_five_weeks_weekends_are_expected() -> None:
    friday = 35 + 4
    expected = taught(working_week(friday * 24)).predict(MONDAY + friday * DAY, HOUR, 48)
    truth = working_week((friday + 2) * 24)[-48:]
    assert np.abs(expected - truth).mean() < 20.0  # a usual day would be 50 off


def test_zero_is_a_value() -> None:
    forecaster = taught(np.zeros(10 * 24))
    assert list(forecaster.predict(MONDAY + 10 * DAY, HOUR, 48)) == [0.0] * 48
    assert set(forecaster.errors()) == {None}


def test_a_signal_that_never_moves_is_expected_to_stay_without_error() -> None:
    forecaster = taught(np.full(10 * 24, 55.0))
    assert forecaster.predict(MONDAY + 10 * DAY, HOUR, 48) == pytest.approx(np.full(48, 55.0))
    assert forecaster.errors() == pytest.approx((0.0,) * 48)


def test_nothing_below_the_floor_or_above_the_ceiling_is_expected() -> None:
    values = np.maximum(0.0, sine(20 * 24, 0.0, 100.0)) + noisy(20 * 24, 1) / 50
    expected = taught(values, ceiling=60.0, floor=20.0).predict(MONDAY + 20 * DAY, HOUR, 48)
    assert expected.min() >= 20.0
    assert expected.max() <= 60.0


@pytest.mark.parametrize("minutes", [5, 10, 15, 20, 30, 60])
def test_every_step_from_five_minutes_to_an_hour_gives_the_same_day(minutes: int) -> None:
    step = timedelta(minutes=minutes)
    per_hour = 60 // minutes
    values = 200 + 80 * np.sin(2 * np.pi * np.arange(14 * 24 * per_hour) / (24 * per_hour))
    expected = taught(values, step).predict(MONDAY + 14 * DAY, HOUR, 24)
    truth = values[: 24 * per_hour].reshape(24, per_hour).mean(axis=1)
    assert expected == pytest.approx(truth, abs=6.0)


@pytest.mark.parametrize("seconds", [60, 420, 5400])
def test_odd_steps_are_put_on_the_nearest_grid(seconds: int) -> None:
    count = 14 * 86400 // seconds
    times = (np.arange(count) + 0.5) * seconds / 86400
    expected = taught(200 + 80 * np.sin(2 * np.pi * times), timedelta(seconds=seconds))
    truth = 200 + 80 * np.sin(2 * np.pi * (np.arange(24) + 0.5) / 24)
    assert expected.predict(MONDAY + 14 * DAY, HOUR, 24) == pytest.approx(truth, abs=16.0)


def test_quarters_add_up_to_their_hours() -> None:
    forecaster = taught(noisy(20 * 24, 3))
    hours = forecaster.predict(MONDAY + 20 * DAY, HOUR, 30)
    quarters = forecaster.predict(MONDAY + 20 * DAY, QUARTER, 120)
    assert quarters.reshape(30, 4).mean(axis=1) == pytest.approx(hours)


def test_what_is_past_is_given_as_it_occurred() -> None:
    values = noisy(9 * 24, 4)
    given_back = taught(values).predict(MONDAY + 8 * DAY, HOUR, 24)
    assert given_back == pytest.approx(values[-24:])


def test_a_signal_that_has_gone_silent_is_forecast_from_its_last_value() -> None:
    forecaster = taught(np.concatenate((sine(14 * 24), np.full(30, np.nan))))
    expected = forecaster.predict(MONDAY + 14 * DAY + 30 * HOUR, HOUR, 10)
    assert expected == pytest.approx(sine(24 * 3)[30:40], abs=3.0)


def test_learning_bit_by_bit_and_all_at_once_expect_the_same() -> None:
    values = noisy(30 * 24, 5)
    whole, parts = taught(values), Forecaster()
    for hour in range(24, len(values) + 1, 24):
        parts.learn(series(values[:hour]))
    start = MONDAY + 30 * DAY
    assert parts.predict(start, HOUR, 48) == pytest.approx(whole.predict(start, HOUR, 48))
    assert parts.errors() == pytest.approx(whole.errors())


def test_the_same_values_again_teach_nothing() -> None:
    values = noisy(30 * 24, 6)
    forecaster = taught(values)
    before = forecaster.errors()
    forecaster.learn(series(values))
    forecaster.learn(series(values[-100:], start=MONDAY + 30 * DAY - 100 * HOUR))
    assert forecaster.errors() == before


def test_a_corrected_level_moves_the_forecast() -> None:
    forecaster = taught(np.full(200, 100.0))
    forecaster.learn(series(np.array([160.0]), start=MONDAY + 199 * HOUR))
    assert forecaster.predict(MONDAY + 200 * HOUR, HOUR, 1)[0] > 130.0


def test_older_data_that_comes_later_is_learned_from() -> None:
    values = noisy(30 * 24, 7)
    late = Forecaster()
    late.learn(series(values[-48:], start=MONDAY + 28 * DAY))
    late.learn(series(values))
    assert late.errors() == taught(values).errors()


def test_a_finer_step_refines_what_is_known() -> None:
    forecaster = taught(sine(14 * 24))
    fine = 200 + 80 * np.sin(2 * np.pi * np.arange(24 * 4) / (24 * 4))
    forecaster.learn(series(fine, QUARTER, MONDAY + 14 * DAY))
    assert forecaster.predict(MONDAY + 15 * DAY, HOUR, 24) == pytest.approx(sine(24), abs=20.0)


def test_its_errors_are_those_it_makes_on_what_it_had_not_seen() -> None:
    values, off, total = noisy(60 * 24, 8), 0.0, 0.0
    forecaster = Forecaster()
    for hour in range(30 * 24, len(values)):
        forecaster.learn(series(values[: hour + 1]) if hour == 30 * 24 else _tail(values, hour))
        if hour + 6 < len(values):
            expected = forecaster.predict(MONDAY + (hour + 1) * HOUR, HOUR, 6)[5]
            off, total = off + abs(expected - values[hour + 6]), total + values[hour + 6]
    share = forecaster.errors()[5]
    assert share is not None
    assert share == pytest.approx(off / total, rel=0.15)


def test_errors_grow_with_lead_where_weather_rules() -> None:
    errors = taught(noisy(60 * 24, 9)).errors()
    assert errors[0] is not None
    assert errors[23] is not None
    assert errors[0] < errors[23] / 2


@pytest.mark.parametrize("seed", range(6))
def test_it_beats_persistence_and_the_seven_day_mean(seed: int) -> None:
    values = noisy(70 * 24, 20 + seed, swing=20.0 * seed)
    errors = np.array([share for share in taught(values).errors() if share is not None])
    tail = values[35 * 24 :]
    hours = range(1, 49)
    persistence = np.array([np.abs(tail[lead:] - tail[:-lead]).mean() for lead in hours]) / tail.mean()
    week = np.mean([values[(35 - day) * 24 : -day * 24] for day in range(1, 8)], axis=0)
    usual = np.abs(tail - week).mean() / tail.mean()
    assert errors.mean() < persistence.mean()
    assert errors.mean() < usual


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.none() | st.floats(0, 3000), min_size=1, max_size=400),
    st.sampled_from([300, 420, 900, 3600, 7200]),
    st.integers(0, 5000),
    st.integers(-50, 50),
)
def test_whatever_it_is_told_it_stays_finite_and_near_what_was_seen(
    values: list[float | None], seconds: int, offset: int, ahead: int
) -> None:
    step = timedelta(seconds=seconds)
    known = Series(MONDAY + timedelta(seconds=offset), step, tuple(values))
    forecaster = Forecaster()
    forecaster.learn(known)
    expected = forecaster.predict(known.end + ahead * step, QUARTER, 100)
    seen = [value for value in values if value is not None]
    if not seen:
        assert np.isnan(expected).all()
        return
    assert np.isfinite(expected).all()
    room = (max(seen) - min(seen)) / 2 + 1e-6
    assert expected.min() >= max(0.0, min(seen) - room) - 1e-6
    assert expected.max() <= max(seen) + room


pieces = st.tuples(
    st.sampled_from([300, 420, 900, 1800, 3600, 7200]),
    st.integers(-2_000_000, 2_000_000),
    st.lists(st.none() | st.floats(0, 3000), min_size=1, max_size=60),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(pieces, min_size=1, max_size=5))
def test_series_in_any_order_and_step_are_taken_in(told: list[tuple[int, int, list[float | None]]]) -> None:
    forecaster, seen = Forecaster(), []
    for seconds, offset, values in told:
        start = MONDAY + timedelta(seconds=offset)
        forecaster.learn(Series(start, timedelta(seconds=seconds), tuple(values)))
        seen += [value for value in values if value is not None]
    expected = forecaster.predict(MONDAY + 30 * DAY, HOUR, 24)
    assert np.isfinite(expected).all() == bool(seen)
    assert not seen or expected.max() <= 1.5 * max(seen) + 1e-6
    assert all(share is None or share >= 0 for share in forecaster.errors())


def test_after_years_of_silence_it_begins_anew_and_keeps_what_it_learned_of_itself() -> None:
    forecaster = taught(noisy(30 * 24, 10))
    errors = forecaster.errors()
    forecaster.learn(series(np.array([50.0]), start=MONDAY + 4000 * DAY))
    assert forecaster.predict(MONDAY + 4000 * DAY + HOUR, HOUR, 48) == pytest.approx(np.full(48, 50.0))
    assert forecaster.errors() == errors


def _tail(values: np.ndarray, hour: int) -> Series:
    return series(values[hour - 30 : hour + 1], start=MONDAY + (hour - 30) * HOUR)
