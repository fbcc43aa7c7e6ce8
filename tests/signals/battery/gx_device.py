"""A stand-in for a Victron GX device: publishes only while kept alive, keeps nothing, takes writes.

As documented for Venus OS: `N/` notifications, `R/.../keepalive`, `W/` writes, `{"value": ...}` payloads.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from tests.signals.battery.broker import Running
from voltaire.tasks import end

PORTAL = "c0619ab1cd2e"
ESS = "settings/0/Settings/CGwacs"


class GxDevice:
    """`values`: what it reports by path; `ignores`: paths it does not let anybody write."""

    def __init__(self, broker: Running) -> None:
        self.broker = broker
        self.keepalives = 0
        self.writes: list[tuple[str, Any]] = []
        self.ignores: set[str] = set()
        self.values: dict[str, Any] = {
            "system/0/Dc/Battery/Soc": {"value": 65},
            "system/0/Dc/Battery/Power": {"value": 2000.0},
            "system/0/Dc/Pv/Power": {"value": 500},
            "system/0/Ac/PvOnGrid/L1/Power": {"value": 3000},
            "system/0/Ac/PvOnGrid/L2/Power": {"value": None},
            "system/0/Ac/Consumption/L1/Power": {"value": 4500},
            f"{ESS}/BatteryLife/MinimumSocLimit": {"value": 10},
            f"{ESS}/MaxChargePower": {"value": -1},
            f"{ESS}/MaxDischargePower": {"value": -1},
        }

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """It listens to what is asked of it."""
        ready = asyncio.Event()
        task = asyncio.create_task(self._serve(ready))
        await ready.wait()
        try:
            yield
        finally:
            await end(task)

    async def _serve(self, ready: asyncio.Event) -> None:
        async with self.broker.client() as client:
            await client.subscribe(f"R/{PORTAL}/keepalive")
            await client.subscribe(f"W/{PORTAL}/#")
            ready.set()
            async for message in client.messages:
                topic = str(message.topic)
                assert isinstance(message.payload, bytes)
                if topic.startswith("R/"):
                    self.keepalives += 1
                    changed = list(self.values)
                else:
                    path = topic.removeprefix(f"W/{PORTAL}/")
                    written = json.loads(message.payload)
                    self.writes.append((path, written["value"]))
                    if path not in self.ignores:
                        self.values[path] = written
                    changed = [path]
                for path in changed:
                    known = self.values[path]
                    payload = b"" if known is None else json.dumps(known).encode()
                    await client.publish(f"N/{PORTAL}/{path}", payload)
