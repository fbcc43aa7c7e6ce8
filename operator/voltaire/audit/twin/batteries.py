"""What a battery may do, and the intensity of what it holds."""

from __future__ import annotations

from voltaire.audit.findings import ROUNDING, Ledger
from voltaire.audit.twin.case import Case, Json


def check_battery(ledger: Ledger, case: Case, entry: Json, path: str) -> None:
    """Slot by slot: `soc' = soc + charge x efficiency - discharge / efficiency`, limits, reserve, and

        stored' x soc' = stored x (soc - discharge / efficiency) + grid x intensity + solar x its own

    What is taken out carries what was held before; charging adds all that was taken in has cost, losses
    included.
    """
    battery = case.batteries[entry["name"]]
    intensity = case.clusters[battery["cluster"]]["gramsPerKWh"]
    solar_grams = float(battery.get("solarGramsPerKWh") or 0.0)
    soc, stored = battery["initialSocKWh"], battery["initialGramsPerKWh"]
    reserve = battery["reserve"] * battery["capacityKWh"]
    ledger.at_most("BatteryLimits", f"batteries.{entry['name']}.initialSocKWh", soc, battery["capacityKWh"])
    for slot in range(case.slots):
        grid, solar = entry["chargeGridKWh"][slot], entry["chargeSolarKWh"][slot]
        given, held = entry["dischargeKWh"][slot], entry["socKWh"][slot]
        _limits(ledger, case, battery, grid + solar, given, f"{path}.{{}}[{slot}]")
        taken = given / battery["dischargeEfficiency"]
        expected = soc + (grid + solar) * battery["chargeEfficiency"] - taken
        ledger.figure("StateOfCharge", f"{path}.socKWh[{slot}]", held, expected, 6 * ROUNDING)
        # One that begins below its reserve need not fill up at once, but gives nothing.
        floor = min(reserve, soc)
        where = f"{path}.socKWh[{slot}]"
        ledger.holds("Reserve", where, held >= floor - 2 * ROUNDING, held, floor, "at least")
        ledger.at_most("BatteryLimits", where, held, battery["capacityKWh"], 2 * ROUNDING)
        mixed = stored * (soc - taken) + grid * intensity[slot] + solar * solar_grams
        _stored(ledger, entry, slot, stored, mixed, f"{path}.storedGramsPerKWh[{slot}]")
        soc, stored = held, entry["storedGramsPerKWh"][slot]


def _limits(ledger: Ledger, case: Case, battery: Json, charge: float, given: float, path: str) -> None:
    hours = case.slot_hours
    charging, giving = path.format("chargeGridKWh"), path.format("dischargeKWh")
    ledger.at_most("BatteryLimits", charging, charge, battery["maxChargeKW"] * hours, 2 * ROUNDING)
    ledger.at_most("BatteryLimits", giving, given, battery["maxDischargeKW"] * hours, 2 * ROUNDING)


def _stored(ledger: Ledger, entry: Json, slot: int, before: float, mixed: float, where: str) -> None:
    """Compared in grams: of an all but empty battery no intensity can be told."""
    held, stated = entry["socKWh"][slot], entry["storedGramsPerKWh"][slot]
    if held <= 10 * ROUNDING:
        return
    slack = 4 * ROUNDING * (1 + max(before, stated, 1000.0))
    ledger.figure("StoredIntensity", where, stated, max(0.0, mixed) / held, slack / held + ROUNDING)
