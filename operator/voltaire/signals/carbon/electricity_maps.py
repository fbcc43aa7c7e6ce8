"""The Electricity Maps API, v3 and v4 (the shapes of carbon intensity are the same in both).

After the first poll, which asks for all there is, one address is asked at a time: `history` (the last 24
hours, revised) and `forecast` once an hour in place of `latest`, which keeps a zone at four requests an hour.
`past-range` tells of earlier weeks, once, where the plan includes it.

An unknown zone makes the API answer for the place of the caller, so that is switched off and the zone of
every answer is checked. Sandbox keys answer with synthetic values and status 200; they are refused. Values
are average and flow-traced (consumption-based), lifecycle or direct as asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from voltaire.api.gridzone import Basis, ElectricityMapsSource
from voltaire.signals.carbon.credentials import ReadSecret, read_key
from voltaire.signals.carbon.electricity_maps_shapes import Document, read_points
from voltaire.signals.carbon.kept import Kept, lapsed
from voltaire.signals.carbon.samples import Answer, Sample
from voltaire.signals.errors import Rejected, WrongBasis
from voltaire.signals.http import Web

FORECAST_HOURS = 48
# The API gives at most ten days of hours at once.
LONGEST_RANGE = timedelta(days=10)
REMEMBERED = timedelta(days=2)


@dataclass(slots=True)
class ElectricityMaps:
    """One zone of the API."""

    name: str
    spec: ElectricityMapsSource
    zone: str
    basis: Basis
    web: Web
    read_secret: ReadSecret
    _known: dict[datetime, Sample] = field(default_factory=dict, init=False)
    _asked: datetime | None = field(default=None, init=False)
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
        kept = [(self._history, "history"), *([(self._forecast, "forecast")] if self.spec.forecast else [])]
        due = [(part, endpoint) for part, endpoint in kept if part.due(now)]
        present = lapsed(self._asked, now) or not due
        if present:
            self._learn(await self._points("latest", key), now)
            self._asked = now
        for part, endpoint in due if present else due[:1]:
            before = part.samples
            await part.refresh(partial(self._points, endpoint, key), now)
            if part is self._history and part.samples is not before:
                self._learn(part.samples, now)
        past = tuple(self._known[start] for start in sorted(self._known) if start <= now)
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

    def _learn(self, samples: tuple[Sample, ...], now: datetime) -> None:
        """What was told last of an hour counts."""
        told = {sample.start: sample for sample in samples}
        self._known = {start: one for start, one in self._known.items() if start > now - REMEMBERED} | told

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
