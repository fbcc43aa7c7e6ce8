"""A site over time, and the address where its controller answers.

The site's load is what the pods that really run there draw: it is told by the observer, not by the operator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from voltaire.api.battery import BatterySpec, PowerReading, Readings
from voltaire.api.regionalcluster import Location
from voltaire.demo.site import Flows, Stored, step
from voltaire.fleet.outlook import sun

# What a clear day leaves of the panels' peak with the sun overhead: haze, heat, dust and wiring.
CLEARNESS = 0.85
_WATTS = {"W": 1000.0, "kW": 1.0, "MW": 0.001}
_SOC_UNITS = {"Fraction": 1.0, "Percent": 100.0}


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """One step: what the battery held at `time`, and the mean powers until the next record's time."""

    time: datetime
    stored: Stored
    flows: Flows


class Site:
    """A battery's site: `advance` moves it on, `document` is what its controller reports."""

    def __init__(
        self, battery: BatterySpec, location: Location | None, start: datetime, initial_soc: float
    ) -> None:
        self.battery = battery
        self._location = location
        self.time = start
        grams = (battery.solar.grams_per_kwh if battery.solar else 0.0) / battery.charge_efficiency
        if battery.assumed_stored_grams_per_kwh is not None:
            grams = battery.assumed_stored_grams_per_kwh
        self.stored = Stored(initial_soc * battery.capacity_kwh, grams)
        self.flows = Flows(0.0, self.solar_kw(start), 0.0, 0.0, 0.0, 0.0)
        self.records: list[SiteRecord] = []

    def solar_kw(self, time: datetime) -> float:
        """What the panels can give: their peak x clearness x the sine of the sun's elevation."""
        if self.battery.solar is None or self._location is None:
            return 0.0
        return self.battery.solar.peak_kw * CLEARNESS * sun(self._location, time)

    def advance(self, now: datetime, load_kw: float) -> None:
        """Move on to `now` under a load that held since the last call."""
        hours = (now - self.time) / timedelta(hours=1)
        if hours <= 0:
            return
        middle = self.time + (now - self.time) / 2
        before = self.stored
        self.flows, self.stored = step(self.battery, before, load_kw, self.solar_kw(middle), hours)
        self.records.append(SiteRecord(self.time, before, self.flows))
        self.time = now

    @property
    def soc(self) -> float:
        """State of charge, 0 to 1."""
        return self.stored.energy_kwh / self.battery.capacity_kwh

    def document(self) -> dict[str, Any]:
        """The JSON document that the Battery's telemetry reads, each number at its path, unit and sign."""
        readings = self.battery.telemetry.http
        document: dict[str, Any] = {"time": self.time.isoformat()}
        if readings is not None:
            for path, value in _numbers(readings, self).items():
                _put(document, path, round(value, 6))
        return document


def _numbers(readings: Readings, site: Site) -> dict[str, float]:
    flows, soc = site.flows, readings.soc
    held = site.stored.energy_kwh if soc.unit == "kWh" else site.soc * _SOC_UNITS[soc.unit]
    numbers = {soc.query: held}
    for reading, kw in (
        (readings.power, flows.discharge_kw - flows.charge_kw),
        (readings.solar, flows.solar_kw),
        (readings.load, flows.load_kw),
    ):
        if reading is not None:
            numbers[reading.query] = _on_wire(reading, kw)
    return numbers


def _on_wire(reading: PowerReading, kw: float) -> float:
    sign = -1.0 if reading.positive == "Charge" else 1.0
    return kw * sign * _WATTS[reading.unit]


def _put(document: dict[str, Any], path: str, value: float) -> None:
    *parents, last = path.split(".")
    for key in parents:
        document = document.setdefault(key, {})
    document[last] = value


class TelemetryServer:
    """Answers `GET /NAME.json` on loopback with the document of a site."""

    def __init__(self, sites: Mapping[str, Callable[[], dict[str, Any]]]) -> None:
        self._sites = sites
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def start(self) -> None:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_get("/{name}.json", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]

    def url(self, name: str) -> str:
        """Where a site answers."""
        return f"http://127.0.0.1:{self._port}/{name}.json"

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        site = self._sites.get(request.match_info["name"])
        return web.json_response(site()) if site else web.json_response({"error": "no such site"}, status=404)
