"""RTE's éCO2mix, real-time data set, through the Opendatasoft API of the ODRÉ portal. France alone.

`taux_co2` is what leaves the stacks for a kilowatt-hour generated in the country: average, direct,
production-based. There is no forecast. The data set has rows of the future with nothing in them, so rows
without a rate are not asked for. Each rate is compared with what the row's own mix gives by factors fitted to
RTE's (`factors.RTE_FITTED`): one that is far off is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from voltaire.api.carbon_sources import RteSource
from voltaire.api.gridzone import Basis
from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.credentials import ReadSecret, read_key
from voltaire.signals.carbon.factors import RTE_FITTED, Fuel
from voltaire.signals.carbon.mix import amount, weigh
from voltaire.signals.carbon.samples import HOUR, Answer, Sample
from voltaire.signals.errors import DataError, Malformed, WrongZone
from voltaire.signals.http import Web

GIVES = Basis(signal="average", boundary="direct", perspective="production")
DATA_SET = "eco2mix-national-tr"
# A page of the portal has at most 100 rows: a day of quarter hours.
ROWS = 100
# How far a rate may be from its mix: RTE's factors are fitted, and RTE may change them.
TOLERANCE_GRAMS, TOLERANCE_SHARE = 10.0, 0.25
FUELS: Mapping[str, Fuel] = {
    "charbon": Fuel.COAL,
    "fioul": Fuel.OIL,
    "gaz": Fuel.GAS,
    "bioenergies": Fuel.BIOMASS,
    "nucleaire": Fuel.NUCLEAR,
    "eolien": Fuel.WIND_ONSHORE,
    "solaire": Fuel.SOLAR,
    "hydraulique": Fuel.HYDRO,
}
_QUARTER = timedelta(minutes=15)
_WHERE = "éCO2mix"


@dataclass(frozen=True, slots=True)
class Rte:
    """France."""

    name: str
    spec: RteSource
    zone: str
    basis: Basis
    web: Web
    read_secret: ReadSecret

    async def fetch(self, now: datetime) -> Answer:
        """The last day. Raises FetchError, DataError, ConfigError."""
        shapes.require_basis("éCO2mix", GIVES, self.basis)
        if self.zone != "FR":
            raise WrongZone(f"éCO2mix is about France: spec.zone is {self.zone}, not FR")
        return shapes.answer(GIVES, await self._rows("taux_co2 is not null"), now)

    @property
    def longest(self) -> timedelta:
        """A page of rows."""
        return timedelta(days=1)

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Raises FetchError, DataError, ConfigError."""
        first, last = (f"date'{time:%Y-%m-%dT%H:%M:%SZ}'" for time in (start, end))
        return await self._rows(f"taux_co2 is not null and date_heure >= {first} and date_heure < {last}")

    async def _rows(self, where: str) -> tuple[Sample, ...]:
        """The newest page of the rows that a condition names."""
        headers = {}
        if self.spec.api_key_ref is not None:
            headers["Authorization"] = f"Apikey {await read_key(self.read_secret, self.spec.api_key_ref)}"
        page = await self.web.get(
            f"{self.spec.url.rstrip('/')}/api/explore/v2.1/catalog/datasets/{DATA_SET}/records",
            {
                "select": ",".join(["date_heure", "taux_co2", *FUELS]),
                "where": where,
                "order_by": "date_heure desc",
                "limit": str(ROWS),
                "timezone": "UTC",
            },
            headers,
            secrets=tuple(value.removeprefix("Apikey ") for value in headers.values()),
        )
        return read_records(page.json())


def read_records(content: object) -> tuple[Sample, ...]:
    """The samples of a page of records; rows come in any order. Raises DataError."""
    listed = shapes.listing(shapes.mapping(content, _WHERE).get("results"), f"{_WHERE}: results")
    rows = [shapes.mapping(row, f"{_WHERE}: results") for row in listed]
    starts = sorted({shapes.time(row.get("date_heure"), f"{_WHERE}: date_heure") for row in rows})
    distances = [later - earlier for earlier, later in pairwise(starts)]
    step = min(HOUR, max(_QUARTER, min(distances, default=_QUARTER)))
    return shapes.in_order(_sample(row, step) for row in rows)


def _sample(row: Mapping[str, object], step: timedelta) -> Sample:
    """One row."""
    start = shapes.time(row.get("date_heure"), f"{_WHERE}: date_heure")
    if "taux_co2" not in row:
        raise Malformed(f"{_WHERE}: the row of {start:%Y-%m-%dT%H:%MZ} has no taux_co2")
    one = shapes.sample(start, start + step, row["taux_co2"], _WHERE)
    expected = rate_of_mix(row)
    if one.grams_per_kwh is None or expected is None:
        return one
    if abs(one.grams_per_kwh - expected) > max(TOLERANCE_GRAMS, TOLERANCE_SHARE * expected):
        refusal = f"taux_co2 is {one.grams_per_kwh:g}, the row's own mix gives {expected:.0f}"
        return replace(one, grams_per_kwh=None, refusal=f"{_WHERE} {start:%H:%MZ}: {refusal}")
    return one


def rate_of_mix(row: Mapping[str, object]) -> float | None:
    """What a row's mix gives, g/kWh; None when a part of it is missing (the portal writes `ND` for some)."""
    try:
        parts = [(fuel, amount(row.get(column), column)) for column, fuel in FUELS.items()]
    except DataError:
        return None
    known = [(fuel, generated) for fuel, generated in parts if generated is not None]
    mixed = weigh(known, RTE_FITTED) if len(known) == len(FUELS) else None
    return None if mixed is None else mixed.grams_per_kwh
