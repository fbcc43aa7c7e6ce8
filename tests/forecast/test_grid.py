"""Series on the forecaster's grid."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.forecast.signals import HOUR, MONDAY, series
from voltaire.api.values import Series
from voltaire.forecast.grid import Grid, finer, fitting_step, joined, on_grid, seconds_since_1970

QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(
    ("minutes", "fits"), [(1, 5), (5, 5), (7, 5), (15, 15), (29, 20), (30, 30), (45, 30), (60, 60), (180, 60)]
)
def test_the_step_is_the_longest_divisor_of_an_hour_that_fits(minutes: int, fits: int) -> None:
    assert fitting_step(timedelta(minutes=minutes)) == fits * 60


def test_a_finer_series_is_averaged_over_what_is_known_of_each_step() -> None:
    minutes = Series(MONDAY, timedelta(minutes=1), (1.0, None, 3.0, None, None, *(None,) * 5, 8.0))
    grid = on_grid(minutes, 300)
    assert grid.values == pytest.approx([2.0, np.nan, 8.0], nan_ok=True)


def test_a_coarser_series_holds_and_one_off_the_grid_counts_where_it_holds_at_the_middle() -> None:
    grid = on_grid(series(np.array([1.0, 2.0])), 900)
    assert list(grid.values) == [1.0] * 4 + [2.0] * 4
    shifted = on_grid(series(np.array([1.0, 2.0]), start=MONDAY + timedelta(minutes=20)), 3600)
    assert shifted.values == pytest.approx([1.0, 2.0, np.nan], nan_ok=True)


def test_what_is_not_finite_is_a_gap() -> None:
    grid = on_grid(Series(MONDAY, HOUR, (1.0, float("nan"), float("inf"), 0.0)), 3600)
    assert grid.values == pytest.approx([1.0, np.nan, np.nan, 0.0], nan_ok=True)


def test_only_the_newest_part_is_read_when_asked() -> None:
    grid = on_grid(series(np.arange(48.0)), 3600, 6 * HOUR)
    assert list(grid.values) == [42.0, 43.0, 44.0, 45.0, 46.0, 47.0]
    assert grid.first * 3600 == seconds_since_1970(MONDAY + 42 * HOUR)


def test_of_two_the_newer_counts_and_a_gap_takes_nothing_back() -> None:
    old, new = Grid(10, 3600, np.array([1.0, 2.0, 3.0])), Grid(11, 3600, np.array([np.nan, 9.0, 4.0]))
    both = joined(old, new)
    assert (both.first, list(both.values)) == (10, [1.0, 2.0, 9.0, 4.0])


def test_two_apart_have_a_gap_between_them_and_the_finer_step_wins() -> None:
    both = joined(Grid(10, 3600, np.array([1.0])), Grid(48, 900, np.array([5.0])))
    assert (both.first, both.seconds) == (40, 900)
    assert both.values == pytest.approx([1.0] * 4 + [np.nan] * 4 + [5.0], nan_ok=True)


@given(st.lists(st.floats(0, 5000), min_size=1, max_size=100), st.sampled_from([300, 600, 900, 1800, 3600]))
def test_refining_and_averaging_give_the_values_back(values: list[float], seconds: int) -> None:
    fine = finer(Grid(5, 3600, np.array(values)), seconds)
    assert fine.values.reshape(len(values), -1).mean(axis=1) == pytest.approx(values)
    assert (fine.first * seconds, fine.end * seconds) == (5 * 3600, (5 + len(values)) * 3600)
