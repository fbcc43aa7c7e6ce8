"""Planning without comparable intensities: placements freeze, deadlines and servers do not.

Stopped work stays stopped until waiting longer would endanger its deadline (or the limit of patience). Then
it starts, the earliest deadline first, at home if there is room, wherever it may otherwise.
"""

from __future__ import annotations

import numpy as np

from voltaire.fleet.snapshot import Snapshot, WorkloadView
from voltaire.planner.case import Case, build_case
from voltaire.planner.choose import can_migrate
from voltaire.planner.explain_lasting import leave
from voltaire.planner.order import is_lasting
from voltaire.planner.outcome import Stretch
from voltaire.planner.plan import Action, Decision, Segment
from voltaire.planner.reasons import Reason
from voltaire.planner.reservations import Reservations
from voltaire.planner.sites import Fleet
from voltaire.planner.straight import straight_runs
from voltaire.planner.terms import patience_limit
from voltaire.planner.timeline import IMPOSSIBLE
from voltaire.planner.unplaceable import verdict
from voltaire.planner.words import clock

SAFETY_SECONDS = 3600.0
SAFETY_SHARE = 0.5
"""It starts when less than an hour, or half of its run time, is to spare."""


def why_frozen(snapshot: Snapshot, fleet: Fleet) -> tuple[Reason, str]:
    """Reason and sentence for a fleet whose intensities cannot be compared."""
    if fleet.frozen == Reason.MIXED_BASIS:
        bases = sorted(
            f"{view.zone} ({view.basis.signal}, {view.basis.boundary}, {view.basis.perspective})"
            for view in snapshot.clusters.values()
            if view.basis is not None and view.intensity is not None
        )
        zones = ", ".join(dict.fromkeys(bases))
        return Reason.MIXED_BASIS, f"Carbon intensities of different basis are not compared: {zones}."
    return Reason.SIGNALS_STALE, "No carbon intensity is known: placements stay as they are."


def due_seconds(case: Case, fleet: Fleet) -> float:
    """Seconds from now by which it should finish: its deadline, or the limit of patience."""
    deadline = case.workload.deadline
    return fleet.time.seconds(deadline) if deadline is not None else patience_limit(case, fleet)


def frozen_turns(workloads: list[WorkloadView], snapshot: Snapshot, reserved: Reservations) -> list[Decision]:
    """Decisions for what is stopped (required deadlines first, the earliest of them first)."""

    def key(w: WorkloadView) -> tuple[object, ...]:
        due = w.deadline or w.arrival
        return (not is_lasting(w), not (w.deadline and w.deadline_required), due, w.key, w.uid)

    return [_decide(w, snapshot, reserved) for w in sorted(workloads, key=key)]


def _decide(w: WorkloadView, snapshot: Snapshot, reserved: Reservations) -> Decision:
    fleet = reserved.fleet
    reason, why = why_frozen(snapshot, fleet)
    case = build_case(w, fleet)
    if not case.start_ok.any():
        reason, why = verdict(w, snapshot.clusters, case.rejected)
        return leave(case.workload, fleet, reason, why, None)
    begin, finish = 0.0, fleet.time.horizon
    if not is_lasting(w):
        need = case.remaining / float(case.rate.max()) + w.restore_seconds
        due = due_seconds(case, fleet)
        begin = due - need - max(SAFETY_SECONDS, SAFETY_SHARE * need)
        finish = need
    if begin > 0:
        text = f"{why} Starts by {clock(fleet.time, begin)} at the latest, to be in time."
        waiting = leave(w, fleet, reason, text, None)
        return waiting if w.deadline is None else _at(waiting, fleet, begin)
    return _start(case, reserved, reason, why, finish)


def _at(decision: Decision, fleet: Fleet, begin: float) -> Decision:
    return Decision(
        decision.uid,
        Action.WAIT,
        None,
        None,
        decision.reason,
        decision.message,
        next_start=fleet.time.time(begin),
    )


def _start(case: Case, reserved: Reservations, reason: Reason, why: str, last: float) -> Decision:
    """As early as possible, at home among equals."""
    w, fleet = case.workload, reserved.fleet
    lasting = is_lasting(w)
    need = np.full(len(case.places), last) if lasting else case.remaining / case.rate
    if w.data_cluster is not None:
        away = np.array([place.cluster != w.data_cluster for place in case.places])
        need = need + w.restore_seconds + np.where(away, case.transfer_seconds, 0.0)
    runs = straight_runs(case, need, np.zeros(len(case.places)))
    value = np.where(runs.grams < IMPOSSIBLE, runs.finish, np.inf)
    value[:, ~case.start_ok] = np.inf
    if w.data_cluster is not None and (w.mode == "Never" or not can_migrate(case, fleet)):
        value[:, [place.cluster != w.data_cluster for place in case.places]] = np.inf
    home = np.array([0.0 if place.cluster == (w.data_cluster or w.home) else 1e-3 for place in case.places])
    k, i = divmod(int((value + home).argmin()), len(case.places))
    if not np.isfinite(value[k, i]):
        return leave(w, fleet, Reason.WAITING_FOR_CAPACITY, f"{why} Nowhere it may run has room.", None)
    stretch = Stretch(i, k, int(runs.last[k, i]), float(case.begin[k]), float(runs.finish[k, i]))
    reserved.take(case, [stretch])
    end = fleet.time.time(stretch.end)
    late = w.deadline is not None and end > w.deadline
    place, starts = case.places[i], k == 0
    lead = (
        "It always runs"
        if lasting
        else "Its deadline leaves no room to wait"
        if w.deadline
        else "It waited long"
    )
    return Decision(
        w.uid, Action.START if starts else Action.WAIT, place.cluster if starts else None,
        place.kind if starts else None, str(reason), f"{why} {lead}: {place.cluster}.",
        (Segment(fleet.time.time(stretch.start), end, place.cluster),),
        next_start=None if starts else fleet.time.time(stretch.start),
        finish=None if lasting else end, late=late,
    )  # fmt: skip
