"""A forecast of solar production that a site gives: as many numbers as times, at equal distances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from voltaire.api.battery import BatterySpec
from voltaire.api.battery_sources import SolarForecastReading
from voltaire.api.values import Series
from voltaire.clock import Clock
from voltaire.signals.battery import convert
from voltaire.signals.battery.json_path import all_at_path
from voltaire.signals.battery.readings import FORECAST, RawReadings, Wire, retold
from voltaire.signals.battery.times import wall_time
from voltaire.signals.errors import Malformed, SignalError, Stale
from voltaire.signals.numbers import number

MOST_VALUES = 1000
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=6)
_EVEN = timedelta(seconds=1)
Raw = tuple[datetime, timedelta, tuple[float, ...]]


def take_forecast(
    raw: RawReadings, reading: SolarForecastReading, document: Callable[[], object], clock: Clock
) -> None:
    """Put the forecast of a document into `raw`, or why there is none."""
    raw.wires = {**raw.wires, FORECAST: Wire(reading.unit, reading.scale)}
    try:
        raw.forecast = raw_forecast(document(), reading, clock)
    except SignalError as error:
        raw.errors[FORECAST] = retold(error, FORECAST)


def raw_forecast(document: object, reading: SolarForecastReading, clock: Clock) -> Raw:
    """Start and step on our clock, and the numbers as on the wire. Raises DataError, ConfigError."""
    values = all_at_path(document, reading.values)
    times = all_at_path(document, reading.times)
    if len(values) != len(times):
        raise Malformed(f"{len(values)} values and {len(times)} times do not belong together")
    if not 2 <= len(values) <= MOST_VALUES:
        raise Malformed(f"a forecast has 2 to {MOST_VALUES} values, not {len(values)}")
    starts = [clock.from_wall(wall_time(time)) for time in times]
    return starts[0], _step(starts, clock.rate), tuple(number(value) for value in values)


def forecast_series(raw: Raw, wire: Wire, spec: BatterySpec, now: datetime) -> Series:
    """In kW. Raises Implausible where a value cannot be, Stale where all of it is over."""
    start, step, values = raw
    series = Series(start, step, tuple(convert.solar_power(value, wire, spec) for value in values))
    if series.end <= now:
        raise Stale(f"the forecast ended at {series.end:%Y-%m-%dT%H:%M:%SZ}")
    return series


def _step(starts: Sequence[datetime], rate: float) -> timedelta:
    """The distance between times, the same for all. Raises Malformed."""
    step = starts[1] - starts[0]
    if not SHORTEST <= step / rate <= LONGEST:
        raise Malformed(f"a forecast's step lies between {SHORTEST} and {LONGEST}, not {step / rate}")
    for index, start in enumerate(starts):
        if abs(start - starts[0] - index * step) > _EVEN * rate:
            raise Malformed("the times of the forecast are not at equal distances")
    return step
