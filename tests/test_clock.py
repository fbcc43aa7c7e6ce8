"""Time, at any speed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from voltaire.clock import ScaledClock, parse_clock, system_clock

ANCHOR = datetime(2026, 1, 1, tzinfo=UTC)
START = datetime(2022, 3, 14, tzinfo=UTC)


def test_a_fast_clock_maps_wall_times_into_its_own() -> None:
    clock = ScaledClock(ANCHOR, START, 720.0)
    assert clock.from_wall(ANCHOR + timedelta(seconds=5)) == START + timedelta(hours=1)


def test_a_clock_survives_being_written_and_read() -> None:
    clock = ScaledClock(ANCHOR, START, 600.0)
    assert parse_clock(str(clock)) == clock


def test_no_text_is_the_systems_clock() -> None:
    assert parse_clock("") == system_clock()
    assert abs(system_clock().now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("text", ["fast", "2022-03-14T00:00:00Z", "2022-03-14@2026-01-01x2", "a@bxc"])
def test_another_form_is_refused_with_the_expected_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"START@ANCHORxRATE|time zone"):
        parse_clock(text)


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_a_clock_does_not_stand_still_or_run_backwards(rate: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        ScaledClock(ANCHOR, START, rate)
