"""Energy-Charts of Fraunhofer ISE: gCO2eq/kWh for European countries, measured and forecast.

The answer is parallel arrays: times, measured values, forecast values, each with nulls where it has none.
A measured value wins over a forecast one for the same time; a forecast value of the past is an estimate.

Requests are limited to about two a minute for an address, so an answer is kept for a quarter of an hour, the
resolution of the data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from voltaire.api.carbon_sources import EnergyChartsSource
from voltaire.api.gridzone import Basis
from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.kept import Kept, lapsed
from voltaire.signals.carbon.samples import HOUR, Answer, Sample
from voltaire.signals.errors import Malformed, NoData
from voltaire.signals.http import Web
from voltaire.signals.numbers import shown

GIVES = Basis(signal="average", boundary="lifecycle", perspective="production")
BACK = timedelta(hours=48)
FRESH_FOR = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHERE = "Energy-Charts"


@dataclass(slots=True)
class EnergyCharts:
    """One country."""

    name: str
    spec: EnergyChartsSource
    basis: Basis
    web: Web
    _current: tuple[datetime, tuple[Sample, ...], str] | None = field(default=None, init=False)
    _history: Kept = field(default_factory=lambda: Kept("history", timedelta(hours=6)), init=False)

    async def fetch(self, now: datetime) -> Answer:
        """Raises FetchError, DataError; trouble with the history ends up in the notes."""
        shapes.require_basis("Energy-Charts", GIVES, self.basis)
        # Five percent of slack for callers that come a little early.
        if self._current is None or not timedelta(0) <= now - self._current[0] < 0.95 * FRESH_FOR:
            asked = None if self._current is None else self._current[0]
            due = self._history.due(now)
            # One request at a time after the first poll: the history in place of the present.
            if lapsed(asked, now) or not due:
                self._current = (now, *await self._ask({}))
            if due:
                await self._history.refresh(lambda: self._past(now), now)
        assert self._current is not None  # noqa: S101  (told to mypy)
        _, samples, note = self._current
        return shapes.answer(GIVES, (*self._history.samples, *samples), now, (note, self._history.note))

    async def _past(self, now: datetime) -> tuple[Sample, ...]:
        """The days before."""
        return await self.occurred(now - BACK, now)

    @property
    def longest(self) -> timedelta:
        """Four weeks of quarter hours are a tenth of a megabyte, and requests are scarce."""
        return timedelta(days=28)

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Raises FetchError, DataError."""
        samples, _ = await self._ask({"start": f"{start:%Y-%m-%dT%H:%MZ}", "end": f"{end:%Y-%m-%dT%H:%MZ}"})
        return samples

    async def _ask(self, params: dict[str, str]) -> tuple[tuple[Sample, ...], str]:
        """Today, or a range of times."""
        url = f"{self.spec.url.rstrip('/')}/co2eq"
        page = await self.web.get(url, {"country": self.spec.country, **params})
        return read_arrays(page.json())


def read_arrays(content: object) -> tuple[tuple[Sample, ...], str]:
    """The samples of an answer, and what the provider warns of. Raises DataError."""
    document = shapes.mapping(content, _WHERE)
    stamps = [
        _time(second) for second in shapes.listing(document.get("unix_seconds"), f"{_WHERE}: unix_seconds")
    ]
    if not stamps:
        raise NoData(f"{_WHERE}: no times: is the country known there?")
    measured = shapes.listing(document.get("co2eq"), f"{_WHERE}: co2eq")
    expected = shapes.listing(document.get("co2eq_forecast"), f"{_WHERE}: co2eq_forecast")
    if not len(stamps) == len(measured) == len(expected):
        raise Malformed(
            f"{_WHERE}: {len(stamps)} times, {len(measured)} values, {len(expected)} forecasts: cut off?"
        )
    distances = [later - earlier for earlier, later in pairwise(stamps)]
    if any(distance <= timedelta(0) for distance in distances):
        raise Malformed(f"{_WHERE}: unix_seconds do not grow")
    step = min([HOUR, *distances])
    samples = tuple(
        shapes.sample(
            start, start + step, forecast if value is None else value, _WHERE, estimated=value is None
        )
        for start, value, forecast in zip(stamps, measured, expected, strict=True)
    )
    return samples, f"{_WHERE} calls this endpoint deprecated" if document.get("deprecated") is True else ""


def _time(second: object) -> datetime:
    """A time in seconds since 1970, on a whole minute."""
    if isinstance(second, bool) or not isinstance(second, int) or second % 60:
        raise Malformed(f"{_WHERE}: {shown(second)} is not a time")
    if not 631152000 <= second < 7258118400:
        raise Malformed(f"{_WHERE}: {shown(second)} is not in a year that grid data has")
    return _EPOCH + timedelta(seconds=second)
