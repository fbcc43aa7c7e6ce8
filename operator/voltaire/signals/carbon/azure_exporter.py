"""The ConfigMap that the carbon-intensity exporter for Kubernetes writes every twelve hours.

The forecast of a day stands in `binaryData` as JSON; `message` is not empty when the exporter failed and what
is there is old; `lastHeartbeatTime` is written as Go prints times. The ConfigMap is immutable, so it is
deleted and created anew at every change: for the moment that it is gone, what it said last is used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voltaire.api.carbon_sources import AzureExporterSource
from voltaire.api.gridzone import Basis
from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.config_map import ReadConfigMap
from voltaire.signals.carbon.samples import HOUR, Answer, Sample
from voltaire.signals.carbon.sdk_points import basis_of, one_location, read_points
from voltaire.signals.errors import Malformed, Stale, Unreadable, WrongZone
from voltaire.signals.numbers import parse_json, parse_number, shown

# It is written twice a day, and holds a day.
HEARTBEAT_HOLDS = timedelta(hours=25)
# How long a ConfigMap may be gone before that is an error.
GONE_FOR = HOUR
# As Go prints times: 2023-03-30 23:57:26.041158869 +0000 UTC m=+10.861427049
_GO_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}):[0-9]{2}(?:\.[0-9]{1,9})? ([+-][0-9]{2})([0-9]{2})"
    r"(?: [A-Za-z0-9+-]{1,8})?(?: m=[+-][0-9.]{1,30})?"
)
_MAX_CHARACTERS = 1 << 20
_WHERE = "exporter"


@dataclass(slots=True)
class AzureExporter:
    """One ConfigMap. `read_config_map` gives `data` and `binaryData`, decoded, in one mapping."""

    name: str
    spec: AzureExporterSource
    basis: Basis
    read_config_map: ReadConfigMap
    _last: tuple[datetime, Mapping[str, str]] | None = field(default=None, init=False)

    async def fetch(self, now: datetime) -> Answer:
        """Raises Unreadable, DataError."""
        gives = basis_of(self.spec.behind, self.basis)
        shapes.require_basis(f"{self.spec.behind} behind the exporter", gives, self.basis)
        data, note = await self._read(now)
        return shapes.answer(gives, read_config(data, self.spec.location, now), now, (note,))

    async def _read(self, now: datetime) -> tuple[Mapping[str, str], str]:
        """The ConfigMap, or what it was a moment ago."""
        try:
            data = await self.read_config_map(self.spec.namespace, self.spec.name)
        except Exception as error:
            gone = f"ConfigMap {self.spec.namespace}/{self.spec.name} cannot be read: {type(error).__name__}"
            if self._last is None or not timedelta(0) <= now - self._last[0] <= GONE_FOR:
                raise Unreadable(gone) from error
            return self._last[1], f"{gone}; what it said at {self._last[0]:%H:%MZ} is used"
        self._last = now, data
        return data, ""


def read_config(data: Mapping[str, str], location: str | None, now: datetime) -> tuple[Sample, ...]:
    """The samples that a ConfigMap holds. Raises DataError."""
    message = data.get("message", "").strip()
    if message:
        raise Stale(f"{_WHERE}: it says that it failed: {shown(message)}")
    written = go_time(data.get("lastHeartbeatTime", ""))
    if now - written > HEARTBEAT_HOLDS:
        raise Stale(f"{_WHERE}: it last wrote at {written:%Y-%m-%dT%H:%MZ}")
    body = data.get("data")
    if body is None:
        raise Malformed(f"{_WHERE}: the ConfigMap has no key data")
    if len(body) > _MAX_CHARACTERS:
        raise Malformed(f"{_WHERE}: more than 1 MiB")
    content = shapes.listing(parse_json(body.encode(errors="replace"), _WHERE), _WHERE)
    records = data.get("numOfRecords")
    if records is not None and parse_number(records) != len(content):
        raise Malformed(f"{_WHERE}: {len(content)} records of {shown(records)}: cut off?")
    named = one_location((shapes.mapping(point, _WHERE).get("location") for point in content), _WHERE)
    if location is not None and content and named != location:
        raise WrongZone(f"{_WHERE}: values of {shown(named)}, not of {location}")
    return read_points(content, _WHERE)


def go_time(text: str) -> datetime:
    """A time as Go prints it, to the minute. Raises Malformed."""
    match = _GO_TIME.fullmatch(text.strip())
    if match is None:
        raise Malformed(f"{_WHERE}: lastHeartbeatTime {shown(text)} is not a time as Go prints it")
    return shapes.time(f"{match[1]}T{match[2]}{match[3]}:{match[4]}", f"{_WHERE}: lastHeartbeatTime")
