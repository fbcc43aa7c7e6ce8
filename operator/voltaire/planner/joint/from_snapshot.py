"""The joint problem of a frozen snapshot: what the operator sees, in the planner's terms."""

from __future__ import annotations

from datetime import datetime

from voltaire.fleet.power import accelerator_kw, workload_power_kw
from voltaire.fleet.snapshot import BatteryView, ClusterView, Snapshot, WorkloadView
from voltaire.planner.eligibility import fitting_types, rejections
from voltaire.planner.joint.problem import Battery, Cluster, Mode, Problem, Workload
from voltaire.planner.sites import open_fleet

UNITS_PER_SLOT = 2
"""Half slots: restores and lost work are mostly minutes, and rounding them up to whole slots would forbid
pauses."""


def problem_of(snapshot: Snapshot, now: datetime) -> Problem:
    """The problem from the slot that contains `now` on, as if that slot were whole.

    Clusters of unknown or incomparable intensity are left out, and so is what runs there. A server (no known
    duration) is work for the whole horizon that stays where it is. Raises EmptyFleet where no cluster can be
    ranked, ValueError for a time without zone or past the horizon.
    """
    fleet = open_fleet(snapshot, now)
    first, hours = fleet.time.first, snapshot.slot.total_seconds() / 3600.0
    known = {name: site.view for name, site in fleet.sites.items() if site.grid is not None}
    clusters = tuple(
        _cluster(view, tuple(float(x) for x in fleet.sites[name].grid), first, snapshot.slots)  # type: ignore[union-attr]
        for name, view in known.items()
    )
    slots = snapshot.slots - first
    made = []
    for uid in sorted(snapshot.workloads):
        w = snapshot.workloads[uid]
        if (w.cluster or w.data_cluster) in (None, *known):
            made.append(_workload(w, known, now, slots, hours))
    return Problem(slots, hours, clusters, tuple(made), units_per_slot=UNITS_PER_SLOT)


def _cluster(view: ClusterView, grid: tuple[float, ...], first: int, slots: int) -> Cluster:
    solar = tuple(
        sum(b.solar_kw[k] if k < len(b.solar_kw) else 0.0 for b in view.batteries)
        for k in range(first, slots)
    )
    carbon = max((b.solar_grams_per_kwh for b in view.batteries if any(b.solar_kw)), default=0.0)
    each = {kind: view.accelerator_kw.get(kind, accelerator_kw(kind)) for kind in view.capacity}
    return Cluster(
        view.name, dict(view.capacity), grid, each, pue=view.pue, host_kw=view.host_overhead_kw,
        limit_kw=view.limit_kw, solar_kw=solar if any(solar) else (), solar_grams_per_kwh=carbon,
        batteries=tuple(_battery(b) for b in view.batteries),
    )  # fmt: skip


def _battery(b: BatteryView) -> Battery:
    return Battery(
        b.name, b.capacity_kwh, min(b.energy_kwh, b.capacity_kwh), b.reserve_kwh, b.max_charge_kw,
        b.max_discharge_kw, b.charge_efficiency, b.discharge_efficiency, b.wear_grams_per_kwh,
        b.stored_grams_per_kwh,
    )  # fmt: skip


def _workload(
    w: WorkloadView, known: dict[str, ClusterView], now: datetime, slots: int, hours: float
) -> Workload:
    refused = rejections(w, known)
    allowed = tuple(name for name, why in refused.items() if why is None)
    place = _place(w, known)
    lasting = w.remaining_seconds is None
    mode = Mode.NEVER if not w.movable or (lasting and place is not None) else Mode(w.mode)
    if w.migrations_left <= 0 and mode is Mode.MIGRATE:
        mode = Mode.SUSPEND
    settled = 0.0
    if w.last_change is not None:
        settled = (w.last_change + w.minimum_residence - now).total_seconds() / 3600.0
    deadline = None if w.deadline is None else (w.deadline - now).total_seconds() / 3600.0
    work = slots * hours if w.remaining_seconds is None else w.remaining_seconds / 3600.0
    power = w.power_kw
    if power is None and w.accelerators == 0:
        power = workload_power_kw(w, next(iter(known.values())), None)
    return Workload(
        w.uid, work, w.accelerators, power, dict(w.throughput), allowed,
        earliest_hours=max(0.0, (w.earliest_start - now).total_seconds() / 3600.0),
        deadline_hours=slots * hours if lasting else deadline,
        required=not lasting and w.deadline_required and deadline is not None,
        late_grams_per_hour=w.policy.lateness_grams_per_hour, mode=mode,
        lost_hours=w.at_risk_seconds / 3600.0, restore_hours=w.restore_seconds / 3600.0,
        transfer_hours=w.checkpoint_gb / w.policy.gb_per_hour,
        transfer_kwh=w.checkpoint_gb * w.policy.kwh_per_gb,
        residence_hours=w.minimum_residence.total_seconds() / 3600.0,
        held_hours=max(0.0, settled), place=place,
        data=None if place is not None else w.data_cluster,
    )  # fmt: skip


def _place(w: WorkloadView, known: dict[str, ClusterView]) -> tuple[str, str] | None:
    if w.cluster is None:
        return None
    view = known[w.cluster]
    if w.accelerators == 0:
        return (w.cluster, "")
    kinds = [w.accelerator_type, *fitting_types(w, view), *sorted(view.capacity)]
    kind = next((kind for kind in kinds if kind in view.capacity), None)
    return None if kind is None else (w.cluster, kind)
