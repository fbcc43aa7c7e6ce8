"""Tasks that must not die quietly."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable

import structlog

from voltaire import metrics

log = structlog.get_logger(__name__)
LONGEST_PAUSE = 30.0
COLLECT_EVERY = 600.0  # seconds


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


async def collect_garbage() -> None:
    """Take the search for cyclic garbage out of the busy moments.

    Python searches everything that lives whenever it has grown by a quarter: with thousands of objects in
    memory that stops the event loop for a fifth of a second, and mostly in bursts. What is short-lived is
    still searched often, what was imported never again, and all the rest now and then.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 20, 1_000)
    while True:
        await asyncio.sleep(COLLECT_EVERY)
        gc.collect()
