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
        apart, where = after.start >= before.end - HOURS, f"{path}.runs[{index}]"
        ledger.holds("TwoAtOnce", where, apart, after.start, before.end, "no earlier")
    _work(ledger, job, timeline, runs, path)
    _stops(ledger, job, runs, path)
    _journey(ledger, case, job, runs, path)


def _stretch(ledger: Ledger, case: Case, job: Json, run: Run, path: str) -> None:
    ledger.holds("Backwards", path, run.end > run.start, run.end, run.start, "after")
    arrived = run.start >= job["arrivalH"] - HOURS
    ledger.holds("BeforeArrival", path, arrived, run.start, job["arrivalH"], "no earlier")
    ledger.at_most("AfterTheEnd", path, run.end, case.hours, HOURS)
    known = run.cluster in case.clusters
    if ledger.holds("UnknownCluster", path, known, run.cluster, list(case.clusters)) and job["residency"]:
        lies_in = case.clusters[run.cluster]["jurisdictions"]
        allowed = bool(set(lies_in) & set(job["residency"]))
        ledger.holds("Residency", path, allowed, lies_in, job["residency"], run.cluster)


def _work(ledger: Ledger, job: Json, timeline: Json, runs: Sequence[Run], path: str) -> None:
    """Hours of work, when it was done, and whether that was too late."""
    worked = sum(run.hours for run in runs if run.kind == "Run")
    needed = job["durationH"] + float(timeline.get("lostH", 0.0))
    slack = HOURS * (len(runs) + 1)
    done, due = timeline["doneH"], job["deadlineH"]
    last = max((run.end for run in runs if run.kind == "Run"), default=None)
    if done is None:
        ledger.holds("DoneAt", f"{path}.doneH", worked < needed - slack, None, last, "all work is done")
    else:
        ledger.figure("HoursOfWork", f"{path}.runs", worked, needed, slack)
        ledger.figure("DoneAt", f"{path}.doneH", done, last, HOURS)
    ledger.at_most("HoursOfWork", f"{path}.runs", worked, needed, slack)
    late = due is not None and (done is None or done > due + HOURS)
    ledger.fact("Missed", f"{path}.missed", timeline["missed"], late)


def _stops(ledger: Ledger, job: Json, runs: Sequence[Run], path: str) -> None:
    """Whether it may be stopped, and may move, at all."""
    places = [run.cluster for run in runs if run.kind != "Transfer"]
    pieces = sum(run.kind == "Run" for run in runs)
    if not job["interruptible"]:
        whole = pieces <= 1 and len(runs) == pieces
        ledger.holds("NotInOnePiece", f"{path}.runs", whole, len(runs), 1, "it is not interruptible")
    if job.get("mode") == "Suspend":
        ledger.holds("Moved", f"{path}.runs", len(set(places)) <= 1, places, "one place")


def _journey(ledger: Ledger, case: Case, job: Json, runs: Sequence[Run], path: str) -> None:
    """From stretch to stretch: work goes on where its checkpoint is, which travels in its time; whoever
    resumes has restarted, for as long as that takes."""
    size, here, worked = job["checkpointGB"], None, False
    travel, restart = size / case.gb_per_hour, job.get("restartH", case.restart_h)
    for index, run in enumerate(runs):
        where = f"{path}.runs[{index}]"
        before = runs[index - 1] if index else None
        if run.kind == "Transfer":
            whole = run.hours >= travel - HOURS or run.end >= case.hours - HOURS
            ledger.holds("TransferTime", where, whole and worked, run.hours, travel, "at least")
        elif here is not None and size > 0:
            ledger.holds("TransferTime", where, run.cluster == here, run.cluster, here, "its checkpoint is")
        if run.kind == "Restart":
            ledger.at_most("RestartTime", where, run.hours, restart, HOURS)
        if run.kind == "Run" and worked:
            ready = before is not None and before.kind == "Restart" and before.end >= run.start - HOURS
            took = before.hours if before is not None and ready else 0.0
            ledger.figure("RestartTime", where, took, restart, HOURS)
        here, worked = run.cluster, worked or run.kind == "Run"


def moves(runs: Sequence[Run], checkpoint_gb: float) -> int:
    """How often a job's data went elsewhere: its transfers; what has nothing to carry just goes on there."""
    if checkpoint_gb > 0:
        return sum(run.kind == "Transfer" for run in runs)
    places = [run.cluster for run in runs]
    return sum(one != other for one, other in pairwise(places))
