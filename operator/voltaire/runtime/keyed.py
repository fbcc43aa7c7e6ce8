"""One supervised task for each of many things, replaced when what it works from changes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from voltaire import metrics
from voltaire.runtime.supervise import supervise
from voltaire.tasks import end

Work = Callable[[], Awaitable[None]]


class Keyed:
    """Tasks by name. Of one name, the next begins when the last has ended and its farewell is said."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[str, asyncio.Task[None]]] = {}
        self._farewells: dict[str, asyncio.Task[None]] = {}  # the latest of each name, while it lasts
        self._past: set[asyncio.Task[None]] = set()  # all that is ending, and all farewells

    def wanted(self, name: str) -> str | None:
        """What the task of this name works from."""
        running = self._running.get(name)
        return running[0] if running else None

    def replace(self, name: str, wanted: str | None, work: Work, farewell: Work | None = None) -> None:
        """Have `work` done for ever from `wanted`, or nothing (None), in place of what is done now.

        What is done from the same already is left alone.
        `farewell` is what is left to do once that has ended. It raises nothing.
        """
        if self.wanted(name) == wanted:
            return
        running = self._running.pop(name, None)
        if running is not None:
            last, before = running[1], self._farewells.get(name)
            last.cancel()
            parting = asyncio.create_task(self._part(name, last, farewell, before), name=f"end of {name}")
            self._farewells[name] = parting
            for task in (last, parting):
                self._past.add(task)
                task.add_done_callback(self._past.discard)
        if wanted is not None:
            task = asyncio.create_task(supervise(name, lambda: self._begin(name, work)), name=name)
            self._running[name] = (wanted, task)

    def checkpoint(self) -> None:
        """Raise asyncio.CancelledError in a task that was replaced and did not notice.

        Called before what was awaited is used: a cancellation that got lost is only repeated after a while.
        """
        if asyncio.current_task() in self._past:
            raise asyncio.CancelledError

    async def close(self) -> None:
        """End everything, farewells included."""
        self._past.update(task for _, task in self._running.values())
        self._running.clear()
        await end(*self._past)
        self._past.clear()
        self._farewells.clear()

    async def _begin(self, name: str, work: Work) -> None:
        farewell = self._farewells.get(name)
        if farewell is not None:
            await asyncio.wait([farewell])  # unlike awaiting it, this is cancelled alone
        await work()

    async def _part(
        self, name: str, last: asyncio.Task[None], farewell: Work | None, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        await end(last)
        if farewell is not None:
            await farewell()
        if self._farewells.get(name) is asyncio.current_task():
            del self._farewells[name]
        if name not in self._running:
            metrics.forget(task=name)
