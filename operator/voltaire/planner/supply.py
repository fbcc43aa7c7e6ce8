"""What a site's next kWh comes from, and what it carries: solar, then the battery, then the grid.

A battery's energy carries what it was stored with: delivering E takes E / discharge efficiency out of it, so
a kWh delivered carries stored intensity / discharge efficiency, plus wear. It is never free, and it is used
only where the grid is worse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from voltaire.fleet.power import accelerator_kw
from voltaire.fleet.snapshot import BatteryView, ClusterView
from voltaire.planner.joint.arrays import Floats


@dataclass(frozen=True, slots=True)
class Tier:
    """One source of a site. `kw` per slot; `grams_per_kwh` of what it delivers."""

    kw: Floats
    grams_per_kwh: float


def delivered_grams_per_kwh(battery: BatteryView) -> float:
    """Carbon of a kWh that the battery delivers to the site, g: content over discharge losses, plus wear."""
    return battery.stored_grams_per_kwh / battery.discharge_efficiency + battery.wear_grams_per_kwh


def known_intensity(cluster: ClusterView, slots: int | None = None) -> Floats | None:
    """Grid intensity per slot in g/kWh, or None unless every value is there, finite and not negative."""
    if cluster.intensity is None:
        return None
    values = np.asarray(cluster.intensity, dtype=np.float64)
    if slots is not None and len(values) < slots:
        return None
    return values if len(values) and bool(np.all(np.isfinite(values) & (values >= 0))) else None


def follow_load(
    battery: BatteryView, grid: Floats, demand_kw: Floats, surplus_kw: Floats, hours: Floats
) -> Floats:
    """What a battery that nobody steers gives, kW per slot: it takes surplus solar as it comes and serves the
    load as soon as the sun does not, down to its reserve, where the grid is worse than what it delivers.
    """
    grams, held = delivered_grams_per_kwh(battery), battery.energy_kwh
    power = np.zeros(len(grid))
    for k in range(len(grid)):
        if hours[k] <= 0:
            continue
        if surplus_kw[k] > 0:
            room = max(0.0, battery.capacity_kwh - held) / (hours[k] * battery.charge_efficiency)
            taken = min(float(surplus_kw[k]), battery.max_charge_kw, room)
            held += taken * hours[k] * battery.charge_efficiency
        elif grid[k] > grams:
            above = max(0.0, held - battery.reserve_kwh) * battery.discharge_efficiency / hours[k]
            power[k] = min(float(demand_kw[k]), battery.max_discharge_kw, above)
            held -= power[k] * hours[k] / battery.discharge_efficiency
    return power


def full_load_kw(cluster: ClusterView) -> float:
    """Facility power with every accelerator at work, kW."""
    it = sum(
        count * cluster.accelerator_kw.get(kind, accelerator_kw(kind))
        for kind, count in cluster.capacity.items()
    )
    load = it * cluster.pue if cluster.limit_kw is None else min(it * cluster.pue, cluster.limit_kw)
    return load + cluster.host_overhead_kw


def solar_kw(battery: BatteryView, count: int) -> Floats:
    """The last `count` slots of the solar expected beside a battery, kW."""
    kw = np.zeros(count)
    given = np.asarray(battery.solar_kw, dtype=np.float64)[-count:] if battery.solar_kw else kw[:0]
    kw[: len(given)] = np.where(np.isfinite(given), np.maximum(given, 0.0), 0.0)
    return kw


def tiers(cluster: ClusterView, grid: Floats, hours: Floats) -> tuple[Tier, ...]:
    """The sources before the grid, in the order in which they are used.

    `grid` and `hours` may be a tail of the snapshot's slots. Batteries follow the load, as site controllers
    do, and are reckoned with as if the site were fully loaded: what is not taken is there at the next plan.
    """
    count = len(grid)
    solar = [Tier(solar_kw(b, count), b.solar_grams_per_kwh) for b in cluster.batteries if any(b.solar_kw)]
    net = np.full(count, full_load_kw(cluster)) - sum((tier.kw for tier in solar), np.zeros(count))
    demand, surplus = np.maximum(0.0, net), np.maximum(0.0, -net)
    stored = []
    for battery in sorted(cluster.batteries, key=lambda b: (delivered_grams_per_kwh(b), b.name)):
        kw = follow_load(battery, grid, demand, surplus, hours)
        demand, surplus = demand - kw, np.maximum(0.0, surplus - battery.max_charge_kw)
        if np.any(kw > 0):
            stored.append(Tier(kw, delivered_grams_per_kwh(battery)))
    return (*solar, *stored)


def grams_per_hour(load_kw: Floats, sources: Sequence[Tier], grid: Floats) -> Floats:
    """Carbon rate of a facility load through the stack, g/h per slot."""
    total, left = np.zeros(len(grid)), load_kw
    for tier in sources:
        taken = np.minimum(left, tier.kw)
        total, left = total + taken * tier.grams_per_kwh, left - taken
    return total + left * grid


def _measured(cluster: ClusterView, count: int) -> tuple[Tier, ...]:
    solar = [Tier(solar_kw(b, count), b.solar_grams_per_kwh) for b in cluster.batteries if any(b.solar_kw)]
    stored = [
        Tier(np.full(count, max(0.0, b.power_kw)), delivered_grams_per_kwh(b)) for b in cluster.batteries
    ]
    return (*solar, *stored)


def site_intensity(
    cluster: ClusterView,
    it_kw: float,
    slot: int = 0,
    *,
    slot_length: timedelta = timedelta(minutes=15),
    measured: bool = False,
) -> float | None:
    """Mean g/kWh of the site's facility energy with `it_kw` of IT load, in the snapshot's slot `slot`.

    Planned by default: the battery gives what the supply stack would have it give. `measured` takes what it
    reports to give now instead, which is what an account must rest on. None while the grid's intensity is
    unknown. Without any load it is the intensity of the first kW.
    """
    grid = known_intensity(cluster)
    if grid is None or not 0 <= slot < len(grid):
        return None
    hours = np.full(len(grid), slot_length.total_seconds() / 3600.0)
    sources = _measured(cluster, len(grid)) if measured else tiers(cluster, grid, hours)
    load = it_kw * cluster.pue + cluster.host_overhead_kw
    at = np.full(len(grid), load if load > 0 else 1e-6)
    return float(grams_per_hour(at, sources, grid)[slot] / at[slot])
