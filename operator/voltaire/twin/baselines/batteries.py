"""What a battery does that knows no plan: four rules, each a pure function of the present.

A rule gives kW for the current slot, positive discharges. Discharge never exceeds what the site draws beyond
its sun, energy stays between reserve and capacity, power within its limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from voltaire.api.values import Series
from voltaire.fleet.snapshot import BatteryView
from voltaire.planner.supply import delivered_grams_per_kwh, solar_kw
from voltaire.twin.baselines.grid import Floats
from voltaire.twin.baselines.scene import Scene

DAY_SECONDS = 24 * 3600.0
LOW, HIGH = 0.25, 0.75
"""Quantiles of the next 24 hours below which the double threshold charges, and above which it discharges."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A battery now. `load_kw`: facility power of the site that its sun does not cover; `surplus_kw`: sun
    that the load does not take. `grid`: g/kWh for each slot left, None while unknown; `recent`: what
    occurred."""

    battery: BatteryView
    load_kw: float
    surplus_kw: float
    hours: float
    slot_hours: float
    grid: Floats | None
    recent: Series | None

    @property
    def may_charge_kw(self) -> float:
        """The most it can take."""
        b = self.battery
        room = max(0.0, b.capacity_kwh - b.energy_kwh) / (b.charge_efficiency * self.hours)
        return min(b.max_charge_kw, room)

    @property
    def may_discharge_kw(self) -> float:
        """The most it can give that the site has use for."""
        b = self.battery
        above = max(0.0, b.energy_kwh - b.reserve_kwh) * b.discharge_efficiency / self.hours
        return min(b.max_discharge_kw, self.load_kw, above)

    def day(self) -> Floats:
        """g/kWh of the next 24 hours, as far as they are known."""
        slots = max(1, round(24.0 / self.slot_hours))
        return np.zeros(0) if self.grid is None else self.grid[:slots]


BatteryRule = Callable[[Moment], float]


def idle(_: Moment) -> float:
    """Does nothing."""
    return 0.0


def self_consumption(m: Moment) -> float:
    """Takes what the sun gives beyond the load, and serves the load when the sun does not: what site
    controllers do as delivered."""
    if m.surplus_kw > 0:
        return -min(m.surplus_kw, m.may_charge_kw)
    return m.may_discharge_kw


def double_threshold(m: Moment) -> float:
    """Charges in the cleanest quarter of the next day and discharges in its dirtiest; sun first."""
    day = m.day()
    if not len(day):
        return self_consumption(m)
    low, high = np.quantile(day, LOW), np.quantile(day, HIGH)
    if day[0] <= low < high:
        return -m.may_charge_kw
    if m.surplus_kw > 0:
        return self_consumption(m)
    return m.may_discharge_kw if day[0] >= high > low else 0.0


def running_mean(m: Moment) -> float:
    """Charges while the intensity is below its mean of the last 24 hours, with the losses of the round trip
    to spare, and discharges while it is above it; sun first."""
    if m.grid is None:
        return self_consumption(m)
    now, mean = float(m.grid[0]), _recent_mean(m)
    if now / (m.battery.charge_efficiency * m.battery.discharge_efficiency) < mean:
        return -m.may_charge_kw
    if m.surplus_kw > 0:
        return self_consumption(m)
    return m.may_discharge_kw if now > max(mean, delivered_grams_per_kwh(m.battery)) else 0.0


def _recent_mean(m: Moment) -> float:
    series = m.recent
    known: list[float] = []
    if series is not None:
        steps = max(1, round(DAY_SECONDS / series.step.total_seconds()))
        known = [value for value in series.values[-steps:] if value is not None]
    return float(np.mean(known)) if known else float(np.mean(m.day()))


RULES: dict[str, BatteryRule] = {
    "idle": idle,
    "self-consumption": self_consumption,
    "double-threshold": double_threshold,
    "running-mean": running_mean,
}


DEFAULT_RULE = "self-consumption"


def schedules(rule: BatteryRule, scene: Scene) -> dict[str, tuple[float, ...]]:
    """What every battery is told: the rule's power in the current slot, nothing in later ones, which it is
    asked about when they come. kW by slot of the snapshot."""
    found, slots, first = {}, scene.snapshot.slots, scene.time.first
    hours = float(scene.time.hours[0])
    for name in scene.names:
        view = scene.view(name)
        load = scene.room.load_kw[name]
        for battery in view.batteries:
            sun = float(solar_kw(battery, scene.time.count)[0])
            moment = Moment(
                battery, max(0.0, load - sun), max(0.0, sun - load), hours, scene.time.slot_seconds / 3600.0,
                scene.grids.get(name), scene.past.get(view.zone),
            )  # fmt: skip
            power = rule(moment)
            load = max(0.0, load - sun) - max(0.0, power)
            found[battery.name] = (0.0,) * first + (power,) + (0.0,) * (slots - first - 1)
    return found
