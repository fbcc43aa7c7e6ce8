"""Parts of an answer that are asked for now and then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.signals.builders import HOUR, NOW
from voltaire.signals.carbon.kept import REFUSED_PAUSE, RETRY, Kept
from voltaire.signals.carbon.samples import Sample
from voltaire.signals.errors import (
    ConfigError,
    Malformed,
    NotFound,
    RateLimited,
    Rejected,
    Sandbox,
    SignalError,
    TimedOut,
    Unauthorized,
)

OLD, NEW = (Sample(NOW, NOW + HOUR, 1),), (Sample(NOW, NOW + HOUR, 2),)


class Endpoint:
    """Answers with each outcome in turn, the last one for ever."""

    def __init__(self, *outcomes: tuple[Sample, ...] | SignalError) -> None:
        self.outcomes: Sequence[tuple[Sample, ...] | SignalError] = outcomes
        self.asked = 0

    async def __call__(self) -> tuple[Sample, ...]:
        outcome = self.outcomes[min(self.asked, len(self.outcomes) - 1)]
        self.asked += 1
        if isinstance(outcome, SignalError):
            raise outcome
        return outcome


async def test_it_is_asked_again_when_it_is_due_or_the_clock_was_set_back() -> None:
    kept, endpoint = Kept("history"), Endpoint(OLD)
    for later, asked in [(0, 1), (59, 1), (60, 2), (-600, 3)]:
        await kept.refresh(endpoint, NOW + timedelta(minutes=later))
        assert endpoint.asked == asked
    assert (kept.samples, kept.note) == (OLD, "")


@pytest.mark.parametrize("error", [Malformed("cut"), TimedOut("slow")])
async def test_a_failure_keeps_what_was_known_and_is_asked_again_soon(error: SignalError) -> None:
    kept, endpoint = Kept("history"), Endpoint(OLD, error, NEW)
    await kept.refresh(endpoint, NOW)
    await kept.refresh(endpoint, NOW + HOUR)
    assert (kept.samples, kept.note) == (OLD, f"no history this time: {error}")
    await kept.refresh(endpoint, NOW + HOUR + RETRY)
    assert (kept.samples, kept.note) == (NEW, "")


@pytest.mark.parametrize("error", [Unauthorized("no"), NotFound("no"), Rejected("no")])
async def test_what_a_plan_lacks_is_forgotten_and_left_alone(error: SignalError) -> None:
    kept, endpoint = Kept("forecast"), Endpoint(OLD, error)
    await kept.refresh(endpoint, NOW)
    await kept.refresh(endpoint, NOW + HOUR)
    assert (kept.samples, kept.note) == ((), "no forecast: no")
    await kept.refresh(endpoint, NOW + REFUSED_PAUSE)
    assert endpoint.asked == 2
    await kept.refresh(endpoint, NOW + HOUR + REFUSED_PAUSE)
    assert endpoint.asked == 3


async def test_a_limit_is_obeyed() -> None:
    kept, endpoint = Kept("history"), Endpoint(RateLimited("wait", 600), OLD)
    await kept.refresh(endpoint, NOW)
    await kept.refresh(endpoint, NOW + timedelta(minutes=9))
    assert (endpoint.asked, kept.note) == (1, "no history this time: wait")
    await kept.refresh(endpoint, NOW + timedelta(minutes=10))
    assert kept.samples == OLD


@pytest.mark.parametrize("error", [Sandbox("synthetic"), ConfigError("change it")])
async def test_what_condemns_the_source_is_passed_on(error: SignalError) -> None:
    with pytest.raises(type(error)):
        await Kept("history").refresh(Endpoint(error), NOW)
