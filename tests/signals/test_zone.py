"""One signal out of several sources: order, freshness, holding, refusals, never an exception."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.signals.builders import HERE, HOUR, NOW, Scripted, StandingClock, answer, zone_spec
from voltaire.api.gridzone import Basis
from voltaire.signals.carbon.samples import Answer, CarbonSource, Sample
from voltaire.signals.carbon.static import Static
from voltaire.signals.errors import NotFound, RateLimited, ServerFailed, Unauthorized
from voltaire.signals.zone import ZoneWatcher


class Hung:
    """A source that never answers."""

    name = "hung[0]"

    async def fetch(self, _now: object) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError


def watcher(*sources: CarbonSource, clock: StandingClock | None = None, **options: Any) -> ZoneWatcher:
    spec = zone_spec(**options.pop("spec", {}))
    return ZoneWatcher(spec, sources, clock or StandingClock(), **options)


async def test_the_first_source_with_a_value_is_used_and_later_ones_are_not_asked() -> None:
    second = Scripted(answer(HERE, 7), name="b[1]")
    signal = await watcher(Scripted(answer(HERE - HOUR, 40, 50, 60, ahead=1)), second).poll()
    assert (signal.grams_per_kwh, signal.observed_at, signal.source) == (50, HERE, "scripted[0]")
    assert (signal.reason, signal.fresh, second.asked) == ("Observed", True, 0)
    assert signal.history is not None
    assert signal.history.values == (40, 50)
    assert signal.forecast is not None
    assert signal.forecast.values[:2] == (50, 60)
    assert signal.sources[1].message == "not asked yet"


async def test_zero_is_used_like_any_other_value() -> None:
    signal = await watcher(Scripted(answer(HERE, 0)), Scripted(answer(HERE, 7))).poll()
    assert (signal.grams_per_kwh, signal.fresh) == (0, True)


async def test_a_failing_source_falls_back_to_the_next_and_says_why() -> None:
    signal = await watcher(
        Scripted(Unauthorized("the key is wrong")), Scripted(answer(HERE, 7), name="b[1]")
    ).poll()
    assert (signal.grams_per_kwh, signal.source, signal.reason) == (7, "b[1]", "Fallback")
    assert "scripted[0]: the key is wrong" in signal.message
    assert (signal.sources[0].healthy, signal.sources[1].healthy) == (False, True)


async def test_a_hung_source_times_out_and_the_next_is_used() -> None:
    signal = await watcher(Hung(), Scripted(answer(HERE, 7)), timeout_seconds=0.01).poll()
    assert signal.grams_per_kwh == 7
    assert "gave no answer in time" in signal.sources[0].message


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("secret"), RecursionError(), OSError()])
async def test_a_defect_in_a_source_is_a_failure_and_not_an_exception(error: Exception) -> None:
    signal = await watcher(Scripted(error)).poll()
    assert (signal.fresh, signal.reason) == (False, "SignalFailed")
    assert type(error).__name__ in signal.message
    assert "secret" not in signal.message


async def test_cancelling_a_poll_is_passed_on_and_the_next_poll_works() -> None:
    slow = watcher(Hung(), timeout_seconds=60)
    task = asyncio.create_task(slow.poll())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    ready = await asyncio.wait_for(slow.poll(), 1)
    assert ready.reason == "NoData"


@pytest.mark.parametrize(
    "basis", [Basis(boundary="direct"), Basis(signal="marginal"), Basis(perspective="production")]
)
async def test_another_basis_is_refused_and_named(basis: Basis) -> None:
    signal = await watcher(Scripted(answer(HERE, 7, basis=basis))).poll()
    assert (signal.grams_per_kwh, signal.history, signal.reason) == (None, None, "WrongBasis")
    assert basis.boundary in signal.message
    assert signal.sources[0].refused == 1


@pytest.mark.parametrize("value", [-1, 20, 1200, 6000])
async def test_implausible_values_are_refused_counted_once_and_gaps_in_history(value: float) -> None:
    clock = StandingClock()
    spec = {"plausible": {"minGramsPerKWh": 30, "maxGramsPerKWh": 1000}}
    watched = watcher(Scripted(answer(HERE - 4 * HOUR, 40, value, None, None, value)), clock=clock, spec=spec)
    signal = await watched.poll()
    clock.time += timedelta(minutes=5)
    signal = await watched.poll(force=True)
    assert (signal.grams_per_kwh, signal.reason) == (None, "Implausible")
    assert f"{value:g} g/kWh" in signal.message
    assert signal.history is not None
    assert signal.history.values == (40, None, None, None, None)
    assert signal.sources[0].refused == 2


async def test_a_refused_value_now_leaves_the_hour_before_until_it_is_stale() -> None:
    signal = await watcher(Scripted(answer(HERE - HOUR, 40, 99999))).poll()
    assert (signal.grams_per_kwh, signal.observed_at) == (40, HERE - HOUR)
    assert signal.sources[0].message.startswith("refused: 99999 g/kWh")


async def test_implausible_forecasts_are_replaced_by_our_own() -> None:
    signal = await watcher(Scripted(answer(HERE, 40, 9000, 60, ahead=2))).poll()
    assert signal.forecast is not None
    assert signal.forecast.values[:3] == (40, 40, 60)


async def test_sources_are_asked_again_after_refresh_and_not_before() -> None:
    clock, source = StandingClock(), Scripted(answer(HERE, 7))
    watched = watcher(source, clock=clock)
    for minutes, asked in [(0, 1), (4, 1), (1, 2), (0, 2)]:
        clock.time += timedelta(minutes=minutes)
        await watched.poll()
        assert source.asked == asked
    await watched.poll(force=True)
    assert source.asked == 3
    clock.time -= timedelta(days=1)
    await watched.poll()
    assert source.asked == 4


async def test_polls_at_the_same_time_ask_once() -> None:
    source = Scripted(answer(HERE, 7))
    watched = watcher(source)
    await asyncio.gather(*(watched.poll() for _ in range(5)))
    assert source.asked == 1


async def test_a_source_that_fails_holds_for_the_interval_of_its_last_value() -> None:
    clock = StandingClock()
    first = Scripted(answer(HERE, 40), ServerFailed("down"))
    watched = watcher(first, Scripted(answer(HERE, 400), name="b[1]"), clock=clock)
    await watched.poll()
    clock.time += timedelta(minutes=10)
    held = await watched.poll()
    assert (held.grams_per_kwh, held.sources[0].healthy) == (40, False)
    assert "down" in held.message
    clock.time += timedelta(minutes=30)
    after = await watched.poll()
    assert (after.grams_per_kwh, after.reason) == (400, "Fallback")


async def test_the_last_good_value_is_used_until_it_is_stale_and_then_nothing_is_known() -> None:
    clock = StandingClock()
    watched = watcher(Scripted(answer(HERE, 40), ServerFailed("down")), clock=clock)
    await watched.poll()
    clock.time = HERE + 3 * HOUR
    last = await watched.poll()
    assert (last.grams_per_kwh, last.observed_at, last.reason) == (40, HERE, "LastKnown")
    clock.time += timedelta(seconds=1)
    gone = await watched.poll()
    assert (gone.fresh, gone.forecast, gone.reason) == (False, None, "ServerFailed")
    assert gone.history is not None
    assert gone.history.at(NOW) == 40


async def test_between_polls_a_value_that_gets_stale_is_not_used() -> None:
    clock = StandingClock()
    watched = watcher(Scripted(answer(HERE, 40)), clock=clock, spec={"refresh": "3h", "staleAfter": "3h"})
    await watched.poll()
    clock.time = HERE + 4 * HOUR + timedelta(seconds=1)
    assert not (await watched.poll()).fresh


async def test_a_source_that_recovers_is_used_again() -> None:
    clock = StandingClock()
    watched = watcher(
        Scripted(ServerFailed("down"), answer(HERE, 40)),
        Scripted(answer(HERE, 400), name="b[1]"),
        clock=clock,
    )
    assert (await watched.poll()).grams_per_kwh == 400
    clock.time += timedelta(minutes=5)
    signal = await watched.poll()
    assert (signal.grams_per_kwh, signal.reason) == (40, "Observed")
    assert signal.sources[0].last_success == clock.time


async def test_a_provider_that_wants_to_be_left_alone_is() -> None:
    seconds = 0.0
    source = Scripted(RateLimited("asked too often", 600), answer(HERE, 7))
    watched = watcher(source, monotonic=lambda: seconds)
    assert not (await watched.poll()).fresh
    seconds = 599
    assert not (await watched.poll(force=True)).fresh
    assert source.asked == 1
    seconds = 601
    assert (await watched.poll(force=True)).grams_per_kwh == 7


async def test_when_all_fail_every_source_is_named() -> None:
    signal = await watcher(
        Scripted(NotFound("no such zone")), Scripted(ServerFailed("down"), name="b[1]")
    ).poll()
    assert signal.reason == "NotFound"
    assert signal.message == "scripted[0]: no such zone; b[1]: down"


async def test_messages_are_no_longer_than_a_status_holds() -> None:
    signal = await watcher(Scripted(ServerFailed("x" * 5000))).poll()
    assert len(signal.message) == len(signal.sources[0].message) == 1024


async def test_history_outlives_a_source_and_the_better_source_wins() -> None:
    clock = StandingClock()
    first = Scripted(answer(HERE - 2 * HOUR, 10, 20, 30), ServerFailed("down"))
    watched = watcher(first, Scripted(answer(HERE - HOUR, 888, 999, 777, ahead=0), name="b[1]"), clock=clock)
    await watched.poll()
    clock.time += HOUR
    signal = await watched.poll()
    assert signal.grams_per_kwh == 777
    assert signal.history is not None
    assert signal.history.values == (10, 20, 30, 777)


async def test_a_constant_alone_speaks_for_the_past_and_as_a_fallback_only_for_now() -> None:
    alone = await watcher(Static("static[0]", 400, Basis(), True)).poll()
    assert alone.history is not None
    assert alone.history.start <= NOW - timedelta(days=8)
    assert set(alone.history.values) == {400}
    fallback = await watcher(Scripted(ServerFailed("x")), Static("static[1]", 400, Basis(), False)).poll()
    assert fallback.history is not None
    assert (fallback.history.start, fallback.history.values) == (HERE, (400,))
    assert fallback.forecast is not None
    assert set(fallback.forecast.values) == {400}


async def test_the_forecast_covers_a_week_from_now_when_a_value_is_known() -> None:
    signal = await watcher(Scripted(answer(HERE, 40))).poll()
    assert signal.forecast is not None
    assert signal.forecast.start == HERE
    assert signal.forecast.end >= NOW + timedelta(hours=168)
    assert None not in signal.forecast.values


async def test_forecast_errors_are_tracked() -> None:
    clock = StandingClock(HERE)
    truth = Scripted(*(answer(HERE, *[100, 150, 150][: i + 1]) for i in range(3)))
    watched = watcher(truth, clock=clock)
    assert (await watched.poll()).forecast_error is None
    for _ in range(2):
        clock.time += HOUR
        signal = await watched.poll()
    # Of the hour that is over, 100 was expected (persistence) and 150 came.
    assert signal.forecast_errors[0].lead_hours == 1
    assert signal.forecast_errors[0].used == pytest.approx(50 / 150)
    assert signal.forecast_error is not None


async def test_an_estimate_is_told_as_one() -> None:
    estimated = Answer(Basis(), (Sample(HERE, HERE + HOUR, 40, estimated=True),))
    assert "an estimate" in (await watcher(Scripted(estimated)).poll()).message
