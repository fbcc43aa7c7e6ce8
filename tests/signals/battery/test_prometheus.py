"""A real Prometheus server that scrapes a small exporter of a battery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest_asyncio
from aiohttp import web

from tests.signals.battery.builders import sites, spec
from tests.signals.prometheus_server import prometheus_of
from voltaire.api.values import BatteryState
from voltaire.signals.battery.build import build_watcher

QUERIES = {
    "soc": {"query": 'battery_soc_percent{rack="a"}', "unit": "Percent"},
    "power": {"query": "sum(battery_power_watts)", "unit": "W", "positive": "Charge"},
    "solar": {"query": "pv_kilowatts", "unit": "kW"},
    "load": {"query": "site_watts / 1000", "unit": "kW"},
}


@dataclass
class Exporter:
    """Answers `/metrics` with `lines`."""

    lines: list[str] = field(
        default_factory=lambda: [
            'battery_soc_percent{rack="a"} 65',
            'battery_soc_percent{rack="b"} 40',
            'battery_power_watts{rack="a"} 50000',
            'battery_power_watts{rack="b"} 20000',
            "pv_kilowatts 120.5",
            "site_watts 200000",
            "battery_nan NaN",
        ]
    )
    port: int = 0

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.port = runner.addresses[0][1]
        try:
            yield
        finally:
            await runner.cleanup()

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(text="\n".join([*self.lines, ""]))


@dataclass(frozen=True)
class Scraped:
    """A Prometheus that scrapes an exporter every second."""

    url: str
    exporter: Exporter

    async def state(self, **queries: object) -> BatteryState:
        one = spec({"prometheus": {"url": self.url, **(queries or QUERIES)}})
        return await build_watcher("b", one, sites()).poll()

    async def scraped(self, query: str, wanted: str) -> None:
        """Until Prometheus says so."""
        found = None
        async with httpx.AsyncClient() as client:
            for _ in range(200):
                answer = await client.get(f"{self.url}/api/v1/query", params={"query": query})
                result = answer.json()["data"]["result"]
                found = result[0]["value"][1] if result else ""
                if found == wanted:
                    return
                await asyncio.sleep(0.1)
        raise AssertionError(found)


@pytest_asyncio.fixture
async def prometheus(tmp_path: Path) -> AsyncIterator[Scraped]:
    exporter = Exporter()
    async with exporter.running(), prometheus_of(f"127.0.0.1:{exporter.port}", tmp_path) as url:
        found = Scraped(url, exporter)
        await found.scraped('battery_soc_percent{rack="a"}', "65")
        yield found


async def test_a_real_server_is_read_and_says_what_is_wrong(prometheus: Scraped) -> None:
    state = await prometheus.state()
    assert (state.soc, state.power_kw, state.solar_kw, state.load_kw) == (0.65, -70, 120.5, 200)
    assert state.reason == "Observed"
    assert state.observed_at is not None
    assert datetime.now(UTC) - state.observed_at < timedelta(seconds=30)

    for query, reason, named in (
        ("battery_soc_percent", "AmbiguousQuery", "2 series"),
        ("no_such_metric", "NoData", "no series"),
        ("battery_nan", "Implausible", "not a finite number"),
        ("battery_soc_percent{", "Misconfigured", "parse error"),
        ("battery_soc_percent[1m]", "AmbiguousQuery", "matrix"),
        ("vector(1)/0", "Implausible", "not a finite number"),
        ('"text"', "AmbiguousQuery", "string"),
    ):
        refused = await prometheus.state(soc={"query": query, "unit": "Percent"})
        assert (refused.soc, refused.reason) == (None, reason), query
        assert named in refused.message, query

    prometheus.exporter.lines = ['battery_soc_percent{rack="a"} 140']
    await prometheus.scraped('battery_soc_percent{rack="a"}', "140")
    absurd = await prometheus.state()
    assert (absurd.fresh, absurd.reason) == (False, "Implausible")

    prometheus.exporter.lines = []  # Prometheus marks what vanishes as stale at the next scrape
    await prometheus.scraped("battery_soc_percent", "")
    assert (await prometheus.state()).reason == "NoData"
