"""Start times spread over a trace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from voltaire.twin.errors import TraceTooShort
from voltaire.twin.scenario import PAST, TAIL_HOURS

DAY = timedelta(days=1)


def spread(
    begin: datetime, end: datetime, count: int, run: timedelta, first: datetime | None = None
) -> list[datetime]:
    """`count` starts at midnight UTC, evenly from `first` to the last from which `run` fits before `end`.

    Absent `first`: as long after the trace's begin as a run looks back, so that every start knows as much.
    Raises TraceTooShort where so many different days do not fit.
    """
    earliest = _midnight(first if first is not None else begin + PAST)
    latest = _midnight(end - run - timedelta(hours=TAIL_HOURS), up=False)
    days = (latest - earliest) // DAY
    if days < count - 1 or earliest < begin:
        raise TraceTooShort(
            f"the trace holds {begin:%Y-%m-%d} to {end:%Y-%m-%d}; from {earliest:%Y-%m-%d} on it has room "
            f"for {max(0, days + 1)} starts of runs of {run / DAY:.1f} days, {count} are asked for: choose "
            "fewer --weeks, an earlier --start or shorter jobs"
        )
    if count == 1:
        return [earliest]
    return [earliest + DAY * round(days * index / (count - 1)) for index in range(count)]


def overlap(starts: Sequence[datetime], hours: float) -> bool:
    """Whether two of them share arrivals: then their weeks are not independent."""
    return any(b - a < timedelta(hours=hours) for a, b in pairwise(starts))


def _midnight(time: datetime, *, up: bool = True) -> datetime:
    floor = time.replace(hour=0, minute=0, second=0, microsecond=0)
    return floor + DAY if up and floor != time else floor


def moments(starts: Iterable[str]) -> list[datetime]:
    """Starts as a document has them."""
    return [datetime.fromisoformat(start) for start in starts]
