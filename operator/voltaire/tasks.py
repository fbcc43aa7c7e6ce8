"""Ending tasks for certain.

Python 3.11's `asyncio.wait_for`, which the libraries for Modbus and MQTT wait with, drops a cancellation that
arrives together with the answer it waits for (python/cpython#86296), and a task group that is ending does so,
too: who cancels such a task once and waits for it waits for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

log = structlog.get_logger(__name__)
PATIENCE = 2.0  # seconds in which a cancelled task tidies up before it is cancelled again
ATTEMPTS = 5


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended, whatever they end with.

    A cancellation that got lost is repeated. A task that survives every attempt is left behind with a
    warning; nobody waits for it.
    """
    left = set(tasks)
    for attempt in range(ATTEMPTS):
        if not left:
            return
        for task in left:
            if attempt or not task.cancelling():  # who is tidying up already is left to it
                task.cancel()
        ended, left = await asyncio.wait(left, timeout=PATIENCE)
        await asyncio.gather(*ended, return_exceptions=True)
    for task in left:
        log.warning("task does not end", task=task.get_name())
