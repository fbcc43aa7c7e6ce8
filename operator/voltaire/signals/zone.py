"""One signal per grid zone, out of its sources in order.

The first source that gives a believable, fresh value is used. What it says of the past becomes history, what
it expects becomes the forecast. When all fail, the last good value is used until it is stale; after that the
zone is unknown, and says why.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from voltaire.api.gridzone import GridZoneSpec
from voltaire.api.values import LeadError, Series, ZoneSignal
from voltaire.clock import Clock
from voltaire.signals.backfill import PIECES, Backfill, as_series
from voltaire.signals.carbon.samples import PAST, CarbonSource, Sample, screened
from voltaire.signals.forecasting import HORIZON, Outlook
from voltaire.signals.history import History
from voltaire.signals.manner import Manner, pause, phase
from voltaire.signals.source_state import MAX_MESSAGE, Ask, Monotonic, Opinion, SourceState, within

SOURCE_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The value in use: by which source, and whether that source still answers."""

    rank: int
    sample: Sample
    reason: str


class ZoneWatcher:
    """Watches one grid zone.

    `timeout_seconds` is wall-clock time a source gets; `horizon` how far the forecast reaches at least;
    `manners` how each source is treated.
    """

    def __init__(
        self,
        spec: GridZoneSpec,
        sources: Sequence[CarbonSource],
        clock: Clock,
        *,
        timeout_seconds: float = SOURCE_TIMEOUT_SECONDS,
        horizon: timedelta = HORIZON,
        monotonic: Monotonic = time.monotonic,
        manners: Sequence[Manner] = (),
    ) -> None:
        self._spec = spec
        self._clock = clock
        self._states = [
            SourceState(source, spec, timeout_seconds, monotonic, manner)
            for source, manner in zip(sources, manners or [Manner()] * len(sources), strict=True)
        ]
        self._history = History()
        self._outlook = Outlook(spec.plausible, horizon)
        self._backfill = Backfill(spec.zone, timeout_seconds)
        self._polled: datetime | None = None
        self._one_poll = asyncio.Lock()

    async def poll(self, force: bool = False) -> ZoneSignal:
        """The signal now. Sources are asked when `refresh` has passed since they were, or `force` is set;
        polls that overlap share one. Raises nothing but asyncio.CancelledError."""
        async with self._one_poll:
            now = self._clock.now()
            if force or not self._recently(now):
                self._polled = now
                await self._ask(now, force)
            return self._signal(now)

    def pause(self, now: datetime) -> timedelta:
        """How long to wait before the next poll, so that polls keep in step with the clock and those of many
        zones do not come at once."""
        return pause(now, self._spec.refresh, phase(self._spec.zone, self._spec.refresh))

    def remember(self, told: Sequence[LeadError], time: datetime) -> None:
        """Go on from the forecast errors that an earlier run told at `time`."""
        self._outlook.remember(told, time)

    async def backfill(self) -> bool:
        """Ask the source in use for some of what occurred before it was watched; whether anything came.
        Raises nothing but asyncio.CancelledError."""
        async with self._one_poll:
            now, learned = self._clock.now(), False
            for _ in range(PIECES):
                choice = choose(self._states, self._history, now, self._spec.stale_after)
                history = self._history.series(now)
                if choice is None or history is None or self._states[choice.rank].error is not None:
                    break
                source = self._states[choice.rank].source
                if not self._backfill.due(source, now):
                    break
                told = await self._backfill.piece(source, history.start, now)
                samples = [screened(s, self._spec.plausible, self._spec.basis.boundary) for s in told]
                self._history.merge(choice.rank, [s for s in samples if s.end > now - PAST])
                self._outlook.learn(as_series(samples), now)
                learned = learned or bool(samples)
            return learned

    def _recently(self, now: datetime) -> bool:
        """Whether the sources were asked within `refresh`; a clock that was set back asks again."""
        return self._polled is not None and within(now - self._polled, self._spec.refresh)

    async def _ask(self, now: datetime, force: bool) -> None:
        """Ask the sources in order until one has a usable value."""
        asked: set[int] = set()
        for rank, state in enumerate(self._states):
            if rank not in asked and (force or state.due(now)):
                await self._ask_one(rank, now, asked, self._opinion(rank, now, asked))
            if state.value(now) is not None:
                break
        self._history.prune(now)

    async def _ask_one(self, rank: int, now: datetime, asked: set[int], opinion: Ask | None = None) -> None:
        """Ask one source; what it says of the past becomes history."""
        asked.add(rank)
        answer = await self._states[rank].ask(now, self._history.known(rank), opinion)
        if answer is not None:
            self._history.merge(rank, answer.past)

    def _opinion(self, rank: int, now: datetime, asked: set[int]) -> Ask:
        """How a source's value can be checked: by the next one that measures and has a value."""

        async def ask() -> Opinion | None:
            for other in range(rank + 1, len(self._states)):
                state = self._states[other]
                if not state.manner.measured:
                    continue
                if other not in asked and state.due(now):
                    await self._ask_one(other, now, asked)
                sample = state.value(now)
                if sample is not None and sample.grams_per_kwh is not None and state.error is None:
                    return Opinion(state.source.name, sample.grams_per_kwh)
            return None

        return ask

    def _signal(self, now: datetime) -> ZoneSignal:
        """What is known at `now`, without asking anybody."""
        history = self._history.series(now)
        choice = choose(self._states, self._history, now, self._spec.stale_after)
        self._outlook.learn(history, now)
        forecast = None if choice is None else self._forecast(choice, now)
        reason, message = explain(self._states, choice)
        return ZoneSignal(
            zone=self._spec.zone,
            basis=self._spec.basis,
            grams_per_kwh=None if choice is None else choice.sample.grams_per_kwh,
            observed_at=None if choice is None else choice.sample.start,
            source=None if choice is None else self._states[choice.rank].source.name,
            history=history,
            forecast=forecast,
            sources=tuple(state.health() for state in self._states),
            reason=reason,
            message=message,
            forecast_error=self._outlook.error,
            forecast_errors=self._outlook.errors,
            estimated=choice is not None and choice.sample.estimated,
        )

    def _forecast(self, choice: Choice, now: datetime) -> Series:
        """From the step that holds `now` on."""
        answer = self._states[choice.rank].answer
        return self._outlook.expect(choice.sample, () if answer is None else answer.forecast, now)


