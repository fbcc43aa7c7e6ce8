"""A stand-in for the REST controller of OpenEMS Edge, as documented: addresses are regular expressions, the
answer is one object, a list or 404, and writes are forgotten. A real edge needs Java 21 or a container."""

from __future__ import annotations

import asyncio
import re
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

PASSWORDS = {"user": "guest", "owner": "owner"}


def channel(address: str, value: Any, unit: str = "W") -> dict[str, Any]:
    """A channel as the edge writes it."""
    return {
        "address": address, "type": "INTEGER", "accessMode": "RO", "text": "", "unit": unit, "value": value,
    }  # fmt: skip


class Edge:
    """`channels` by address. A write holds for `api_timeout` seconds. The storage follows `applies`."""

    def __init__(self, api_timeout: float = 60.0) -> None:
        self.channels = {
            entry["address"]: entry
            for entry in (
                channel("_sum/EssSoc", 65, "%"),
                channel("_sum/EssActivePower", 70_000),
                channel("_sum/ProductionActivePower", 120_500),
                channel("_sum/ConsumptionActivePower", 200_000),
                channel("_sum/GridMode", 1, ""),
                channel("ess0/DebugSetActivePower", None),
                channel("ess0/ApplyPowerFailed", False, ""),
            )
        }
        self.writes: dict[str, Any] = {}
        self.passwords = dict(PASSWORDS)
        self.applies: float | None = None
        self.requests = 0
        self.url = ""
        self._api_timeout = api_timeout
        self._timers: list[asyncio.TimerHandle] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/rest/channel/{component}/{name}", self._get)
        app.router.add_post("/rest/channel/{component}/{name}", self._post)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield
        finally:
            for timer in self._timers:
                timer.cancel()
            await runner.cleanup()

    async def _get(self, request: web.Request) -> web.Response:
        self.requests += 1
        if self._user(request) is None:
            return web.json_response({"error": "Authentication failed"}, status=401)
        pattern = f"{request.match_info['component']}/{request.match_info['name']}"
        found = [entry for address, entry in self.channels.items() if re.fullmatch(pattern, address)]
        if not found:
            return web.Response(status=404)
        return web.json_response(found[0] if len(found) == 1 else found)

    async def _post(self, request: web.Request) -> web.Response:
        if self._user(request) != "owner":
            return web.Response(status=401 if self._user(request) is None else 403)
        name = request.match_info["name"]
        self.writes[name] = (await request.json())["value"]
        loop = asyncio.get_running_loop()
        self._timers.append(loop.call_later(self._api_timeout, self.writes.pop, name, None))
        low = self.writes.get("SetActivePowerGreaterOrEquals", -1e9)
        high = self.writes.get("SetActivePowerLessOrEquals", 1e9)
        wanted = self.writes.get("SetActivePowerEquals", 3000)
        power = min(max(wanted, low), high) if self.applies is None else self.applies
        self.channels["ess0/DebugSetActivePower"]["value"] = power
        return web.json_response({})

    def _user(self, request: web.Request) -> str | None:
        """Who it is, by the password alone."""
        try:
            text = b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode()
        except (KeyError, ValueError):
            return None
        password = text.partition(":")[2]
        return next((name for name, known in self.passwords.items() if known == password), None)
