"""What a solar plant is expected to give: the sun's path times a clearness that is forecast.

Clearness is what is measured over what the sun's height allows, known while the sun is high enough to tell.
Its nights are gaps, its days are learned like any other signal: an hour ahead it is mostly what it is now, a
day ahead mostly what the days have been at that time, which also teaches how the panels are tilted and what
shades them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from voltaire.api.regionalcluster import Location
from voltaire.api.values import Series
from voltaire.forecast.forecaster import Forecaster
from voltaire.forecast.grid import Floats, seconds_since_1970
from voltaire.forecast.meter import Quarters
from voltaire.forecast.sun import heights

LOW_SUN = 0.1
"""Sine of the elevation (six degrees) below which the power says little of the sky."""
UNKNOWN_CLEARNESS = 0.7
CLEAREST = 1.3
"""Panels that face the sun give more than its height says."""
HELD = timedelta(hours=1)
DAY = timedelta(days=1)


class SolarForecaster:
    """One plant of `peak_kw`. Without a location the power itself is learned: until a day of it is known the
    present power is held for an hour, and nothing is promised after it."""

    def __init__(self, peak_kw: float, location: Location | None) -> None:
        self.peak_kw, self.location = peak_kw, location
        self._quarters = Quarters()
        self._first: datetime | None = None
        self._now_kw = 0.0
        ceiling = peak_kw if location is None else CLEAREST
        self._forecaster = Forecaster(ceiling=ceiling)

    def observe(self, time: datetime, power_kw: float) -> None:
        """A reading."""
        quarter = self._quarters.take(time, power_kw)
        if quarter is not None:
            self._first, self._now_kw = self._first or time, power_kw
            self.learn(quarter)

    def learn(self, power_kw: Series) -> None:
        """What occurred, kW."""
        self._first = min(self._first or power_kw.start, power_kw.start)
        self._forecaster.learn(power_kw if self.location is None else self._clearness(power_kw))

    def outlook(self, start: datetime, step: timedelta, count: int) -> tuple[float, ...]:
        """Expected power, kW, for `count` steps from `start`."""
        expected = self._forecaster.predict(start, step, count)
        if self.location is None:
            if self._first is None or start - self._first < DAY:
                expected = np.where(np.arange(count) <= HELD // step, self._now_kw, 0.0)
        else:
            clearness = np.where(np.isnan(expected), UNKNOWN_CLEARNESS, expected)
            expected = self.peak_kw * clearness * heights(self.location, _middles(start, step, count))
        return tuple(np.clip(expected, 0.0, self.peak_kw).tolist())

    def _clearness(self, power_kw: Series) -> Series:
        """Power over what the sun's height allows; a gap where the sun is too low to tell."""
        assert self.location is not None  # noqa: S101  (told to mypy)
        sun = heights(self.location, _middles(power_kw.start, power_kw.step, len(power_kw.values)))
        values = (
            None if value is None or height <= LOW_SUN else value / (self.peak_kw * height)
            for value, height in zip(power_kw.values, sun.tolist(), strict=True)
        )
        return Series(power_kw.start, power_kw.step, tuple(values))


def _middles(start: datetime, step: timedelta, count: int) -> Floats:
    """Seconds since 1970 at the middle of each step."""
    return np.asarray(seconds_since_1970(start) + (np.arange(count) + 0.5) * step.total_seconds())
