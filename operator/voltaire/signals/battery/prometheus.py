"""Instant queries to a Prometheus server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from voltaire.api.battery_sources import Readings
from voltaire.clock import Clock
from voltaire.signals.battery.login import Login, bearer
from voltaire.signals.battery.readings import Measured, RawReadings, configured, retold, wire
from voltaire.signals.battery.times import measured_at
from voltaire.signals.carbon.credentials import ReadSecret
from voltaire.signals.errors import (
    AmbiguousQuery,
    ConfigError,
    FetchError,
    Malformed,
    NoData,
    Rejected,
    SignalError,
)
from voltaire.signals.http import Web
from voltaire.signals.numbers import number, parse_number, shown


@dataclass(frozen=True, slots=True)
class PrometheusReader:
    """One query per reading. Prometheus stamps with wall time; `clock` brings that to ours."""

    readings: Readings
    web: Web
    clock: Clock
    read_secret: ReadSecret

    async def read(self, now: datetime) -> RawReadings:
        """Raises FetchError when the server cannot be asked; a query that fails alone is in `errors`."""
        login = await bearer(self.readings.bearer_ref, self.read_secret)
        fields = configured(self.readings)
        raw = RawReadings({name: wire(reading) for name, reading in fields.items()})
        for name, reading in fields.items():
            try:
                raw.values[name] = await self._query(reading.query, login, now)
            except Rejected as error:
                # 400 and 422 are Prometheus's words for a query that is wrong.
                raw.errors[name] = ConfigError(f"{name}.query: {error}") if error.status else error
            except FetchError:
                raise
            except SignalError as error:
                raw.errors[name] = retold(error, f"{name}.query")
        return raw

    async def aclose(self) -> None:
        """Nothing is kept."""

    async def _query(self, query: str, login: Login, now: datetime) -> Measured:
        """The one number a query gives."""
        url = f"{self.readings.url.rstrip('/')}/api/v1/query"
        page = await self.web.get(url, {"query": query}, login.headers, secrets=login.secrets)
        stamp, text = single_value(page.json())
        wall = datetime.fromtimestamp(0, UTC) + timedelta(seconds=stamp)
        return Measured(parse_number(text), measured_at(wall, self.clock, now))


def single_value(document: object) -> tuple[float, str]:
    """Time stamp (seconds since 1970) and value of a result of exactly one series.

    Raises NoData for none (which is not zero), AmbiguousQuery for several or a range, Malformed.
    """
    succeeded = isinstance(document, dict) and document.get("status") == "success"
    data = document.get("data") if succeeded and isinstance(document, dict) else None
    if not isinstance(data, dict):
        raise Malformed("the answer is not a successful query result of Prometheus")
    kind, result = data.get("resultType"), data.get("result")
    if kind == "scalar":
        return _pair(result)
    if kind != "vector":
        raise AmbiguousQuery(f"the query gives a {shown(kind)}: it must give one instant value")
    if not isinstance(result, list):
        raise Malformed("the result is not a list")
    if not result:
        raise NoData("the query finds no series: the exporter is gone, or a label is misspelt")
    if len(result) > 1:
        raise AmbiguousQuery(
            f"the query gives {len(result)} series: narrow it to one, or aggregate{_differing(result)}"
        )
    entry = result[0]
    return _pair(entry.get("value") if isinstance(entry, dict) else None)


def _pair(value: object) -> tuple[float, str]:
    """Prometheus writes a sample as [seconds, "value"]."""
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[1], str):
        raise Malformed(f"{shown(value)} is not a sample")
    stamp = number(value[0])
    if not 0 <= stamp < 4e9:
        raise Malformed(f"{shown(value[0])} is not a time")
    return stamp, value[1]


def _differing(result: list[object]) -> str:
    """The labels in which several series differ."""
    metrics = [entry.get("metric") for entry in result if isinstance(entry, dict)]
    labels = [metric for metric in metrics if isinstance(metric, Mapping)]
    names = {str(name) for metric in labels for name in metric}
    differing = sorted(name for name in names if len({str(metric.get(name)) for metric in labels}) > 1)
    return f" over {', '.join(differing[:5])}" if differing else ""
