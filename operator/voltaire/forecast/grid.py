"""A series on the forecaster's grid: steps of 5 to 60 minutes counted from 1970 in UTC, gaps as NaN."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from voltaire.api.values import Series

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_SECONDS = 3600
STEPS = (300, 600, 900, 1200, 1800, 3600)
"""Seconds: the divisors of an hour that grids publish on, so that hours and days are whole steps."""


@dataclass(frozen=True, slots=True)
class Grid:
    """`values[i]` holds in [first + i, first + i + 1) steps of `seconds` since 1970; NaN is a gap."""

    first: int
    seconds: int
    values: Floats

    @property
    def end(self) -> int:
        """The first step past the grid."""
        return self.first + len(self.values)

    @property
    def per_hour(self) -> int:
        """Steps an hour."""
        return HOUR_SECONDS // self.seconds


def seconds_since_1970(time: datetime) -> int:
    """Whole seconds."""
    return (time - EPOCH) // timedelta(seconds=1)


def fitting_step(step: timedelta) -> int:
    """The longest step of STEPS that is no longer than `step`; the shortest for finer series."""
    return max((s for s in STEPS if s <= step.total_seconds()), default=STEPS[0])


def on_grid(series: Series, seconds: int, newest: timedelta | None = None) -> Grid:
    """`series` on steps of `seconds`; of its end only `newest`, if given.

    A finer series is averaged over the values known in each step, a coarser one holds. Values that are no
    finite numbers are gaps.
    """
    skip = 0 if newest is None else max(0, (series.end - newest - series.start) // series.step)
    known = np.array(series.values[skip:], dtype=np.float64)
    known[~np.isfinite(known)] = np.nan
    start = seconds_since_1970(series.start) + skip * series.step.total_seconds()
    length = series.step.total_seconds()
    first = int(start // seconds)
    count = max(0, int(-(-(start + length * len(known)) // seconds)) - first)
    if length >= seconds:
        middles = (np.arange(first, first + count) + 0.5) * seconds
        index = np.floor((middles - start) / length).astype(np.int64)
        inside = (index >= 0) & (index < len(known))
        values = np.full(count, np.nan)
        values[inside] = known[index[inside]]
        return Grid(first, seconds, values)
    steps = np.floor((start + (np.arange(len(known)) + 0.5) * length) / seconds).astype(np.int64) - first
    there = np.isfinite(known)
    sums = np.bincount(steps[there], weights=known[there], minlength=count)
    counts = np.bincount(steps[there], minlength=count)
    return Grid(first, seconds, np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def joined(old: Grid, new: Grid) -> Grid:
    """Both, on the finer steps of the two; where both know a value the new one counts."""
    seconds = min(old.seconds, new.seconds)
    old, new = finer(old, seconds), finer(new, seconds)
    first, end = min(old.first, new.first), max(old.end, new.end)
    values = np.full(end - first, np.nan)
    values[old.first - first : old.end - first] = old.values
    place = values[new.first - first : new.end - first]
    known = np.isfinite(new.values)
    place[known] = new.values[known]
    return Grid(first, seconds, values)


def finer(grid: Grid, seconds: int) -> Grid:
    """The same on shorter steps: each value holds throughout its step."""
    if grid.seconds == seconds:
        return grid
    start, end = grid.first * grid.seconds, grid.end * grid.seconds
    steps = np.arange(start // seconds, end // seconds)
    index = np.minimum((steps * seconds - start) // grid.seconds, len(grid.values) - 1)
    return Grid(start // seconds, seconds, grid.values[index])
