"""From what is known of a signal to one value per slot, and from a sun to a solar outlook. Pure."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from voltaire.api.regionalcluster import Location
from voltaire.api.values import ZoneSignal

DAY = timedelta(days=1)


def intensity_outlook(
    signal: ZoneSignal | None, start: datetime, slot: timedelta, slots: int
) -> tuple[float, ...] | None:
    """g/kWh for each slot; None while the zone has no fresh value.

    Where the forecast ends, the same hour of the day before is taken (grids have daily shapes), else the
    value now. The slot that holds the observation is never worse known than the observation itself.
    """
    if signal is None or signal.grams_per_kwh is None:
        return None
    known = signal.forecast.resample(start, slot, slots) if signal.forecast else (None,) * slots
    per_day = max(1, round(DAY / slot))
    values: list[float] = []
    for index in range(slots):
        value = known[index]
        if value is None and index >= per_day:
            value = values[index - per_day]
        values.append(signal.grams_per_kwh if value is None else value)
    return tuple(values)


def sun(location: Location, time: datetime) -> float:
    """Sine of the sun's elevation, 0 at night.

    Declination by Cooper (1969), 23.45 deg x sin(360 deg x (284 + day) / 365); the hour angle from UTC and
    longitude, without the equation of time: 16 minutes at worst, well below a cloud's effect.
    """
    declination = math.radians(23.45) * math.sin(2 * math.pi * (284 + time.timetuple().tm_yday) / 365)
    hour = time.hour + time.minute / 60 + time.second / 3600 + location.longitude / 15
    angle = math.pi * (hour - 12) / 12
    latitude = math.radians(location.latitude)
    sine = math.sin(latitude) * math.sin(declination)
    sine += math.cos(latitude) * math.cos(declination) * math.cos(angle)
    return max(0.0, sine)


def solar_outlook(
    peak_kw: float,
    now_kw: float | None,
    location: Location | None,
    now: datetime,
    start: datetime,
    slot: timedelta,
    slots: int,
) -> tuple[float, ...]:
    """Expected solar power per slot, kW: the sun's path scaled to what the panels give now.

    Clearness is what is measured over what the sun's height allows, 0.7 when the sun is too low to tell.
    Without a location the present power is held for an hour and nothing is promised after it.
    """
    if now_kw is None:
        return (0.0,) * slots
    if location is None:
        hour = timedelta(hours=1) // slot
        return tuple(now_kw if index <= hour else 0.0 for index in range(slots))
    height = sun(location, now)
    clearness = min(1.0, now_kw / (peak_kw * height)) if height > 0.1 else 0.7
    middles = (start + (index + 0.5) * slot for index in range(slots))
    return tuple(peak_kw * clearness * sun(location, middle) for middle in middles)
