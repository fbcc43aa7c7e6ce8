"""What all timelines of a policy demand of each cluster together: accelerators and power at every moment,
IT energy in every slot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from voltaire.audit.findings import ROUNDING, Ledger
from voltaire.audit.twin.case import HOURS, Case, Json, Run


@dataclass(slots=True)
class Demand:
    """Of one cluster. `it_kwh` and `slack` per slot, `transfer_kwh` the network's part of facility energy;
    `edges`: (hour, accelerators, IT kW), ends negative."""

    it_kwh: list[float]
    slack: list[float]
    transfer_kwh: list[float]
    edges: list[tuple[float, int, float]] = field(default_factory=list)


def demand(case: Case, timelines: Mapping[str, Sequence[Run]]) -> dict[str, Demand]:
    """What jobs (by id) demand of each cluster. The network's energy for a checkpoint is drawn half where it
    leaves, half where it arrives, and is facility energy: as IT energy it counts divided by PUE."""
    found = {
        name: Demand([0.0] * case.slots, [ROUNDING] * case.slots, [0.0] * case.slots)
        for name in case.clusters
    }
    for name, runs in timelines.items():
        job, before = case.jobs[name], ""
        for run in runs:
            if run.kind == "Transfer":
                _transfer(case, found, job, before, run)
            else:
                gang, power = job["accelerators"], power_kw(job)
                found[run.cluster].edges.append((run.start + HOURS, gang, power))
                found[run.cluster].edges.append((run.end - HOURS, -gang, -power))
                _spread(case, found[run.cluster], run, power)
            before = run.cluster
    for name, there in found.items():
        for slot, energy in enumerate(there.transfer_kwh):
            there.it_kwh[slot] += energy / case.clusters[name]["pue"]
    return found


def power_kw(job: Json) -> float:
    """IT power of a gang; work without accelerators draws what is stated for one."""
    return float((job["accelerators"] or 1) * job["kWPerAccelerator"])


def slots_of(case: Case, run: Run) -> list[tuple[int, float]]:
    """The slots that a stretch touches, and for how many hours."""
    first, found = max(0, int(run.start / case.slot_hours + ROUNDING)), []
    for slot in range(first, case.slots):
        begin, end = slot * case.slot_hours, (slot + 1) * case.slot_hours
        if begin >= run.end:
            break
        found.append((slot, max(0.0, min(end, run.end) - max(begin, run.start))))
    return found


def _spread(case: Case, there: Demand, run: Run, power: float) -> None:
    for slot, hours in slots_of(case, run):
        there.it_kwh[slot] += power * hours
        there.slack[slot] += power * ROUNDING


def _transfer(case: Case, found: Mapping[str, Demand], job: Json, origin: str, run: Run) -> None:
    half = job["checkpointGB"] * case.kwh_per_gb / 2
    left = min(case.slots - 1, int(run.start / case.slot_hours + ROUNDING))
    if origin in found:
        found[origin].transfer_kwh[left] += half
    if run.hours >= job["checkpointGB"] / case.gb_per_hour - HOURS:  # else it is still on its way
        arrived = min(case.slots, math.ceil(run.end / case.slot_hours - ROUNDING)) - 1
        found[run.cluster].transfer_kwh[max(0, arrived)] += half


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
