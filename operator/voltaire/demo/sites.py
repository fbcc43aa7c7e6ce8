"""All sites of the demo's fleet: they live on whatever else happens, and answer by HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voltaire.clock import Clock
from voltaire.demo.result import SiteLog
from voltaire.demo.scenario import Scenario, battery_site
from voltaire.demo.telemetry import Site, TelemetryServer

INITIAL_SOC = 0.3
_TICK_SECONDS = 0.2  # real ones: two minutes of a day that takes six seconds an hour


class Sites:
    """Every battery whose telemetry is an HTTP document, beside its cluster."""

    def __init__(self, scenario: Scenario, clock: Clock) -> None:
        self._clock = clock
        self._cluster: dict[str, str] = {}
        self._sites: dict[str, Site] = {}
        for name, battery in scenario.batteries.items():
            place = battery_site(scenario, name)
            if place is not None and battery.spec.telemetry.http is not None:
                self._cluster[name] = place.metadata.name
                self._sites[name] = Site(battery.spec, place.spec.location, clock.now(), INITIAL_SOC)
        self._server = TelemetryServer({name: site.document for name, site in self._sites.items()})

    async def start(self) -> dict[str, str]:
        """Begin to answer; the address of each battery's controller."""
        await self._server.start()
        return {name: self._server.url(name) for name in self._sites}

    async def stop(self) -> None:
        """Answer no more."""
        await self._server.stop()

    async def run(self, load_kw: Callable[[str], float]) -> None:
        """Live on under the load that `load_kw` gives for a cluster; never returns."""
        while True:
            for name, site in self._sites.items():
                site.advance(self._clock.now(), load_kw(self._cluster[name]))
            await asyncio.sleep(_TICK_SECONDS)

    def by_cluster(self) -> dict[str, Site]:
        """One site per cluster."""
        return {self._cluster[name]: site for name, site in self._sites.items()}

    def logs(self) -> list[SiteLog]:
        """What each did so far."""
        return [
            SiteLog(name, self._cluster[name], site.battery, list(site.records))
            for name, site in self._sites.items()
        ]
