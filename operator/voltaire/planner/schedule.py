"""What the batteries should do, once it is known what the sites will draw."""

from __future__ import annotations

import numpy as np

from voltaire.fleet.snapshot import Snapshot
from voltaire.planner.sites import Fleet
from voltaire.planner.supply import dispatch, solar_kw


def battery_schedules(snapshot: Snapshot, fleet: Fleet) -> dict[str, tuple[float, ...]]:
    """Recommended kW per slot of the snapshot, positive discharges, by battery; 0 in slots that are over.

    Batteries of a site with unknown intensity do nothing. Solar serves the load first; its surplus charges.
    """
    schedules: dict[str, tuple[float, ...]] = {}
    for site in fleet.sites.values():
        count = fleet.time.count
        demand = site.load_kw.copy()
        for battery in site.view.batteries:
            power = np.zeros(count)
            if site.grid is not None:
                sun = solar_kw(battery, count)
                used = np.minimum(sun, demand)
                demand = demand - used
                power = dispatch(battery, site.grid, demand, sun - used, fleet.time.hours)
                demand = demand - np.maximum(power, 0.0)
            before = (0.0,) * (snapshot.slots - count)
            schedules[battery.name] = before + tuple(round(float(kw), 6) + 0.0 for kw in power)
    return schedules
