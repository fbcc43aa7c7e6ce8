"""Readings of a meter, as quarter-hour means that a forecaster learns from."""

from __future__ import annotations

from datetime import datetime, timedelta

from voltaire.api.values import Series
from voltaire.forecast.forecaster import Forecaster
from voltaire.forecast.grid import EPOCH, Floats

QUARTER = timedelta(minutes=15)


class Quarters:
    """The mean of the readings of each quarter of an hour; the present one as far as it has got."""

    def __init__(self) -> None:
        self._start: datetime | None = None
        self._sum, self._count = 0.0, 0

    def take(self, time: datetime, value: float) -> Series | None:
        """A reading; the quarter it belongs to. None for one older than the newest quarter."""
        start = EPOCH + (time - EPOCH) // QUARTER * QUARTER
        if self._start is not None and start < self._start:
            return None
        if start != self._start:
            self._start, self._sum, self._count = start, 0.0, 0
        self._sum, self._count = self._sum + value, self._count + 1
        return Series(start, QUARTER, (self._sum / self._count,))


class MeterForecaster:
    """What a meter is expected to read: a load, in kW, never negative."""

    def __init__(self) -> None:
        self._quarters = Quarters()
        self._forecaster = Forecaster()

    def observe(self, time: datetime, value: float) -> None:
        """A reading."""
        quarter = self._quarters.take(time, value)
        if quarter is not None:
            self._forecaster.learn(quarter)

    def outlook(self, start: datetime, step: timedelta, count: int) -> Floats:
        """Means over `count` steps from `start`; NaN before the first reading."""
        return self._forecaster.predict(start, step, count)
