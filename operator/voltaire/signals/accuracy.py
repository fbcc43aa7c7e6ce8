"""How wrong the forecasts of a zone have been."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voltaire.api.values import Series
from voltaire.signals.carbon.samples import HOUR

LEADS = 24
_WEEK_OF_PAIRS = 7 * 24 * LEADS
_WAIT = timedelta(days=2)


@dataclass(slots=True)
class ForecastErrors:
    """Mean absolute error over the leads of 1 to 24 hours of the last week, as a share of the mean.

    Once an hour the means expected for the next 24 hours are noted; when an hour is over and known, it is
    compared with everything that was said of it.
    """

    _noted: datetime | None = None
    _pending: dict[datetime, list[float]] = field(default_factory=dict)
    _pairs: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=_WEEK_OF_PAIRS))

    def note(self, forecast: Series, now: datetime) -> None:
        """Remember what `forecast` says of the coming hours, once an hour."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour == self._noted:
            return
        self._noted = hour
        for lead in range(1, LEADS + 1):
            start = hour + lead * HOUR
            mean = forecast.mean(start, start + HOUR)
            if mean is not None:
                self._pending.setdefault(start, []).append(mean)

    def settle(self, history: Series | None, now: datetime) -> None:
        """Compare what was expected of every hour that is over with what occurred."""
        for start in [t for t in self._pending if t + HOUR <= now]:
            actual = history.mean(start, start + HOUR) if history is not None else None
            if actual is not None:
                self._pairs.extend((expected, actual) for expected in self._pending.pop(start))
            elif start + _WAIT < now:
                del self._pending[start]

    @property
    def share(self) -> float | None:
        """Sum of absolute errors over sum of what occurred; None before the first comparison, and where
        nothing was emitted."""
        total = sum(actual for _, actual in self._pairs)
        if total <= 0:
            return None
        return sum(abs(expected - actual) for expected, actual in self._pairs) / total
