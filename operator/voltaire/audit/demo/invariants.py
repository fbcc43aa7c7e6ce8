"""What must hold whatever happens, from the observer's intervals alone."""

from __future__ import annotations

from itertools import combinations, pairwise

from voltaire.audit.demo.day import Day, Json
from voltaire.audit.findings import ROUNDING, Ledger

# All that a demo checks; which of them an audit can check again is said beside each check below.
NAMES = (
    "AtMostOneCopy", "GangNotExceeded", "Residency", "Capacity", "EpochsGrow", "NotBeforeEarliestStart",
    "DisruptionRespected", "RequiredDeadlines", "PlacementsAgree", "EnergyAccounted", "NoOrphans",
)  # fmt: skip
Span = tuple[float, float]


def span(day: Day, stay: Json) -> Span:
    """Begin and end in hours; one that is open ends with the accounts."""
    return day.hours(stay["start"]), day.end if stay["end"] is None else day.hours(stay["end"])


def check_workload(ledger: Ledger, day: Day, workload: Json, path: str) -> None:
    """AtMostOneCopy, EpochsGrow, Residency, NotBeforeEarliestStart, DisruptionRespected,
    RequiredDeadlines, PlacementsAgree."""
    stays, finite = workload["intervals"], workload["type"] != "Serving"
    for index, stay in enumerate(stays):
        _stay(ledger, day, workload, stay, f"{path}.intervals[{index}]")
    for (first, one), (second, other) in combinations(enumerate(stays), 2):
        apart = span(day, one)[1] <= span(day, other)[0] or span(day, other)[1] <= span(day, one)[0]
        if finite:
            where = f"{path}.intervals[{second}]"
            ledger.holds("AtMostOneCopy", where, apart, other["cluster"], f"gone from intervals[{first}]")
    for index, (before, after) in enumerate(pairwise(stays), 1):
        moved = before["cluster"] != after["cluster"]
        grows = after["epoch"] > before["epoch"] or (after["epoch"] == before["epoch"] and not moved)
        ledger.holds("EpochsGrow", f"{path}.intervals[{index}]", grows, after["epoch"], before["epoch"])
    places, mode = {stay["cluster"] for stay in stays}, workload["disruption"]
    ledger.holds("DisruptionRespected", path, mode == "Migrate" or len(places) <= 1, sorted(places), mode)
    once = mode != "Never" or not finite or len(stays) <= 1
    ledger.holds("DisruptionRespected", path, once, len(stays), mode)
    _deadline(ledger, day, workload, path)
    _agree(ledger, day, workload, path)


def _stay(ledger: Ledger, day: Day, workload: Json, stay: Json, path: str) -> None:
    begin, end = span(day, stay)
    ledger.holds("Backwards", path, end >= begin, stay["end"], stay["start"])
    ledger.holds("Times", path, begin >= -ROUNDING and end <= day.end + ROUNDING, stay["start"], "the day")
    ledger.holds("Pods", f"{path}.podUIDs", bool(stay["podUIDs"]), "none", "at least one")
    if workload["arrival"] is not None:
        arrival = day.hours(workload["arrival"])
        ledger.holds("BeforeArrival", path, begin >= arrival, stay["start"], workload["arrival"])
    if workload["earliestStart"] is not None:
        early = begin >= day.hours(workload["earliestStart"])
        ledger.holds("NotBeforeEarliestStart", path, early, stay["start"], workload["earliestStart"])
    there = day.clusters.get(stay["cluster"])
    if ledger.holds("UnknownCluster", path, there is not None, stay["cluster"], list(day.clusters)) and there:
        lies_in, allowed = set(there["jurisdictions"]), set(workload["residency"])
        ledger.holds(
            "Residency", path, not allowed or bool(lies_in & allowed), sorted(lies_in), sorted(allowed)
        )


def _deadline(ledger: Ledger, day: Day, workload: Json, path: str) -> None:
    if not workload["deadlineRequired"] or not workload["deadlineFeasible"] or workload["deadline"] is None:
        return
    due = day.hours(workload["deadline"])
    ends = [span(day, stay)[1] for stay in workload["intervals"]]
    done = workload["phase"] == "Succeeded" and bool(ends) and max(ends) <= due + day.tolerance
    late = day.end > due and not done
    ledger.holds("RequiredDeadlines", path, not late, workload["phase"], workload["deadline"])


def _agree(ledger: Ledger, day: Day, workload: Json, path: str) -> None:
    """Each placement begins and ends where the interval of its cluster and epoch does."""
    told, seen = (_spans(day, workload[key]) for key in ("placements", "intervals"))
    for key in sorted(told.keys() | seen.keys()):
        where, one, other = f"{path}.placements ({key[0]}, epoch {key[1]})", told.get(key), seen.get(key)
        if one is None and other is not None and other[1] - other[0] <= day.tolerance:
            continue  # pods that never came to run leave no receipt
        if not ledger.holds("PlacementsAgree", where, bool(one and other), one, other, "hours") or not (
            one and other
        ):
            continue
        for mine, theirs in zip(one, other, strict=True):
            near = abs(mine - theirs) <= day.tolerance
            ledger.holds("PlacementsAgree", where, near, mine, theirs, "hours")


def _spans(day: Day, stays: list[Json]) -> dict[tuple[str, int], Span]:
    found: dict[tuple[str, int], Span] = {}
    for stay in stays:
        key, (begin, end) = (stay["cluster"], stay["epoch"]), span(day, stay)
        known = found.get(key, (begin, end))
        found[key] = (min(begin, known[0]), max(end, known[1]))
    return found


def check_capacity(ledger: Ledger, day: Day, workloads: list[Json]) -> None:
    """Capacity, of gangs between their beginnings and ends: pods that start, or end, may share a moment."""
    edges: dict[str, list[tuple[float, int, str]]] = {name: [] for name in day.clusters}
    for workload in workloads:
        for stay in workload["intervals"]:
            begin, end = span(day, stay)
            if stay["cluster"] in edges and end - begin > 2 * day.tolerance:
                gang = workload["accelerators"]
                edges[stay["cluster"]].append((begin + day.tolerance, gang, workload["name"]))
                edges[stay["cluster"]].append((end - day.tolerance, -gang, workload["name"]))
    for name, found in edges.items():
        held, offered = 0, sum(day.clusters[name]["capacity"].values())
        for time, gang, who in sorted(found):
            held += gang
            where = f"clusters ({name}) at hour {time:.2f}"
            ledger.holds("Capacity", where, held <= offered, held, offered, who)


def check_statement(ledger: Ledger, invariants: Json) -> None:
    """Everything was checked, and nothing is admitted to have been violated."""
    for name in NAMES:
        ledger.holds(
            "Unchecked", "invariants.checked", name in invariants["checked"], invariants["checked"], name
        )
    for index, violation in enumerate(invariants["violations"]):
        detail = str(violation["detail"])
        ledger.holds("Violation", f"invariants.violations[{index}]", False, violation["name"], "none", detail)
