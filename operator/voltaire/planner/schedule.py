"""What the batteries should do: the dispatch of the plan, on the snapshot's slots."""

from __future__ import annotations

import numpy as np

from voltaire.fleet.snapshot import BatteryView, Snapshot
from voltaire.planner.joint import Solution
from voltaire.planner.joint.arrays import Floats
from voltaire.planner.sites import Fleet


def battery_schedules(
    snapshot: Snapshot, fleet: Fleet, solution: Solution | None
) -> dict[str, tuple[float, ...]]:
    """Recommended kW per slot of the snapshot, positive discharges, by battery; 0 in slots that are over.

    Batteries of a site with unknown intensity do nothing, and none does anything without a `solution`.
    """
    names = {} if solution is None else {name: i for i, name in enumerate(solution.built.clusters)}
    schedules: dict[str, tuple[float, ...]] = {}
    for name, site in fleet.sites.items():
        found = None if solution is None else solution.dispatch.get(names.get(name, -1))
        for i, battery in enumerate(site.view.batteries):
            kw = np.zeros(snapshot.slots)
            if found is not None and site.known:
                net = (found.discharge[i] - found.charge[i]) / fleet.time.slot_hours
                kw = _within(battery, fleet.time.back(net), fleet)
            schedules[battery.name] = tuple(round(float(x), 6) + 0.0 for x in kw)
    return schedules


def _within(b: BatteryView, kw: Floats, fleet: Fleet) -> Floats:
    """The same, never above its limits nor below its reserve: slots of the snapshot that hold parts of two of
    the plan's are their mean, and what charges in one cannot be given in the same."""
    found, held = np.zeros(len(kw)), min(b.energy_kwh, b.capacity_kwh)
    for k in range(fleet.time.first, len(kw)):
        hours = (
            fleet.time.slot_hours if k > fleet.time.first else fleet.time.slot_hours - fleet.time.past / 3600
        )
        if kw[k] > 0:
            most = max(0.0, held - b.reserve_kwh) * b.discharge_efficiency / hours if hours > 0 else 0.0
            found[k] = min(kw[k], b.max_discharge_kw, most)
            held -= found[k] * hours / b.discharge_efficiency
        elif kw[k] < 0:
            most = (b.capacity_kwh - held) / b.charge_efficiency / hours if hours > 0 else 0.0
            found[k] = -min(-kw[k], b.max_charge_kw, most)
            held -= found[k] * hours * b.charge_efficiency
    return found
