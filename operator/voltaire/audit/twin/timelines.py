"""What one job may do: its whole work, in one place at a time, where and when it is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from voltaire.audit.findings import Ledger
from voltaire.audit.twin.case import HOURS, Case, Json, Run, runs_of


def check_timeline(ledger: Ledger, case: Case, timeline: Json, path: str) -> None:
    """All rules for one job's timeline."""
    job, runs = case.jobs[timeline["id"]], runs_of(timeline)
    for index, run in enumerate(runs):
        _stretch(ledger, case, job, run, f"{path}.runs[{index}]")
    for index, (before, after) in enumerate(pairwise(runs), 1):
        ledger.holds(
            "TwoAtOnce",
            f"{path}.runs[{index}]",
            after.start >= before.end - HOURS,
            after.start,
            before.end,
            "no earlier than",
        )
    _work(ledger, case, job, timeline, runs, path)
    _stops(ledger, case, job, runs, path)


def _stretch(ledger: Ledger, case: Case, job: Json, run: Run, path: str) -> None:
    ledger.holds("Backwards", path, run.end > run.start, run.end, run.start, "after")
    ledger.holds(
        "BeforeArrival", path, run.start >= job["arrivalH"] - HOURS, run.start, job["arrivalH"], "no earlier"
    )
    ledger.at_most("AfterTheEnd", path, run.end, case.hours, HOURS)
    if not ledger.holds(
        "UnknownCluster", path, run.cluster in case.clusters, run.cluster, list(case.clusters)
    ):
        return
    if job["residency"]:
        lies_in = case.clusters[run.cluster]["jurisdictions"]
        allowed = bool(set(lies_in) & set(job["residency"]))
        ledger.holds("Residency", path, allowed, lies_in, job["residency"], run.cluster)


def _work(ledger: Ledger, case: Case, job: Json, timeline: Json, runs: Sequence[Run], path: str) -> None:
    """Hours of work, when it was done, and whether that was too late."""
    worked = sum(run.hours for run in runs if run.kind == "Run")
    lost = float(timeline.get("lostH", 0.0))
    slack = HOURS * (len(runs) + 1)
    last = max((run.end for run in runs if run.kind == "Run"), default=None)
    if timeline["doneH"] is None:
        ledger.holds(
            "DoneAt",
            f"{path}.doneH",
            worked < job["durationH"] + lost - slack,
            None,
            last,
            "all work is done",
        )
        late = job["deadlineH"] < case.hours - HOURS
    else:
        ledger.figure("HoursOfWork", f"{path}.runs", worked, job["durationH"] + lost, slack)
        ledger.figure("DoneAt", f"{path}.doneH", timeline["doneH"], last, HOURS)
        late = timeline["doneH"] > job["deadlineH"] + HOURS
    ledger.holds(
        "LostWork", f"{path}.runs", worked <= job["durationH"] + lost + slack, worked, job["durationH"]
    )
    ledger.fact("Missed", f"{path}.missed", timeline["missed"], late)


def _stops(ledger: Ledger, case: Case, job: Json, runs: Sequence[Run], path: str) -> None:
    """Pauses and moves: whether they are allowed, and whether they took their time."""
    work = [(index, run) for index, run in enumerate(runs) if run.kind == "Run"]
    for (before, left), (at, came) in pairwise(work):
        if at == before + 1 and came.cluster == left.cluster and came.start <= left.end + HOURS:
            continue  # one stretch, written as two
        where = f"{path}.runs[{at}]"
        ledger.holds("NotInOnePiece", where, job["interruptible"], "a stop", "none: it is not interruptible")
        between = runs[before + 1 : at]
        restart = sum(run.hours for run in between if run.kind == "Restart")
        ledger.figure("RestartTime", where, restart, case.restart_h, HOURS)
        moved = came.cluster != left.cluster
        transfer = sum(run.hours for run in between if run.kind == "Transfer")
        needed = job["checkpointGB"] / case.gb_per_hour if moved else 0.0
        ledger.holds(
            "TransferTime", where, transfer >= needed - HOURS * len(runs), transfer, needed, "at least"
        )
        if not moved:
            ledger.holds("TransferTime", where, transfer == 0, transfer, 0, "it stayed")


def moves(runs: Sequence[Run]) -> int:
    """How often work went on in another cluster than where it stopped."""
    places = [run.cluster for run in runs if run.kind == "Run"]
    return sum(one != other for one, other in pairwise(places))
