"""The Carbon Intensity API of Great Britain's system operator (NESO): half hours, national or regional.

Average and direct; what comes over the interconnectors is included, so consumption-based. Nationally, what
occurred has an `actual`; the regions have a forecast alone, also of the past, and so does the newest half
hour: such values are marked as estimates.

Three envelopes carry regions, and one the nation:

    {"data": [{"from", "to", "regions": [{"regionid", ..., "intensity"}]}]}        all regions
    {"data": [{"regionid", ..., "data": [{"from", "to", "intensity"}]}]}           one, now
    {"data": {"regionid", ..., "data": [{"from", "to", "intensity"}]}}             one, a range
    {"data": [{"from", "to", "intensity"}]}                                        the nation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from voltaire.api.carbon_sources import NesoSource
from voltaire.api.gridzone import Basis
from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.samples import HOUR, Answer, Sample
from voltaire.signals.errors import Malformed, WrongZone
from voltaire.signals.http import Web
from voltaire.signals.numbers import shown

GIVES = Basis(signal="average", boundary="direct", perspective="consumption")
BACK, AHEAD = timedelta(hours=24), timedelta(hours=48)
_STEP = timedelta(minutes=30)
_WHERE = "carbon intensity"


@dataclass(frozen=True, slots=True)
class Neso:
    """Great Britain, or one region of it."""

    name: str
    spec: NesoSource
    basis: Basis
    web: Web

    async def fetch(self, now: datetime) -> Answer:
        """One request for yesterday and the next two days. Raises FetchError, DataError."""
        shapes.require_basis("NESO", GIVES, self.basis)
        current = shapes.floor(now, _STEP)
        return shapes.answer(GIVES, await self._range(current - BACK, current + AHEAD), now)

    @property
    def longest(self) -> timedelta:
        """A week, half of what the API gives at once."""
        return timedelta(days=7)

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Raises FetchError, DataError."""
        return await self._range(shapes.floor(start, _STEP), end)

    async def _range(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """The half hours from one time to another."""
        span = f"{start:%Y-%m-%dT%H:%MZ}/{end:%Y-%m-%dT%H:%MZ}"
        page = await self.web.get(f"{self.spec.url.rstrip('/')}{_path(self.spec, span)}")
        return read_intensity(page.json(), self.spec)


def _path(spec: NesoSource, span: str) -> str:
    """The address of a range of times."""
    if spec.region_id is not None:
        return f"/regional/intensity/{span}/regionid/{spec.region_id}"
    if spec.postcode is not None:
        return f"/regional/intensity/{span}/postcode/{spec.postcode}"
    return f"/intensity/{span}"


def read_intensity(content: object, spec: NesoSource) -> tuple[Sample, ...]:
    """The samples of what the spec names, whichever the envelope. Raises DataError."""
    data = shapes.mapping(content, _WHERE).get("data")
    entries = [data] if isinstance(data, dict) else shapes.listing(data, f"{_WHERE}: data")
    samples = [
        _sample(half_hour)
        for entry in entries
        for half_hour in _half_hours(shapes.mapping(entry, f"{_WHERE}: data"), spec)
    ]
    return shapes.in_order(samples)


def _half_hours(entry: Mapping[str, object], spec: NesoSource) -> Iterator[Mapping[str, object]]:
    """The half hours that an entry of any envelope holds, each with from, to and intensity."""
    if "regions" in entry:
        regions = [
            shapes.mapping(region, f"{_WHERE}: regions")
            for region in shapes.listing(entry["regions"], f"{_WHERE}: regions")
        ]
        chosen = [region for region in regions if _is_asked(region, spec)]
        if not chosen:
            raise WrongZone(f"{_WHERE}: the answer has no region {spec.region_id or spec.postcode}")
        yield {**entry, "intensity": chosen[0].get("intensity")}
    elif "data" in entry:
        if not _is_asked(entry, spec):
            named = entry.get("regionid") if spec.postcode is None else entry.get("postcode")
            raise WrongZone(
                f"{_WHERE}: asked for {spec.region_id or spec.postcode or 'the nation'}, "
                f"answered for {shown(named)}"
            )
        for half_hour in shapes.listing(entry["data"], f"{_WHERE}: data"):
            yield shapes.mapping(half_hour, f"{_WHERE}: data")
    elif spec.region_id is not None or spec.postcode is not None:
        raise WrongZone(f"{_WHERE}: asked for a region, answered for the nation")
    else:
        yield entry


def _is_asked(region: Mapping[str, object], spec: NesoSource) -> bool:
    """Whether a region is the one the spec names."""
    if spec.postcode is not None:
        return region.get("postcode") == spec.postcode
    number = region.get("regionid")
    return spec.region_id is not None and number == spec.region_id and not isinstance(number, bool)


def _sample(half_hour: Mapping[str, object]) -> Sample:
    """One half hour: what occurred if that is known, else what is expected."""
    start = shapes.time(half_hour.get("from"), f"{_WHERE}: from")
    end = shapes.time(half_hour.get("to"), f"{_WHERE}: to")
    if not timedelta(0) < end - start <= HOUR:
        raise Malformed(f"{_WHERE}: {start:%Y-%m-%dT%H:%MZ} to {end:%Y-%m-%dT%H:%MZ} is no half hour")
    intensity = shapes.mapping(half_hour.get("intensity"), f"{_WHERE}: intensity")
    if "forecast" not in intensity and "actual" not in intensity:
        raise Malformed(f"{_WHERE}: {start:%Y-%m-%dT%H:%MZ} has neither actual nor forecast")
    actual = intensity.get("actual")
    value = intensity.get("forecast") if actual is None else actual
    return shapes.sample(start, end, value, _WHERE, estimated=actual is None)
