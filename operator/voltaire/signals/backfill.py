"""What occurred before the operator began to watch, asked for once, so that forecasts and their errors mean
something from the start.

Newest first, in pieces as long as the source gives at once, a few at a time: a start of the operator is no
burst of requests. A source that refuses, or has nothing that far back, is not asked again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from voltaire.api.values import Series
from voltaire.signals.carbon.samples import HOUR, CarbonSource, PastSource, Sample
from voltaire.signals.errors import FetchError, NotFound, RateLimited, Rejected, Unauthorized

DEPTH = timedelta(days=28)
"""Four weeks: as much as the forecaster's shapes reach back."""
PIECES = 4
PAUSE, LONGEST_PAUSE = HOUR, 24 * HOUR
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Backfill:
    """Walks back through the past of one zone. `reached`: from when on everything was asked for."""

    zone: str
    timeout_seconds: float
    reached: datetime | None = None
    _gave_up: set[str] = field(default_factory=set)
    _not_before: datetime | None = None

    def due(self, source: CarbonSource, now: datetime) -> bool:
        """Whether there is something left to ask this source for."""
        # The upper bound: a clock that was set back does not end it.
        waiting = self._not_before is not None and timedelta(0) < self._not_before - now <= LONGEST_PAUSE
        done = self.reached is not None and self.reached <= now - DEPTH
        return isinstance(source, PastSource) and not (waiting or done or source.name in self._gave_up)

    async def piece(self, source: CarbonSource, known_from: datetime, now: datetime) -> tuple[Sample, ...]:
        """The piece before the earliest time asked for so far, nothing when it cannot be had."""
        assert isinstance(source, PastSource)  # noqa: S101  (`due` has looked)
        end = min(known_from, self.reached or known_from)
        start = max(end - source.longest, now - DEPTH)
        if start >= end:
            self.reached = start
            return ()
        try:
            async with asyncio.timeout(self.timeout_seconds):
                samples = await source.occurred(start, end)
        except Exception as error:
            self._failed(source, error, now)
            return ()
        self.reached = start
        return tuple(sample for sample in samples if start <= sample.start and sample.end <= end)

    def _failed(self, source: CarbonSource, error: Exception, now: datetime) -> None:
        """Wait, or give up: what is refused, absent or wrong stays so."""
        passing = isinstance(error, FetchError | TimeoutError) and not isinstance(
            error, Unauthorized | NotFound | Rejected
        )
        pause = PAUSE
        if isinstance(error, RateLimited):
            pause = max(pause, timedelta(seconds=error.retry_after_seconds))
        if passing:
            self._not_before = now + pause
        else:
            self._gave_up.add(source.name)
        _log.info(
            "no more of the past" if not passing else "no more of the past for now",
            zone=self.zone,
            source=source.name,
            error=str(error) or type(error).__name__,
        )


def as_series(samples: Sequence[Sample]) -> Series | None:
    """Samples on the grid of the shortest of them; None without a value."""
    known = [sample for sample in samples if sample.grams_per_kwh is not None]
    if not known:
        return None
    step = min(sample.end - sample.start for sample in known)
    start = min(sample.start for sample in known)
    values: list[float | None] = [None] * -((start - max(sample.end for sample in known)) // step)
    for sample in known:
        first, last = (sample.start - start) // step, -((start - sample.end) // step)
        values[first:last] = [sample.grams_per_kwh] * (last - first)
    return Series(start, step, tuple(values))
