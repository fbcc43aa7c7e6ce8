"""Zones are polled each by itself: one whose provider hangs for ever delays no other."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.signals.carbon.corruption.kinds import silence
from tests.signals.carbon.corruption.server import Server, response
from voltaire.api.resources import GRIDZONE
from voltaire.clock import ScaledClock, system_clock
from voltaire.fleet.picture import Picture
from voltaire.runtime.signals import Polling
from voltaire.signals.build import SignalDeps


def zone(name: str, source: dict[str, Any]) -> Any:
    spec = {"zone": name.upper(), "sources": [source], "refresh": "1s", "staleAfter": "1h"}
    return GRIDZONE.parse({"metadata": {"name": name}, "spec": spec})


async def nothing(*_: str) -> Any:
    raise LookupError


async def test_a_provider_that_hangs_for_ever_delays_no_other_zone() -> None:
    picture, seen, polled = Picture(), list[str](), asyncio.Event()
    wall = system_clock()
    clock = ScaledClock(wall.anchor, wall.start, 1.0)

    def read(name: str) -> None:
        seen.append(name)
        if seen.count("well") >= 4:
            polled.set()

    def well(target: str) -> bytes:
        result = [{"metric": {}, "value": [clock.now().timestamp(), "7"]}]
        document = {"status": "success", "data": {"resultType": "vector", "result": result}}
        return response(json.dumps(document).encode())

    async with Server(lambda _: silence(b"")) as provider, Server(well) as other:
        deps = SignalDeps(clock, nothing, nothing, allow_private_urls=True)
        polling = Polling(picture, clock, deps, read, lambda _: None)
        urls = {f"hung{i}": provider.url for i in range(120)} | {"well": other.url}
        for name, url in urls.items():
            picture.zones[name] = zone(name, {"prometheus": {"url": url, "query": "x"}})
            polling.zone(name, picture.zones[name])
        # Four polls of the zone that is well, a second apart, while 120 wait for a server that says nothing.
        await asyncio.wait_for(polled.wait(), 60)
        assert set(seen) == {"well"}
        assert picture.signals["well"].grams_per_kwh == 7
        await polling.close()
        await deps.aclose()
