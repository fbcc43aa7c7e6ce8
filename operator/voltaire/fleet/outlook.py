"""From what is known of a signal to one value per slot, and where the sun stands. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from voltaire.api.regionalcluster import Location
from voltaire.api.values import ZoneSignal
from voltaire.forecast.grid import seconds_since_1970
from voltaire.forecast.sun import heights

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
    """Sine of the sun's elevation, 0 at night."""
    return float(heights(location, np.array([float(seconds_since_1970(time))]))[0])
