"""A battery's series and its site's supply, step by step."""

from __future__ import annotations

from itertools import pairwise

from voltaire.audit.demo.day import Day, Json
from voltaire.audit.findings import ROUNDING, Ledger


def check_battery(ledger: Ledger, day: Day, battery: Json, path: str) -> None:
    """The balance of the site, `soc'`, and the grams that go in and come out."""
    points, reserve = battery["series"], battery["reserve"] * battery["capacityKWh"]
    for index, point in enumerate(points):
        where = f"{path}.series[{index}]"
        supply = point["solarUsedKW"] + point["gridKW"] + point["dischargeKW"]
        demand = point["loadKW"] + point["chargeKW"]
        ledger.figure("EnergyBalance", where, supply, demand, 6 * ROUNDING)
        ledger.at_most("SolarAvailable", f"{where}.solarUsedKW", point["solarUsedKW"], point["solarKW"])
        if point["gridKW"] > 2 * ROUNDING:
            used = point["solarUsedKW"] >= point["solarKW"] - 2 * ROUNDING
            ledger.holds("SolarWasted", f"{where}.solarKW", used, point["solarUsedKW"], point["solarKW"])
        # It is charged by what the sun leaves over, and gives only what the sun does not cover.
        surplus = max(0.0, point["solarKW"] - point["loadKW"])
        ledger.at_most("SolarCharging", f"{where}.chargeKW", point["chargeKW"], surplus, 2 * ROUNDING)
        ledger.at_most("BatteryLimits", f"{where}.socKWh", point["socKWh"], battery["capacityKWh"])
        if point["dischargeKW"] > 0:
            ledger.holds("Reserve", where, point["socKWh"] >= reserve - ROUNDING, point["socKWh"], reserve)
        host = day.clusters[battery["cluster"]]["hostOverheadKW"]
        ledger.holds("Load", f"{where}.loadKW", point["loadKW"] >= host - ROUNDING, point["loadKW"], host)
    times = [day.hours(point["time"]) for point in points]
    inside = all(0 <= time < day.end for time in times)
    rising = all(one < other for one, other in pairwise(times))
    ledger.holds("Times", f"{path}.series", inside and rising, "times", "rising, within the day")
    if rising:
        for index, (hours, (before, after)) in enumerate(
            zip((b - a for a, b in pairwise(times)), pairwise(points), strict=True), 1
        ):
            _step(ledger, battery, before, after, hours, f"{path}.series[{index}]")


def _step(ledger: Ledger, battery: Json, before: Json, after: Json, hours: float, path: str) -> None:
    charge, given = before["chargeKW"] * hours, before["dischargeKW"] * hours
    taken = given / battery["dischargeEfficiency"]
    expected = before["socKWh"] + charge * battery["chargeEfficiency"] - taken
    ledger.figure("StateOfCharge", f"{path}.socKWh", after["socKWh"], expected, 4 * ROUNDING)
    grams = (before["socKWh"] - taken) * before["storedGramsPerKWh"] + charge * battery["solarGramsPerKWh"]
    if after["socKWh"] > 0.001:
        where, stated = f"{path}.storedGramsPerKWh", after["storedGramsPerKWh"]
        slack = ROUNDING * (2 + 4 * before["storedGramsPerKWh"] / after["socKWh"])
        ledger.figure("StoredIntensity", where, stated, grams / after["socKWh"], slack)


def check_supply(ledger: Ledger, day: Day, battery: Json, entry: Json, path: str) -> None:
    """`(grid x its intensity + sun x its own + discharge / efficiency x stored) / load`."""
    points = battery["series"]
    if not ledger.fact("Length", f"{path}.series", len(entry["series"]), len(points)):
        return
    grid = day.grid(battery["cluster"])
    for index, (stated, point) in enumerate(zip(entry["series"], points, strict=True)):
        where = f"{path}.series[{index}]"
        ledger.fact("Times", f"{where}.time", stated["time"], point["time"])
        occurred = grid.at(day.hours(point["time"])) if grid else None
        value = occurred
        if occurred is not None and point["loadKW"] > 0:
            grams = point["gridKW"] * occurred
            grams += (point["solarUsedKW"] - point["chargeKW"]) * battery["solarGramsPerKWh"]
            grams += point["dischargeKW"] / battery["dischargeEfficiency"] * point["storedGramsPerKWh"]
            value = grams / point["loadKW"]
        slack = ROUNDING * (2 + 4000 / max(point["loadKW"], ROUNDING))
        ledger.figure("SiteIntensity", f"{where}.gramsPerKWh", stated["gramsPerKWh"], value, slack)
