"""What earlier days and weeks say of every step of a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voltaire.forecast.grid import Floats, Grid

DAYS = 7
WEEKS = 4
DAY_HOURS, WEEK_HOURS = 24, 168


@dataclass(frozen=True, slots=True)
class Shapes:
    """One value for each step of the grid, NaN where nothing is known.

    `value`: what occurred. `latest`: that or, in a gap, the same time of the latest of up to seven days
    before. `week`: mean of the same time on the seven days up to and with it. `hour_of_week`: mean of the
    same hour of four weeks, the mean of the days where no week is known. `trend`: mean of the last 24 hours
    less that of the last seven days. `level`: index of the last known step, -1 without one.
    """

    value: Floats
    latest: Floats
    week: Floats
    hour_of_week: Floats
    trend: Floats
    level: int
    per_hour: int


def shapes_of(grid: Grid) -> Shapes:
    """The shapes of a grid."""
    day, value = DAY_HOURS * grid.per_hour, grid.values
    latest = value.copy()
    for _ in range(DAYS):
        gaps = np.isnan(latest[day:])
        if not gaps.any():
            break
        latest[day:][gaps] = latest[:-day][gaps]
    week = _means(value, day, DAYS)
    hour_of_week = _means(value, WEEK_HOURS * grid.per_hour, WEEKS)
    hour_of_week = np.where(np.isnan(hour_of_week), week, hour_of_week)
    trend = _trailing(value, day) - _trailing(value, DAYS * day)
    known = np.flatnonzero(np.isfinite(value))
    level = int(known[-1]) if len(known) else -1
    return Shapes(value, latest, week, hour_of_week, trend, level, grid.per_hour)


def _means(value: Floats, lag: int, count: int) -> Floats:
    """Mean over a step and those 1, 2, ... `count` - 1 lags before it, of what is known."""
    known = np.isfinite(value)
    filled = np.where(known, value, 0.0)
    sums, counts = filled.copy(), known.astype(np.float64)
    for back in range(lag, min(count * lag, len(value)), lag):
        sums[back:] += filled[:-back]
        counts[back:] += known[:-back]
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, sums / counts, np.nan)


def _trailing(value: Floats, length: int) -> Floats:
    """Mean of what is known of the last `length` steps."""
    known = np.isfinite(value)
    sums = np.concatenate(([0.0], np.cumsum(np.where(known, value, 0.0))))
    counts = np.concatenate(([0], np.cumsum(known)))
    end = np.arange(1, len(value) + 1)
    start = np.maximum(0, end - length)
    number = counts[end] - counts[start]
    with np.errstate(invalid="ignore"):
        return np.where(number > 0, (sums[end] - sums[start]) / np.maximum(number, 1), np.nan)
