"""The forecaster of one signal: carbon intensity of a zone, power of a site, anything with a daily shape."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from voltaire.api.values import Series
from voltaire.forecast.experts import HOURS, LEADS, at_leads
from voltaire.forecast.features import features
from voltaire.forecast.grid import (
    HOUR_SECONDS,
    Floats,
    Grid,
    fitting_step,
    joined,
    on_grid,
    seconds_since_1970,
)
from voltaire.forecast.learning import Learning
from voltaire.forecast.shapes import DAY_HOURS, Shapes, shapes_of

KEPT_DAYS = 38
"""Four weeks of the same hour, a week ahead of the oldest forecast that is still compared, and some."""
REVISED = timedelta(days=8)
"""How far back a series that was learned before is looked at again."""
_BLOCK = 24
_SPREAD = 0.5


class Forecaster:
    """Learns a signal online and says what to expect of it.

    `learn` what occurred as often as there is something new; `predict` costs some tenths of a millisecond.
    Before anything is known it knows nothing (NaN); from the first value on it says that the level stays;
    after a day it knows the shape of a day, after a week that of a week. Gaps are gaps, zero is a value.

    `floor`, `ceiling`: what the signal cannot leave.
    """

    def __init__(self, *, floor: float = 0.0, ceiling: float = np.inf) -> None:
        self._floor, self._ceiling = floor, ceiling
        self._grid: Grid | None = None
        self._shapes: Shapes | None = None
        self._learning = Learning()
        self._since = 0  # seconds since 1970: what lies before was never seen
        self._hour = 0  # hours since 1970: those before were learned from

    @property
    def known_until(self) -> int | None:
        """Seconds since 1970 at which the last known value ends; None without one."""
        if self._grid is None or self._shapes is None or self._shapes.level < 0:
            return None
        return (self._grid.first + self._shapes.level + 1) * self._grid.seconds

    def learn(self, series: Series) -> None:
        """Take in what occurred. The same times may come again, corrected or longer; of a series that was
        seen before only the last days are read. Older data than any so far makes it learn all again."""
        first = self._grid is None or seconds_since_1970(series.start) < self._since
        seconds = fitting_step(series.step)
        new = on_grid(series, seconds, None if first else REVISED)
        if not np.isfinite(new.values).any():
            return
        self._grid = new if self._grid is None or self._long_after(new) else joined(self._grid, new)
        if first:
            self._since, self._hour, self._learning = seconds_since_1970(series.start), 0, Learning()
        self._shapes = shapes_of(self._grid)
        self._learn_hours(self._grid, self._shapes)
        self._forget()

    def predict(self, start: datetime, step: timedelta, count: int) -> Floats:
        """Means over `count` steps from `start`: what occurred as far as it is known, then what is expected.
        NaN before anything is known."""
        edges = seconds_since_1970(start) + step.total_seconds() * np.arange(count + 1)
        grid, shapes, until = self._grid, self._shapes, self.known_until
        if grid is None or shapes is None or until is None or count == 0:
            return np.full(count, np.nan)
        ahead = self._ahead(grid, shapes, max(0, int(-(-(edges[-1] - until) // grid.seconds))))
        past = shapes.latest[: shapes.level + 1]
        past = np.where(np.isnan(past), shapes.value[shapes.level], past)
        sums = np.concatenate(([0.0], np.cumsum(np.concatenate((past, ahead)) * grid.seconds)))
        times = (grid.first + np.arange(len(sums))) * grid.seconds
        if edges[0] < times[0]:  # before all that is known: as in its first step
            times, sums = np.concatenate(([edges[0]], times)), np.concatenate(([0.0], sums))
            sums[0] = -past[0] * (times[1] - times[0])
        means: Floats = np.diff(np.interp(edges, times, sums)) / step.total_seconds()
        return means

    def errors(self) -> tuple[float | None, ...]:
        """Mean absolute error of what it said so far over the mean of the signal, by lead: the first for
        one hour, the last for 48. Recent hours count more. None where nothing was compared."""
        return tuple(None if np.isnan(share) else float(share) for share in self._learning.shares())

    def _ahead(self, grid: Grid, shapes: Shapes, count: int) -> Floats:
        """What is expected of the `count` steps after the last known one."""
        if count == 0:
            return np.empty(0)
        leads = np.arange(1, count + 1)
        seen = features(shapes, np.array(shapes.level), leads)
        weights = at_leads(self._learning.weights, leads / grid.per_hour)
        expected = shapes.value[shapes.level] + np.einsum("lf,lf->l", seen, weights)
        low, high = np.nanmin(shapes.value), np.nanmax(shapes.value)
        room = _SPREAD * (high - low)
        bounded: Floats = np.clip(expected, max(self._floor, low - room), min(self._ceiling, high + room))
        return bounded

    def _long_after(self, new: Grid) -> bool:
        """Whether nothing was told for so long that what was known is too old to matter."""
        assert self._grid is not None  # noqa: S101  (told to mypy)
        gap = new.first * new.seconds - self._grid.end * self._grid.seconds
        return gap > KEPT_DAYS * DAY_HOURS * HOUR_SECONDS

    def _learn_hours(self, grid: Grid, shapes: Shapes) -> None:
        """Compare every full hour that is new with what was expected of it, a day at a time."""
        begin = max(self._hour, -(-grid.first // grid.per_hour) + 1)
        end = -(-(grid.first + shapes.level + 1) // grid.per_hour)
        edges = [begin, *range((begin // _BLOCK + 1) * _BLOCK, end, _BLOCK), end]
        for first, last in pairwise(edges if begin < end else []):
            hours = np.arange(first, last)
            target = hours * grid.per_hour - grid.first
            origin = target[:, None] - HOURS * grid.per_hour
            known = (origin >= 0) & np.isfinite(shapes.value[target])[:, None]
            origin = np.where(origin >= 0, origin, 0)
            level = shapes.value[origin]
            known &= np.isfinite(level)
            seen = features(shapes, origin, HOURS * grid.per_hour)
            actual = shapes.value[target]
            self._learning.take(seen, actual[:, None] - level, actual, known, len(hours))
        self._hour = max(self._hour, end)

    def _forget(self) -> None:
        """Drop what is too old to matter."""
        grid = self._grid
        kept = KEPT_DAYS * DAY_HOURS
        if grid is not None and len(grid.values) > (kept + LEADS) * grid.per_hour:
            kept_steps = kept * grid.per_hour
            self._grid = Grid(grid.end - kept_steps, grid.seconds, grid.values[-kept_steps:].copy())
            self._shapes = shapes_of(self._grid)
