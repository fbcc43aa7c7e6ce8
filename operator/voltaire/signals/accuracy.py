"""How wrong the forecasts of a zone have been, by lead time, and how far the provider's is to be trusted.

Once an hour what is expected of the coming hours is noted with the hour it was issued in: what was published,
what the provider said and what our own forecaster said. When an hour is over and known it is compared with
all that. Recent comparisons count more: half after ten days.

From the same pairs follows how the two forecasts are best combined at each lead,

    f = provider + share * (own - provider),   share = sum(d * e) / sum(d * d) * n / (n + 100)

with d = own - provider, e = actual - provider, n comparisons: the least-squares combination (Granger and
Ramanathan, Improved Methods of Combining Forecasts, 1984), shrunk towards the provider's alone and kept
between 0 and 1. A provider that is good is left as it is; one that is worse than our own gives way to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from voltaire.api.values import LeadError, Series
from voltaire.forecast.experts import LEADS
from voltaire.forecast.grid import Floats
from voltaire.forecast.learning import RECENT
from voltaire.signals.carbon.samples import HOUR

TOLD_LEADS = (*range(1, 25), 30, 36, 42, 48)
"""Leads in hours that a zone's status tells."""
ENOUGH = 24.0
"""Comparisons at a lead before its error counts as known."""
PROVIDER_HOURS = 100.0
"""The provider's forecast alone counts as much as so many comparisons."""
_WAIT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected from `start` on: what is published, and of what that is made. Equal steps."""

    published: Series
    provider: Series
    own: Series


@dataclass(slots=True)
class Track:
    """Errors of one forecast by lead: sums that fade."""

    error: Floats = field(default_factory=lambda: np.zeros(LEADS))
    actual: Floats = field(default_factory=lambda: np.zeros(LEADS))
    count: Floats = field(default_factory=lambda: np.zeros(LEADS))

    def fade(self, hours: float) -> None:
        """Time passes."""
        self.error *= RECENT**hours
        self.actual *= RECENT**hours
        self.count *= RECENT**hours

    def add(self, lead: int, expected: float, actual: float) -> None:
        """One comparison at a lead of so many hours."""
        self.error[lead - 1] += abs(expected - actual)
        self.actual[lead - 1] += actual
        self.count[lead - 1] += 1.0

    def share(self, lead: int) -> float | None:
        """Mean absolute error over mean value; None before a comparison and where nothing was emitted."""
        actual = self.actual[lead - 1]
        return float(self.error[lead - 1] / actual) if actual > 0 else None


@dataclass(slots=True)
class ForecastErrors:
    """`note` what is expected, `settle` it with what occurred."""

    _noted: datetime | None = None
    _settled: datetime | None = None
    _pending: dict[datetime, list[tuple[int, float, float | None, float | None]]] = field(
        default_factory=dict
    )
    _published: Track = field(default_factory=Track)
    _provider: Track = field(default_factory=Track)
    _own: Track = field(default_factory=Track)
    _moment: Floats = field(default_factory=lambda: np.zeros(LEADS))
    _square: Floats = field(default_factory=lambda: np.zeros(LEADS))

    def note(self, expected: Expected, now: datetime) -> None:
        """Remember what is said of the coming hours, once an hour."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour == self._noted:
            return
        self._noted = hour
        first = hour + HOUR
        rows = (s.resample(first, HOUR, LEADS) for s in (expected.published, expected.provider, expected.own))
        for lead, (published, provider, own) in enumerate(zip(*rows, strict=True), 1):
            if published is not None:
                said = (lead, published, provider, own)
                self._pending.setdefault(hour + lead * HOUR, []).append(said)

    def settle(self, history: Series | None, now: datetime) -> None:
        """Compare what was expected of every hour that is over with what occurred."""
        for start in sorted(t for t in self._pending if t + HOUR <= now):
            actual = history.mean(start, start + HOUR) if history is not None else None
            if actual is not None:
                self._fade(start)
                for lead, published, provider, own in self._pending.pop(start):
                    self._compare(lead, actual, published, provider, own)
            elif start + _WAIT < now:
                del self._pending[start]

    def remember(self, told: Sequence[LeadError], time: datetime) -> None:
        """Go on from what an earlier run told at `time`, unless this one has compared something already.

        Errors and shares are told at some leads; between them they are linear. They are taken up as if every
        hour had had the same value, which keeps shares, errors and their weight.
        """
        if self._settled is not None or not told:
            return
        self._settled = time
        leads = [error.lead_hours for error in told]
        count = _between(leads, [float(error.comparisons) for error in told])
        for track, shares in (
            (self._published, [error.used for error in told]),
            (self._provider, [error.provider for error in told]),
            (self._own, [error.own for error in told]),
        ):
            known = _between(leads, shares)
            track.count = np.where(np.isnan(known), 0.0, count)
            track.actual, track.error = track.count.copy(), np.nan_to_num(known) * track.count
        own_share = _between(leads, [error.own_share for error in told])
        weight = self._provider.count
        self._square = weight.copy()
        self._moment = own_share * (weight + PROVIDER_HOURS)

    def own_share(self) -> Floats:
        """Share of our own forecast in the combination, by lead hour, 0 to 1."""
        count = self._provider.count
        with np.errstate(invalid="ignore", divide="ignore"):
            best = np.where(self._square > 0, self._moment / self._square, 0.0)
        shares: Floats = np.clip(best, 0.0, 1.0) * count / (count + PROVIDER_HOURS)
        return shares

    def expected_error(self, backtest: Sequence[float | None]) -> tuple[float, ...] | None:
        """Mean absolute error over mean value of what is published, by lead hour; the last holds beyond.

        Where too few comparisons are made the error of our own forecaster in its backtest stands in. None
        while neither says anything.
        """
        errors: list[float] = []
        for lead in range(1, LEADS + 1):
            seen = self._published.share(lead)
            stands_in = backtest[lead - 1]
            if seen is None or (self._published.count[lead - 1] < ENOUGH and stands_in is not None):
                seen = stands_in
            if seen is None:
                break
            errors.append(seen)
        return tuple(errors) or None

    def told(self, backtest: Sequence[float | None]) -> tuple[LeadError, ...]:
        """For people, by lead; `own` is that of the backtest until forecasts were compared."""
        shares = self.own_share()
        told = []
        for lead in TOLD_LEADS:
            enough = self._own.count[lead - 1] >= ENOUGH
            own = self._own.share(lead) if enough else backtest[lead - 1]
            used, provider = self._published.share(lead), self._provider.share(lead)
            if (used, provider, own) != (None, None, None):
                count = round(float(self._published.count[lead - 1]))
                told.append(LeadError(lead, used, provider, own, float(shares[lead - 1]), count))
        return tuple(told)

    def _fade(self, start: datetime) -> None:
        hours = 0.0 if self._settled is None else max(0.0, (start - self._settled) / HOUR)
        self._settled = max(start, self._settled or start)
        for track in (self._published, self._provider, self._own):
            track.fade(hours)
        self._moment *= RECENT**hours
        self._square *= RECENT**hours

    def _compare(
        self, lead: int, actual: float, published: float, provider: float | None, own: float | None
    ) -> None:
        self._published.add(lead, published, actual)
        if own is not None:
            self._own.add(lead, own, actual)
        if provider is not None:
            self._provider.add(lead, provider, actual)
        if provider is not None and own is not None:
            self._moment[lead - 1] += (own - provider) * (actual - provider)
            self._square[lead - 1] += (own - provider) ** 2


def _between(leads: Sequence[int], values: Sequence[float | None]) -> Floats:
    """Values at some leads as values at every lead: linear between known ones, NaN without any."""
    known = [(lead, value) for lead, value in zip(leads, values, strict=True) if value is not None]
    if not known:
        return np.full(LEADS, np.nan)
    at, what = zip(*known, strict=True)
    return np.asarray(np.interp(np.arange(1, LEADS + 1), at, what))
