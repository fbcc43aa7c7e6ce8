"""Leaves a provider alone that has banned us.

Some providers ban an address for minutes, and every request during a ban may prolong it. The ban concerns
all zones that ask there, so they share one breaker.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from voltaire.signals.errors import RateLimited


@dataclass(slots=True)
class Breaker:
    """Which hosts are not asked, until when on the monotonic clock."""

    monotonic: Callable[[], float] = time.monotonic
    _until: dict[str, float] = field(default_factory=dict)

    def check(self, host: str) -> None:
        """Raises RateLimited, with the time that is left, while a host is left alone."""
        left = self._until.get(host, 0.0) - self.monotonic()
        if left > 0.0:
            raise RateLimited(f"{host} asked to be left alone, {left:.0f} s are left", left)

    def trip(self, host: str, seconds: float) -> None:
        """Leave a host alone; never shorter than it already was to be."""
        self._until[host] = max(self._until.get(host, 0.0), self.monotonic() + seconds)
