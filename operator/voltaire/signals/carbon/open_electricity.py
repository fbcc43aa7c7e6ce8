"""The Open Electricity API, version 4: Australia's grids in steps of five minutes.

The provider computes emissions itself, plant by plant, with what their stacks emit: average, direct,
production-based. The intensity is emissions over energy, summed over what generates: charging and
discharging batteries, pumps and flows between regions are left out on both sides. A moment at which a kind of
plant is missing that mattered shortly before is a gap. There is no forecast. Times are those of the network,
with its offset, and name the end of the step (AEMO's settlement date).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voltaire.api.carbon_sources import OpenElectricitySource
from voltaire.api.gridzone import Basis
from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.credentials import ReadSecret, read_key
from voltaire.signals.carbon.factors import LIFECYCLE, Fuel
from voltaire.signals.carbon.mix import NEGLIGIBLE_SHARE, Recipe, amount, complete
from voltaire.signals.carbon.samples import Answer, Sample
from voltaire.signals.errors import Implausible, Malformed, NoData, WrongBasis, WrongZone
from voltaire.signals.http import Web
from voltaire.signals.numbers import shown

GIVES = Basis(signal="average", boundary="direct", perspective="production")
STEP = timedelta(minutes=5)
# Of the first request, which fills the history, and of those after it.
FIRST, LATER = timedelta(hours=24), timedelta(hours=3)
_OFFSETS = {"NEM": timedelta(hours=10), "WEM": timedelta(hours=8)}
_MEGAWATTHOURS = {"kWh": 1e-3, "MWh": 1.0, "GWh": 1e3}
_TONNES = {"kg": 1e-3, "t": 1.0, "kt": 1e3}
_NO_GENERATION = (
    "battery",
    "battery_charging",
    "battery_discharging",
    "pumps",
    "imports",
    "exports",
    "interconnector",
    "aggregator_vpp",
    "aggregator_dr",
)
_BURNS = ("coal", "gas", "distillate")
# Names storage alone; what else there is has no factor here, since emissions are given.
_RECIPE = Recipe(dict.fromkeys(_NO_GENERATION, Fuel.STORAGE), LIFECYCLE, 1.0)
_WHERE = "Open Electricity"

Grid = dict[datetime, dict[str, float | None]]


@dataclass(slots=True)
class OpenElectricity:
    """One network, or one region of it."""

    name: str
    spec: OpenElectricitySource
    basis: Basis
    web: Web
    read_secret: ReadSecret
    _asked: bool = field(default=False, init=False)

    async def fetch(self, now: datetime) -> Answer:
        """The last hours. Raises FetchError, DataError, ConfigError."""
        shapes.require_basis("Open Electricity", GIVES, self.basis)
        start = shapes.floor(now - (LATER if self._asked else FIRST), STEP)
        samples = await self._range(start, shapes.floor(now, STEP) + STEP)
        self._asked = True
        return shapes.answer(GIVES, samples, now)

    @property
    def longest(self) -> timedelta:
        """A day of five minutes by fuel is a third of a megabyte."""
        return timedelta(days=1)

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Raises FetchError, DataError, ConfigError."""
        return await self._range(shapes.floor(start, STEP), shapes.floor(end, STEP))

    async def _range(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """The steps from one time to another."""
        key = await read_key(self.read_secret, self.spec.api_key_ref)
        start, end = start + _OFFSETS[self.spec.network], end + _OFFSETS[self.spec.network]
        region = {} if self.spec.region is None else {"network_region": self.spec.region}
        page = await self.web.get(
            f"{self.spec.url.rstrip('/')}/data/network/{self.spec.network}",
            {
                "metrics": ["energy", "emissions"],
                "interval": "5m",
                "primary_grouping": "network_region" if region else "network",
                "secondary_grouping": "fueltech",
                # Times of the network, without an offset.
                "date_start": f"{start:%Y-%m-%dT%H:%M:%S}",
                "date_end": f"{end:%Y-%m-%dT%H:%M:%S}",
                **region,
            },
            {"Authorization": f"Bearer {key}"},
            secrets=(key,),
        )
        return read_network(page.json(), self.spec.network, self.spec.region)


def read_network(content: object, network: str, region: str | None) -> tuple[Sample, ...]:
    """The samples of an answer with energy and emissions by fuel technology. Raises DataError."""
    document = shapes.mapping(content, _WHERE)
    if document.get("success") is False:
        raise NoData(f"{_WHERE}: the provider calls the answer a failure: {shown(document.get('error'))}")
    grids: dict[str, Grid] = {}
    for entry in shapes.listing(document.get("data"), f"{_WHERE}: data"):
        block = shapes.mapping(entry, f"{_WHERE}: data")
        if block.get("network_code") != network:
            raise WrongZone(f"{_WHERE}: asked for {network}, answered for {shown(block.get('network_code'))}")
        metric = block.get("metric")
        if metric in ("energy", "emissions"):
            grids[str(metric)] = _grid(block, _MEGAWATTHOURS if metric == "energy" else _TONNES, region)
    if set(grids) != {"energy", "emissions"}:
        raise Malformed(f"{_WHERE}: energy and emissions are not both there")
    return _samples(grids["energy"], grids["emissions"])


def _grid(block: Mapping[str, object], units: Mapping[str, float], region: str | None) -> Grid:
    """A metric by time and fuel technology, in MWh or tonnes."""
    if block.get("interval") != "5m":
        raise Malformed(f"{_WHERE}: asked for steps of 5m, answered with {shown(block.get('interval'))}")
    unit = block.get("unit")
    factor = units.get(unit) if isinstance(unit, str) else None
    if factor is None:
        raise WrongBasis(f"{_WHERE}: the unit {shown(unit)} is not known: expected one of {', '.join(units)}")
    grid: Grid = {}
    for entry in shapes.listing(block.get("results"), f"{_WHERE}: results"):
        result = shapes.mapping(entry, f"{_WHERE}: results")
        columns = shapes.mapping(result.get("columns"), f"{_WHERE}: columns")
        named = columns.get("region", columns.get("network_region"))
        if region is not None and named != region:
            raise WrongZone(f"{_WHERE}: asked for region {region}, answered for {shown(named)}")
        technology = shapes.text(columns.get("fueltech"), f"{_WHERE}: fueltech").lower()
        for point in shapes.listing(result.get("data"), f"{_WHERE}: data"):
            start, value = _point(point, technology)
            row = grid.setdefault(start, {})
            if technology in row:
                raise Malformed(f"{_WHERE}: {shown(technology)} is there twice for one time")
            row[technology] = None if value is None else value * factor
    return grid


def _point(point: object, technology: str) -> tuple[datetime, float | None]:
    """Start of the step and value; a value that cannot be is one that was not published."""
    pair = shapes.listing(point, f"{_WHERE}: data")
    if len(pair) != 2:
        raise Malformed(f"{_WHERE}: {shown(point)} is not a time and a value")
    start = shapes.time(pair[0], f"{_WHERE}: data") - STEP
    try:
        return start, amount(pair[1], f"{_WHERE} {shown(technology)}")
    except Implausible:
        return start, None


def _samples(energy: Grid, emissions: Grid) -> tuple[Sample, ...]:
    """Emissions over energy, step by step."""
    emitting = _emitting(energy, emissions)
    last: dict[str, float] = {}
    for start in sorted(energy, reverse=True):
        last |= _known(energy[start])
    samples = []
    for start in sorted(energy):
        known = _known(energy[start])
        grams = None
        if complete(energy[start], last, _RECIPE):
            grams = _intensity(known, _known(emissions.get(start, {})), emitting)
        samples.append(shapes.sample(start, start + STEP, grams, _WHERE))
        last |= known
    return tuple(samples)


def _emitting(energy: Grid, emissions: Grid) -> set[str]:
    """The technologies whose emissions must be known: those that burn, those that emitted, and those that are
    listed without ever having a figure. What was 0 all along may be late."""
    said: dict[str, set[float | None]] = {}
    for row in emissions.values():
        for technology, tonnes in row.items():
            said.setdefault(technology, set()).add(tonnes)
    burning = {technology for row in energy.values() for technology in row if technology.startswith(_BURNS)}
    return (
        burning
        | {technology for technology, tonnes in said.items() if not tonnes & {0.0}}
        | {technology for technology, tonnes in said.items() if tonnes - {0.0, None}}
    )


def _known(row: Mapping[str, float | None]) -> dict[str, float]:
    """What was published of a moment."""
    return {technology: value for technology, value in row.items() if value is not None}


def _intensity(
    energy: Mapping[str, float], emissions: Mapping[str, float], emitting: set[str]
) -> float | None:
    """g/kWh of a moment; None when the emissions of a technology that emits are missing."""
    generated = {
        technology: megawatthours
        for technology, megawatthours in energy.items()
        if technology not in _NO_GENERATION and megawatthours > 0.0
    }
    total = sum(generated.values())
    missing = sum(
        megawatthours
        for technology, megawatthours in generated.items()
        if technology in emitting and technology not in emissions
    )
    if total <= 0.0 or missing > NEGLIGIBLE_SHARE * total:
        return None
    tonnes = sum(amount for technology, amount in emissions.items() if technology in generated)
    # A tonne for a megawatt-hour is 1000 g for a kilowatt-hour.
    return tonnes / total * 1000.0
