"""The physics of a site with a load, solar panels and a battery beside them. Pure.

Power in kW on the site's bus, energy in kWh, intensity in gCO2eq/kWh. Over one step:

    load + charge = grid + solar used + discharge            (solar used includes what charges)
    energy' = energy + charge x hours x charge efficiency - discharge x hours / discharge efficiency

The rule of the site's energy management: the sun serves the load first and charges with the surplus; when it
does not suffice the battery gives what it holds above its reserve; the grid gives the rest. Nothing is sold,
and the grid never charges.

Stored energy carries what it was charged with: grams that go in are grams that are in there, so the
intensity per kWh held is the source's divided by the charge efficiency, and what comes out carries it,
discharge loss included.
"""

from __future__ import annotations

from dataclasses import dataclass

from voltaire.api.battery import BatterySpec


@dataclass(frozen=True, slots=True)
class Stored:
    """What the battery holds: energy in kWh, and its intensity in g per kWh held."""

    energy_kwh: float
    grams_per_kwh: float

    @property
    def grams(self) -> float:
        """All of it."""
        return self.energy_kwh * self.grams_per_kwh


@dataclass(frozen=True, slots=True)
class Flows:
    """Mean powers over one step, kW. `solar_kw` is what the panels could give, `solar_used_kw` what was
    taken.

    `charge_kw` is measured before the charging loss, `discharge_kw` after the discharging loss.
    """

    load_kw: float
    solar_kw: float
    solar_used_kw: float
    charge_kw: float
    discharge_kw: float
    grid_kw: float

    def supply_grams_per_kwh(self, battery: BatterySpec, stored_grams_per_kwh: float, grid: float) -> float:
        """Intensity of what served the load: grid, solar and battery together; the grid's without a load."""
        if self.load_kw <= 0:
            return grid
        solar_kw = self.solar_used_kw - self.charge_kw
        grams = self.grid_kw * grid + solar_kw * solar_grams(battery)
        grams += self.discharge_kw / battery.discharge_efficiency * stored_grams_per_kwh
        return grams / self.load_kw


def solar_grams(battery: BatterySpec) -> float:
    """Intensity of the energy of the panels beside the battery; 0 where there are none."""
    return battery.solar.grams_per_kwh if battery.solar else 0.0


def step(
    battery: BatterySpec, stored: Stored, load_kw: float, solar_kw: float, hours: float
) -> tuple[Flows, Stored]:
    """One step under constant load and sun. Raises ValueError for a negative power or an empty step."""
    if hours <= 0 or load_kw < 0 or solar_kw < 0:
        raise ValueError(
            f"a step takes time and powers are not negative: {hours} h, {load_kw} and {solar_kw} kW"
        )
    direct = min(load_kw, solar_kw)
    charge = _charge_kw(battery, stored, solar_kw - direct, hours)
    discharge = _discharge_kw(battery, stored, load_kw - direct, hours)
    flows = Flows(
        load_kw=load_kw,
        solar_kw=solar_kw,
        solar_used_kw=direct + charge,
        charge_kw=charge,
        discharge_kw=discharge,
        grid_kw=max(0.0, load_kw - direct - discharge),
    )
    return flows, _after(battery, stored, flows, hours)


def _charge_kw(battery: BatterySpec, stored: Stored, surplus_kw: float, hours: float) -> float:
    room = max(0.0, battery.capacity_kwh - stored.energy_kwh)
    return min(surplus_kw, battery.max_charge_kw, room / (hours * battery.charge_efficiency))


def _discharge_kw(battery: BatterySpec, stored: Stored, lacking_kw: float, hours: float) -> float:
    spare = max(0.0, stored.energy_kwh - battery.reserve * battery.capacity_kwh)
    return min(lacking_kw, battery.max_discharge_kw, spare * battery.discharge_efficiency / hours)


def _after(battery: BatterySpec, stored: Stored, flows: Flows, hours: float) -> Stored:
    taken = flows.discharge_kw * hours / battery.discharge_efficiency
    gained = flows.charge_kw * hours * battery.charge_efficiency
    energy = min(battery.capacity_kwh, max(0.0, stored.energy_kwh - taken + gained))
    grams = (stored.energy_kwh - taken) * stored.grams_per_kwh
    grams += flows.charge_kw * hours * solar_grams(battery)
    if energy <= 0:
        return Stored(0.0, stored.grams_per_kwh)
    return Stored(energy, max(0.0, grams) / energy)
