"""Numbers in a JSON document, by dotted path."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from voltaire.api.battery import Readings
from voltaire.signals.battery.readings import Measured, RawReadings, configured
from voltaire.signals.carbon.table import near
from voltaire.signals.errors import NoData, SignalError
from voltaire.signals.http import Web
from voltaire.signals.numbers import number, shown


@dataclass(frozen=True, slots=True)
class JsonReader:
    """One document per refresh. It carries no time of its own: its numbers are as old as its receipt."""

    readings: Readings
    web: Web

    async def read(self, now: datetime) -> RawReadings:
        """Raises FetchError, Malformed when there is no document; a path that fails is in `errors`."""
        document = (await self.web.get(self.readings.url)).json()
        raw = RawReadings()
        for name, reading in configured(self.readings).items():
            try:
                raw.values[name] = Measured(number(at_path(document, reading.query)), now)
            except SignalError as error:
                raw.errors[name] = type(error)(f"{name}.query {reading.query}: {error}")
        return raw


def at_path(document: object, path: str) -> object:
    """The value at a dotted path: names in objects, indices in lists (`cells.0.soc`).

    Raises NoData naming the part that is missing and what is there instead.
    """
    value = document
    for part in path.split("."):
        if isinstance(value, dict):
            if part not in value:
                raise NoData(f"the document has no {shown(part)}{near(part, map(str, value))}")
            value = value[part]
        elif isinstance(value, list):
            if not (part.isascii() and part.isdigit() and len(part) < 7 and int(part) < len(value)):
                raise NoData(f"{shown(part)} is not an index of a list of {len(value)}")
            value = value[int(part)]
        else:
            raise NoData(f"there is nothing below {shown(value)} where {shown(part)} is looked for")
    return value
