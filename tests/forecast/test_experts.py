"""The simple forecasts that all others are made of, and how trust is shared among them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.forecast.signals import noisy, series, sine
from voltaire.forecast.experts import LEADS, at_leads, general, persistence, seven_day_blend, yesterday
from voltaire.forecast.features import COUNT, features
from voltaire.forecast.grid import on_grid
from voltaire.forecast.learning import Learning
from voltaire.forecast.shapes import shapes_of

HOURS = np.arange(1, LEADS + 1)


def forecast(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The LEADS hours after `values`."""
    shapes = shapes_of(on_grid(series(values), 3600))
    seen = features(shapes, np.array(shapes.level), HOURS)
    return values[-1] + np.einsum("lf,lf->l", seen, weights)


def test_persistence_is_the_level() -> None:
    assert forecast(persistence(), noisy(200, 1)) == pytest.approx(noisy(200, 1)[-1])


def test_yesterday_and_the_week_repeat_a_usual_day() -> None:
    values = sine(10 * 24)
    for weights in (yesterday(), seven_day_blend()):
        assert forecast(weights, values) == pytest.approx(sine(48), abs=1e-9)


def test_an_unusual_level_fades_into_the_usual_day_with_twelve_hours() -> None:
    values = sine(10 * 24)
    values[-1] += 60.0
    off = forecast(seven_day_blend(), values) - sine(48)
    assert off[11] == pytest.approx(60 * np.exp(-1), abs=0.1)
    # The unusual hour itself is one of the seven that stand for its time of day.
    assert off[22] == pytest.approx(60 * np.exp(-23 / 12), abs=0.1)


def test_on_a_second_day_the_last_days_known_are_used() -> None:
    values = np.concatenate((np.zeros(7 * 24), np.full(24, 70.0)))
    weights = np.zeros((LEADS, COUNT))
    weights[:, 0] = 1.0
    assert list(forecast(weights, values)) == [70.0] * 48
    weights[:, 0], weights[:, 1] = 0.0, 1.0
    assert list(forecast(weights, values)) == pytest.approx([10.0] * 48)


def test_weights_begin_at_zero_and_are_linear_between_hours_within_a_day() -> None:
    table = general()
    assert at_leads(table, np.array([0.5]))[0] == pytest.approx(table[0] / 2)
    assert at_leads(table, np.array([3.25]))[0] == pytest.approx(0.75 * table[2] + 0.25 * table[3])
    assert at_leads(table, np.array([24.0, 24.2]))[0] == pytest.approx(table[23])
    assert at_leads(table, np.array([24.0, 24.2]))[1] == pytest.approx(table[24])


def test_beyond_two_days_the_hours_of_the_second_day_hold() -> None:
    table = general()
    assert at_leads(table, np.array([49.0, 72.0, 73.0])) == pytest.approx(table[[24, 47, 24]])


def judged(change: np.ndarray, hours: int = 60) -> Learning:
    """Hours in which every day repeats and `change` is what really came."""
    learning = Learning()
    random = np.random.default_rng(5)
    for _ in range(hours):
        seen = random.normal(0, 10, (1, LEADS, COUNT))
        actual = np.einsum("tlf,lf->tl", seen, change)
        learning.take(seen, actual, np.array([100.0]), np.ones((1, LEADS), dtype=bool), 1)
    return learning


@pytest.mark.parametrize("best", [persistence(), seven_day_blend(), yesterday(), general()])
def test_what_has_been_right_is_trusted(best: np.ndarray) -> None:
    assert judged(best).weights == pytest.approx(best, abs=0.02)


def test_weights_of_its_own_are_learned_where_nothing_else_fits() -> None:
    odd = general() + 0.8
    assert np.abs(judged(odd, 900).weights - odd).max() < 0.25  # of 0.8


def test_on_a_few_hours_the_general_weights_hold() -> None:
    assert np.abs(judged(persistence(), 5).weights - general()).max() < 0.15


def test_what_is_unknown_teaches_nothing() -> None:
    learning = Learning()
    nothing = np.zeros((3, LEADS), dtype=bool)
    learning.take(np.full((3, LEADS, COUNT), 7.0), np.full((3, LEADS), 9.0), np.full(3, np.nan), nothing, 3)
    assert learning.weights == pytest.approx(general())
    assert np.isnan(learning.shares()).all()


def test_features_are_zero_where_only_the_level_is_known() -> None:
    shapes = shapes_of(on_grid(series(np.array([5.0])), 3600))
    assert not features(shapes, np.array(0), HOURS).any()
