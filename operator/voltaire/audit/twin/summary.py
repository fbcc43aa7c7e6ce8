"""A policy's summary, from its own slots and timelines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import mul

from voltaire.audit.findings import ROUNDING, Ledger
from voltaire.audit.twin.case import Case, Json, Run
from voltaire.audit.twin.timelines import moves

_SUMS = {"gridKWh": "gridKWh", "facilityKWh": "facilityKWh", "itKWh": "itKWh"}


def check_summary(
    ledger: Ledger,
    case: Case,
    policy: Json,
    timelines: Mapping[str, Sequence[Run]],
    violations: int,
    path: str,
) -> None:
    """`violations`: how many broken rules this audit found in the policy's timelines and batteries."""
    summary, many = policy["summary"], case.slots * len(case.clusters) + 1
    for name, array in _SUMS.items():
        total = sum(sum(entry[array]) for entry in policy["clusters"])
        ledger.figure("Total", f"{path}.{name}", summary[name], total, many * ROUNDING)
    occurred = sum(
        energy * each
        for entry in policy["clusters"]
        for energy, each in zip(entry["gridKWh"], case.clusters[entry["name"]]["gramsPerKWh"], strict=True)
    )
    ledger.figure("TotalGrams", f"{path}.grams", summary["grams"], occurred, many * 1000 * ROUNDING)
    _priced(ledger, case, policy, path)
    sizes = {name: case.jobs[name]["checkpointGB"] for name in timelines}
    moved = {name: moves(runs, sizes[name]) for name, runs in timelines.items()}
    ledger.fact("Migrations", f"{path}.migrations", summary["migrations"], sum(moved.values()))
    carried = sum(count * sizes[name] for name, count in moved.items())
    ledger.figure("GBMoved", f"{path}.gbMoved", summary["gbMoved"], carried, len(moved) * ROUNDING)
    missed = sum(timeline["missed"] for timeline in policy["timelines"])
    ledger.fact("MissedDeadlines", f"{path}.missed", summary["missed"], missed)
    stated = summary["violations"]
    ledger.holds("Violations", f"{path}.violations", (stated > 0) == (violations > 0), stated, violations)
    for kind in ("planSeconds", "gap"):
        low, high = summary[f"{kind}P50"], summary[f"{kind}P95"]
        both = (low is None) == (high is None)
        if ledger.holds("Percentiles", f"{path}.{kind}P50", both, low, high) and low is not None:
            ledger.at_most("Percentiles", f"{path}.{kind}P50", low, high)


def _priced(ledger: Ledger, case: Case, policy: Json, path: str) -> None:
    """Litres from the water figures of the clusters that worked, cost from prices: unknown where one is."""
    litres: float | None = 0.0
    cost: float | None = 0.0
    dear = 1.0
    for entry in policy["clusters"]:
        cluster, used = case.clusters[entry["name"]], sum(entry["itKWh"])
        water, price = cluster.get("wue"), cluster.get("pricePerKWh")
        if used > 0:
            litres = None if litres is None or water is None else litres + water * used
        paid = None if price is None else map(mul, price, entry["gridKWh"])
        cost = None if cost is None or paid is None else cost + sum(paid)
        dear += sum(map(abs, price or ()))
    slack = case.slots * len(case.clusters) * ROUNDING * 10
    ledger.figure("Litres", f"{path}.litres", policy["summary"]["litres"], litres, slack)
    ledger.figure("Cost", f"{path}.cost", policy["summary"]["cost"], cost, ROUNDING * dear)


def check_bound(ledger: Ledger, case: Case, policies: Mapping[str, Json]) -> None:
    """A proven lower bound is one of the whole problem: the same for all, and nobody who did all the work
    emitted less, counting what the batteries hold more or less than at first."""
    stated = {
        name: policy["summary"]["lowerBoundGrams"]
        for name, policy in policies.items()
        if policy["summary"]["lowerBoundGrams"] is not None
    }
    for name, bound in stated.items():
        where = f"policies.{name}.summary.lowerBoundGrams"
        ledger.figure("LowerBound", where, bound, next(iter(stated.values())), 1000 * ROUNDING)
    for name, policy in policies.items():
        if name not in stated or policy["summary"]["missed"] or _unfinished(policy):
            continue
        emitted = policy["summary"]["grams"] - stored_change(case, policy)
        where = f"policies.{name}.summary.lowerBoundGrams"
        ledger.at_most("LowerBound", where, stated[name], emitted, case.slots * 1000 * ROUNDING)


def stored_change(case: Case, policy: Json) -> float:
    """Grams that the batteries hold more at the end than at first."""
    change = 0.0
    for entry in policy["batteries"]:
        battery = case.batteries[entry["name"]]
        before = battery["initialSocKWh"] * battery["initialGramsPerKWh"]
        if case.slots:
            change += entry["socKWh"][-1] * entry["storedGramsPerKWh"][-1] - before
    return change


def _unfinished(policy: Json) -> bool:
    return any(timeline["doneH"] is None for timeline in policy["timelines"])
