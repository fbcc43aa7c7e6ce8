"""The one source of time.

Voltaire never asks the machine for the time. Everything that depends on it takes a `Clock`, so that the
lab, the demo and the tests can play a day in two minutes while the code that decides stays the same.

Only network time-outs, leases and back-off use the event loop's own monotonic time: a connection does not
fail faster because the day does.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and waits."""

    @property
    def rate(self) -> float:
        """Seconds of this clock per second of the wall clock."""

    def now(self) -> datetime:
        """The current time, aware, UTC."""

    def from_wall(self, wall: datetime) -> datetime:
        """The time this clock showed when the wall clock showed `wall` (a Kubernetes timestamp, say)."""

    async def sleep(self, duration: timedelta) -> None:
        """Wait for `duration` of this clock's time."""


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """A clock that showed `start` when the wall clock showed `anchor`, and runs `rate` times as fast."""

    anchor: datetime
    start: datetime
    rate: float = 1.0

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise ValueError(f"a clock's rate is positive, not {self.rate}")
        if self.anchor.tzinfo is None or self.start.tzinfo is None:
            raise ValueError("a clock's anchor and start carry a time zone")

    def now(self) -> datetime:
        return self.from_wall(datetime.fromtimestamp(time.time(), UTC))

    def from_wall(self, wall: datetime) -> datetime:
        return (self.start + (wall - self.anchor) * self.rate).astimezone(UTC)

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(max(0.0, duration.total_seconds() / self.rate))

    def __str__(self) -> str:
        return f"{self.start.isoformat()}@{self.anchor.isoformat()}x{self.rate:g}"


def system_clock() -> ScaledClock:
    """The wall clock in UTC."""
    epoch = datetime.fromtimestamp(0, UTC)
    return ScaledClock(anchor=epoch, start=epoch)


def parse_clock(text: str) -> ScaledClock:
    """Read a clock written as `START@ANCHORxRATE`, as `str(ScaledClock)` writes it; empty is the system's.

    Raises ValueError with the expected form when the text has another.
    """
    if not text:
        return system_clock()
    try:
        start, rest = text.split("@", 1)
        anchor, rate = rest.rsplit("x", 1)
        return ScaledClock(datetime.fromisoformat(anchor), datetime.fromisoformat(start), float(rate))
    except ValueError as error:
        raise ValueError(
            f"a clock is written START@ANCHORxRATE in RFC 3339, not {text!r}: {error}"
        ) from error
