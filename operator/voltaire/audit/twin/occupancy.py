"""What all timelines of a policy demand of each cluster together: accelerators and power at every moment,
IT energy in every slot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from voltaire.audit.findings import ROUNDING, Ledger
from voltaire.audit.twin.case import HOURS, Case, Run


@dataclass(slots=True)
class Demand:
    """Of one cluster. `it_kwh` and `slack` per slot; `edges`: (hour, accelerators, IT kW); ends negative."""

    it_kwh: list[float]
    slack: list[float]
    edges: list[tuple[float, int, float]] = field(default_factory=list)


def demand(case: Case, timelines: Mapping[str, Sequence[Run]]) -> dict[str, Demand]:
    """What jobs (by id) demand of each cluster."""
    found = {name: Demand([0.0] * case.slots, [ROUNDING] * case.slots) for name in case.clusters}
    for name, runs in timelines.items():
        job = case.jobs[name]
        for run in runs:
            if run.kind == "Transfer":
                energy, gang = job["checkpointGB"] * case.kwh_per_gb, 0
                power = energy / run.hours if run.hours > 0 else 0.0
            else:
                gang = job["accelerators"]
                power = gang * job["kWPerAccelerator"]
                found[run.cluster].edges.append((run.start + HOURS, gang, power))
                found[run.cluster].edges.append((run.end - HOURS, -gang, -power))
            _spread(case, found[run.cluster], run, power)
    return found


def _spread(case: Case, there: Demand, run: Run, power: float) -> None:
    first = max(0, int(run.start / case.slot_hours + ROUNDING))
    for slot in range(first, case.slots):
        begin, end = slot * case.slot_hours, (slot + 1) * case.slot_hours
        if begin >= run.end:
            break
        there.it_kwh[slot] += power * max(0.0, min(end, run.end) - max(begin, run.start))
        there.slack[slot] += power * ROUNDING


def check_limits(ledger: Ledger, case: Case, name: str, there: Demand, path: str) -> None:
    """At no moment more accelerators than there are, nor more power than the limit. A stretch is taken to
    begin and end a moment inside of itself: one may end where the next begins."""
    cluster = case.clusters[name]
    offered, limit = sum(cluster["capacity"].values()), cluster["powerLimitKW"]
    held, drawn, most, peak = 0, 0.0, 0, 0.0
    for _, gang, power in sorted(there.edges):
        held, drawn = held + gang, drawn + power
        most, peak = max(most, held), max(peak, drawn)
    ledger.at_most("Capacity", path, most, offered, 0.0)
    if limit is not None:
        ledger.at_most("PowerLimit", path, peak * cluster["pue"], limit)
