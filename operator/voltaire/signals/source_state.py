"""One source of a zone: its last answer, and how it has been doing."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from voltaire import metrics
from voltaire.api.gridzone import GridZoneSpec
from voltaire.api.values import SourceHealth
from voltaire.signals.carbon.samples import PAST, Answer, CarbonSource, Sample, screen
from voltaire.signals.errors import (
    DataError,
    Disputed,
    Held,
    Implausible,
    NoData,
    RateLimited,
    SignalError,
    Stale,
    TimedOut,
    WrongBasis,
)
from voltaire.signals.manner import Manner, new_step, phase
from voltaire.signals.scrutiny import Known, Scrutiny

Monotonic = Callable[[], float]
MAX_MESSAGE = 1024
# Below this difference sources are never said to disagree, g/kWh.
AGREE_GRAMS = 20.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What another source says of now."""

    source: str
    grams_per_kwh: float


Ask = Callable[[], Awaitable[Opinion | None]]


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
    """Asks one source and remembers. `answer` is the last usable one, screened and scrutinised."""

    source: CarbonSource
    spec: GridZoneSpec
    timeout_seconds: float
    monotonic: Monotonic
    manner: Manner = field(default_factory=Manner)
    answer: Answer | None = None
    error: SignalError | None = None
    scrutiny: Scrutiny = field(default_factory=Scrutiny)
    _asked: datetime | None = None
    _last_success: datetime | None = None
    _refused: Counter[str] = field(default_factory=Counter)
    _refused_times: set[datetime] = field(default_factory=set)
    _not_before: float = 0.0

    def due(self, now: datetime) -> bool:
        """Whether there may be something new: a step of the provider's has begun, or the last answer is of
        no use now; and the provider does not want to be left alone."""
        if self.monotonic() < self._not_before:
            return False
        if self._asked is None or self.value(now) is None or self.error is not None:
            return True
        refresh, every = self.spec.refresh, self.manner.every
        return every <= refresh or new_step(
            self._asked, now, every, refresh, phase(self.spec.zone, self.spec.refresh)
        )

    async def ask(self, now: datetime, known: Known, opinion: Ask | None = None) -> Answer | None:
        """Ask, unless the provider wants to be left alone; the judged answer, usable or not, or None.

        `known`: what it said before and was believed; `opinion` asks another source.
        """
        if self.monotonic() < self._not_before:
            return None
        self._asked, judged = now, None
        try:
            async with asyncio.timeout(self.timeout_seconds):
                answer = await self.source.fetch(now)
            if answer.basis != self.spec.basis:
                raise WrongBasis(f"its values are {_words(answer)}, not what the zone's basis says")
            screened = screen(answer, self.spec.plausible)
            if self.manner.measured:
                screened = await self._scrutinised(screened, known, now, opinion)
            judged = screened
            self._count(judged, now)
            self._usable(judged, now)
        except Exception as error:
            self._failed(failure(error), counted=judged is not None)
            return judged
        if self.error is not None:
            _log.info("source recovered", zone=self.spec.zone, source=self.source.name)
        metrics.SIGNAL_ANSWERS.labels(self.spec.zone, self.source.name, "Used").inc()
        self.answer, self.error, self._last_success = judged, None, now
        return judged

    async def _scrutinised(self, answer: Answer, known: Known, now: datetime, opinion: Ask | None) -> Answer:
        """Held against its past, and against another source where that is wanted or would settle a doubt."""
        judged = self.scrutiny.judge(answer, known, now)
        check = self.spec.cross_check
        if opinion is None or (check is None and self.scrutiny.held is None):
            return judged
        other = await opinion()
        if other is None:
            return judged
        if self.scrutiny.held is not None:
            judged = self.scrutiny.judge(answer, known, now, other.grams_per_kwh)
        if check is not None:
            self._compare(usable(judged, now, self.spec.stale_after), other, check.tolerance)
        return judged

    def _compare(self, sample: Sample, other: Opinion, tolerance: float) -> None:
        """Raises Disputed when two sources are further apart than `tolerance` of the larger value."""
        mine, theirs = sample.grams_per_kwh or 0.0, other.grams_per_kwh
        if abs(mine - theirs) > max(AGREE_GRAMS, tolerance * max(mine, theirs)):
            raise Disputed(f"it says {mine:g} g/kWh, {other.source} says {theirs:g}: too far apart")

    def _usable(self, answer: Answer, now: datetime) -> None:
        """Raises what keeps every value of an answer from being used."""
        try:
            usable(answer, now, self.spec.stale_after)
        except Implausible as error:
            if self.scrutiny.held is not None:
                raise Held(str(error)) from None
            raise

    def value(self, now: datetime) -> Sample | None:
        """What may be used of it at `now`: while it works, its newest value until that is stale; while it
        fails, the value of its last answer for as long as its interval lasts (it is still right, and a
        change of source for a moment would only make workloads move); while it answers and is doubted, the
        value before until that is stale."""
        if self.answer is None:
            return None
        try:
            sample = usable(self.answer, now, self.spec.stale_after)
        except DataError:
            return None
        return sample if self.error is None or self.doubted or now < sample.end else None

    @property
    def doubted(self) -> bool:
        """Whether it answers, and what it says now waits to be confirmed."""
        return isinstance(self.error, Held | Disputed)

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
        held = self.scrutiny.held
        return SourceHealth(
            self.source.name,
            self.error is None,
            self._last_success,
            self._refused.total(),
            message[:MAX_MESSAGE],
            reason="" if self.error is None else self.error.reason,
            refusals=tuple(sorted(self._refused.items())),
            held_grams_per_kwh=None if held is None else held.grams_per_kwh,
            held_since=None if held is None else held.since,
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
        metrics.SIGNAL_ANSWERS.labels(self.spec.zone, self.source.name, error.reason).inc()
        if isinstance(error, RateLimited):
            self._not_before = self.monotonic() + error.retry_after_seconds
        if isinstance(error, DataError) and not counted:
            self._refuse(error.reason, 1)
        self.error = error

    def _count(self, answer: Answer, now: datetime) -> None:
        """Count refused values of the past, each once however often it comes again, and log the first."""
        refused = {sample.start: sample.refusal for sample in answer.past if sample.refusal}
        new = refused.keys() - self._refused_times
        self._refused_times = {time for time in self._refused_times if time > now - 2 * PAST} | refused.keys()
        if new:
            reason = Held.reason if self.scrutiny.held is not None else Implausible.reason
            self._refuse(reason, len(new))
            said = refused[max(new)]
            _log.warning("values refused", zone=self.spec.zone, source=self.source.name, said=said)

    def _refuse(self, reason: str, count: int) -> None:
        """Count what was refused, for the status and as a metric."""
        self._refused[reason] += count
        metrics.SIGNAL_REFUSED.labels(self.spec.zone, self.source.name, reason).inc(count)


def _words(answer: Answer) -> str:
    basis = answer.basis
    return f"{basis.signal}, {basis.boundary}, {basis.perspective}-based"
