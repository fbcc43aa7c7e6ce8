"""From the wire's units and signs to ours, and what no battery can report.

Ours: state of charge 0..1; power in kW, positive discharges.
"""

from __future__ import annotations

from voltaire.api.battery import BatterySpec
from voltaire.signals.battery.readings import Wire
from voltaire.signals.errors import Implausible

_KW = {"W": 0.001, "kW": 1.0, "MW": 1000.0}
# Meters and inverters are not exact: beyond these a value is an error of unit or sign, not of measurement.
ROUNDING = 1e-4
OVER_LIMIT = 1.5
NIGHT_DRAW = 0.02
MAX_LOAD_KW = 1e7


def soc(value: float, wire: Wire, spec: BatterySpec) -> float:
    """State of charge, 0..1. Raises Implausible outside."""
    full = {"Fraction": 1.0, "Percent": 100.0, "kWh": spec.capacity_kwh}[wire.unit]
    fraction = value * wire.scale / full
    if not -ROUNDING <= fraction <= 1 + ROUNDING:
        raise Implausible(
            f"a state of charge of {fraction * 100:g} % cannot be: is soc.unit ({wire.unit}) right?"
        )
    return min(max(fraction, 0.0), 1.0)


def kilowatts(value: float, wire: Wire) -> float:
    """A power in kW, the sign as on the wire."""
    return value * wire.scale * _KW[wire.unit]


def battery_power(value: float, wire: Wire, spec: BatterySpec) -> float:
    """Battery power, kW, positive discharges. Raises Implausible beyond 1.5 times what it can."""
    power_kw = kilowatts(value, wire)
    if wire.positive == "Charge":
        power_kw = -power_kw
    limit_kw = spec.max_discharge_kw if power_kw > 0 else spec.max_charge_kw
    if abs(power_kw) > OVER_LIMIT * limit_kw:
        raise Implausible(
            f"{abs(power_kw):g} kW is beyond what the battery can ({limit_kw:g} kW): "
            f"are power.unit ({wire.unit}) and power.positive ({wire.positive}) right?"
        )
    return power_kw


def solar_power(value: float, wire: Wire, spec: BatterySpec) -> float:
    """Solar production, kW >= 0; what inverters draw at night counts as zero. Raises Implausible."""
    power_kw = kilowatts(value, wire)
    peak_kw = spec.solar.peak_kw if spec.solar is not None else MAX_LOAD_KW / OVER_LIMIT
    if not -NIGHT_DRAW * peak_kw <= power_kw <= OVER_LIMIT * peak_kw:
        raise Implausible(f"{power_kw:g} kW of solar power cannot be: is solar.unit ({wire.unit}) right?")
    return max(power_kw, 0.0)


def load_power(value: float, wire: Wire) -> float:
    """What the site draws, kW >= 0. Raises Implausible."""
    power_kw = kilowatts(value, wire)
    if not 0 <= power_kw <= MAX_LOAD_KW:
        raise Implausible(f"a load of {power_kw:g} kW cannot be: is load.unit ({wire.unit}) right?")
    return power_kw
