"""Readings of a meter as quarter-hour means, for a forecaster to learn from."""

from __future__ import annotations

from datetime import datetime, timedelta

from voltaire.api.values import Series
from voltaire.forecast.grid import EPOCH

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
