"""Waiting for what has no event: poll with a deadline, and say what was waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE = 30.0


async def until(
    holds: Callable[[], object], what: str, *, seconds: float = PATIENCE, tell: Callable[[], object] = str
) -> None:
    """Poll until `holds()` is true. After `seconds` fail with `what`, and what `tell()` says of it."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not holds():
        assert loop.time() < deadline, f"not within {seconds:g} s: {what}\n{tell()}"
        await asyncio.sleep(0.03)


async def stays_so(holds: Callable[[], object], what: str, *, seconds: float) -> None:
    """Fail as soon as `holds()` is no longer true within `seconds`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while loop.time() < deadline:
        assert holds(), f"no longer so: {what}"
        await asyncio.sleep(0.03)
