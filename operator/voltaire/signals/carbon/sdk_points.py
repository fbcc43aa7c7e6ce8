"""Data points of the Green Software Foundation's Carbon Aware SDK, as its WebApi and the exporter write them:

    {"location": "...", "timestamp": "2022-07-19T14:00:00+00:00", "duration": 5, "value": 532.02}

`duration` is in minutes, the value in g/kWh. `location` is the name the data provider uses, not the one that
was asked for. The SDK writes -1 for a value it does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from voltaire.api.carbon_sources import Behind
from voltaire.api.gridzone import Basis
from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.samples import Sample
from voltaire.signals.errors import Malformed, WrongZone
from voltaire.signals.numbers import shown

GRID = timedelta(minutes=5)
# .NET writes seconds with up to seven decimals.
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2})(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_GIVES = {
    "WattTime": Basis(signal="marginal", boundary="direct", perspective="consumption"),
    "ElectricityMaps": Basis(signal="average", boundary="lifecycle", perspective="consumption"),
}


def basis_of(behind: Behind, asked: Basis) -> Basis:
    """What values mean that come from a provider through the SDK: Other is whatever the zone says."""
    return _GIVES.get(behind, asked)


def moment(value: object, where: str) -> datetime:
    """A time on the grid of five minutes; seconds are dropped. Raises Malformed."""
    match = _TIME.fullmatch(shapes.text(value, where).strip())
    if match is None:
        raise Malformed(f"{where}: {shown(value)} is not a time with an offset")
    return shapes.floor(shapes.time(match[1] + match[2], where), GRID)


def read_points(listed: object, where: str) -> tuple[Sample, ...]:
    """The samples of a list of forecast data points, all of one location. Raises DataError."""
    samples = []
    points = [shapes.mapping(point, where) for point in shapes.listing(listed, where)]
    one_location((point.get("location") for point in points), where)
    for point in points:
        start = moment(point.get("timestamp"), f"{where}: timestamp")
        if "value" not in point:
            raise Malformed(f"{where}: the point of {start:%Y-%m-%dT%H:%MZ} has no value")
        end = start + _duration(point.get("duration"), where)
        samples.append(shapes.sample(start, end, point["value"], where, estimated=True))
    return shapes.in_order(samples)


def one_location(named: Iterable[object], where: str) -> str | None:
    """The one location that points name, None when there are none. Raises WrongZone for several."""
    first: object = None
    for location in named:
        if not isinstance(location, str) or (first is not None and location != first):
            raise WrongZone(f"{where}: values of {shown(first)} and {shown(location)} in one answer")
        first = location
    return first if isinstance(first, str) else None


def _duration(minutes: object, where: str) -> timedelta:
    """How long a point holds."""
    if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 1 <= minutes <= 1440:
        raise Malformed(f"{where}: duration {shown(minutes)} is not a number of minutes")
    return timedelta(minutes=int(minutes))
