"""Solar power beside the batteries: a clear sky with seeded weather, or a trace.

Clear sky: peak power x sine of the sun's elevation (`fleet.outlook.sun`), the operator's own model. Weather:
one factor a slot in [0.2, 1]: 0.2 + 0.8 x the standard normal distribution's share below an autoregressive
process of correlation time WEATHER_HOURS, so that clear and dull hours come in spells.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import erf, exp, sqrt

import numpy as np

from voltaire.api.regionalcluster import Location
from voltaire.fleet.outlook import sun
from voltaire.twin.errors import FleetError
from voltaire.twin.fleet_file import FleetFile
from voltaire.twin.trace import Floats, Trace

WEATHER_HOURS = 12.0
LEAST_CLEAR = 0.2


def noise(seed: int, name: str, steps: int, correlation: float) -> Floats:
    """A stationary Gaussian process of unit variance with correlation exp(-lag / `correlation`), fixed by
    seed and name."""
    draw = np.random.default_rng([seed, zlib.crc32(name.encode())]).standard_normal(steps)
    keep = exp(-1.0 / correlation)
    for k in range(1, steps):
        draw[k] = keep * draw[k - 1] + sqrt(1.0 - keep * keep) * draw[k]
    return draw


def clear_sky_kw(peak_kw: float, location: Location, start: datetime, slot: timedelta, count: int) -> Floats:
    """Power under a clear sky at the middle of each slot, kW."""
    return np.array([peak_kw * sun(location, start + (k + 0.5) * slot) for k in range(count)])


def weather(seed: int, name: str, slot: timedelta, count: int) -> Floats:
    """Which share of the clear sky's power there is, by slot."""
    process = noise(seed, name, count, WEATHER_HOURS / (slot / timedelta(hours=1)))
    below = np.array([0.5 * (1.0 + erf(x / sqrt(2.0))) for x in process])
    return np.asarray(LEAST_CLEAR + (1.0 - LEAST_CLEAR) * below)


def solar_kw(
    fleet: FleetFile, trace: Trace | None, seed: int, start: datetime, slot: timedelta, count: int
) -> dict[str, Floats]:
    """Power available beside each battery with solar, kW by slot. `trace`: shares of peak power by battery,
    which is used where it is given. Raises FleetError for a site without location and trace."""
    found: dict[str, Floats] = {}
    for site, cluster in fleet.clusters.items():
        for name in cluster.spec.batteries:
            solar = fleet.batteries[name].spec.solar
            if solar is None:
                continue
            if trace is not None:
                found[name] = solar.peak_kw * np.minimum(1.0, trace.on_grid(name, start, slot, count))
                continue
            if cluster.spec.location is None:
                raise FleetError(
                    f"RegionalCluster {site}: spec.location is needed for the sun on Battery {name}"
                )
            clear = clear_sky_kw(solar.peak_kw, cluster.spec.location, start, slot, count)
            found[name] = clear * weather(seed, name, slot, count)
    return found


def with_solar(fleet: FleetFile) -> Mapping[str, float]:
    """Peak power by battery."""
    return {n: b.spec.solar.peak_kw for n, b in fleet.batteries.items() if b.spec.solar is not None}
