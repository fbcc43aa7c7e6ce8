"""What is expected of a zone: the provider's forecast, our own, and how they are put together."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from tests.signals.builders import HERE, HOUR, NOW, answer
from voltaire.api.gridzone import Plausible
from voltaire.api.values import Series
from voltaire.forecast import Forecaster
from voltaire.signals.carbon.samples import Sample
from voltaire.signals.forecasting import Outlook, expect

RANGE = Plausible()
QUARTER = timedelta(minutes=15)
ALONE = np.zeros(48)
CURRENT = Sample(HERE, HERE + HOUR, 100)


def ours(level: float = 30.0) -> Forecaster:
    """A forecaster that expects the level to stay."""
    own = Forecaster()
    own.learn(Series(HERE - 9 * HOUR, HOUR, (level,) * 10))
    return own


def published(current: Sample, provided: tuple[Sample, ...], own: Forecaster) -> Series:
    return expect(current, provided, own, ALONE, NOW).published


def test_the_providers_forecast_is_kept_and_extended_by_ours() -> None:
    forecast = published(CURRENT, answer(HERE + HOUR, *[7.0] * 24, ahead=24).forecast, ours())
    assert forecast.start == HERE
    assert forecast.values[0] == 100
    assert set(forecast.values[1:25]) == {7.0}
    assert set(forecast.values[25:]) == {30.0}
    assert forecast.end >= NOW + 168 * HOUR


def test_a_longer_forecast_is_kept_whole() -> None:
    provided = answer(HERE + HOUR, *[7.0] * 200, ahead=200).forecast
    assert published(CURRENT, provided, ours()).end == HERE + 201 * HOUR


def test_a_gap_in_the_providers_forecast_is_ours() -> None:
    provided = answer(HERE + HOUR, 7.0, None, 9.0, ahead=3).forecast
    assert published(CURRENT, provided, ours()).values[:5] == (100, 7, 30, 9, 30)


def test_a_finer_forecast_sets_the_step() -> None:
    provided = tuple(
        Sample(HERE + HOUR + i * QUARTER, HERE + HOUR + (i + 1) * QUARTER, float(i)) for i in range(8)
    )
    forecast = published(CURRENT, provided, ours())
    assert forecast.step == QUARTER
    assert forecast.start == HERE + 2 * QUARTER
    assert forecast.values[:4] == (100, 100, 0, 1)


def test_after_a_held_value_the_forecast_begins_at_the_current_step() -> None:
    current = Sample(HERE - 2 * HOUR, HERE - HOUR, 30)
    forecast = published(current, answer(HERE, 44, 45, ahead=2).forecast, ours())
    assert forecast.start == HERE
    assert forecast.values[:3] == (44, 45, 30)


def test_before_ours_knows_anything_the_level_stays() -> None:
    assert set(published(CURRENT, (), Forecaster()).values) == {100}


def test_a_forecast_begins_at_a_known_value() -> None:
    with pytest.raises(ValueError, match="known value"):
        expect(Sample(HERE, HERE + HOUR, None), (), ours(), ALONE, NOW)


def test_ours_is_mixed_in_by_its_share_at_each_lead() -> None:
    share = np.concatenate(([0.0, 0.5], np.ones(46)))
    provided = answer(HERE + HOUR, *[10.0] * 5, ahead=5).forecast
    expected = expect(CURRENT, provided, ours(), share, HERE)
    assert expected.published.values[:6] == (100, 10, 20, 30, 30, 30)
    assert expected.provider.values[:7] == (None, 10, 10, 10, 10, 10, None)
    assert set(expected.own.values[1:]) == {30}


def play(hours: int, provided: list[float], truth: list[float]) -> Outlook:
    """Hours of polls; at each, the provider says `provided` of the hours to come."""
    outlook = Outlook(RANGE)
    for hour in range(hours):
        now = HERE + hour * HOUR
        outlook.learn(Series(HERE, HOUR, tuple(truth[: hour + 1])), now)
        ahead = tuple(
            Sample(HERE + i * HOUR, HERE + (i + 1) * HOUR, provided[i]) for i in range(hour + 1, hour + 25)
        )
        outlook.expect(Sample(now, now + HOUR, truth[hour]), ahead, now)
    return outlook


def swing(count: int) -> list[float]:
    random = np.random.default_rng(1)
    return [float(v) for v in 200 + 80 * np.sin(np.arange(count) * np.pi / 12) + random.normal(0, 15, count)]


def test_a_good_provider_is_left_as_it_is() -> None:
    truth = swing(400)
    outlook = play(370, truth, truth)
    error = next(e for e in outlook.errors if e.lead_hours == 12)
    assert error.provider == 0
    assert error.own is not None
    assert error.own > 0.03
    assert error.own_share < 0.05


def test_a_provider_that_proves_worse_gives_way() -> None:
    truth = swing(400)
    outlook = play(370, [400.0 - v for v in truth], truth)
    error = next(e for e in outlook.errors if e.lead_hours == 12)
    assert error.provider is not None
    assert error.own is not None
    assert error.used is not None
    assert error.own < error.provider
    assert error.own_share > 0.6
    assert error.used < error.provider / 2


def test_ours_is_not_trusted_over_a_provider_on_a_few_hours() -> None:
    truth = swing(100)
    outlook = play(20, [400.0 - v for v in truth], truth)
    assert max(error.own_share for error in outlook.errors) < 0.2


def test_the_backtest_tells_the_error_before_any_forecast_was_compared() -> None:
    outlook = Outlook(RANGE)
    assert outlook.error is None
    assert outlook.errors == ()
    truth = swing(20 * 24)
    outlook.learn(Series(HERE - 20 * 24 * HOUR, HOUR, tuple(truth)), HERE)
    assert outlook.error is not None
    assert len(outlook.error) == 48
    assert 0.0 < outlook.error[0] < 0.3
    assert {error.used for error in outlook.errors} == {None}
