"""Actual generation per type from the ENTSO-E Transparency Platform (document A75, process A16).

The platform gives generation, not carbon: the intensity is computed (`mix`), so it is average and
production-based, with the factors of the zone's boundary. Types are published an hour or more late, each with
its own delay. There is no forecast.

More than 400 requests a minute bring a ban of ten minutes for address and token; one 429 is taken for it, and
all zones leave the platform alone that long. The token stands in the query, never in a message.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from voltaire.api.carbon_sources import EntsoeSource
from voltaire.api.gridzone import Basis
from voltaire.signals.breaker import Breaker
from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.credentials import ReadSecret, read_key
from voltaire.signals.carbon.entsoe_document import read_generation
from voltaire.signals.carbon.factors import Fuel, chosen
from voltaire.signals.carbon.mix import Recipe, mix_samples
from voltaire.signals.carbon.samples import HOUR, Answer, Sample
from voltaire.signals.errors import RateLimited
from voltaire.signals.http import Web

BAN_SECONDS = 600.0
BACK = timedelta(hours=48)
# The platform's types of production (psrType). Those that are not here are of unknown kind, among them B15
# other renewables, B17 waste and B20 other.
FUELS = {
    "B01": Fuel.BIOMASS,
    "B02": Fuel.COAL,  # lignite
    "B03": Fuel.COAL,  # gas made from coal
    "B04": Fuel.GAS,
    "B05": Fuel.COAL,  # hard coal
    "B06": Fuel.OIL,
    "B07": Fuel.COAL,  # oil shale
    "B08": Fuel.COAL,  # peat
    "B09": Fuel.GEOTHERMAL,
    "B10": Fuel.STORAGE,  # pumped storage
    "B11": Fuel.HYDRO,
    "B12": Fuel.HYDRO,
    "B13": Fuel.OCEAN,
    "B14": Fuel.NUCLEAR,
    "B15": Fuel.UNKNOWN,
    "B16": Fuel.SOLAR,
    "B17": Fuel.UNKNOWN,
    "B18": Fuel.WIND_OFFSHORE,
    "B19": Fuel.WIND_ONSHORE,
    "B20": Fuel.UNKNOWN,
    "B25": Fuel.STORAGE,
}


@dataclass(frozen=True, slots=True)
class Entsoe:
    """One bidding zone."""

    name: str
    spec: EntsoeSource
    basis: Basis
    web: Web
    breaker: Breaker
    read_secret: ReadSecret

    async def fetch(self, now: datetime) -> Answer:
        """The last two days. Raises FetchError, DataError, ConfigError."""
        gives = Basis(signal="average", boundary=self.basis.boundary, perspective="production")
        shapes.require_basis("ENTSO-E", gives, self.basis)
        end = shapes.floor(now, HOUR) + HOUR
        samples, note = await self._samples(end - BACK, end)
        return shapes.answer(gives, samples, now, (note,))

    @property
    def longest(self) -> timedelta:
        """Three days of twenty types in quarter hours are half a megabyte."""
        return timedelta(days=3)

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Raises FetchError, DataError, ConfigError."""
        return (await self._samples(shapes.floor(start, HOUR), shapes.floor(end, HOUR)))[0]

    async def _samples(self, start: datetime, end: datetime) -> tuple[tuple[Sample, ...], str]:
        """The intensity of the steps of a range of whole hours."""
        factors = chosen(self.spec.factors, self.basis.boundary, self.spec.own_factors)
        recipe = Recipe(FUELS, factors, self.spec.max_unknown_share)
        token = await read_key(self.read_secret, self.spec.token_ref)
        step, steps = read_generation(await self._ask(token, start, end), self.spec.area)
        return mix_samples(steps, step, recipe)

    async def _ask(self, token: str, start: datetime, end: datetime) -> bytes:
        """The document of a range of times."""
        host = httpx.URL(self.spec.url).host
        self.breaker.check(host)
        try:
            page = await self.web.get(
                self.spec.url,
                {
                    "securityToken": token,
                    "documentType": "A75",
                    "processType": "A16",
                    "in_Domain": self.spec.area,
                    "periodStart": f"{start:%Y%m%d%H%M}",
                    "periodEnd": f"{end:%Y%m%d%H%M}",
                },
                {"Accept": "application/xml"},
                secrets=(token,),
                attempts=1,
            )
        except RateLimited as error:
            seconds = max(BAN_SECONDS, error.retry_after_seconds)
            self.breaker.trip(host, seconds)
            raise RateLimited(f"{host} answers 429, which is a ban of ten minutes", seconds) from None
        return page.body
