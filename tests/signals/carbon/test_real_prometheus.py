"""A real Prometheus (`make packages`) in front of what grid-intensity-exporter would write."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.signals.builders import zone_spec
from tests.signals.carbon.corruption.server import Server, response
from tests.signals.carbon.harness import AVERAGE
from tests.signals.prometheus_server import prometheus_of
from voltaire.api.values import ZoneSignal
from voltaire.clock import system_clock
from voltaire.signals.build import SignalDeps, build_zone_watcher

METRICS = """# TYPE grid_intensity_carbon_average gauge
grid_intensity_carbon_average{{location="FR",units="gCO2e per kWh",is_estimated="true"}} {value}
grid_intensity_carbon_average{{location="DE",units="gCO2e per kWh"}} 300
grid_intensity_carbon_pounds{{location="PJM",units="lbCO2e per MWh"}} 1000
grid_intensity_carbon_relative{{location="FR",units="percent"}} 40
grid_nonsense{{location="FR"}} NaN
"""


@dataclass
class Running:
    """The server, and the value that the next scrape gives for France."""

    url: str = ""
    value: float = 55.0

    def metrics(self, _: str) -> bytes:
        return response(METRICS.format(value=self.value).encode(), Content_Type="text/plain; version=0.0.4")

    async def ask(self, query: str) -> list[Any]:
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"{self.url}/api/v1/query", params={"query": query})
        return list(answer.json()["data"]["result"])

    async def scraped(self, value: float) -> None:
        """Wait until the server has this value."""
        self.value = value
        for _ in range(300):
            found = await self.ask('grid_intensity_carbon_average{location="FR"}')
            if found and float(found[0]["value"][1]) == value:
                return
            await asyncio.sleep(0.1)
        raise AssertionError("Prometheus does not scrape")

    async def poll(self, query: str, **fields: Any) -> ZoneSignal:
        async def nothing(*_: str) -> Any:
            raise LookupError

        deps = SignalDeps(system_clock(), nothing, nothing, allow_private_urls=True)
        source = {"prometheus": {"url": self.url, "query": query, **fields}}
        try:
            return await build_zone_watcher(zone_spec([source], basis=AVERAGE), deps).poll()
        finally:
            await deps.aclose()


@pytest.fixture
async def prometheus(tmp_path: Path) -> AsyncIterator[Running]:
    running = Running()
    async with (
        Server(running.metrics) as exporter,
        prometheus_of(exporter.url.removeprefix("http://"), tmp_path) as running.url,
    ):
        await running.scraped(55.0)
        yield running


async def test_a_real_server_is_read_and_says_what_is_wrong(prometheus: Running) -> None:
    signal = await prometheus.poll('grid_intensity_carbon_average{location="FR"}')
    assert (signal.grams_per_kwh, signal.reason, signal.estimated) == (55, "Observed", True)
    assert signal.observed_at is not None
    assert timedelta(0) <= datetime.now(UTC) - signal.observed_at < timedelta(minutes=6)
    pounds = await prometheus.poll("grid_intensity_carbon_pounds", unit="lb/MWh")
    assert pounds.grams_per_kwh == pytest.approx(453.59237)
    zero = await prometheus.poll('grid_intensity_carbon_average{location="FR"} * 0')
    assert (zero.grams_per_kwh, zero.fresh) == (0, True)
    for query, fields, reason in (
        ("grid_intensity_carbon_average", {}, "AmbiguousQuery"),
        ("grid_intensity_carbon_relative", {}, "WrongBasis"),
        ("grid_intensity_carbon_pounds", {}, "WrongBasis"),
        ("grid_nonsense", {}, "Implausible"),
        ("grid_intensity_carbon_average * -1 > -100", {}, "Implausible"),
        ("no_such_metric", {}, "NoData"),
        ("rate(", {}, "Misconfigured"),
    ):
        refused = await prometheus.poll(query, **fields)
        assert (query, refused.grams_per_kwh, refused.reason) == (query, None, reason)


async def test_its_past_becomes_the_history(prometheus: Running) -> None:
    await prometheus.scraped(56.0)
    signal = await prometheus.poll('grid_intensity_carbon_average{location="FR"}', step="1m", history="10m")
    assert signal.grams_per_kwh == 56
    assert signal.history is not None
    assert set(signal.history.values) <= {55.0, 56.0, None}
    assert signal.sources[0].message in (
        "",
        "no history this time: Prometheus: the query finds nothing in the past",
    )
