"""Hourly generation by fuel from the U.S. Energy Information Administration, API version 2.

Average and production-based, computed from the mix (`mix`) with the factors of the zone's boundary. `period`
names the END of its hour in UTC, values are texts, a missing one is null and not zero. Batteries and pumped
storage may be negative and are left out either way. There is no forecast, and the newest hour is an hour or
two old. The key stands in the query, never in a message.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from voltaire.api.carbon_sources import EiaSource
from voltaire.api.gridzone import Basis
from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.credentials import ReadSecret, read_key
from voltaire.signals.carbon.factors import Fuel, chosen
from voltaire.signals.carbon.mix import Recipe, amount, mix_samples
from voltaire.signals.carbon.samples import HOUR, Answer, Sample
from voltaire.signals.errors import (
    Implausible,
    Malformed,
    NoData,
    RateLimited,
    Unauthorized,
    WrongBasis,
    WrongZone,
)
from voltaire.signals.http import Page, Web
from voltaire.signals.numbers import number, shown

BACK = timedelta(hours=48)
# The API gives at most this many rows at once.
MAX_ROWS = 5000
# A 403 that is not about the key is a suspension for asking too much.
SUSPENDED_SECONDS = 900.0
FUELS = {
    "COL": Fuel.COAL,
    "NG": Fuel.GAS,
    "NUC": Fuel.NUCLEAR,
    "OIL": Fuel.OIL,
    "WAT": Fuel.HYDRO,
    "SUN": Fuel.SOLAR,
    "SNB": Fuel.SOLAR,  # with a battery
    "WND": Fuel.WIND_ONSHORE,
    "WNB": Fuel.WIND_ONSHORE,  # with a battery
    "BM": Fuel.BIOMASS,
    "BIO": Fuel.BIOMASS,
    "GEO": Fuel.GEOTHERMAL,
    "BAT": Fuel.STORAGE,
    "PS": Fuel.STORAGE,
    "OES": Fuel.STORAGE,  # other storage
    "UES": Fuel.STORAGE,  # unknown storage
    "OTH": Fuel.UNKNOWN,
    "UNK": Fuel.UNKNOWN,
}
_PERIOD = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}")
_WHERE = "EIA"


@dataclass(frozen=True, slots=True)
class Eia:
    """One balancing authority."""

    name: str
    spec: EiaSource
    basis: Basis
    web: Web
    read_secret: ReadSecret

    async def fetch(self, now: datetime) -> Answer:
        """The last two days. Raises FetchError, DataError, ConfigError."""
        gives = Basis(signal="average", boundary=self.basis.boundary, perspective="production")
        shapes.require_basis("EIA", gives, self.basis)
        samples, note = await self._samples({"start": f"{now - BACK:%Y-%m-%dT%H}"})
        return shapes.answer(gives, samples, now, (note,))

    @property
    def longest(self) -> timedelta:
        """A week of every fuel there is stays below the API's limit of rows."""
        return timedelta(days=7)

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Raises FetchError, DataError, ConfigError."""
        times = {"start": f"{start + HOUR:%Y-%m-%dT%H}", "end": f"{end:%Y-%m-%dT%H}"}
        return (await self._samples(times))[0]

    async def _samples(self, times: Mapping[str, str]) -> tuple[tuple[Sample, ...], str]:
        """The intensity of hours whose ends lie between `times`."""
        factors = chosen(self.spec.factors, self.basis.boundary, self.spec.own_factors)
        recipe = Recipe(FUELS, factors, self.spec.max_unknown_share)
        page = await self._ask(await read_key(self.read_secret, self.spec.api_key_ref), times)
        steps = read_generation(page.json(), self.spec.respondent)
        return mix_samples(steps, HOUR, recipe)

    async def _ask(self, key: str, times: Mapping[str, str]) -> Page:
        """The newest rows between `times`."""
        try:
            return await self.web.get(
                f"{self.spec.url.rstrip('/')}/electricity/rto/fuel-type-data/data/",
                {
                    "api_key": key,
                    "frequency": "hourly",
                    "data[]": "value",
                    "facets[respondent][]": self.spec.respondent,
                    **times,
                    "sort[0][column]": "period",
                    "sort[0][direction]": "desc",
                    "length": str(MAX_ROWS),
                },
                secrets=(key,),
            )
        except Unauthorized as error:
            if error.status == 403 and "API_KEY" not in str(error):
                raise RateLimited(f"the key is suspended for now: {error}", SUSPENDED_SECONDS) from None
            raise


def read_generation(content: object, respondent: str) -> dict[datetime, dict[str, float | None]]:
    """MWh by fuel code for every hour, by its start. Raises DataError."""
    response = shapes.mapping(shapes.mapping(content, _WHERE).get("response"), f"{_WHERE}: response")
    listed = shapes.listing(response.get("data"), f"{_WHERE}: data")
    if not listed:
        raise NoData(
            f"EIA has no rows for respondent {respondent}: is that the code of a balancing authority?"
        )
    _check_whole(response, len(listed))
    hours: dict[datetime, dict[str, float | None]] = {}
    for entry in listed:
        row = shapes.mapping(entry, f"{_WHERE}: data")
        start = _start(row.get("period"))
        code = _code(row, respondent)
        fuels = hours.setdefault(start, {})
        if code in fuels:
            raise Malformed(f"{_WHERE}: {code} is there twice for {start:%Y-%m-%dT%H:%MZ}")
        if "value" not in row:
            raise Malformed(f"{_WHERE}: rows have no value")
        fuels[code] = _megawatthours(row["value"], f"{_WHERE} {code}")
    return hours


def _check_whole(response: Mapping[str, object], count: int) -> None:
    """Refuse an answer that was cut at the limit of rows: its oldest hour is half a mix."""
    try:
        total = count if response.get("total") is None else number(response["total"])
    except (Malformed, Implausible) as error:
        raise Malformed(f"{_WHERE}: total {error}") from None
    if total > count:
        raise Malformed(f"{_WHERE}: {count} rows of {total:g}: the answer is cut off")


def _start(period: object) -> datetime:
    """The start of the hour that `period` names the end of."""
    text = shapes.text(period, f"{_WHERE}: period")
    if not _PERIOD.fullmatch(text):
        raise Malformed(f"{_WHERE}: period {shown(text)} is not an hour in UTC: 2025-01-14T00")
    return shapes.time(f"{text}:00Z", f"{_WHERE}: period") - HOUR


def _code(row: Mapping[str, object], respondent: str) -> str:
    """The fuel code of a row that is about the right place and in the right unit."""
    if row.get("respondent") != respondent:
        raise WrongZone(f"{_WHERE}: asked for {respondent}, answered for {shown(row.get('respondent'))}")
    if row.get("value-units") != "megawatthours":
        raise WrongBasis(f"{_WHERE}: the unit {shown(row.get('value-units'))} is not megawatthours")
    code = shapes.text(row.get("fueltype"), f"{_WHERE}: fueltype")
    if not code.isalnum() or len(code) > 8:
        raise Malformed(f"{_WHERE}: {shown(code)} is not a fuel code")
    return code


def _megawatthours(value: object, where: str) -> float | None:
    """The value; one that cannot be is one that was not published."""
    try:
        return amount(value, where)
    except Implausible:
        return None
