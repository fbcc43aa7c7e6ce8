"""The whole run as one joint problem: every job with its arrival, the whole trace, all batteries.

Two readings of the same run on the planning grid:

- `plan`: what it allows the world allows too. Work begins at slot boundaries after its arrival and ends by
  its deadline; losses are rounded up. Work that has no room for that starts in the slot in which it arrives
  and runs through.
- `bound`: what the world allows it allows too, for plans that change at slot boundaries. Windows are rounded
  outwards and losses down, deadlines are kept, wear and what the batteries hold count nothing.

Energy from the sun counts nothing in either, as in the twin's total.
"""

from __future__ import annotations

from dataclasses import replace
from math import ceil, floor
from typing import Literal

import numpy as np

from voltaire.fleet.snapshot import ClusterView
from voltaire.planner.eligibility import rejections
from voltaire.planner.joint import Battery, Cluster, Mode, Problem, Workload
from voltaire.planner.joint.batteries import open_sites
from voltaire.planner.joint.build import build
from voltaire.planner.slots import touched
from voltaire.twin.forecasts import Forecasts
from voltaire.twin.job import Job
from voltaire.twin.scenario import Scenario
from voltaire.twin.sites import open_sites as at_start
from voltaire.twin.sites import open_storage, storages_of
from voltaire.twin.state import fresh
from voltaire.twin.views import Views

Reading = Literal["plan", "bound"]
UNIT_HOURS = 0.125
"""Losses are counted in steps of about so many hours: a restart takes minutes."""
TINY = 1e-9


def whole_problem(scenario: Scenario, reading: Reading) -> Problem:
    """The problem of a reading."""
    units = max(1, round(scenario.slot_h / UNIT_HOURS))
    views = Views(scenario, Forecasts(scenario))
    clusters = views.clusters(0, storages_of(at_start(scenario)))
    made = tuple(_cluster(scenario, name, reading) for name in sorted(scenario.clusters))
    jobs = tuple(_workload(scenario, views, clusters, job, units, reading) for job in scenario.jobs)
    return Problem(scenario.slots, scenario.slot_h, made, jobs, units_per_slot=units)


def idle_grams(problem: Problem) -> float:
    """What the sites emit with no work at all, batteries at their best: the joint problem counts only what
    comes on top."""
    arrays = build(replace(problem, workloads=())).arrays
    sites = open_sites(problem, arrays)
    plain = [c for c in range(len(problem.clusters)) if c not in sites.dispatched]
    host = arrays.host_kw * arrays.slot_hours
    return sum(float(host[c] * arrays.grid[c].sum()) for c in plain) + sum(sites.idle.values())


def _cluster(scenario: Scenario, name: str, reading: Reading) -> Cluster:
    spec, slots = scenario.clusters[name].spec, scenario.slots
    grid = tuple(scenario.occurred(scenario.zone(name)).tolist())
    suns = [scenario.solar_kw[b][:slots] for b in spec.batteries if b in scenario.solar_kw]
    each = {e.type: e.power_kw for e in spec.capacity.accelerators if e.power_kw is not None}
    return Cluster(
        name,
        {entry.type: entry.count or 0 for entry in spec.capacity.accelerators},
        grid,
        each,
        pue=spec.power.pue,
        host_kw=spec.power.host_overhead_kw,
        limit_kw=None if spec.power.limit_kw is None else spec.power.limit_kw + spec.power.host_overhead_kw,
        solar_kw=tuple(np.sum(suns, axis=0).tolist()) if suns else (),
        batteries=tuple(_battery(scenario, battery, grid[0], reading) for battery in spec.batteries),
    )


def _battery(scenario: Scenario, name: str, grid: float, reading: Reading) -> Battery:
    storage = open_storage(scenario, name, grid)
    spec = storage.spec
    counted = reading == "plan"
    return Battery(
        name, spec.capacity_kwh, storage.soc_kwh, spec.reserve * spec.capacity_kwh, spec.max_charge_kw,
        spec.max_discharge_kw, spec.charge_efficiency, spec.discharge_efficiency,
        spec.wear_grams_per_kwh if counted else 0.0, storage.stored_grams_per_kwh if counted else 0.0,
    )  # fmt: skip


def _workload(
    scenario: Scenario, views: Views, clusters: dict[str, ClusterView], job: Job, units: int, reading: Reading
) -> Workload:
    view = views.workload(fresh(job), 0.0)
    allowed = tuple(name for name, why in rejections(view, clusters).items() if why is None)
    slot = scenario.slot_h
    rounded = ceil if reading == "plan" else _down
    unit = slot / units
    hours, earliest, deadline = _window(job, slot, reading)
    transfer = job.checkpoint_gb / view.policy.gb_per_hour
    residence = views.residence_h(job)
    if reading == "plan":
        residence += transfer % slot  # it counts from the moment at which the transfer has arrived
    return Workload(
        job.id, hours, job.accelerators, job.power_kw, dict(job.throughput), allowed,
        earliest_hours=earliest, deadline_hours=deadline,
        required=deadline is not None and job.deadline_required,
        late_grams_per_hour=view.policy.lateness_grams_per_hour if reading == "plan" else 0.0,
        mode=Mode(job.mode),
        lost_hours=0.0 if job.on_termination or reading == "bound" else min(job.interval_h or hours, hours),
        restore_hours=rounded(job.restart_h / unit - TINY) * unit,
        transfer_hours=transfer,
        transfer_kwh=job.checkpoint_gb * view.policy.kwh_per_gb,
        residence_hours=residence,
    )  # fmt: skip


def _down(x: float) -> int:
    return floor(x + 2 * TINY)


def _window(job: Job, slot: float, reading: Reading) -> tuple[float, float, float | None]:
    """Hours of work, earliest start and deadline on the grid."""
    first, due = job.start_h / slot, None if job.deadline_h is None else job.deadline_h / slot
    if reading == "bound":
        begin, end = touched(first, first if due is None else due)
        return job.duration_h, begin * slot, None if due is None else end * slot
    begin = ceil(first - TINY)
    if due is None or begin + job.duration_h / slot <= due + TINY:
        return job.duration_h, begin * slot, job.deadline_h
    begin, end = touched(first, first + job.duration_h / slot)
    return job.duration_h + (first - begin) * slot, begin * slot, end * slot
