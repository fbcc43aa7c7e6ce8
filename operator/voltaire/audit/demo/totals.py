"""Sums over the workloads, and the baseline of the greenest region."""

from __future__ import annotations

from collections.abc import Mapping

from voltaire.audit.demo.day import Day, Json
from voltaire.audit.findings import ROUNDING, Ledger


def check_totals(ledger: Ledger, document: Json) -> None:
    """Sums over the workloads that ran; unknown where one of them is."""
    totals, workloads = document["totals"], document["workloads"]
    ran = [workload for workload in workloads if workload["placements"]]
    sums: dict[str, float | None] = {}
    for name in ("energyKWh", "grams", "counterfactualGrams"):
        values = [workload[name] for workload in ran]
        sums[name] = None if None in values else sum(values)
        ledger.figure("Total", f"totals.{name}", totals[name], sums[name], ROUNDING * (len(ran) + 1))
    grams, otherwise = sums["grams"], sums["counterfactualGrams"]
    saved = None if grams is None or not otherwise else 1 - grams / otherwise
    ledger.figure("Total", "totals.savedFraction", totals["savedFraction"], saved, 2 * ROUNDING)
    for name in ("migrations", "pauses"):
        ledger.fact("Total", f"totals.{name}", totals[name], sum(workload[name] for workload in workloads))
    missed = sum(one["deadlineMet"] is False and one["deadlineFeasible"] is True for one in workloads)
    ledger.fact("MissedDeadlines", "totals.missedDeadlines", totals["missedDeadlines"], missed)


def check_pauses(ledger: Ledger, document: Json) -> None:
    """A workload was paused as often as the hub announced it."""
    said: dict[str, int] = {}
    for decision in document["decisions"]:
        if decision["action"] == "Pause":
            said[decision["workload"]] = said.get(decision["workload"], 0) + 1
    for index, workload in enumerate(document["workloads"]):
        path, announced = f"workloads[{index}].pauses", said.get(workload["name"], 0)
        ledger.fact("Pauses", path, workload["pauses"], announced)


def check_decisions(ledger: Ledger, day: Day, document: Json) -> None:
    """Decisions come in the order of their times, about workloads and clusters that exist."""
    names, last = {workload["name"] for workload in document["workloads"]}, 0.0
    for index, decision in enumerate(document["decisions"]):
        path, time = f"decisions[{index}]", day.hours(decision["time"])
        ledger.holds("Times", path, last <= time <= day.end, decision["time"], "in order, within the day")
        ledger.holds("UnknownWorkload", path, decision["workload"] in names, decision["workload"], "known")
        for key in ("from", "to"):
            place = decision[key]
            known = place is None or place in day.clusters
            ledger.holds("UnknownCluster", f"{path}.{key}", known, place, list(day.clusters))
        last = time


def check_baseline(ledger: Ledger, day: Day, document: Json) -> None:
    """Everything in the cluster whose intensity x PUE is lowest over the day, and stay."""
    ranked = _ranked(day)
    totals, best = document["totals"], next(iter(ranked), None)
    ledger.fact("Baseline", "totals.greenestStayCluster", totals["greenestStayCluster"], best)
    found = [_grams(day, workload, ranked) for workload in document["workloads"]]
    for index, (workload, grams) in enumerate(zip(document["workloads"], found, strict=True)):
        path = f"workloads[{index}].greenestStayGrams"
        ledger.figure("Baseline", path, workload["greenestStayGrams"], grams, 2 * ROUNDING)
    known = [grams for grams in found if grams is not None]
    total = sum(known) if len(known) == len(found) else None
    slack = ROUNDING * (len(found) + 1)
    ledger.figure("Baseline", "totals.greenestStayGrams", totals["greenestStayGrams"], total, slack)


def _ranked(day: Day) -> Mapping[str, float]:
    means = {}
    for name, cluster in day.clusters.items():
        grid = day.grid(name)
        total = grid.integral(0.0, day.end) if grid else None
        if total is not None:
            means[name] = total * cluster["pue"]
    return dict(sorted(means.items(), key=lambda item: item[1]))


def _grams(day: Day, workload: Json, ranked: Mapping[str, float]) -> float | None:
    allowed = set(workload["residency"])
    places = (n for n in ranked if not allowed or allowed & set(day.clusters[n]["jurisdictions"]))
    place = next(places, None)
    if place is None or workload["powerKW"] is None or workload["arrival"] is None:
        return None
    begin = day.hours(workload["arrival"])
    if workload["earliestStart"] is not None:
        begin = max(begin, day.hours(workload["earliestStart"]))
    if workload["type"] == "Serving":
        end = max(begin, day.end)
    elif workload["durationHours"] is None:
        return None
    else:
        end = begin + workload["durationHours"]
    grid = day.grid(place)
    occurred = grid.integral(begin, end) if grid else None
    return None if occurred is None else workload["powerKW"] * day.clusters[place]["pue"] * occurred
