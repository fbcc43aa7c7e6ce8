"""What one source says, held against what it said before: no source swings the fleet by itself.

A value is held back when it is further from the last one than the zone's past makes credible. It is believed
as soon as the next value in time agrees with it, another source does, it has stayed for an hour, or the
same has happened three times within a day: what is held back is held for a time, zero like any other value.
A source of which next to nothing is known yet is believed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from voltaire.signals.carbon.samples import HOUR, Answer, Sample
from voltaire.signals.credible import ENOUGH, Habits, frozen_for, rewritten
from voltaire.signals.errors import Frozen, Implausible

# How long a value is held back at most, and a past that was told anew is refused at most. A later value
# confirms the one before after CONFIRM at the earliest: what breaks a feed breaks the next minutes too.
HOLD, REFUSE_PAST, CONFIRM = HOUR, timedelta(hours=24), timedelta(minutes=15)
TIMES_A_DAY = 3

Known = Mapping[datetime, Sample]


@dataclass(frozen=True, slots=True)
class Jump:
    """A value that waits to be confirmed: `was` before it, held since `since`."""

    sample: Sample
    was: float
    since: datetime

    @property
    def grams_per_kwh(self) -> float:
        """The value."""
        return self.sample.grams_per_kwh or 0.0

    def __str__(self) -> str:
        return (
            f"{self.grams_per_kwh:g} g/kWh of {self.sample.start:%Y-%m-%dT%H:%MZ} after {self.was:g}: "
            f"a jump, held back until it is confirmed, {self.since + HOLD:%H:%MZ} at the latest"
        )


@dataclass(slots=True)
class Scrutiny:
    """Of one source. `hold`: how long a value is held back at most."""

    hold: timedelta = HOLD
    held: Jump | None = None
    _jumps: deque[tuple[datetime, float]] = field(default_factory=lambda: deque(maxlen=64))
    _since: dict[datetime, datetime] = field(default_factory=dict)
    _rewritten_since: datetime | None = None

    def judge(self, answer: Answer, known: Known, now: datetime, opinion: float | None = None) -> Answer:
        """The answer with what is held back refused, and without a forecast that does not join on.

        `known`: what this source said before and was believed. `opinion`: what another source says of now.
        Raises Implausible for a past that is not what it was, Frozen for a value that does not move.
        """
        self._check_past(answer, known, now)
        newest = _newest(answer.past)
        if newest is None:
            return answer
        stood = frozen_for(newest, {**known, **{s.start: s for s in answer.past}})
        if stood is not None:
            raise Frozen(f"{newest.grams_per_kwh:g} g/kWh for {stood} without a change: the feed is frozen")
        return self._judge_new(answer, newest, known, now, opinion)

    def _check_past(self, answer: Answer, known: Known, now: datetime) -> None:
        """Refuse a past that is told anew with values of another order: a change of unit or of zone."""
        ratio = rewritten(answer.past, known)
        if ratio is None:
            self._rewritten_since = None
            return
        self._rewritten_since = self._rewritten_since or now
        if now - self._rewritten_since < REFUSE_PAST:
            raise Implausible(
                f"it tells the past anew with {ratio:.3g} times the values it had: has the unit changed?"
            )

    def _judge_new(
        self, answer: Answer, newest: Sample, known: Known, now: datetime, opinion: float | None
    ) -> Answer:
        """Walk through what is new, in order of time."""
        begin = max((s.start for s in known.values()), default=newest.start)
        old = [s for s in answer.past if s.start < begin]
        trusted = {**{s.start: s for s in old if s.grams_per_kwh is not None}, **known}
        if not known and len(trusted) <= ENOUGH:
            return answer
        habits = Habits.of(trusted.values())
        refused: dict[datetime, float] = {}
        retold = {s.start for s in answer.past if s is not newest and _retold(s, known, habits)}
        last = max((s for s in trusted.values() if s.start <= begin), key=lambda s: s.start, default=None)
        for sample in answer.past:
            value = sample.grams_per_kwh
            if value is None or sample.start in retold or (sample.start <= begin and sample is not newest):
                continue
            limit = self._limit(sample, last, habits)
            stays = self._stays(sample, newest, now)
            if self._believes(sample, value, last, limit, now, opinion) or stays:
                refused = {start: other for start, other in refused.items() if abs(other - value) > limit}
                last, self.held = sample, None
            else:
                refused[sample.start] = value
        past = tuple(self._refuse(s) if s.start in refused.keys() | retold else s for s in answer.past)
        self._since = {start: since for start, since in self._since.items() if since > now - REFUSE_PAST}
        return self._join(replace(answer, past=past), last, habits)

    def _limit(self, sample: Sample, last: Sample | None, habits: Habits) -> float:
        """The largest credible change to `sample` from the last value."""
        if last is None or last.grams_per_kwh is None:
            return float("inf")
        return habits.limit(max(sample.start - last.start, sample.end - sample.start), last.grams_per_kwh)

    def _believes(
        self,
        sample: Sample,
        value: float,
        last: Sample | None,
        limit: float,
        now: datetime,
        opinion: float | None,
    ) -> bool:
        """Whether a value is credible after the last one, or confirmed; else it is held back."""
        was = None if last is None else last.grams_per_kwh
        if was is None or abs(value - was) <= limit:
            return True
        held = self.held
        later = held is not None and sample.start > held.sample.start and now - held.since >= CONFIRM
        if held is not None and later and abs(value - held.grams_per_kwh) <= limit:
            return True
        if opinion is not None and abs(value - opinion) <= limit:
            return True
        new = sample.start not in self._since
        since = self._since.setdefault(sample.start, now)
        if new and self._usual(abs(value - was), now):
            return True
        agrees = held is not None and abs(value - held.grams_per_kwh) <= limit
        self.held = Jump(sample, was, min(since, held.since) if held is not None and agrees else since)
        return False

    def _stays(self, sample: Sample, newest: Sample, now: datetime) -> bool:
        """Whether a value has been the newest for as long as one is held back."""
        since = self._since.get(sample.start)
        return since is not None and sample.start == newest.start and now - since >= self.hold

    def _usual(self, jump: float, now: datetime) -> bool:
        """Whether jumps like this one have come often enough within a day to be the grid's own."""
        recent = [size for when, size in self._jumps if now - when < timedelta(days=1)]
        self._jumps.append((now, jump))
        return sum(size >= jump / 2 for size in recent) >= TIMES_A_DAY

    def _refuse(self, sample: Sample) -> Sample:
        """A value that is held back is a gap."""
        text = f"{sample.grams_per_kwh:g} g/kWh: far from what was said of that time before"
        if self.held is not None and sample.start >= self.held.sample.start:
            text = str(self.held)
        return replace(sample, grams_per_kwh=None, refusal=text)

    def _join(self, answer: Answer, last: Sample | None, habits: Habits) -> Answer:
        """Drop a forecast whose first value is further from the present than is credible."""
        first = next((s for s in answer.forecast if s.grams_per_kwh is not None), None)
        if first is None or last is None or first.grams_per_kwh is None or last.grams_per_kwh is None:
            return answer
        lag = max(first.start - last.start, first.end - first.start)
        if abs(first.grams_per_kwh - last.grams_per_kwh) <= habits.limit(lag, last.grams_per_kwh):
            return answer
        note = (
            f"its forecast is refused: it begins at {first.grams_per_kwh:g} g/kWh, "
            f"the present is {last.grams_per_kwh:g}"
        )
        return replace(answer, forecast=(), notes=(*answer.notes, note))


def _retold(sample: Sample, known: Known, habits: Habits) -> bool:
    """Whether a value that was believed is told anew as something that is no revision."""
    before = known.get(sample.start)
    if before is None or before.grams_per_kwh is None or sample.grams_per_kwh is None:
        return False
    limit = habits.limit(sample.end - sample.start, before.grams_per_kwh)
    return abs(sample.grams_per_kwh - before.grams_per_kwh) > limit


def _newest(samples: tuple[Sample, ...]) -> Sample | None:
    """The newest with a value."""
    return next((sample for sample in reversed(samples) if sample.grams_per_kwh is not None), None)
