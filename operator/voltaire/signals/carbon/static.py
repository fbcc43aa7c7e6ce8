"""A number that does not change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from voltaire.api.gridzone import Basis
from voltaire.signals.carbon.samples import AHEAD, HOUR, PAST, Answer, Sample


@dataclass(frozen=True, slots=True)
class Static:
    """Answers with the same value for every hour.

    `speaks_for_past`: whether the constant also counts as what occurred in the last days. It does for a zone
    that has nothing else; as a fallback it speaks for the current hour only, so that a short outage of the
    real source does not rewrite days that are unknown into days that look known.
    """

    name: str
    grams_per_kwh: float
    basis: Basis
    speaks_for_past: bool

    async def fetch(self, now: datetime) -> Answer:
        """Hours around `now`; never fails."""
        current = now.replace(minute=0, second=0, microsecond=0)
        past = PAST if self.speaks_for_past else timedelta(0)
        return Answer(self.basis, self._hours(current - past, now), self._hours(current + HOUR, now + AHEAD))

    def _hours(self, start: datetime, until: datetime) -> tuple[Sample, ...]:
        """The hours that begin in [start, until]."""
        count = (until - start) // HOUR + 1
        return tuple(
            Sample(start + i * HOUR, start + (i + 1) * HOUR, self.grams_per_kwh) for i in range(count)
        )
