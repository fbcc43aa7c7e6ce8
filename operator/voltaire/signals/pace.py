"""Keeps to the quotas of providers: those they publish, and those their answers speak of.

A request waits a little for its turn; when the wait would be long, it is not made, and the source says so.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from voltaire.signals.errors import RateLimited

# Requests within seconds, below what the providers name: EIA less than 5 a second, ENTSO-E 400 a minute,
# WattTime 3000 in five minutes, Energy-Charts about two a minute.
PUBLISHED: Mapping[str, tuple[int, float]] = {
    "api.eia.gov": (4, 1.0),
    "web-api.tp.entsoe.eu": (300, 60.0),
    "api.watttime.org": (2500, 300.0),
    "api.energy-charts.info": (2, 60.0),
}
PATIENCE_SECONDS = 6.0
# Without a time at which the quota is new, and at most.
EMPTY_SECONDS, LONGEST_SECONDS = 60.0, 3600.0


@dataclass(slots=True)
class Pace:
    """All hosts. A host's requests are spread so that no window holds more than its quota."""

    quotas: Mapping[str, tuple[int, float]] = field(default_factory=lambda: PUBLISHED)
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _level: dict[str, tuple[float, float]] = field(default_factory=dict)
    _closed: dict[str, float] = field(default_factory=dict)

    async def turn(self, host: str) -> None:
        """Wait for a turn at a host. Raises RateLimited when that would take long."""
        now = self.monotonic()
        left = self._closed.get(host, 0.0) - now
        if left > 0.0:
            raise RateLimited(f"{host} says that the quota is used up, for {left:.0f} s more", left)
        if host not in self.quotas:
            return
        count, seconds = self.quotas[host]
        tokens, since = self._level.get(host, (float(count), now))
        tokens = min(float(count), tokens + (now - since) * count / seconds) - 1.0
        wait = max(0.0, -tokens * seconds / count)
        if wait > PATIENCE_SECONDS:
            raise RateLimited(f"{host} takes {count} requests in {seconds:g} s, and those are used up", wait)
        self._level[host] = tokens, now
        if wait:
            await self.sleep(wait)

    def note(self, host: str, headers: Mapping[str, str]) -> None:
        """Take in what an answer says of the quota that is left; only zero matters."""
        if headers.get("x-ratelimit-remaining", "").strip() != "0":
            return
        text = headers.get("x-ratelimit-reset", "").strip()
        seconds = float(text) if text.isascii() and text.isdigit() and len(text) < 6 else EMPTY_SECONDS
        self._closed[host] = self.monotonic() + min(seconds, LONGEST_SECONDS)
