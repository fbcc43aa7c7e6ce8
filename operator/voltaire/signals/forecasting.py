"""What is expected of a zone, and how wrong that has been.

In this order: the provider's forecast where it has one, corrected by our own where that has proved better
(`accuracy`); our own forecaster (`voltaire.forecast`), which begins as persistence and knows the shape of
days and weeks as soon as it has seen them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from voltaire.api.gridzone import Plausible
from voltaire.api.values import LeadError, Series
from voltaire.forecast import Forecaster
from voltaire.forecast.grid import Floats
from voltaire.signals.accuracy import Expected, ForecastErrors
from voltaire.signals.carbon.samples import HOUR, Sample

HORIZON = timedelta(hours=168)
"""The longest that a PlacementPolicy plans ahead."""


class Outlook:
    """What is expected of one zone; learns from what occurs. `horizon`: how far it reaches at least."""

    def __init__(self, plausible: Plausible, horizon: timedelta = HORIZON) -> None:
        self._own = Forecaster(floor=plausible.min_grams_per_kwh, ceiling=plausible.max_grams_per_kwh)
        self._errors = ForecastErrors()
        self._horizon = horizon

    def remember(self, told: Sequence[LeadError], time: datetime) -> None:
        """Go on from the errors that an earlier run told at `time`."""
        self._errors.remember(told, time)

    def learn(self, history: Series | None, now: datetime) -> None:
        """Take in what occurred up to `now`; older times than before may come, and teach everything anew."""
        if history is not None:
            self._own.learn(history)
        self._errors.settle(history, now)

    def expect(self, current: Sample, provided: Sequence[Sample], now: datetime) -> Series:
        """What to publish from the step that holds `now` on; it is noted, to be judged later."""
        expected = expect(current, provided, self._own, self._errors.own_share(), now, self._horizon)
        self._errors.note(expected, now)
        return expected.published

    @property
    def error(self) -> tuple[float, ...] | None:
        """Mean absolute error as a share of the mean, by lead hour; None while unknown."""
        return self._errors.expected_error(self._own.errors())

    @property
    def errors(self) -> tuple[LeadError, ...]:
        """The same for people, by forecast."""
        return self._errors.told(self._own.errors())


def expect(
    current: Sample,
    provided: Sequence[Sample],
    own: Forecaster,
    own_share: Floats,
    now: datetime,
    horizon: timedelta = HORIZON,
) -> Expected:
    """What is expected from the step that holds `now` on, covering at least `horizon` from `now`.

    The first value is what is observed when `current` holds now; further ones are the provider's, moved
    towards our own by its share at that lead (`own_share`, by hour), and our own wherever the provider has
    none or its value was refused. `current` must have a value. A forecast of the provider that reaches beyond
    the horizon is kept whole.
    """
    level = current.grams_per_kwh
    if level is None:
        raise ValueError("a forecast begins at a known value")
    step = min([current.end - current.start, *(sample.end - sample.start for sample in provided)])
    start = current.start + (now - current.start) // step * step
    end = max([now + horizon, *(sample.end for sample in provided[-1:])])
    count = -((start - end) // step)
    ours = own.predict(start, step, count)
    ours[np.isnan(ours)] = level
    said = _on_steps(provided, start, step, count)
    held = min(count, max(0, -((start - current.end) // step)))
    said[:held] = np.nan
    ours[:held] = level
    leads = np.clip(np.ceil((start - now) / HOUR + np.arange(count) * (step / HOUR)), 1, len(own_share))
    moved = said + own_share[leads.astype(np.int64) - 1] * (ours - said)
    published = np.where(np.isnan(said), ours, moved)
    return Expected(*(_series(start, step, values) for values in (published, said, ours)))


def _on_steps(provided: Sequence[Sample], start: datetime, step: timedelta, count: int) -> Floats:
    """The provider's values at the beginnings of steps; NaN where it has none."""
    if not provided:
        return np.full(count, np.nan)
    starts = np.array([sample.start.timestamp() for sample in provided])
    ends = np.array([sample.end.timestamp() for sample in provided])
    values = np.array([sample.grams_per_kwh for sample in provided], dtype=np.float64)
    times = start.timestamp() + np.arange(count) * step.total_seconds()
    place = np.searchsorted(starts, times, side="right") - 1
    there = (place >= 0) & (times < ends[place])
    return np.where(there, values[place], np.nan)


def _series(start: datetime, step: timedelta, values: Floats) -> Series:
    """NaN becomes a gap."""
    return Series(start, step, tuple(None if np.isnan(v) else v for v in values.tolist()))
