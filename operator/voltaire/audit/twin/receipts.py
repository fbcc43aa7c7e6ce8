"""Figures that a result may state beside those of the format: what each job used and emitted, what the same
work would have emitted at home, and battery energy counted when it is used. Where they are, they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from voltaire.audit.findings import ROUNDING, Ledger
from voltaire.audit.table import weighted_mean
from voltaire.audit.twin.case import Case, Json, Run
from voltaire.audit.twin.occupancy import power_kw, slots_of

_GRAMS = 1000 * ROUNDING


def check_attributed(
    ledger: Ledger, case: Case, entry: Json, batteries: Mapping[str, Json], path: str
) -> None:
    """What the grid served at once, at its intensity, and what batteries gave, at what they held."""
    cluster, beside = case.clusters[entry["name"]], case.beside(entry["name"])
    expected = []
    for slot, intensity in enumerate(cluster["gramsPerKWh"]):
        charged = sum(batteries[name]["chargeGridKWh"][slot] for name in beside)
        grams = (entry["gridKWh"][slot] - charged) * intensity
        for name in beside:
            battery, did = case.batteries[name], batteries[name]
            held = did["storedGramsPerKWh"][slot - 1] if slot else battery["initialGramsPerKWh"]
            grams += did["dischargeKWh"][slot] / battery["dischargeEfficiency"] * held
        expected.append(grams)
    ledger.series("Attributed", f"{path}.attributedGrams", entry["attributedGrams"], expected, 4 * _GRAMS)


def check_receipt(
    ledger: Ledger, case: Case, timeline: Json, runs: Sequence[Run], clusters: Mapping[str, Json], path: str
) -> None:
    """Power x PUE x hours, at the mean of what served the site in each slot; the counterfactual."""
    job = case.jobs[timeline["id"]]
    energy = grams = 0.0
    for run in (run for run in runs if run.kind != "Transfer"):
        entry = clusters[run.cluster]
        power = power_kw(job) * case.clusters[run.cluster]["pue"]
        energy += power * run.hours
        for slot, hours in slots_of(case, run):
            facility = entry["facilityKWh"][slot]
            grams += power * hours * entry["attributedGrams"][slot] / facility if facility > 0 else 0.0
    for name, value in (("energyKWh", energy), ("grams", grams)):
        if timeline.get(name) is not None:
            slack = _GRAMS * (1 + power_kw(job)) * (1 + len(runs))
            ledger.figure("Receipt", f"{path}.{name}", timeline[name], value, slack + 1e-5 * value)
    if timeline.get("counterfactualGrams") is not None:
        _at_home(ledger, case, job, timeline["counterfactualGrams"], f"{path}.counterfactualGrams")


def _at_home(ledger: Ledger, case: Case, job: Json, stated: float, path: str) -> None:
    """Started on arrival at home and run through. Beyond the end of the run only the trace would know."""
    if not ledger.holds("Counterfactual", path, job["home"] is not None, stated, None, "no home"):
        return
    home, hours = case.clusters[job["home"]], job["durationH"]
    begin, end = job["arrivalH"] / case.slot_hours, (job["arrivalH"] + hours) / case.slot_hours
    mean = weighted_mean(home["gramsPerKWh"], begin, end) if end <= case.slots else None
    if mean is not None:
        grams = power_kw(job) * home["pue"] * hours * mean
        ledger.figure("Counterfactual", path, stated, grams, _GRAMS + 1e-5 * grams)


def check_extras(ledger: Ledger, case: Case, policy: Json, stored_change: float, path: str) -> None:
    """Further sums of a summary."""
    summary, rows = policy["summary"], policy["timelines"]
    at_home = [row.get("counterfactualGrams") for row in rows]
    worn = sum(
        case.batteries[entry["name"]]["wearGramsPerKWh"] * sum(entry["dischargeKWh"])
        for entry in policy["batteries"]
    )
    sums = {
        "counterfactualGrams": None if None in at_home else sum(g for g in at_home if g is not None),
        "storedChangeGrams": stored_change,
        "wearGrams": worn,
        "unfinished": sum(row["doneH"] is None for row in rows),
    }
    for name, value in sums.items():
        if name in summary:
            slack = _GRAMS * (1 + len(rows) + case.slots)
            ledger.figure("Total", f"{path}.{name}", summary[name], value, slack)
