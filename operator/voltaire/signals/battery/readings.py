"""What every reader of a site answers with: numbers as they stood on the wire, with the time they are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from voltaire.api.battery_sources import PowerReading, PowerTopic, Readings, Sign, SocReading, SocTopic
from voltaire.signals.errors import SignalError

Unit = Literal["Fraction", "Percent", "kWh", "W", "kW", "MW"]
OPTIONAL = ("power", "solar", "load")
FIELDS = ("soc", *OPTIONAL)
FORECAST = "solarForecast"


@dataclass(frozen=True, slots=True)
class Wire:
    """How a field is written on the wire: number times `scale` is in `unit`; `positive` is what a positive
    battery power means."""

    unit: Unit
    scale: float = 1.0
    positive: Sign = "Discharge"


@dataclass(frozen=True, slots=True)
class Measured:
    """A finite number in the wire's own unit and sign, measured at `time`."""

    value: float
    time: datetime


@dataclass(slots=True)
class RawReadings:
    """The fields that were asked for, those that were read, and for those that could not be read, why.

    Keys are those of `FIELDS`, and `FORECAST`.
    """

    wires: Mapping[str, Wire]
    values: dict[str, Measured] = field(default_factory=dict)
    errors: dict[str, SignalError] = field(default_factory=dict)
    forecast: tuple[datetime, timedelta, tuple[float, ...]] | None = None
    """Solar production expected: start, step and numbers, written as wires["solarForecast"] says."""


class SiteReader(Protocol):
    """Reads a site."""

    async def read(self, now: datetime) -> RawReadings:
        """All configured fields. Raises SignalError when the site cannot be asked at all."""

    async def aclose(self) -> None:
        """End connections, if any are kept."""


def configured(readings: Readings) -> dict[str, SocReading | PowerReading]:
    """The readings that the spec asks for."""
    every: dict[str, SocReading | PowerReading | None] = {
        "soc": readings.soc,
        "power": readings.power,
        "solar": readings.solar,
        "load": readings.load,
    }
    return {name: reading for name, reading in every.items() if reading is not None}


def wire(reading: SocReading | PowerReading | SocTopic | PowerTopic) -> Wire:
    """How a reading of the spec is written."""
    sign: Sign = reading.positive if isinstance(reading, PowerReading | PowerTopic) else "Discharge"
    return Wire(reading.unit, reading.scale, sign)


def retold(error: SignalError, where: str) -> SignalError:
    """The same error, saying where. Errors of fetching keep what they carry beside their message."""
    error.args = (f"{where}: {error}",)
    return error
