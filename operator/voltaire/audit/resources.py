"""What a result says of clusters, batteries and workloads, beside the resources in fleet files."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from voltaire.audit.findings import Ledger

Spec = Mapping[str, Any]
Json = Mapping[str, Any]
Fleet = Mapping[str, Mapping[str, Spec]]
# The API's defaults, as its reference states them: where a resource is silent.
_POWER = {"pue": 1.25, "hostOverheadKW": 0.0}
_BATTERY = {
    "capacityKWh": None,
    "maxChargeKW": None,
    "maxDischargeKW": None,
    "chargeEfficiency": 0.97,
    "dischargeEfficiency": 0.97,
    "reserve": 0.2,
    "wearGramsPerKWh": 0.0,
}
_SOLAR_GRAMS = 48.0
_MIGRATION = {"kWhPerGB": 0.06, "gbPerHour": 450.0}


def check_clusters(ledger: Ledger, entries: Sequence[Json], fleet: Fleet) -> None:
    """Every cluster of the fleet, as it is described there."""
    given = fleet.get("RegionalCluster", {})
    zones = {name: spec["zone"] for name, spec in fleet.get("GridZone", {}).items()}
    _same_names(ledger, entries, given, "clusters")
    for index, entry in enumerate(entries):
        if entry["name"] not in given:
            continue
        path, spec = f"clusters[{index}]", given[entry["name"]]
        power = spec.get("power", {})
        ledger.fact("Fleet", f"{path}.zone", entry["zone"], zones.get(spec["gridZone"]))
        for name, default in _POWER.items():
            ledger.figure("Fleet", f"{path}.{name}", entry[name], power.get(name, default))
        if "powerLimitKW" in entry:
            ledger.figure("Fleet", f"{path}.powerLimitKW", entry["powerLimitKW"], power.get("limitKW"))
        declared = spec.get("capacity", {}).get("accelerators", ())
        counts = {one["type"]: one["count"] for one in declared if "count" in one}
        ledger.fact("Fleet", f"{path}.capacity", dict(entry["capacity"]), counts)
        stated, lies_in = sorted(entry["jurisdictions"]), sorted(spec.get("jurisdictions", ()))
        ledger.fact("Fleet", f"{path}.jurisdictions", stated, lies_in)


def check_batteries(ledger: Ledger, entries: Sequence[Json], fleet: Fleet, slot_hours: float) -> None:
    """Every battery of the fleet, as it is described there, at its site."""
    given, clusters = fleet.get("Battery", {}), fleet.get("RegionalCluster", {})
    sites = {battery: name for name, spec in clusters.items() for battery in spec.get("batteries", ())}
    _same_names(ledger, entries, given, "batteries")
    for index, entry in enumerate(entries):
        if entry["name"] not in given:
            continue
        path, spec = f"batteries[{index}]", given[entry["name"]]
        ledger.fact("Fleet", f"{path}.cluster", entry["cluster"], sites.get(entry["name"]))
        for name, default in _BATTERY.items():
            if name in entry:
                ledger.figure("Fleet", f"{path}.{name}", entry[name], spec.get(name, default))
        solar = spec.get("solar") or {}
        if "solarGramsPerKWh" in entry:
            grams = solar.get("gramsPerKWh", _SOLAR_GRAMS) if solar else 0.0
            ledger.figure("Fleet", f"{path}.solarGramsPerKWh", entry["solarGramsPerKWh"], grams)
        most = max(entry.get("solarKWh", ()), default=0.0)
        ledger.at_most("Fleet", f"{path}.solarKWh", most, solar.get("peakKW", 0.0) * slot_hours)
        assumed = spec.get("assumedStoredGramsPerKWh")
        if assumed is not None and "initialGramsPerKWh" in entry:
            ledger.figure("Fleet", f"{path}.initialGramsPerKWh", entry["initialGramsPerKWh"], assumed)


def check_migration(ledger: Ledger, stated: Json, fleet: Fleet) -> None:
    """The cost model of the default policy."""
    spec = fleet.get("PlacementPolicy", {}).get("default", {}).get("migration", {})
    for name, default in _MIGRATION.items():
        ledger.figure("Fleet", f"migration.{name}", stated[name], float(spec.get(name, default)))


def check_workload(ledger: Ledger, entry: Json, spec: Spec, path: str) -> None:
    """What a user asked for, where the manifest says it; a deadline may have been set when it was applied."""
    placement, profile = spec.get("placement", {}), spec.get("profile", {})
    facts = {
        "type": spec["type"],
        "kind": spec["manifest"]["kind"],
        "homeCluster": placement.get("homeCluster"),
        "residency": placement.get("residency", []),
        "disruption": spec.get("disruption", {}).get("mode", entry["disruption"]),
        "accelerators": profile.get("accelerators", entry["accelerators"]),
        "powerKW": profile.get("powerKW", entry["powerKW"]),
    }
    schedule = spec.get("schedule", {})
    if "deadline" in schedule:
        facts["deadline"] = schedule["deadline"]
        facts["deadlineRequired"] = schedule.get("deadlineKind", "Preferred") == "Required"
    if "duration" in profile:
        facts["durationHours"] = hours_of(profile["duration"])
    for name, value in facts.items():
        ledger.fact("Fleet", f"{path}.{name}", entry[name], value)


def hours_of(text: str) -> float:
    """A duration as resources write it, such as `1h30m`, in hours."""
    units = {"h": 1.0, "m": 1 / 60, "s": 1 / 3600, "ms": 1 / 3.6e6}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(ms|h|m|s)", text))


def _same_names(ledger: Ledger, entries: Sequence[Json], given: Mapping[str, Spec], path: str) -> None:
    stated = sorted(entry["name"] for entry in entries)
    ledger.fact("EachOnce", path, stated, sorted(given))
