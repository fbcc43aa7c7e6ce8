"""Numbers in a JSON document over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from voltaire.api.battery_sources import JsonDocument
from voltaire.clock import Clock
from voltaire.signals.battery.json_path import at_path
from voltaire.signals.battery.login import bearer
from voltaire.signals.battery.readings import Measured, RawReadings, configured, retold, wire
from voltaire.signals.battery.solar_forecast import take_forecast
from voltaire.signals.battery.times import measured_at, wall_time
from voltaire.signals.carbon.credentials import ReadSecret
from voltaire.signals.errors import SignalError
from voltaire.signals.http import Web
from voltaire.signals.numbers import number


@dataclass(frozen=True, slots=True)
class JsonReader:
    """One document per refresh. Without `time`, its numbers are as old as its receipt."""

    readings: JsonDocument
    web: Web
    clock: Clock
    read_secret: ReadSecret

    async def read(self, now: datetime) -> RawReadings:
        """Raises SignalError when there is no document or its time is wrong; a path that fails is in
        `errors`."""
        login = await bearer(self.readings.bearer_ref, self.read_secret)
        document = (
            await self.web.get(self.readings.url, headers=login.headers, secrets=login.secrets)
        ).json()
        time = self._time(document, now)
        fields = configured(self.readings)
        raw = RawReadings({name: wire(reading) for name, reading in fields.items()})
        for name, reading in fields.items():
            try:
                raw.values[name] = Measured(number(at_path(document, reading.query)), time)
            except SignalError as error:
                raw.errors[name] = retold(error, f"{name}.query {reading.query}")
        if self.readings.solar_forecast is not None:
            take_forecast(raw, self.readings.solar_forecast, lambda: document, self.clock)
        return raw

    async def aclose(self) -> None:
        """Nothing is kept."""

    def _time(self, document: object, now: datetime) -> datetime:
        """When the document was written."""
        path = self.readings.time
        if path is None:
            return now
        try:
            return measured_at(wall_time(at_path(document, path)), self.clock, now)
        except SignalError as error:
            raise retold(error, f"time {path}") from None
