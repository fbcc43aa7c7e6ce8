"""How wrong forecasts were, by lead time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.signals.builders import HERE, HOUR, NOW
from voltaire.api.values import Series
from voltaire.signals.accuracy import Expected, ForecastErrors

NOTHING: tuple[float | None, ...] = (None,) * 48


def said(published: float, provider: float | None = None, own: float | None = None) -> Expected:
    return Expected(*(Series(HERE, HOUR, (value,) * 60) for value in (published, provider, own)))


def test_errors_are_a_share_of_what_occurred_by_lead() -> None:
    errors = ForecastErrors()
    errors.note(said(100.0), NOW)
    actual = Series(HERE, HOUR, (100.0, 80.0, 200.0))
    errors.settle(actual, HERE + 3 * HOUR - timedelta(seconds=1))
    assert errors.expected_error(NOTHING) == pytest.approx((20 / 80,))
    errors.settle(actual, HERE + 3 * HOUR)
    assert errors.expected_error(NOTHING) == pytest.approx((20 / 80, 100 / 200))


def test_each_forecast_has_its_own_error() -> None:
    errors = ForecastErrors()
    errors.note(said(100.0, provider=90.0, own=150.0), NOW)
    errors.settle(Series(HERE, HOUR, (0.0, 100.0)), HERE + 2 * HOUR)
    (first,) = errors.told(NOTHING)
    assert (first.lead_hours, first.used, first.provider, first.own) == (1, 0.0, pytest.approx(0.1), None)
    assert first.comparisons == 1


def test_a_forecast_is_noted_once_an_hour_and_settled_once() -> None:
    errors = ForecastErrors()
    errors.note(said(100.0), NOW)
    errors.note(said(900.0), NOW + timedelta(minutes=20))
    actual = Series(HERE, HOUR, (100.0, 100.0, 100.0))
    for _ in range(3):
        errors.settle(actual, HERE + 2 * HOUR)
    assert errors.expected_error(NOTHING) == (0.0,)
    assert errors.told(NOTHING)[0].comparisons == 1


def test_unknown_hours_and_zero_emissions_give_no_error() -> None:
    errors = ForecastErrors()
    errors.note(said(100.0), NOW)
    errors.settle(None, HERE + 120 * HOUR)
    assert errors.expected_error(NOTHING) is None
    errors.note(said(0.0), NOW + 24 * HOUR)
    errors.settle(Series(HERE, HOUR, (0.0,) * 200), NOW + 34 * HOUR)
    assert errors.expected_error(NOTHING) is None


def test_the_backtest_stands_in_until_a_day_was_compared() -> None:
    errors, backtest = ForecastErrors(), (0.5,) * 48
    actual = Series(HERE, HOUR, (110.0,) * 200)
    for hour in range(30):
        errors.note(Expected(*(Series(HERE, HOUR, (100.0,) * 200) for _ in range(3))), HERE + hour * HOUR)
        errors.settle(actual, HERE + hour * HOUR)
    expected = errors.expected_error(backtest)
    assert expected is not None
    assert expected[0] == pytest.approx(10 / 110)
    assert expected[20] == 0.5


def test_old_errors_fade() -> None:
    errors = ForecastErrors()
    wrong, right = said(200.0), said(100.0)
    actual = Series(HERE, HOUR, (100.0,) * 60)
    errors.note(wrong, HERE)
    errors.settle(actual, HERE + 2 * HOUR)
    later = HERE + timedelta(days=40)
    errors.note(Expected(*(Series(later, HOUR, s.values) for s in (right.published,) * 3)), later)
    errors.settle(Series(later, HOUR, actual.values), later + 2 * HOUR)
    expected = errors.expected_error(NOTHING)
    assert expected is not None
    assert expected[0] == pytest.approx(0.5 ** (40 * 24 / 231), rel=0.15)


def compared(hours: int, provider: float) -> ForecastErrors:
    errors = ForecastErrors()
    for hour in range(hours + 48):
        now = HERE + hour * HOUR
        rows = [Series(now, HOUR, (value,) * 60) for value in (provider, provider, 110.0)]
        errors.note(Expected(*rows), now)
        errors.settle(Series(HERE, HOUR, (100.0,) * (hour + 1)), now)
    return errors


def test_a_restart_goes_on_from_what_was_told() -> None:
    before, after = compared(60, 150.0), ForecastErrors()
    time = HERE + 108 * HOUR
    told = before.told(NOTHING)
    after.remember(told, time)
    for was, now in zip(told, after.told(NOTHING), strict=True):
        assert (now.used, now.provider, now.own) == pytest.approx((was.used, was.provider, was.own))
        assert now.comparisons == pytest.approx(was.comparisons, abs=1)
        assert now.own_share == pytest.approx(was.own_share, rel=0.02)
    assert before.own_share() == pytest.approx(after.own_share(), rel=0.02)


def test_what_was_told_long_ago_hardly_counts() -> None:
    errors = ForecastErrors()
    errors.remember(compared(60, 150.0).told(NOTHING), HERE)
    later = HERE + timedelta(days=60)
    errors.note(Expected(*(Series(later, HOUR, (100.0,) * 60) for _ in range(3))), later)
    errors.settle(Series(later, HOUR, (100.0, 100.0, 100.0)), later + 2 * HOUR)
    assert errors.told(NOTHING)[0].comparisons <= 2
    assert errors.told(NOTHING)[0].used == pytest.approx(0.0, abs=0.25)


def test_what_is_compared_already_is_not_overwritten() -> None:
    errors = compared(60, 100.0)
    told = errors.told(NOTHING)
    errors.remember(compared(60, 150.0).told(NOTHING), HERE)
    assert errors.told(NOTHING) == told
    fresh = ForecastErrors()
    fresh.remember((), HERE)
    assert fresh.told(NOTHING) == ()