def choose(
    states: Sequence[SourceState], history: History, now: datetime, stale_after: timedelta
) -> Choice | None:
    """The value to use: of the first source that has one, else the last good one that is not stale."""
    for rank, state in enumerate(states):
        sample = state.value(now)
        if sample is not None:
            reason = "LastKnown" if state.doubted else "Observed" if rank == 0 else "Fallback"
            return Choice(rank, sample, reason)
    known = history.latest(now)
    if known is not None and now - known[1].end <= stale_after:
        return Choice(*known, "LastKnown")
    return None


def explain(states: Sequence[SourceState], choice: Choice | None) -> tuple[str, str]:
    """Reason and message of the signal: which source is used, and what is wrong with those before it."""
    failed = states if choice is None or choice.reason == "LastKnown" else states[: choice.rank + 1]
    troubles = "; ".join(f"{s.source.name}: {s.error}" for s in failed if s.error is not None)
    if choice is None:
        first = next((state.error for state in states if state.error is not None), None)
        reason = "NoData" if first is None else first.reason
        return reason, (troubles or "no source has given a value yet")[:MAX_MESSAGE]
    estimated = ", an estimate" if choice.sample.estimated else ""
    used = (
        f"{choice.sample.grams_per_kwh:g} g/kWh of {choice.sample.start:%Y-%m-%dT%H:%MZ} "
        f"from {states[choice.rank].source.name}{estimated}"
    )
    return choice.reason, f"{used}; {troubles}"[:MAX_MESSAGE] if troubles else used
