"""A queue of keys: each at most once in it, never worked on twice at the same time, with delays.

Adding a key that is being worked on makes it come again afterwards; adding it with a delay never makes it
come later than it already would.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools


class KeyedQueue:
    """Deduplicating, delaying queue for one event loop."""

    def __init__(self) -> None:
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, int, str]] = []
        self._busy: set[str] = set()
        self._order = itertools.count()
        self._wake = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due)

    def add(self, key: str, delay: float = 0.0) -> None:
        """Ask for `key` after `delay` seconds of the event loop's time."""
        due = asyncio.get_running_loop().time() + delay
        if key in self._due and self._due[key] <= due:
            return
        self._due[key] = due
        heapq.heappush(self._heap, (due, next(self._order), key))
        self._wake.set()

    async def take(self) -> str:
        """Wait for the next key that is due and not being worked on; `done` must follow."""
        while True:
            wait = self._first()
            if isinstance(wait, str):
                return wait
            self._wake.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def done(self, key: str) -> None:
        """The work on `key` ended."""
        self._busy.discard(key)
        self._wake.set()

    def _first(self) -> str | float | None:
        now = asyncio.get_running_loop().time()
        held: list[tuple[float, int, str]] = []
        found: str | float | None = None
        while self._heap:
            entry = heapq.heappop(self._heap)
            due, _, key = entry
            if self._due.get(key) != due:
                continue  # an earlier wish replaced this one
            if due > now:
                heapq.heappush(self._heap, entry)
                found = due - now
                break
            if key in self._busy:
                held.append(entry)
                continue
            del self._due[key]
            self._busy.add(key)
            found = key
            break
        for entry in held:
            heapq.heappush(self._heap, entry)
        return found
