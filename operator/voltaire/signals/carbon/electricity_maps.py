"""The Electricity Maps API, v3 and v4 (the shapes of carbon intensity are the same in both).

`latest` is asked at every refresh, `history` (the last 24 hours, revised) and `forecast` once an hour, which
keeps a zone near 14 requests an hour at the default refresh.

An unknown zone makes the API answer for the place of the caller, so that is switched off and the zone of
every answer is checked. Sandbox keys answer with synthetic values and status 200; they are refused. Values
are average and flow-traced (consumption-based), lifecycle or direct as asked.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voltaire.api.gridzone import Basis, ElectricityMapsSource
from voltaire.signals.carbon.electricity_maps_shapes import Document, read_points
from voltaire.signals.carbon.samples import HOUR, Answer, Sample
from voltaire.signals.errors import (
    ConfigError,
    DataError,
    FetchError,
    NotFound,
    Rejected,
    Sandbox,
    SignalError,
    Unauthorized,
    Unreadable,
    WrongBasis,
)
from voltaire.signals.http import Web

ReadSecret = Callable[[str, str, str], Awaitable[str]]
FORECAST_HOURS = 48
NO_FORECAST_PAUSE = timedelta(hours=6)
_KEY = re.compile(r"[\x21-\x7e]{1,4096}")


@dataclass(slots=True)
class _Kept:
    """Samples of an endpoint and when it is asked again."""

    samples: tuple[Sample, ...] = ()
    ask_from: datetime | None = None
    note: str = ""


@dataclass(slots=True)
class ElectricityMaps:
    """One zone of the API."""

    name: str
    spec: ElectricityMapsSource
    zone: str
    basis: Basis
    web: Web
    read_secret: ReadSecret
    _history: _Kept = field(default_factory=_Kept, init=False)
    _forecast: _Kept = field(default_factory=_Kept, init=False)

    async def fetch(self, now: datetime) -> Answer:
        """Raises FetchError, DataError or ConfigError when there is no `latest`, and Sandbox for anything
        synthetic; other trouble with `history` and `forecast` ends up in the answer's notes."""
        if (self.basis.signal, self.basis.perspective) != ("average", "consumption"):
            raise WrongBasis(
                "Electricity Maps gives average consumption-based intensity: the zone's basis is "
                f"{self.basis.signal} {self.basis.perspective}-based"
            )
        key = await self._key()
        latest = read_points(await self._ask("latest", key, {}), self.zone, self.basis.boundary)
        await self._refresh(self._history, "history", key, now)
        if self.spec.forecast:
            await self._refresh(self._forecast, "forecast", key, now)
        known = {sample.start: sample for sample in (*self._history.samples, *latest)}
        past = tuple(known[start] for start in sorted(known) if start <= now)
        begun = past[-1].end if past else now
        forecast = tuple(sample for sample in self._forecast.samples if sample.start >= begun)
        notes = tuple(kept.note for kept in (self._history, self._forecast) if kept.note)
        return Answer(self.basis, past, forecast, notes)

    async def _refresh(self, kept: _Kept, endpoint: str, key: str, now: datetime) -> None:
        """Ask `endpoint` again if it is due. What was known stays when it cannot be had this time."""
        # The lower bound: a clock that was set back does not silence the endpoint for long.
        if kept.ask_from is not None and kept.ask_from - NO_FORECAST_PAUSE <= now < kept.ask_from:
            return
        kept.ask_from, kept.note = None, ""
        try:
            ask = self._ask_forecast(key) if endpoint == "forecast" else self._ask(endpoint, key, {})
            document = await ask
            kept.samples = read_points(document, self.zone, self.basis.boundary)
            kept.ask_from = now + HOUR
        except Sandbox:
            raise
        except (Unauthorized, NotFound, Rejected) as error:
            # The plan does not include it: free plans have no forecast.
            kept.samples, kept.ask_from = (), now + NO_FORECAST_PAUSE
            kept.note = f"no {endpoint}: {error}"
        except (FetchError, DataError) as error:
            kept.note = f"no {endpoint} this time: {error}"

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

    async def _key(self) -> str:
        """The API key."""
        ref = self.spec.secret_ref
        where = f"key {ref.key} of Secret {ref.namespace}/{ref.name}"
        try:
            key = (await self.read_secret(ref.namespace, ref.name, ref.key)).strip()
        except SignalError:
            raise
        except Exception as error:
            raise Unreadable(f"{where} cannot be read: {type(error).__name__}") from error
        if not _KEY.fullmatch(key):
            raise ConfigError(f"{where} is not an API key: empty, or with spaces or control characters")
        return key
