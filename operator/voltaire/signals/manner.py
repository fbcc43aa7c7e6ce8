"""How a source is to be treated: how often it has something new, and whether its word is to be checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from voltaire.signals.carbon.shapes import floor

# Polls of different zones are spread over this share of `refresh`, and no more than a minute.
SPREAD_SHARE, SPREAD = 0.2, timedelta(minutes=1)
# A caller that wakes a moment early must not miss its step.
SLACK = 0.05


@dataclass(frozen=True, slots=True)
class Manner:
    """`every`: how often there is something new to ask for (zero: at each refresh).

    `measured`: values that somebody measures or computes elsewhere are held against history and second
    sources; what the administrator has written down is taken at its word.
    """

    every: timedelta = timedelta(0)
    measured: bool = True


def phase(zone: str, refresh: timedelta) -> timedelta:
    """When within a step a zone is polled: always the same, and different for different zones."""
    part = int.from_bytes(hashlib.sha256(zone.encode()).digest()[:4]) / 2**32
    return timedelta(seconds=round(part * min(SPREAD_SHARE * refresh, SPREAD).total_seconds(), 1))


def new_step(asked: datetime, now: datetime, every: timedelta, refresh: timedelta, offset: timedelta) -> bool:
    """Whether a step of `every` has begun since `asked`; a clock that was set back begins one too."""
    early = SLACK * refresh - offset
    return floor(asked + early, every) != floor(now + early, every)


def pause(now: datetime, refresh: timedelta, offset: timedelta) -> timedelta:
    """How long to wait until the next poll: `refresh`, and up to a quarter more until polls are in step."""
    following = now + refresh - offset
    late = following - floor(following, refresh)
    if late <= SLACK * refresh:
        return refresh - late
    return refresh + min(refresh - late, refresh / 4)
