"""One source of a zone: its last answer, and how it has been doing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from voltaire.api.gridzone import GridZoneSpec
from voltaire.api.values import SourceHealth
from voltaire.signals.carbon.samples import PAST, Answer, CarbonSource, Sample, screen
from voltaire.signals.errors import (
    DataError,
    Implausible,
    NoData,
    RateLimited,
    SignalError,
    Stale,
    TimedOut,
    WrongBasis,
)

Monotonic = Callable[[], float]
MAX_MESSAGE = 1024
_log = structlog.get_logger(__name__)


def usable(answer: Answer, now: datetime, stale_after: timedelta) -> Sample:
    """The newest value of a screened answer. A value holds for its interval and ages from its end.

    Raises NoData, Implausible (newer ones were refused), Stale.
    """
    begun = [sample for sample in answer.past if sample.start <= now]
    good = next((sample for sample in reversed(begun) if sample.grams_per_kwh is not None), None)
    if good is not None and now - good.end <= stale_after:
        return good
    newest = begun[-1] if begun else None
    if newest is None:
        raise NoData(f"there is no value for {now:%Y-%m-%dT%H:%MZ} or before")
    if newest.refusal:
        raise Implausible(newest.refusal)
    if good is None:
        raise NoData(f"there is no value from {begun[0].start:%Y-%m-%dT%H:%MZ} on")
    raise Stale(f"the newest value ended at {good.end:%Y-%m-%dT%H:%MZ}, more than {stale_after} ago")


def failure(error: Exception) -> SignalError:
    """Any exception as a SignalError; what is not one is a defect or a surprise, told by its type alone."""
    if isinstance(error, SignalError):
        return error
    if isinstance(error, TimeoutError):
        return TimedOut("gave no answer in time")
    return SignalError(f"failed unexpectedly: {type(error).__name__}")


def within(elapsed: timedelta, refresh: timedelta) -> bool:
    """Whether it is too early to ask again. Five percent of slack: a caller that sleeps for `refresh` between
    polls must not find itself a millisecond early and wait twice as long."""
    return timedelta(0) <= elapsed < refresh * 0.95


@dataclass(slots=True)
class SourceState:
    """Asks one source and remembers. `answer` is the last usable one, screened."""

    source: CarbonSource
    spec: GridZoneSpec
    timeout_seconds: float
    monotonic: Monotonic
    answer: Answer | None = None
    error: SignalError | None = None
    _last_success: datetime | None = None
    _refused: int = 0
    _refused_times: set[datetime] = field(default_factory=set)
    _not_before: float = 0.0

    async def ask(self, now: datetime) -> Answer | None:
        """Ask, unless the provider wants to be left alone; the screened answer, usable or not, or None."""
        if self.monotonic() < self._not_before:
            return None
        screened = None
        try:
            async with asyncio.timeout(self.timeout_seconds):
                answer = await self.source.fetch(now)
            if answer.basis != self.spec.basis:
                raise WrongBasis(f"its values are {_words(answer)}, not what the zone's basis says")
            screened = screen(answer, self.spec.plausible)
            self._count(screened, now)
            usable(screened, now, self.spec.stale_after)
        except Exception as error:
            self._failed(failure(error), counted=screened is not None)
            return screened
        if self.error is not None:
            _log.info("source recovered", zone=self.spec.zone, source=self.source.name)
        self.answer, self.error, self._last_success = screened, None, now
        return screened

    def value(self, now: datetime) -> Sample | None:
        """What may be used of it at `now`: while it works, its newest value until that is stale; while it
        fails, the value of its last answer for as long as its interval lasts (it is still right, and a
        change of source for a moment would only make workloads move)."""
        if self.answer is None:
            return None
        try:
            sample = usable(self.answer, now, self.spec.stale_after)
        except DataError:
            return None
        return sample if self.error is None or now < sample.end else None

    def health(self) -> SourceHealth:
        """For the zone's status."""
        if self.error is not None:
            message = str(self.error)
        elif self.answer is None:
            message = "not asked yet"
        else:
            refusals = [sample.refusal for sample in self.answer.past if sample.refusal]
            notes = [*self.answer.notes, *(f"refused: {text}" for text in refusals[-1:])]
            message = "; ".join(notes)
        return SourceHealth(
            self.source.name, self.error is None, self._last_success, self._refused, message[:MAX_MESSAGE]
        )

    def _failed(self, error: SignalError, *, counted: bool) -> None:
        """Remember the failure; an answer refused as a whole counts as one refused value."""
        if self.error is None or self.error.reason != error.reason:
            _log.warning(
                "source failed",
                zone=self.spec.zone,
                source=self.source.name,
                reason=error.reason,
                error=str(error),
            )
        if isinstance(error, RateLimited):
            self._not_before = self.monotonic() + error.retry_after_seconds
        if isinstance(error, DataError) and not counted:
            self._refused += 1
        self.error = error

    def _count(self, answer: Answer, now: datetime) -> None:
        """Count refused values of the past, each once however often it comes again."""
        refused = {sample.start for sample in answer.past if sample.refusal}
        self._refused += len(refused - self._refused_times)
        self._refused_times = {time for time in self._refused_times if time > now - 2 * PAST} | refused


def _words(answer: Answer) -> str:
    basis = answer.basis
    return f"{basis.signal}, {basis.boundary}, {basis.perspective}-based"
