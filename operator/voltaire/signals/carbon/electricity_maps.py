"""The Electricity Maps API, v3 and v4 (the shapes of carbon intensity are the same in both).

`latest` is asked at every refresh, `history` (the last 24 hours, revised) and `forecast` once an hour, which
keeps a zone near 14 requests an hour at the default refresh. `past-range` tells of earlier weeks, once, where
the plan includes it.

An unknown zone makes the API answer for the place of the caller, so that is switched off and the zone of
every answer is checked. Sandbox keys answer with synthetic values and status 200; they are refused. Values
are average and flow-traced (consumption-based), lifecycle or direct as asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voltaire.api.gridzone import Basis, ElectricityMapsSource
from voltaire.signals.carbon.credentials import ReadSecret, read_key
from voltaire.signals.carbon.electricity_maps_shapes import Document, read_points
from voltaire.signals.carbon.kept import Kept
from voltaire.signals.carbon.samples import Answer, Sample
from voltaire.signals.errors import Rejected, WrongBasis
from voltaire.signals.http import Web

FORECAST_HOURS = 48
# The API gives at most ten days of hours at once.
LONGEST_RANGE = timedelta(days=10)


@dataclass(slots=True)
class ElectricityMaps:
    """One zone of the API."""

    name: str
    spec: ElectricityMapsSource
    zone: str
    basis: Basis
    web: Web
    read_secret: ReadSecret
    _history: Kept = field(default_factory=lambda: Kept("history"), init=False)
    _forecast: Kept = field(default_factory=lambda: Kept("forecast"), init=False)

    async def fetch(self, now: datetime) -> Answer:
        """Raises FetchError, DataError or ConfigError when there is no `latest`, and Sandbox for anything
        synthetic; other trouble with `history` and `forecast` ends up in the answer's notes."""
        if (self.basis.signal, self.basis.perspective) != ("average", "consumption"):
            raise WrongBasis(
                "Electricity Maps gives average consumption-based intensity: the zone's basis is "
                f"{self.basis.signal} {self.basis.perspective}-based"
            )
        key = await read_key(self.read_secret, self.spec.secret_ref)
        latest = await self._points("latest", key)
        await self._history.refresh(lambda: self._points("history", key), now)
        if self.spec.forecast:
            await self._forecast.refresh(lambda: self._points("forecast", key), now)
        known = {sample.start: sample for sample in (*self._history.samples, *latest)}
        past = tuple(known[start] for start in sorted(known) if start <= now)
        begun = past[-1].end if past else now
        forecast = tuple(sample for sample in self._forecast.samples if sample.start >= begun)
        notes = tuple(kept.note for kept in (self._history, self._forecast) if kept.note)
        return Answer(self.basis, past, forecast, notes)

    @property
    def longest(self) -> timedelta:
        """Of one `past-range`."""
        return LONGEST_RANGE

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Raises FetchError, DataError, ConfigError."""
        key = await read_key(self.read_secret, self.spec.secret_ref)
        times = {"start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
        return read_points(await self._ask("past-range", key, times), self.zone, self.basis.boundary)

    async def _points(self, endpoint: str, key: str) -> tuple[Sample, ...]:
        """The samples of one endpoint."""
        ask = self._ask_forecast(key) if endpoint == "forecast" else self._ask(endpoint, key, {})
        return read_points(await ask, self.zone, self.basis.boundary)

    async def _ask_forecast(self, key: str) -> Document:
        """The forecast, as far ahead as we plan; plans that refuse the horizon give their own."""
        try:
            return await self._ask("forecast", key, {"horizonHours": str(FORECAST_HOURS)})
        except Rejected:
            return await self._ask("forecast", key, {})

    async def _ask(self, endpoint: str, key: str, params: dict[str, str]) -> Document:
        """One endpoint's document."""
        page = await self.web.get(
            f"{self.spec.url.rstrip('/')}/carbon-intensity/{endpoint}",
            {
                "zone": self.zone,
                "emissionFactorType": self.basis.boundary,
                "disableCallerLookup": "true",
                **params,
            },
            {"auth-token": key},
        )
        return Document(endpoint, page.host, page.json())
