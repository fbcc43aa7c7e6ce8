"""When zones are polled, and when a source has something new."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.signals.builders import HERE, HOUR, Scripted, StandingClock, answer, zone_spec
from voltaire.signals.errors import ServerFailed
from voltaire.signals.manner import SPREAD, Manner, pause, phase
from voltaire.signals.zone import ZoneWatcher

FIVE = timedelta(minutes=5)


def test_zones_are_polled_at_moments_of_their_own_that_stay() -> None:
    phases = {phase(f"ZONE-{i}", FIVE) for i in range(200)}
    assert len(phases) > 150
    assert all(timedelta(0) <= moment <= SPREAD for moment in phases)
    assert max(phases) - min(phases) > timedelta(seconds=50)
    assert phase("FR", FIVE) == phase("FR", FIVE)


@pytest.mark.parametrize("start", [0, 7, 151, 299])
def test_polls_fall_into_step_within_a_few_turns_and_are_never_early(start: int) -> None:
    now, offset = HERE + timedelta(seconds=start), timedelta(seconds=40)
    for _ in range(5):
        wait = pause(now, FIVE, offset)
        assert FIVE * 0.95 <= wait <= FIVE * 1.25
        now += wait
    assert (now - HERE - offset) % FIVE <= timedelta(seconds=15)


async def asked(every: timedelta, minutes: int, *outcomes: Any) -> int:
    """How often a source is asked in so many minutes of polls every five."""
    clock = StandingClock(HERE + timedelta(minutes=2))
    source = Scripted(*outcomes)
    watcher = ZoneWatcher(zone_spec(), [source], clock, manners=[Manner(every)])
    for _ in range(minutes // 5):
        await watcher.poll()
        clock.time += FIVE
    return source.asked


@pytest.mark.parametrize(("every", "times"), [(5, 12), (15, 4), (30, 2), (0, 12)])
async def test_a_source_is_asked_as_often_as_it_has_something_new(every: int, times: int) -> None:
    assert await asked(timedelta(minutes=every), 60, answer(HERE, 7)) in (times, times + 1)


async def test_a_source_that_failed_is_asked_at_the_next_refresh() -> None:
    good = answer(HERE, 7)
    assert await asked(timedelta(minutes=30), 30, ServerFailed("x"), ServerFailed("x"), good) == 3
    assert await asked(timedelta(minutes=30), 60, good, ServerFailed("x")) == 7


async def test_a_value_that_grew_stale_is_asked_for_before_its_turn() -> None:
    clock = StandingClock(HERE)
    source = Scripted(answer(HERE - 2 * HOUR, 7), answer(HERE, 8))
    spec = zone_spec(staleAfter="61m")
    watcher = ZoneWatcher(spec, [source], clock, manners=[Manner(timedelta(days=1))])
    assert (await watcher.poll()).grams_per_kwh == 7
    clock.time += FIVE
    assert (await watcher.poll()).grams_per_kwh == 8
