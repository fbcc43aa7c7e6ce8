"""Tasks that must not die quietly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from voltaire import metrics

log = structlog.get_logger(__name__)
LONGEST_PAUSE = 30.0


async def supervise(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run `work` for ever: a failure is logged, counted and followed by a growing pause."""
    pause = 0.5
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await work()
        except Exception:
            metrics.TASK_RESTARTS.labels(task=name).inc()
            log.exception("task failed, starting it again", task=name)
        if asyncio.get_running_loop().time() - began > 10 * LONGEST_PAUSE:
            pause = 0.5
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def measure_lag(interval: float = 0.1) -> None:
    """Record how late the event loop wakes this task up."""
    loop = asyncio.get_running_loop()
    while True:
        before = loop.time()
        await asyncio.sleep(interval)
        metrics.LOOP_LAG.observe(max(0.0, loop.time() - before - interval))
