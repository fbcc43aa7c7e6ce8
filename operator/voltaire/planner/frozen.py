"""Planning without comparable intensities: placements freeze, deadlines and servers do not.

Stopped work stays stopped until waiting longer would endanger its deadline (or the limit of patience). Then
it starts, the earliest deadline first, at home if there is room, wherever it may otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

import numpy as np

from voltaire.fleet.basis import NOTHING_KNOWN, key_of, mixed
from voltaire.fleet.snapshot import Snapshot
from voltaire.planner.case import Case, Place
from voltaire.planner.explain_lasting import leave
from voltaire.planner.joint.arrays import Bools
from voltaire.planner.plan import Action, Decision, Segment
from voltaire.planner.reasons import Reason
from voltaire.planner.sites import Fleet
from voltaire.planner.terms import Terms, patience_limit
from voltaire.planner.words import clock

SAFETY_SECONDS = 3600.0
SAFETY_SHARE = 0.5
"""It starts when less than an hour, or half of its run time, is to spare."""


def why_frozen(snapshot: Snapshot, fleet: Fleet) -> tuple[Reason, str]:
    """Reason and words, with the remedy, for a fleet whose intensities cannot be compared."""
    if fleet.frozen == Reason.MIXED_BASIS:
        known = {
            view.zone: key_of(view.basis)
            for view in snapshot.clusters.values()
            if view.basis is not None and view.intensity is not None
        }
        return Reason.MIXED_BASIS, mixed(known, None)
    return Reason.SIGNALS_STALE, NOTHING_KNOWN


def frozen_turns(cases: Mapping[str, tuple[Case, Terms]], snapshot: Snapshot, fleet: Fleet) -> list[Decision]:
    """Decisions for what is stopped (required deadlines first, the earliest of them first); what runs holds
    its place until it is done."""
    room = _Room(fleet)
    for case, terms in cases.values():
        if case.own is not None:
            end = terms.keep.finish if terms.keep is not None and not case.lasting else None
            room.take(case, case.own, 0.0, fleet.time.horizon if end is None else end)

    def key(case: Case) -> tuple[object, ...]:
        w = case.workload
        return (not case.lasting, not case.required, w.deadline or w.arrival, w.key, w.uid)

    stopped = sorted((case for case, _ in cases.values() if case.own is None), key=key)
    why = why_frozen(snapshot, fleet)
    return [_decide(case, room, fleet, *why) for case in stopped]


class _Room:
    """What is left of every cluster, by slot."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, count = fleet, fleet.time.count
        views = {name: site.view for name, site in fleet.sites.items()}
        self.free = {
            (name, kind): np.full(count, float(number))
            for name, view in views.items()
            for kind, number in view.capacity.items()
        }
        limits = {name: np.inf if view.limit_kw is None else view.limit_kw for name, view in views.items()}
        self.power = {name: np.full(count, float(limit)) for name, limit in limits.items()}

    def take(self, case: Case, place: Place, begin: float, end: float) -> None:
        """Hold a place from `begin` to `end`, in seconds from now."""
        slot = self.fleet.time.slot_seconds
        held = slice(int(begin / slot + 1e-6), max(1, ceil(end / slot - 1e-6)))
        if place.kind is not None and (place.cluster, place.kind) in self.free:
            self.free[place.cluster, place.kind][held] -= case.workload.accelerators
        self.power[place.cluster][held] -= place.facility_kw

    def soonest(self, case: Case, place: Place, need: float) -> float | None:
        """When it could run there for `need` seconds; None for never within the horizon."""
        time = self.fleet.time
        fits: Bools = self.power[place.cluster] >= place.facility_kw - 1e-9
        if place.kind is not None:
            fits = fits & (self.free[place.cluster, place.kind] >= case.workload.accelerators)
        closed = np.append(0, np.cumsum(~fits))
        begin = max(0.0, time.seconds(case.workload.earliest_start))
        for k in range(int(begin / time.slot_seconds), time.count):
            start = max(begin, k * time.slot_seconds)
            last = min(time.count, ceil((start + need) / time.slot_seconds - 1e-6))
            if closed[last] == closed[k]:
                return start
        return None


def _decide(case: Case, room: _Room, fleet: Fleet, reason: Reason, why: str) -> Decision:
    w, time = case.workload, fleet.time
    begin, need = 0.0, time.horizon
    if not case.lasting:
        need = case.remaining / max(place.rate for place in case.places) + case.restore_seconds
        due = time.seconds(w.deadline) if w.deadline is not None else patience_limit(case, fleet)
        begin = due - need - max(SAFETY_SECONDS, SAFETY_SHARE * need)
    if begin > 0:
        text = f"{why} Starts by {clock(time, begin)} at the latest, to be in time."
        next_start = None if w.deadline is None else time.time(begin)
        return Decision(w.uid, Action.WAIT, None, None, str(reason), text, next_start=next_start)
    return _start(case, room, fleet, reason, why)


def _start(case: Case, room: _Room, fleet: Fleet, reason: Reason, why: str) -> Decision:
    """As early as possible, at home among equals."""
    w, time = case.workload, fleet.time
    found: list[tuple[float, bool, int, float, Place]] = []
    for i, place in enumerate(case.choices(fleet, blind=True)):
        need = time.horizon if case.lasting else case.remaining / place.rate
        if w.data_cluster is not None:
            away = place.cluster != w.data_cluster
            need += case.restore_seconds + (case.transfer_seconds if away else 0.0)
        start = room.soonest(case, place, need)
        if start is not None:
            finish = start if case.lasting else start + need
            found.append((finish, place.cluster != (w.data_cluster or w.home), i, start, place))
    if not found:
        return leave(w, fleet, Reason.WAITING_FOR_CAPACITY, f"{why} Nowhere it may run has room.", None)
    finish, _, _, start, place = min(found)
    end = time.horizon if case.lasting else finish
    room.take(case, place, start, end)
    starts = start <= 0
    lead = "It waited long"
    if case.lasting:
        lead = "It always runs"
    elif w.deadline is not None:
        lead = "Its deadline leaves no room to wait"
    return Decision(
        w.uid, Action.START if starts else Action.WAIT, place.cluster if starts else None,
        place.kind if starts else None, str(reason), f"{why} {lead}: {place.cluster}.",
        (Segment(time.time(start), time.time(end), place.cluster),),
        next_start=None if starts else time.time(start),
        finish=None if case.lasting else time.time(end),
        late=not case.lasting and w.deadline is not None and time.time(end) > w.deadline,
    )  # fmt: skip
