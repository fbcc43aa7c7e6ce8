"""Jumps, rewritten pasts, frozen feeds, second sources: what one source may not do by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import HERE, HOUR, Scripted, StandingClock, zone_spec
from voltaire import metrics
from voltaire.api.gridzone import Basis
from voltaire.api.values import ZoneSignal
from voltaire.signals.carbon.samples import Answer, Sample
from voltaire.signals.credible import Habits
from voltaire.signals.errors import ServerFailed
from voltaire.signals.manner import Manner
from voltaire.signals.zone import ZoneWatcher

DAY = [60, 62, 65, 61, 58, 55, 52, 50, 51, 54, 58, 63, 70, 74, 76, 73, 70, 66, 63, 61, 60, 59, 60, 61]
STEP = timedelta(minutes=5)


def hours(*values: float, last: Any = HERE, ahead: tuple[float, ...] = ()) -> Answer:
    """Hours of which the last begins at `last`, and a forecast after it."""
    first = last - (len(values) - 1) * HOUR
    samples = [Sample(first + i * HOUR, first + (i + 1) * HOUR, v) for i, v in enumerate((*values, *ahead))]
    return Answer(Basis(), tuple(samples[: len(values)]), tuple(samples[len(values) :]))


class Zone:
    """A watcher of sources that measure, polled step by step."""

    def __init__(self, *sources: Scripted, **spec: Any) -> None:
        self.clock = StandingClock(HERE + timedelta(minutes=2))
        self.sources = sources
        self.watcher = ZoneWatcher(zone_spec(**spec), sources, self.clock)

    async def poll(self, after: timedelta = STEP) -> ZoneSignal:
        self.clock.time += after
        return await self.watcher.poll()


async def after_a_day(*later: Answer | BaseException, second: Scripted | None = None, **spec: Any) -> Zone:
    """A zone that has seen a day of the first source."""
    first = Scripted(hours(*DAY), *later)
    zone = Zone(first, *([second] if second else []), **spec)
    assert (await zone.poll()).grams_per_kwh == DAY[-1]
    return zone


NEXT = HERE + HOUR


@pytest.mark.parametrize("value", [0, 0.5 * 61, 150, 900])
async def test_a_jump_is_held_back_counted_and_told_while_the_value_before_is_used(value: float) -> None:
    zone = await after_a_day(hours(*DAY, value, last=NEXT))
    signal = await zone.poll(HOUR)
    assert (signal.grams_per_kwh, signal.observed_at) == (DAY[-1], HERE)
    health = signal.sources[0]
    assert (health.held_grams_per_kwh, health.held_since) == (value, zone.clock.time)
    assert health.refusals == (("Held", 1),)
    assert "held back until it is confirmed" in health.message
    again = await zone.poll()
    assert (again.grams_per_kwh, again.sources[0].refused) == (DAY[-1], 1)


async def test_a_jump_is_believed_when_the_next_value_in_time_agrees() -> None:
    zone = await after_a_day(hours(*DAY, 200, last=NEXT), hours(*DAY, 200, 190, last=NEXT + HOUR))
    assert (await zone.poll(HOUR)).grams_per_kwh == DAY[-1]
    signal = await zone.poll(HOUR)
    assert signal.grams_per_kwh == 190
    assert signal.sources[0].held_grams_per_kwh is None
    assert signal.history is not None
    assert signal.history.at(NEXT) == 200


async def test_a_spike_that_is_over_stays_out_of_the_history() -> None:
    zone = await after_a_day(hours(*DAY, 900, last=NEXT), hours(*DAY, 900, 62, last=NEXT + HOUR))
    await zone.poll(HOUR)
    signal = await zone.poll(HOUR)
    assert (signal.grams_per_kwh, signal.sources[0].held_grams_per_kwh) == (62, None)
    assert signal.history is not None
    assert signal.history.at(NEXT) is None


@pytest.mark.parametrize("value", [0, 300])
async def test_what_stays_is_believed_after_an_hour_zero_too(value: float) -> None:
    zone = await after_a_day(hours(*DAY, value, last=NEXT))
    seen = [(await zone.poll(HOUR)).grams_per_kwh]
    seen += [(await zone.poll()).grams_per_kwh for _ in range(12)]
    assert seen == [DAY[-1]] * 12 + [value]


async def test_another_source_that_agrees_settles_it_at_once() -> None:
    second = Scripted(hours(310, last=NEXT), name="b[1]")
    zone = await after_a_day(hours(*DAY, 300, last=NEXT), second=second)
    assert second.asked == 0
    signal = await zone.poll(HOUR)
    assert (signal.grams_per_kwh, signal.source, second.asked) == (300, "scripted[0]", 1)


async def test_another_source_that_says_what_was_before_leaves_it_held() -> None:
    second = Scripted(hours(63, last=NEXT), name="b[1]")
    zone = await after_a_day(hours(*DAY, 300, last=NEXT), second=second)
    assert (await zone.poll(HOUR)).grams_per_kwh == DAY[-1]


async def test_a_jump_that_comes_a_fourth_time_within_a_day_is_the_grids_own() -> None:
    # Each time the past is told without the hour that jumped: nothing but the jumps themselves is known.
    zone = Zone(Scripted(hours(*DAY)))
    await zone.poll()
    seen = []
    for turn in range(1, 9):
        value = 300 if turn % 2 else 60
        zone.sources[0].outcomes = [hours(value, last=HERE + turn * HOUR)]
        seen.append((await zone.poll(HOUR)).grams_per_kwh)
    assert seen == [61, 60, 60, 60, 60, 60, 300, 60]


async def test_after_half_a_day_of_silence_any_plausible_value_is_believed() -> None:
    zone = await after_a_day(hours(900, last=HERE + 13 * HOUR))
    assert (await zone.poll(13 * HOUR)).grams_per_kwh == 900


async def test_a_past_told_anew_in_another_unit_is_refused_for_a_day_at_most() -> None:
    pounds = [value / 0.45359237 for value in DAY]
    zone = await after_a_day(hours(*pounds))
    refused = await zone.poll()
    assert (refused.grams_per_kwh, refused.sources[0].reason) == (DAY[-1], "Implausible")
    assert "has the unit changed?" in refused.sources[0].message
    zone.sources[0].outcomes = [hours(*pounds, last=HERE + 20 * HOUR)]
    assert (await zone.poll(20 * HOUR)).sources[0].reason == "Implausible"
    zone.sources[0].outcomes = [hours(*pounds, last=HERE + 25 * HOUR)]
    later = await zone.poll(5 * HOUR)
    assert later.grams_per_kwh == pytest.approx(pounds[-1])


async def test_a_revision_of_the_past_is_taken() -> None:
    zone = await after_a_day(hours(*[value * 1.2 for value in DAY]))
    signal = await zone.poll()
    assert signal.grams_per_kwh == pytest.approx(DAY[-1] * 1.2)


async def test_a_feed_that_stands_still_in_a_zone_that_never_does_is_frozen() -> None:
    zone = await after_a_day(*(hours(*DAY, *[61] * n, last=HERE + n * HOUR) for n in range(1, 8)))
    seen = [(await zone.poll(HOUR)) for _ in range(7)]
    assert [signal.sources[0].healthy for signal in seen] == [True] * 5 + [False] * 2
    assert "the feed is frozen" in seen[-1].sources[0].message
    assert (seen[-1].grams_per_kwh, seen[-1].reason) == (61, "LastKnown")
    zone.sources[0].outcomes = [hours(59, last=HERE + 8 * HOUR)]
    assert (await zone.poll(HOUR)).grams_per_kwh == 59


async def test_a_grid_without_emissions_may_stand_still() -> None:
    low = [9, 7, 5, 3, 2, 1, 0.5, 2, 4, 6, 8, 9] * 4
    basis = {"boundary": "direct"}
    answers = [hours(*low, *[0] * n, last=HERE + n * HOUR) for n in range(30)]
    zone = Zone(Scripted(*(Answer(Basis(boundary="direct"), a.past) for a in answers)), basis=basis)
    seen = [await zone.poll(HOUR if n else STEP) for n in range(30)]
    assert all(signal.sources[0].healthy for signal in seen)
    assert seen[-1].grams_per_kwh == 0


async def test_a_forecast_that_does_not_join_on_is_refused_and_replaced_by_our_own() -> None:
    zone = await after_a_day(hours(*DAY, ahead=(400, 410)))
    signal = await zone.poll()
    assert (signal.grams_per_kwh, signal.sources[0].healthy) == (61, True)
    assert "its forecast is refused" in signal.sources[0].message
    assert signal.forecast is not None
    assert max(value or 0 for value in signal.forecast.values) < 100


async def test_with_a_cross_check_sources_that_disagree_are_not_believed() -> None:
    second = Scripted(hours(63), hours(63), hours(120), name="b[1]")
    zone = await after_a_day(second=second, crossCheck={"tolerance": 0.3})
    assert second.asked == 1
    await zone.poll()
    signal = await zone.poll()
    assert (signal.reason, signal.grams_per_kwh, signal.sources[0].reason) == ("LastKnown", 61, "Disputed")
    assert "b[1] says 120" in signal.message
    zone.sources[0].outcomes = [ServerFailed("down")]
    assert (await zone.poll(4 * HOUR)).fresh is False


async def test_a_cross_check_without_a_second_value_leaves_the_first() -> None:
    zone = await after_a_day(second=Scripted(ServerFailed("down"), name="b[1]"), crossCheck={})
    assert (await zone.poll()).grams_per_kwh == 61


async def test_what_the_administrator_wrote_is_not_held_back() -> None:
    clock = StandingClock(HERE)
    source = Scripted(hours(*DAY), hours(*DAY, 900, last=NEXT))
    watcher = ZoneWatcher(zone_spec(), [source], clock, manners=[Manner(measured=False)])
    await watcher.poll()
    clock.time = NEXT
    assert (await watcher.poll()).grams_per_kwh == 900


async def test_refusals_are_counted_as_a_metric() -> None:
    def count() -> float:
        return metrics.SIGNAL_REFUSED.labels("FR", "scripted[0]", "Held")._value.get()

    before = count()
    zone = await after_a_day(hours(*DAY, 700, last=NEXT))
    await zone.poll(HOUR)
    await zone.poll()
    assert count() - before == 1


@given(st.lists(st.floats(0, 1500), min_size=2, max_size=60), st.integers(1, 12))
def test_a_change_that_was_seen_before_is_credible(values: list[float], lag: int) -> None:
    habits = Habits.of(hours(*values).past)
    for early, late in zip(values, values[lag:], strict=False):
        assert abs(late - early) <= habits.limit(lag * HOUR, early)
