"""A WebApi of the Green Software Foundation's Carbon Aware SDK, usually running in the cluster.

`/emissions/bylocation` gives what occurred; the forecast is optional, as not every data provider has one, and
its points of the present and past are used where nothing better is known. The best moments that the forecast
names (`optimalDataPoints`, in some versions `optimalDataPoint`) are not needed: the planner finds its own.

The WebApi does not say what its values mean. The spec names who is behind it, which is the basis.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from voltaire.api.carbon_sources import CarbonAwareSdkSource
from voltaire.api.gridzone import Basis
from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.kept import Kept, lapsed
from voltaire.signals.carbon.samples import HOUR, Answer, Sample
from voltaire.signals.carbon.sdk_points import GRID, basis_of, moment, one_location, read_points
from voltaire.signals.errors import Malformed, WrongZone
from voltaire.signals.http import Web

BACK = timedelta(hours=24)
_WHERE = "Carbon Aware SDK"


@dataclass(slots=True)
class CarbonAwareSdk:
    """One location of one WebApi."""

    name: str
    spec: CarbonAwareSdkSource
    basis: Basis
    web: Web
    _observed: tuple[Sample, ...] = field(default=(), init=False)
    _asked: datetime | None = field(default=None, init=False)
    _forecast: Kept = field(default_factory=lambda: Kept("forecast", timedelta(minutes=15)), init=False)

    async def fetch(self, now: datetime) -> Answer:
        """Raises FetchError, DataError, UrlRefused; trouble with the forecast ends up in the notes."""
        gives = basis_of(self.spec.behind, self.basis)
        shapes.require_basis(f"{self.spec.behind} behind the Carbon Aware SDK", gives, self.basis)
        due = self._forecast.due(now)
        # One request at a time after the first: the forecast in place of what occurred.
        if lapsed(self._asked, now) or not due:
            self._observed, self._asked = await self.occurred(now - BACK, now), now
        if due:
            await self._forecast.refresh(self._expected, now)
        known = {sample.start for sample in self._observed}
        expected = (sample for sample in self._forecast.samples if sample.start not in known)
        return shapes.answer(gives, (*self._observed, *expected), now, (self._forecast.note,))

    @property
    def longest(self) -> timedelta:
        """A week, which every data provider behind it gives."""
        return timedelta(days=7)

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Raises FetchError, DataError, UrlRefused."""
        times = {"time": f"{start:%Y-%m-%dT%H:%MZ}", "toTime": f"{end:%Y-%m-%dT%H:%MZ}"}
        return read_emissions(await self._ask("bylocation", times))

    async def _expected(self) -> tuple[Sample, ...]:
        """The forecast."""
        return read_forecast(await self._ask("forecasts/current", {}), self.spec.location)

    async def _ask(self, endpoint: str, params: dict[str, str]) -> object:
        """One endpoint's document."""
        url = f"{self.spec.url.rstrip('/')}/emissions/{endpoint}"
        return (await self.web.get(url, {"location": self.spec.location, **params})).json()


def read_emissions(content: object) -> tuple[Sample, ...]:
    """What occurred: `[{location, time, rating}]`. Raises DataError."""
    where = f"{_WHERE}: emissions"
    points = [shapes.mapping(point, where) for point in shapes.listing(content, where)]
    one_location((point.get("location") for point in points), where)
    starts = sorted({moment(point.get("time"), f"{where}: time") for point in points})
    distances = [later - earlier for earlier, later in pairwise(starts)]
    step = max(GRID, min(HOUR, *distances)) if distances else HOUR
    samples = []
    for point in points:
        start = moment(point["time"], f"{where}: time")
        if "rating" not in point:
            raise Malformed(f"{where}: the point of {start:%Y-%m-%dT%H:%MZ} has no rating")
        samples.append(shapes.sample(start, start + step, point["rating"], where))
    return shapes.in_order(samples)


def read_forecast(content: object, location: str) -> tuple[Sample, ...]:
    """The forecast for one location. Raises DataError."""
    where = f"{_WHERE}: forecast"
    forecasts = [shapes.mapping(entry, where) for entry in shapes.listing(content, where)]
    chosen = [entry for entry in forecasts if str(entry.get("location")).casefold() == location.casefold()]
    if not chosen:
        raise WrongZone(f"{where}: the answer has no location {location}")
    return read_points(chosen[0].get("forecastData"), where)
