"""Carbon intensity that a Prometheus server holds: an instant query, and a subquery for the past.

The query must give exactly one series. What its values mean is what the zone's basis says. A label `units`,
as grid-intensity-exporter writes it, must agree with the spec's unit; a percentile is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from voltaire.api.base import format_duration
from voltaire.api.carbon_sources import PrometheusSource
from voltaire.api.gridzone import Basis
from voltaire.clock import Clock
from voltaire.signals.battery.prometheus import single_value
from voltaire.signals.battery.times import SKEW_SECONDS
from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.kept import Kept, lapsed
from voltaire.signals.carbon.samples import Answer, Sample
from voltaire.signals.errors import (
    ConfigError,
    DataError,
    Malformed,
    NoData,
    Rejected,
    Stale,
    WrongBasis,
)
from voltaire.signals.http import Web
from voltaire.signals.numbers import number, parse_number, shown

_FACTORS = {"g/kWh": 1.0, "kg/MWh": 1.0, "lb/MWh": shapes.GRAMS_PER_KWH_OF_LB_PER_MWH}
_LABELS = {"gCO2e per kWh": {"g/kWh", "kg/MWh"}, "lbCO2e per MWh": {"lb/MWh"}, "percent": set[str]()}
_WHERE = "Prometheus"


@dataclass(slots=True)
class PrometheusCarbon:
    """One query. Prometheus stamps with wall time; `clock` brings that to ours."""

    name: str
    spec: PrometheusSource
    basis: Basis
    web: Web
    clock: Clock
    _current: Sample | None = field(default=None, init=False)
    _history: Kept = field(default_factory=lambda: Kept("history"), init=False)

    async def fetch(self, now: datetime) -> Answer:
        """Raises FetchError, DataError, ConfigError; trouble with the past ends up in the notes."""
        # A clock that does not run at the wall's speed has no past there.
        asks_past = self.spec.history > timedelta(0) and self.clock.rate == 1.0
        due = asks_past and self._history.due(now)
        # One request at a time after the first: the past, which reaches to now, in place of the present.
        if lapsed(None if self._current is None else self._current.start, now) or not due:
            self._current = await self._present(now)
        if due:
            await self._history.refresh(self._past, now)
        current = () if self._current is None else (self._current,)
        return shapes.answer(self.basis, (*self._history.samples, *current), now, (self._history.note,))

    async def _present(self, now: datetime) -> Sample:
        """The value now."""
        document = await self._query(self.spec.query)
        stamp, text = single_value(document)
        estimated = _check_labels(_only(document), self.spec.unit)
        start = self._moment(stamp)
        if (start - now).total_seconds() / self.clock.rate > SKEW_SECONDS:
            raise Stale("the sample is from the future: compare the clocks of Prometheus and the operator")
        return self._sample(min(start, now), text, estimated)

    async def _past(self) -> tuple[Sample, ...]:
        """The past, by a subquery, which needs no times of its own."""
        span = f"{_prometheus(self.spec.history)}:{_prometheus(self.spec.step)}"
        try:
            document = await self._query(f"({self.spec.query})[{span}]")
        except ConfigError as error:
            # The instant query works, so the value is not to be lost over it.
            raise NoData(str(error)) from None
        pairs, estimated = read_matrix(document, self.spec.unit)
        return shapes.in_order(self._sample(self._moment(stamp), text, estimated) for stamp, text in pairs)

    def _moment(self, stamp: float) -> datetime:
        """Seconds since 1970 on the wall as a time of ours."""
        return self.clock.from_wall(datetime.fromtimestamp(0, UTC) + timedelta(seconds=stamp))

    def _sample(self, moment: datetime, text: str, estimated: bool) -> Sample:
        """The value that holds for the step of a moment."""
        start = shapes.floor(moment, self.spec.step)
        try:
            value: object = parse_number(text)
        except DataError as error:
            return Sample(start, start + self.spec.step, None, estimated, f"{_WHERE}: {error}")
        factor = _FACTORS[self.spec.unit]
        return shapes.sample(start, start + self.spec.step, value, _WHERE, factor=factor, estimated=estimated)

    async def _query(self, query: str) -> object:
        """The document of an instant query. 400 and 422 are Prometheus's words for a query that is wrong."""
        try:
            page = await self.web.get(f"{self.spec.url.rstrip('/')}/api/v1/query", {"query": query})
        except Rejected as error:
            if error.status in (400, 422):
                raise ConfigError(f"query: {error}") from None
            raise
        return page.json()


def read_matrix(document: object, unit: str) -> tuple[list[tuple[float, str]], bool]:
    """Stamps and texts of the one series of a subquery, and whether it calls itself an estimate.

    Raises DataError.
    """
    whole = shapes.mapping(document, _WHERE)
    data = shapes.mapping(whole.get("data"), f"{_WHERE}: data")
    if whole.get("status") != "success" or data.get("resultType") != "matrix":
        raise Malformed(f"{_WHERE}: the answer is not a range of values")
    result = shapes.listing(data.get("result"), f"{_WHERE}: result")
    if not result:
        raise NoData(f"{_WHERE}: the query finds nothing in the past")
    if len(result) > 1:
        raise NoData(f"{_WHERE}: the query gives {len(result)} series in the past: aggregate them to one")
    series = shapes.mapping(result[0], f"{_WHERE}: result")
    estimated = _check_labels(series, unit)
    pairs = []
    for pair in shapes.listing(series.get("values"), f"{_WHERE}: values"):
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[1], str):
            raise Malformed(f"{_WHERE}: {shown(pair)} is not a sample")
        stamp = number(pair[0])
        if not 0 <= stamp < 4e9:
            raise Malformed(f"{_WHERE}: {shown(pair[0])} is not a time")
        pairs.append((stamp, pair[1]))
    return pairs, estimated


def _only(document: object) -> Mapping[str, object]:
    """The one series of an answer that `single_value` has accepted; nothing for a scalar."""
    data = document.get("data") if isinstance(document, dict) else None
    result = data.get("result") if isinstance(data, dict) else None
    first = result[0] if isinstance(result, list) and result else None
    return first if isinstance(first, dict) else {}


def _check_labels(series: Mapping[str, object], unit: str) -> bool:
    """Whether the series calls itself an estimate. Raises WrongBasis when it names another unit."""
    labels = series.get("metric")
    if not isinstance(labels, dict):
        return False
    named = labels.get("units")
    allowed = _LABELS.get(named) if isinstance(named, str) else None
    if allowed is not None and unit not in allowed:
        raise WrongBasis(f"{_WHERE}: the series is in {shown(named)}, the spec says {unit}")
    return labels.get("is_estimated") == "true"


def _prometheus(duration: timedelta) -> str:
    """A duration as PromQL reads it, which is as Go writes it without fractions."""
    return format_duration(timedelta(seconds=int(duration.total_seconds())))
