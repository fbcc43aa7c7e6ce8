"""What one workload did, from the observer's intervals; what it cost, from the operator's placements."""

from __future__ import annotations

from itertools import pairwise

from voltaire.audit.demo.day import Day, Json, Steps
from voltaire.audit.findings import ROUNDING, Ledger

# Where a site has a battery the operator computes its supply from what telemetry told it, minute by minute:
# beside what the site really did, this much is no disagreement.
_TELEMETRY = 0.15
_BILLED = 1e-4


def check_placements(ledger: Ledger, day: Day, workload: Json, path: str) -> None:
    """Energy = power x PUE x hours + transfer; grams = that energy x what occurred; sums."""
    before: str | None = None
    for index, stay in enumerate(workload["placements"]):
        where = f"{path}.placements[{index}]"
        if _known(ledger, day, stay["cluster"], where) and workload["powerKW"] is not None:
            _bill(ledger, day, workload, stay, where)
        moved = before is not None and before != stay["cluster"]
        ledger.holds("Transfer", where, moved or stay["transferKWh"] == 0, stay["transferKWh"], 0)
        _transfer(ledger, day, before, stay, where)
        before = stay["cluster"]
    for name in ("energyKWh", "grams"):
        total = sum(stay[name] for stay in workload["placements"])
        stated = workload[name]
        if stated is not None or workload["placements"]:
            many = ROUNDING * (len(workload["placements"]) + 1)
            ledger.figure("Total", f"{path}.{name}", stated, total, many)


def _known(ledger: Ledger, day: Day, cluster: str, path: str) -> bool:
    there = cluster in day.clusters
    return ledger.holds("UnknownCluster", f"{path}.cluster", there, cluster, list(day.clusters))


def _bill(ledger: Ledger, day: Day, workload: Json, stay: Json, path: str) -> None:
    begin, end = day.hours(stay["start"]), day.end if stay["end"] is None else day.hours(stay["end"])
    ledger.holds("Backwards", path, end >= begin, stay["end"], stay["start"])
    power = workload["powerKW"] * day.clusters[stay["cluster"]]["pue"]
    energy = power * (end - begin)
    ledger.figure(
        "Energy", f"{path}.energyKWh", stay["energyKWh"] - stay["transferKWh"], energy, _BILLED * energy
    )
    supply = day.supply(stay["cluster"])
    mean = supply.integral(begin, end) if supply else None
    if mean is None:
        return
    slack = _TELEMETRY if isinstance(supply, Steps) else _BILLED
    grams = stay["grams"] - stay["transferGrams"]
    ledger.figure("Grams", f"{path}.grams", grams, power * mean, slack * power * mean + ROUNDING)


def _transfer(ledger: Ledger, day: Day, origin: str | None, stay: Json, path: str) -> None:
    """At the mean of both ends' intensity when the pods began to run."""
    if (
        origin is None
        or not stay["transferKWh"]
        or origin not in day.clusters
        or stay["cluster"] not in day.clusters
    ):
        ledger.holds(
            "Transfer", path, stay["transferGrams"] == 0 or stay["transferKWh"] > 0, stay["transferGrams"], 0
        )
        return
    begin, moment = day.hours(stay["start"]), 1e-6
    ends = [day.supply(name) for name in (origin, stay["cluster"])]
    values = [one.integral(begin, begin + moment) if one else None for one in ends]
    if None in values:
        return
    mean = sum(value for value in values if value is not None) / moment / 2
    grams, site = stay["transferKWh"] * mean, any(isinstance(one, Steps) for one in ends)
    slack = (2 * _TELEMETRY if site else _BILLED) * grams + ROUNDING
    ledger.figure("Transfer", f"{path}.transferGrams", stay["transferGrams"], grams, slack)


def check_counterfactual(ledger: Ledger, day: Day, workload: Json, path: str) -> None:
    """The same work at home from its arrival on. Of unfinished work it is not known how much was done: then
    it is at most that of all of it."""
    stated, home = workload["counterfactualGrams"], workload["homeCluster"]
    if stated is None or workload["powerKW"] is None or workload["arrival"] is None:
        return
    if home not in day.clusters:
        ledger.holds("Counterfactual", f"{path}.counterfactualGrams", False, stated, None, "no home")
        return
    hours, whole = workload["durationHours"], workload["phase"] == "Succeeded"
    if workload["type"] == "Serving":
        spans = [(stay["start"], stay["end"]) for stay in workload["placements"]]
        hours = sum((day.end if b is None else day.hours(b)) - day.hours(a) for a, b in spans)
        whole = True
    begin = day.hours(workload["earliestStart"] or workload["arrival"])
    begin = max(begin, day.hours(workload["arrival"]))
    supply = day.supply(home)
    mean = supply.integral(begin, begin + hours) if supply and hours is not None else None
    if mean is None:
        return
    grams = workload["powerKW"] * day.clusters[home]["pue"] * mean
    slack = (_TELEMETRY if isinstance(supply, Steps) else 0.001) * grams + ROUNDING
    where = f"{path}.counterfactualGrams"
    if whole:
        ledger.figure("Counterfactual", where, stated, grams, slack)
    else:
        ledger.at_most("Counterfactual", where, stated, grams, slack)


def check_story(ledger: Ledger, day: Day, workload: Json, path: str) -> None:
    """Migrations, finish and deadline."""
    places = [stay["cluster"] for stay in workload["placements"]]
    moved = sum(one != other for one, other in pairwise(places))
    ledger.fact("Migrations", f"{path}.migrations", workload["migrations"], moved)
    finished, deadline = workload["finishedAt"], workload["deadline"]
    ended = workload["phase"] in ("Succeeded", "Failed")
    ledger.fact("Finished", f"{path}.finishedAt", finished is not None, ended)
    ends = [day.hours(stay["end"]) for stay in workload["placements"] if stay["end"]]
    if finished is not None and ends:
        ledger.figure("Finished", f"{path}.finishedAt", day.hours(finished), max(ends), day.tolerance)
    feasible = met = None
    if deadline is not None:
        due = day.hours(deadline)
        feasible = False
        if workload["arrival"] is not None and workload["durationHours"] is not None:
            begin = max(day.hours(workload[k]) for k in ("arrival", "earliestStart") if workload[k])
            feasible = begin + workload["durationHours"] <= due
        met = None if finished is None and due >= day.end else finished is not None
        if finished is not None:
            met = workload["phase"] == "Succeeded" and day.hours(finished) <= due
    ledger.fact("DeadlineFeasible", f"{path}.deadlineFeasible", workload["deadlineFeasible"], feasible)
    ledger.fact("DeadlineMet", f"{path}.deadlineMet", workload["deadlineMet"], met)
