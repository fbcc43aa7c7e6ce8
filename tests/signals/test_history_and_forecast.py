"""What occurred, what is expected, and how wrong that was."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import HERE, HOUR, NOW, answer
from voltaire.api.gridzone import Plausible
from voltaire.api.values import Series
from voltaire.signals.accuracy import ForecastErrors
from voltaire.signals.carbon.samples import Sample
from voltaire.signals.forecasting import forecast_series, own_forecast
from voltaire.signals.history import History

RANGE = Plausible()
QUARTER = timedelta(minutes=15)


def samples(*values: float | None, start: object = None) -> tuple[Sample, ...]:
    first = HERE - (len(values) - 1) * HOUR
    return answer(first, *values).past


def series(history: History) -> tuple[float | None, ...]:
    known = history.series(NOW)
    return () if known is None else known.values


def test_nothing_known_is_no_series() -> None:
    history = History()
    assert history.series(NOW) is None
    history.merge(0, samples(None, None))
    assert history.series(NOW) is None


def test_a_better_source_wins_a_worse_one_fills() -> None:
    history = History()
    history.merge(1, samples(1, 2, 3, 4))
    history.merge(0, samples(20, None))
    assert series(history) == (1, 2, 20, 4)


def test_a_source_may_revise_but_a_gap_takes_nothing_back() -> None:
    history = History()
    history.merge(0, samples(1, 2, 3))
    history.merge(0, samples(5, None))
    assert series(history) == (1, 5, 3)


def test_a_change_of_step_replaces_what_it_covers() -> None:
    history = History()
    history.merge(0, samples(1, 2))
    history.merge(0, [Sample(HERE + i * QUARTER, HERE + (i + 1) * QUARTER, 10.0 + i) for i in range(3)])
    known = history.series(NOW)
    assert known is not None
    assert known.step == QUARTER
    assert known.values == (1, 1, 1, 1, 10, 11, 12)


def test_what_has_not_begun_is_not_history() -> None:
    history = History()
    history.merge(0, answer(HERE, 1, 2, 3).past)
    assert series(history) == (1,)
    assert history.latest(NOW) == (0, answer(HERE, 1).past[0])


def test_history_reaches_back_eight_days_and_no_further() -> None:
    history = History()
    history.merge(0, samples(*range(10 * 24)))
    history.prune(NOW)
    known = history.series(NOW)
    assert known is not None
    assert known.start <= NOW - timedelta(days=8) < known.start + HOUR


def test_the_newest_value_counts_and_the_better_source_among_equals() -> None:
    history = History()
    history.merge(1, samples(1, 2))
    history.merge(0, samples(10, None))
    assert history.latest(NOW) == (1, samples(1, 2)[1])
    history.merge(0, samples(10, 20))
    assert history.latest(NOW) == (0, samples(10, 20)[1])


@given(st.lists(st.none() | st.floats(0, 5000), min_size=1, max_size=60))
def test_history_gives_back_what_was_merged(values: list[float | None]) -> None:
    history = History()
    history.merge(0, samples(*values))
    assert series(history) == (() if all(v is None for v in values) else tuple(values))


def day_shape(hour: int) -> float:
    return 100.0 + hour


def two_days() -> Series:
    return Series(HERE - 48 * HOUR, HOUR, tuple(day_shape(i % 24) for i in range(49)))


def test_without_history_the_level_persists() -> None:
    assert own_forecast(None, 77, NOW, NOW + 30 * HOUR, RANGE) == 77


def test_with_a_usual_day_yesterday_repeats() -> None:
    for lead in (1, 5, 23, 24, 30, 47):
        assert own_forecast(two_days(), day_shape(0), NOW, NOW + lead * HOUR, RANGE) == pytest.approx(
            day_shape(lead % 24)
        )


def test_an_unusual_level_fades_into_yesterdays_shape() -> None:
    def difference(lead: float) -> float:
        time = NOW + lead * HOUR
        return own_forecast(two_days(), day_shape(0) + 60, NOW, time, RANGE) - day_shape(int(lead) % 24)

    assert difference(0) == pytest.approx(60)
    assert difference(12) == pytest.approx(60 / 2.718281828, rel=1e-6)
    assert abs(difference(36)) < 5


def test_the_forecast_stays_plausible() -> None:
    narrow = Plausible(min_grams_per_kwh=100, max_grams_per_kwh=110)
    assert own_forecast(two_days(), 0, NOW, NOW + HOUR, narrow) == 100
    assert own_forecast(two_days(), 900, NOW, NOW + HOUR, narrow) == 110


def test_a_day_that_is_unknown_is_taken_from_the_day_before() -> None:
    known = two_days()
    holed = Series(known.start, HOUR, (*known.values[:25], None, *known.values[26:]))
    assert own_forecast(holed, day_shape(0), NOW, NOW + HOUR, RANGE) == day_shape(1)


def test_the_providers_forecast_is_kept_and_extended_by_ours() -> None:
    current = Sample(HERE, HERE + HOUR, 100)
    provided = answer(HERE + HOUR, *[7.0] * 24, ahead=24).forecast
    forecast = forecast_series(current, provided, two_days(), NOW, RANGE)
    assert forecast.start == HERE
    assert forecast.values[0] == 100
    assert set(forecast.values[1:25]) == {7.0}
    assert forecast.values[25] == pytest.approx(day_shape(1))
    assert forecast.end >= NOW + 48 * HOUR


def test_a_longer_forecast_is_kept_whole() -> None:
    provided = answer(HERE + HOUR, *[7.0] * 100, ahead=100).forecast
    forecast = forecast_series(Sample(HERE, HERE + HOUR, 1), provided, None, NOW, RANGE)
    assert forecast.end == HERE + 101 * HOUR


def test_a_finer_forecast_sets_the_step() -> None:
    provided = tuple(
        Sample(HERE + HOUR + i * QUARTER, HERE + HOUR + (i + 1) * QUARTER, float(i)) for i in range(8)
    )
    forecast = forecast_series(Sample(HERE, HERE + HOUR, 50), provided, None, NOW, RANGE)
    assert forecast.step == QUARTER
    assert forecast.start == HERE + 2 * QUARTER
    assert forecast.values[:4] == (50, 50, 0, 1)


def test_after_a_held_value_the_forecast_begins_at_the_current_step() -> None:
    current = Sample(HERE - 2 * HOUR, HERE - HOUR, 30)
    provided = answer(HERE, 44, 45, ahead=2).forecast
    forecast = forecast_series(current, provided, None, NOW, RANGE)
    assert forecast.start == HERE
    assert forecast.values[:3] == (44, 45, 30)


def test_errors_are_a_share_of_what_occurred() -> None:
    errors = ForecastErrors()
    errors.note(Series(HERE, HOUR, (100.0,) * 30), NOW)
    actual = Series(HERE, HOUR, (100.0, 80.0, 200.0))
    errors.settle(actual, HERE + 3 * HOUR - timedelta(seconds=1))
    assert errors.share == pytest.approx(20 / 80)
    errors.settle(actual, HERE + 3 * HOUR)
    assert errors.share == pytest.approx((20 + 100) / (80 + 200))


def test_a_forecast_is_noted_once_an_hour_and_settled_once() -> None:
    errors = ForecastErrors()
    errors.note(Series(HERE, HOUR, (100.0,) * 30), NOW)
    errors.note(Series(HERE, HOUR, (900.0,) * 30), NOW + timedelta(minutes=20))
    actual = Series(HERE, HOUR, (100.0, 100.0, 100.0))
    for _ in range(3):
        errors.settle(actual, HERE + 2 * HOUR)
    assert errors.share == 0


def test_unknown_hours_and_zero_emissions_give_no_error() -> None:
    errors = ForecastErrors()
    errors.note(Series(HERE, HOUR, (100.0,) * 30), NOW)
    errors.settle(None, HERE + 80 * HOUR)
    assert errors.share is None
    errors.note(Series(HERE, HOUR, (0.0,) * 200), NOW + 90 * HOUR)
    errors.settle(Series(HERE, HOUR, (0.0,) * 200), NOW + 100 * HOUR)
    assert errors.share is None
