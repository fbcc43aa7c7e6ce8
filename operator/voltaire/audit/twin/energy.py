"""Where a cluster's energy came from and what it emitted, slot by slot."""

from __future__ import annotations

from collections.abc import Mapping

from voltaire.audit import shape
from voltaire.audit.findings import ROUNDING, Ledger
from voltaire.audit.twin.case import Case, Json
from voltaire.audit.twin.occupancy import Demand

_ARRAYS = ("itKWh", "facilityKWh", "gridKWh", "solarUsedKWh", "batteryKWh", "grams")
_WELCOME = ("transferKWh", "attributedGrams", "cost")
_BATTERY_ARRAYS = ("chargeGridKWh", "chargeSolarKWh", "dischargeKWh", "socKWh", "storedGramsPerKWh")


def complete(ledger: Ledger, case: Case, policy: Json, path: str) -> bool:
    """Whether every list has an entry for every slot, and every cluster, battery and job is there once."""
    checked = len(ledger.findings)
    _each_once(ledger, [c["name"] for c in policy["clusters"]], list(case.clusters), f"{path}.clusters")
    _each_once(ledger, [b["name"] for b in policy["batteries"]], list(case.batteries), f"{path}.batteries")
    _each_once(ledger, [t["id"] for t in policy["timelines"]], list(case.jobs), f"{path}.timelines")
    for kind, names in (("clusters", _ARRAYS), ("batteries", _BATTERY_ARRAYS)):
        for index, entry in enumerate(policy[kind]):
            welcome = [name for name in _WELCOME if entry.get(name)]
            for name in welcome:
                shape.check(ledger, shape.Many(shape.NUMBER), entry[name], f"{path}.{kind}[{index}].{name}")
            if len(ledger.findings) > checked:
                continue
            for name in (*names, *welcome):
                ledger.fact("Length", f"{path}.{kind}[{index}].{name}", len(entry[name]), case.slots)
    return len(ledger.findings) == checked


def _each_once(ledger: Ledger, stated: list[str], known: list[str], path: str) -> None:
    ledger.holds("EachOnce", path, sorted(stated) == sorted(known), sorted(stated), sorted(known))


def check_cluster(
    ledger: Ledger, case: Case, entry: Json, there: Demand, batteries: Mapping[str, Json], path: str
) -> None:
    """IT energy from the timelines; facility energy from it; the balance; grams. `batteries` by name, all."""
    cluster = case.clusters[entry["name"]]
    it, beside = entry["itKWh"], case.beside(entry["name"])
    ledger.series("ITEnergy", f"{path}.itKWh", it, there.it_kwh, there.slack)
    if entry.get("transferKWh"):
        ledger.series(
            "Transfer", f"{path}.transferKWh", entry["transferKWh"], there.transfer_kwh, 4 * ROUNDING
        )
    host = cluster["hostOverheadKW"] * case.slot_hours
    facility = [energy * cluster["pue"] + host for energy in it]
    ledger.series(
        "FacilityEnergy", f"{path}.facilityKWh", entry["facilityKWh"], facility, cluster["pue"] * 2 * ROUNDING
    )
    delivered = [sum(batteries[name]["dischargeKWh"][slot] for name in beside) for slot in range(case.slots)]
    ledger.series("BatteryEnergy", f"{path}.batteryKWh", entry["batteryKWh"], delivered, 4 * ROUNDING)
    grid = [
        entry["facilityKWh"][slot]
        + sum(batteries[b]["chargeGridKWh"][slot] + batteries[b]["chargeSolarKWh"][slot] for b in beside)
        - entry["solarUsedKWh"][slot]
        - entry["batteryKWh"][slot]
        for slot in range(case.slots)
    ]
    ledger.series("EnergyBalance", f"{path}.gridKWh", entry["gridKWh"], grid, 6 * ROUNDING)
    intensity = cluster["gramsPerKWh"]
    grams = [energy * each for energy, each in zip(entry["gridKWh"], intensity, strict=True)]
    slack = [ROUNDING * (1 + each) for each in intensity]
    ledger.series("Grams", f"{path}.grams", entry["grams"], grams, slack)
    _cost(ledger, cluster, entry, path)
    _sun(ledger, case, entry, batteries, beside, path)


def _cost(ledger: Ledger, cluster: Json, entry: Json, path: str) -> None:
    """Grid energy at the price of its slot, where a result says what that is."""
    stated, price = entry.get("cost"), cluster.get("pricePerKWh")
    if stated is None or price is None:
        ledger.holds("Cost", f"{path}.cost", stated is price, stated, price, "where there are prices only")
        return
    paid = [energy * each for energy, each in zip(entry["gridKWh"], price, strict=True)]
    slack = [ROUNDING * (1 + abs(each)) for each in price]
    ledger.series("Cost", f"{path}.cost", stated, paid, slack)


def _sun(
    ledger: Ledger, case: Case, entry: Json, batteries: Mapping[str, Json], beside: list[str], path: str
) -> None:
    """No more sun is used than shines, what charges is part of that, nobody buys while some is left."""
    for slot in range(case.slots):
        used = entry["solarUsedKWh"][slot]
        shines = sum(case.batteries[name]["solarKWh"][slot] for name in beside)
        charging = sum(batteries[name]["chargeSolarKWh"][slot] for name in beside)
        where = f"{path}.solarUsedKWh[{slot}]"
        ledger.at_most("SolarAvailable", where, used, shines, 4 * ROUNDING)
        ledger.at_most("SolarCharging", where, charging, used, 4 * ROUNDING)
        if entry["gridKWh"][slot] > 10 * ROUNDING:
            ledger.holds("SolarWasted", where, used >= shines - 4 * ROUNDING, used, shines, "grid was bought")
