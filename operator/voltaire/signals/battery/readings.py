"""What every reader of a site answers with: numbers as they stood on the wire, with the time they are for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from voltaire.api.battery import PowerReading, Readings, SocReading
from voltaire.signals.errors import SignalError

OPTIONAL = ("power", "solar", "load")
FIELDS = ("soc", *OPTIONAL)


@dataclass(frozen=True, slots=True)
class Measured:
    """A finite number in the wire's own unit and sign, measured at `time`."""

    value: float
    time: datetime


@dataclass(slots=True)
class RawReadings:
    """Fields that were read, and for those that could not be read, why. Keys are those of `FIELDS`."""

    values: dict[str, Measured] = field(default_factory=dict)
    errors: dict[str, SignalError] = field(default_factory=dict)


class SiteReader(Protocol):
    """Reads a site."""

    async def read(self, now: datetime) -> RawReadings:
        """All configured fields. Raises SignalError when the site cannot be asked at all."""


def configured(readings: Readings) -> dict[str, SocReading | PowerReading]:
    """The readings that the spec asks for."""
    every: dict[str, SocReading | PowerReading | None] = {
        "soc": readings.soc,
        "power": readings.power,
        "solar": readings.solar,
        "load": readings.load,
    }
    return {name: reading for name, reading in every.items() if reading is not None}
