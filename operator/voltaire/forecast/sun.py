"""Where the sun stands."""

from __future__ import annotations

import numpy as np

from voltaire.api.regionalcluster import Location
from voltaire.forecast.grid import Floats

DAY_SECONDS = 86400


def heights(location: Location, seconds: Floats) -> Floats:
    """Sine of the sun's elevation at times in seconds since 1970, 0 at night.

    Declination by Cooper (1969), 23.45 deg x sin(360 deg x (284 + day) / 365); the hour angle from UTC and
    longitude, without the equation of time: 16 minutes at worst, well below a cloud's effect.
    """
    days = np.floor_divide(seconds, DAY_SECONDS).astype(np.int64).astype("datetime64[D]")
    of_year = (days - days.astype("datetime64[Y]")).astype(np.float64) + 1
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + of_year) / 365)
    hour = np.mod(seconds, DAY_SECONDS) / 3600 + location.longitude / 15
    angle = np.pi * (hour - 12) / 12
    latitude = np.radians(location.latitude)
    sine = np.sin(latitude) * np.sin(declination)
    sine = sine + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    return np.asarray(np.maximum(0.0, sine))
