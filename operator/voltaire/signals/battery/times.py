"""The time a message says it was written at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from voltaire.clock import Clock
from voltaire.signals.errors import Malformed, SignalError, Stale
from voltaire.signals.numbers import number, shown

# Clocks of two machines differ; more than this is a wrong clock. Wall-clock seconds.
SKEW_SECONDS = 300.0
# Seconds since 1970 have ten digits until 2286, milliseconds thirteen.
_MILLISECONDS_FROM = 1e11
_LATEST = 4e9


def wall_time(value: object) -> datetime:
    """RFC 3339 with an offset, or seconds or milliseconds since 1970. Raises Malformed."""
    if isinstance(value, str):
        try:
            time = datetime.fromisoformat(value.strip())
        except ValueError:
            time = None
        if time is not None:
            if time.tzinfo is None:
                raise Malformed(f"{shown(value)} is a time without an offset: of which zone?")
            return time.astimezone(UTC)
    try:
        seconds = number(value)
    except SignalError:
        raise Malformed(f"{shown(value)} is not a time") from None
    if seconds >= _MILLISECONDS_FROM:
        seconds /= 1000
    if not 0 <= seconds < _LATEST:
        raise Malformed(f"{shown(value)} is not a time")
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)


def measured_at(wall: datetime, clock: Clock, now: datetime) -> datetime:
    """A wall-clock time on our clock, not after `now`. Raises Stale for one from the future."""
    time = clock.from_wall(wall)
    if (time - now).total_seconds() / clock.rate > SKEW_SECONDS:
        raise Stale("the sample is from the future: compare the clocks of the site and the operator")
    return min(time, now)
