"""The joint problem of a fleet: what the operator sees, in the planner's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from voltaire.fleet.power import WITHOUT_ACCELERATOR_KW, accelerator_kw
from voltaire.fleet.snapshot import BatteryView
from voltaire.planner.case import Case, Place
from voltaire.planner.joint.problem import Battery, Cluster, Mode, Problem, Workload
from voltaire.planner.sites import Fleet, Site
from voltaire.planner.slots import PlanTime, touched
from voltaire.planner.supply import solar_kw
from voltaire.planner.terms import (
    Terms,
    at_once_grams,
    most_kw,
)

UNIT_SECONDS = ((100, 180.0), (1 << 30, 450.0))
"""Up to so many workloads, work is counted in units of about so many seconds: restores and lost work are
mostly minutes, and are rounded up to whole units. Fewer units are faster."""

MOST_UNITS, CLOSE = 24, 0.95
"""Units per slot are refined, at most to so many, where a throughput would lose more than a twentieth to
rounding."""

_TINY, _JUST = 1e-9, 1e-3
"""Rounding, in slots; what ends within a millisecond of its deadline meets it."""


class Level(IntEnum):
    """How hard a required deadline presses."""

    GUARDED = 0  # with time to spare
    EXACT = 1  # just in time
    ANYWHERE = 2  # where the intensity is unknown too
    AT_ONCE = 3  # it cannot be met: as early as possible


@dataclass(frozen=True, slots=True)
class Ask:
    """What one round of planning asks of a workload beside its own terms. `held`: stay in the first slot;
    `bound`: no migration; `delayed`: no start in the first slot; `dearer`: times what a change must save."""

    level: Level = Level.GUARDED
    held: bool = False
    bound: bool = False
    delayed: bool = False
    dearer: float = 1.0


def problem_of(fleet: Fleet, cases: Mapping[str, tuple[Case, Terms]], asks: Mapping[str, Ask]) -> Problem:
    """The problem from now on. `cases` by uid, of all that is to be planned. Raises EmptyFleet where there is
    no cluster."""
    time = fleet.time
    kinds: dict[str, set[str]] = {name: set() for name in fleet.sites}
    for case, _ in cases.values():
        if case.own is not None and case.own.kind is not None:
            kinds[case.own.cluster].add(case.own.kind)
    clusters = tuple(_cluster(site, time, kinds[name]) for name, site in fleet.sites.items())
    made = tuple(_workload(case, terms, asks[uid], fleet) for uid, (case, terms) in sorted(cases.items()))
    return Problem(time.count, time.slot_hours, clusters, made, _units(made, time.slot_seconds))


def _units(workloads: Sequence[Workload], slot_seconds: float) -> int:
    """Units per slot: the fewest that are short enough and keep every throughput."""
    unit = next(seconds for most, seconds in UNIT_SECONDS if len(workloads) <= most)
    least = min(MOST_UNITS, max(1, round(slot_seconds / unit)))
    speeds = {speed for w in workloads for speed in w.throughput.values() if speed > 0}

    def kept(units: int) -> float:
        return min((floor(speed * units + _TINY) / (speed * units) for speed in speeds), default=1.0)

    choices = range(least, MOST_UNITS + 1)
    return next((units for units in choices if kept(units) >= CLOSE), max(choices, key=kept))


def _cluster(site: Site, time: PlanTime, kinds: set[str]) -> Cluster:
    view = site.view
    slots = time.first + time.count
    suns = [solar_kw(b, slots) for b in view.batteries]
    sun = time.onto(np.sum(suns, axis=0)) if suns and site.known else None
    carbon = max((b.solar_grams_per_kwh for b in view.batteries if any(b.solar_kw)), default=0.0)
    capacity = dict.fromkeys(sorted(kinds), 0) | dict(view.capacity)
    return Cluster(
        view.name,
        capacity,
        tuple(site.grid.tolist()),
        {kind: view.accelerator_kw.get(kind, accelerator_kw(kind)) for kind in capacity},
        pue=view.pue,
        host_kw=view.host_overhead_kw,
        limit_kw=None if view.limit_kw is None else view.limit_kw + view.host_overhead_kw,
        solar_kw=tuple(sun.tolist()) if sun is not None and sun.any() else (),
        solar_grams_per_kwh=carbon,
        batteries=tuple(_battery(b) for b in view.batteries) if site.known else (),
    )  # fmt: skip


def _battery(b: BatteryView) -> Battery:
    return Battery(
        b.name, b.capacity_kwh, min(b.energy_kwh, b.capacity_kwh), b.reserve_kwh, b.max_charge_kw,
        b.max_discharge_kw, b.charge_efficiency, b.discharge_efficiency, b.wear_grams_per_kwh,
        b.stored_grams_per_kwh,
    )  # fmt: skip


def _workload(case: Case, terms: Terms, ask: Ask, fleet: Fleet) -> Workload:
    w, time = case.workload, fleet.time
    mode, place, data, where = _standing(case, terms, ask, fleet)
    moving = place is None and case.anchor is not None
    hours = time.horizon - max(0.0, time.seconds(w.earliest_start)) if case.lasting else case.remaining
    if moving and not case.lasting:
        hours += case.restore_seconds + (0.0 if case.own is None else case.at_risk_seconds)
    earliest = max(0.0, time.seconds(w.earliest_start), time.slot_seconds if ask.delayed else 0.0)
    settled = time.seconds(w.last_change + w.minimum_residence) if w.last_change else 0.0
    window = _window(case, terms, ask, fleet, where, hours, earliest)
    change = terms.change_grams * ask.dearer
    residence = time.horizon if case.lasting else w.minimum_residence.total_seconds()
    power = w.power_kw
    if power is None and w.accelerators == 0:
        power = WITHOUT_ACCELERATOR_KW
    speeds = w.throughput.items()
    return Workload(
        w.uid,
        max(time.slot_seconds, hours) / 3600.0 if case.lasting else window.work / 3600.0,
        w.accelerators,
        power,
        {kind: min(speed, 1.0) if case.lasting and speed > 0 else speed for kind, speed in speeds},
        tuple(dict.fromkeys(p.cluster for p in where)),
        earliest_hours=window.earliest / 3600.0,
        deadline_hours=window.deadline / 3600.0,
        required=window.required,
        late_grams_per_hour=window.late,
        miss_grams=max(1e4, 20.0 * most_kw(case) * fleet.worst * case.remaining / 3600.0, 20.0 * change),
        after_grams_per_hour=terms.after * 3600.0,
        mode=mode,
        lost_hours=case.at_risk_seconds / 3600.0,
        restore_hours=case.restore_seconds / 3600.0,
        transfer_hours=case.transfer_seconds / 3600.0,
        transfer_kwh=case.transfer_kwh,
        transfer_held=True,
        change_grams=change,
        wait_grams_per_hour=terms.wait_grams,
        residence_hours=residence / 3600.0,
        held_hours=max(0.0, settled, time.slot_seconds if ask.held else 0.0) / 3600.0,
        place=None if place is None else (place.cluster, place.kind or ""),
        data=data,
    )  # fmt: skip


def _standing(
    case: Case, terms: Terms, ask: Ask, fleet: Fleet
) -> tuple[Mode, Place | None, str | None, tuple[Place, ...]]:
    """What may be done to it, where it is at work, where its data lie, where it may be started."""
    w, own = case.workload, case.own
    where = case.choices(fleet, blind=ask.level >= Level.ANYWHERE)
    if case.lasting and not where:
        where = case.choices(fleet, blind=True)
    if own is None:
        if w.data_cluster is None:
            return (
                Mode.SUSPEND if w.mode == "Migrate" and not case.can_migrate else Mode(w.mode),
                None,
                None,
                where,
            )
        here = tuple(p for p in where if p.cluster == w.data_cluster)
        if w.mode == "Never":
            return Mode.NEVER, None, None, here
        if case.can_migrate and not ask.bound:
            return Mode.MIGRATE, None, w.data_cluster, where
        return Mode.SUSPEND, None, w.data_cluster, here
    if case.leaving and not ask.held:
        return Mode.MIGRATE, None, own.cluster, where
    if _settled(case, terms, fleet):
        return Mode.NEVER, own, None, (own,)
    if case.lasting:
        return (Mode.MIGRATE if case.can_migrate else Mode.NEVER), own, None, where
    return (Mode.MIGRATE if case.can_migrate else Mode.SUSPEND), own, None, where


def _settled(case: Case, terms: Terms, fleet: Fleet) -> bool:
    """Whether it goes on where it is, whatever comes: it may not be touched, could not start here again, or
    nothing is known of the intensity here and no required deadline presses."""
    w, own = case.workload, case.own
    if own is None:
        return False
    if not w.movable or w.mode == "Never" or case.leaving or own not in case.places:
        return True
    late = terms.keep is not None and (terms.keep.finish or 0.0) > terms.deadline
    return not fleet.sites[own.cluster].known and not (case.required and late)


class _Window(NamedTuple):
    """Seconds from now, and of work at throughput 1. `late`: g per hour past the deadline."""

    earliest: float
    work: float
    deadline: float
    required: bool = False
    late: float = 0.0


def _window(case: Case, terms: Terms, ask: Ask, fleet: Fleet, where: tuple[Place, ...], work: float,
            earliest: float) -> _Window:  # fmt: skip
    """When it may be at work, on the grid."""
    slot, horizon = fleet.time.slot_seconds, fleet.time.horizon
    if case.lasting:
        return _Window(earliest, work, horizon, late=2.0 * most_kw(case) * fleet.worst)
    if case.leaving and not ask.held:
        return _Window(earliest, work, 0.0, late=at_once_grams(case, fleet))
    if not case.required:
        return _Window(earliest, work, terms.deadline, late=terms.lateness * 3600.0)
    alone, rate = _alone(case, where, work)
    need = ceil(alone / slot - _TINY)
    first, due, past = ceil(earliest / slot - _TINY), terms.deadline + _JUST, terms.deadline > horizon
    if ask.level is Level.AT_ONCE or past or earliest + alone > due:
        soonest = max((first + need) * slot, terms.deadline if past else 0.0)
        return _Window(earliest, work, soonest, late=at_once_grams(case, fleet))
    if first * slot + alone > due:
        # It fits between the lines of the grid only: it has all slots that it touches to itself.
        first, end = touched(earliest / slot, (earliest + alone) / slot)
        wait = earliest - first * slot
        return _Window(first * slot, work + wait * rate, end * slot, True)
    if ask.level is Level.GUARDED:
        spare = slot * max(fleet.spare_slots, ceil(fleet.spare_share * need))
        due = min(due, max((first + need) * slot, due - spare))
    return _Window(earliest, work, due, True)


def _alone(case: Case, where: tuple[Place, ...], work: float) -> tuple[float, float]:
    """Seconds to the end of the work where it had the fleet to itself, and how fast it works there."""
    found = []
    for place in {*where, *(() if case.own is None else (case.own,))}:
        more = 0.0
        if case.anchor is not None and place != case.own and place.cluster != case.anchor:
            more = case.transfer_seconds * place.rate
            if case.own is not None and not case.leaving:
                more += case.at_risk_seconds + case.restore_seconds
        found.append(((work + more) / place.rate, place.rate))
    return min(found, default=(1.0, 1.0))
