"""A snapshot becomes a problem that says the same."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.planner.worlds import (
    HOUR,
    NOW,
    QUICK,
    battery,
    cluster,
    hourly,
    running,
    stopped,
    workload,
    world,
)
from voltaire.fleet.snapshot import Snapshot
from voltaire.planner.case import Cases
from voltaire.planner.joint import Mode, Problem, solve
from voltaire.planner.joint.from_snapshot import Ask, Level, problem_of
from voltaire.planner.sites import open_fleet
from voltaire.planner.terms import make_terms

JUST = 1e-3 / 3600
"""A deadline is given a millisecond, in hours."""


def described(seen: Snapshot, now: datetime = NOW, ask: Ask | None = None) -> Problem:
    fleet = open_fleet(seen, now)
    build = Cases(fleet).build
    made = {uid: build(w) for uid, w in seen.workloads.items()}
    cases = {uid: (case, make_terms(case, fleet)) for uid, case in made.items()}
    return problem_of(fleet, cases, dict.fromkeys(cases, ask or Ask(Level.EXACT)))


def test_clusters_batteries_and_workloads_carry_over() -> None:
    pack = battery(reserve_kwh=10.0, charge_efficiency=0.95, solar_kw=tuple([5.0] * 192))
    seen = world(
        [cluster("x", hourly(300.0), batteries=(pack,), pue=1.2)],
        [workload("w", deadline=NOW + 10 * HOUR, deadline_required=True, mode="Suspend")],
    )
    made = described(seen)
    site, work = made.clusters[0], made.workloads[0]
    assert site.grams_per_kwh == (300.0,) * made.slots
    assert site.pue == 1.2
    assert site.solar_kw == (5.0,) * made.slots
    assert site.batteries[0].charge_efficiency == 0.95
    assert (work.mode, work.deadline_hours, work.required) == (
        Mode.SUSPEND,
        pytest.approx(10.0 + JUST, abs=1e-12),
        True,
    )


def test_a_cluster_of_unknown_intensity_is_dear_and_its_battery_idle() -> None:
    dark = cluster("dark", None, batteries=(battery(),))
    made = described(world([cluster("x", hourly(300.0)), dark], [workload("w")]))
    assert [(c.name, c.grams_per_kwh[0], len(c.batteries)) for c in made.clusters] == [
        ("dark", 600.0, 0),
        ("x", 300.0, 0),
    ]
    assert made.workloads[0].clusters == ("x",)


def test_time_that_has_passed_is_gone_and_slots_begin_now() -> None:
    seen = world([cluster("x", hourly(300.0, 100.0))], [workload("w", deadline=NOW + 10 * HOUR)])
    made = described(seen, NOW + timedelta(minutes=55))
    assert made.slots == seen.slots - 3
    assert made.clusters[0].grams_per_kwh[0] == pytest.approx((300.0 * 5 + 100.0 * 10) / 15)
    assert made.workloads[0].deadline_hours == pytest.approx(9 + 5 / 60)


def test_the_power_limit_is_what_workloads_may_draw_beside_the_host() -> None:
    made = described(world([cluster("x", hourly(1), limit_kw=8.0, host_overhead_kw=2.0)], [workload()]))
    assert made.clusters[0].limit_kw == 10.0


def test_units_are_fine_enough_for_every_throughput() -> None:
    both = cluster("x", hourly(1), capacity={"a100": 4, "t4": 4}, accelerator_kw={"a100": 1.0, "t4": 0.1})
    slow = workload(throughput={"t4": 0.15})
    speed = described(world([both], [slow])).units_per_slot * 0.15
    assert int(speed + 1e-9) / speed >= 0.95


def test_what_just_fits_its_deadline_is_hard_and_what_does_not_is_done_at_once() -> None:
    fits = workload(deadline=NOW + 2 * HOUR, deadline_required=True)
    work = described(world([cluster("x", hourly(1))], [fits])).workloads[0]
    assert (work.required, work.deadline_hours) == (True, pytest.approx(2.0 + JUST, abs=1e-12))
    late = workload(deadline=NOW + HOUR, deadline_required=True)
    work = described(world([cluster("x", hourly(1))], [late])).workloads[0]
    assert (work.required, work.deadline_hours) == (False, 2.0)
    assert work.late_grams_per_hour >= 1e4


def test_a_stopped_one_restores_where_it_goes_on() -> None:
    paused = stopped(data="x", restore_seconds=360.0)
    work = described(world([cluster("x", hourly(1))], [paused])).workloads[0]
    assert (work.hours, work.data, work.place) == (pytest.approx(2.1), "x", None)


def test_what_runs_on_a_draining_cluster_is_to_go_on_elsewhere_at_once() -> None:
    closing = cluster("x", hourly(1), draining=True, unavailable="suspended")
    work = described(world([closing, cluster("y", hourly(9))], [running(on="x")])).workloads[0]
    assert (work.place, work.data, work.clusters, work.deadline_hours) == (None, "x", ("y",), 0.0)


def test_what_is_held_stays_for_a_slot() -> None:
    made = described(world([cluster("x", hourly(1))], [running(on="x")]), ask=Ask(held=True))
    assert made.workloads[0].held_hours == 0.25


def test_it_is_planned_into_the_green_hours() -> None:
    seen = world([cluster("x", hourly(300.0, 300.0, 50.0))], [workload("w", deadline=NOW + 10 * HOUR)])
    plan = solve(described(seen), QUICK)
    assert (plan.rows[0, :8] < 0).all()
    assert plan.left == (0,)
