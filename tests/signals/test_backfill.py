"""What occurred before the operator began to watch."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from tests.signals.builders import HERE, HOUR, NOW, StandingClock, answer, zone_spec
from voltaire.signals.backfill import DEPTH, PIECES, as_series
from voltaire.signals.carbon.samples import Answer, Sample
from voltaire.signals.errors import Malformed, NoData, RateLimited, SignalError, TimedOut, Unauthorized
from voltaire.signals.zone import ZoneWatcher

DAY = timedelta(days=1)


def level(time: datetime) -> float:
    """A day like every other."""
    return 100.0 + 10.0 * time.hour


@dataclass
class Remembering:
    """Gives the present value at every poll, and the past in pieces of `longest` unless told to fail."""

    longest: timedelta = 10 * DAY
    errors: list[SignalError] = field(default_factory=list)
    begins: datetime = NOW - timedelta(days=400)
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)
    name: str = "remembering[0]"

    async def fetch(self, now: datetime) -> Answer:
        hour = now.replace(minute=0)
        return answer(hour - 23 * HOUR, *(level(hour - (23 - i) * HOUR) for i in range(24)))

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        self.asked.append((start, end))
        if self.errors:
            raise self.errors.pop(0)
        first = max(start, self.begins).replace(minute=0)
        hours = max(0, (end - first) // HOUR)
        return tuple(
            Sample(first + i * HOUR, first + (i + 1) * HOUR, level(first + i * HOUR)) for i in range(hours)
        )


def watching(source: Remembering) -> tuple[ZoneWatcher, StandingClock]:
    clock = StandingClock()
    return ZoneWatcher(zone_spec(), [source], clock), clock


async def test_four_weeks_are_asked_for_newest_first_in_pieces_the_source_gives_at_once() -> None:
    source = Remembering()
    watcher, _ = watching(source)
    await watcher.poll()
    assert await watcher.backfill()
    begun = HERE - 23 * HOUR
    assert source.asked == [
        (begun - 10 * DAY, begun),
        (begun - 20 * DAY, begun - 10 * DAY),
        (NOW - DEPTH, begun - 20 * DAY),
    ]
    assert not await watcher.backfill()
    assert len(source.asked) == 3


async def test_after_it_errors_and_the_shape_of_the_day_are_known() -> None:
    watcher, _ = watching(Remembering())
    before = await watcher.poll()
    await watcher.backfill()
    signal = await watcher.poll()
    assert signal.forecast is not None
    assert signal.forecast_error is not None
    assert len(signal.forecast_error) == 48
    assert signal.forecast_error[23] < 0.05
    assert max(abs(signal.forecast.at(NOW + i * HOUR) - level(NOW + i * HOUR)) for i in range(1, 48)) < 5.0
    assert before.forecast_error is None or len(before.forecast_error) < 48


async def test_what_is_billed_reaches_back_eight_days_at_once() -> None:
    watcher, _ = watching(Remembering())
    await watcher.poll()
    await watcher.backfill()
    signal = await watcher.poll()
    assert signal.history is not None
    assert signal.history.at(NOW - 7 * DAY) == level(NOW - 7 * DAY)


async def test_only_a_few_pieces_are_asked_for_at_once() -> None:
    source = Remembering(longest=DAY)
    watcher, _ = watching(source)
    await watcher.poll()
    for round_ in range(1, 4):
        assert await watcher.backfill()
        assert len(source.asked) == round_ * PIECES


@pytest.mark.parametrize("error", [Unauthorized("no", 403), NoData("none"), Malformed("?")])
async def test_a_source_that_refuses_is_left_alone(error: SignalError) -> None:
    source = Remembering(errors=[error])
    watcher, clock = watching(source)
    await watcher.poll()
    assert not await watcher.backfill()
    clock.time += 2 * DAY
    await watcher.poll()
    assert not await watcher.backfill()
    assert len(source.asked) == 1
    assert (await watcher.poll()).fresh


async def test_passing_trouble_is_tried_again_after_an_hour_and_a_rate_limit_when_it_says() -> None:
    source = Remembering(errors=[TimedOut("slow"), RateLimited("often", 7200.0)])
    watcher, clock = watching(source)
    await watcher.poll()
    for minutes, asked in ((0, 1), (59, 1), (1, 2), (90, 2), (31, 5)):
        clock.time += timedelta(minutes=minutes)
        await watcher.poll()
        await watcher.backfill()
        assert len(source.asked) == asked, minutes


async def test_a_past_that_begins_later_ends_the_search() -> None:
    source = Remembering(begins=NOW - 12 * DAY)
    watcher, _ = watching(source)
    await watcher.poll()
    await watcher.backfill()
    assert not await watcher.backfill()


async def test_absurd_values_of_the_past_are_refused() -> None:
    class Absurd(Remembering):
        async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
            return (*await super().occurred(start, end - HOUR), Sample(end - HOUR, end, 90_000.0))

    watcher, _ = watching(Absurd())
    await watcher.poll()
    await watcher.backfill()
    signal = await watcher.poll()
    assert signal.history is not None
    assert max(value for value in signal.history.values if value is not None) < 1000


async def test_nothing_is_asked_before_a_value_is_known() -> None:
    source = Remembering()
    watcher, _ = watching(source)
    assert not await watcher.backfill()
    assert source.asked == []


def test_samples_of_several_lengths_make_one_series() -> None:
    quarter = timedelta(minutes=15)
    series = as_series(
        [
            Sample(HERE, HERE + HOUR, 1.0),
            Sample(HERE + 2 * HOUR, HERE + 2 * HOUR + quarter, 2.0),
            Sample(HERE + HOUR, HERE + 2 * HOUR, None, refusal="no"),
        ]
    )
    assert series is not None
    assert series.values == (1, 1, 1, 1, None, None, None, None, 2)
    assert as_series([Sample(HERE, HERE + HOUR, None)]) is None
