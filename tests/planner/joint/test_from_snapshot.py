"""A snapshot becomes a problem that says the same."""

from __future__ import annotations

from datetime import timedelta

from tests.planner.worlds import HOUR, NOW, battery, cluster, hourly, workload, world
from voltaire.planner.joint import Effort, Mode, solve
from voltaire.planner.joint.from_snapshot import problem_of


def test_clusters_batteries_and_workloads_carry_over() -> None:
    pack = battery(reserve_kwh=10.0, charge_efficiency=0.95, solar_kw=tuple([5.0] * 192))
    seen = world(
        [cluster("x", hourly(300.0), batteries=(pack,), pue=1.2), cluster("dark", None)],
        [workload("w", deadline=NOW + 10 * HOUR, deadline_required=True, mode="Suspend")],
    )
    made = problem_of(seen, NOW)
    assert [c.name for c in made.clusters] == ["x"]
    site, work = made.clusters[0], made.workloads[0]
    assert site.grams_per_kwh == (300.0,) * made.slots
    assert site.pue == 1.2
    assert site.solar_kw == (5.0,) * made.slots
    assert site.batteries[0].charge_efficiency == 0.95
    assert (work.mode, work.deadline_hours, work.required) == (Mode.SUSPEND, 10.0, True)


def test_time_that_has_passed_is_gone() -> None:
    seen = world([cluster("x", hourly(300.0, 100.0))], [workload("w", deadline=NOW + 10 * HOUR)])
    made = problem_of(seen, NOW + timedelta(hours=1))
    assert made.slots == seen.slots - 4
    assert made.clusters[0].grams_per_kwh[0] == 100.0
    assert made.workloads[0].deadline_hours == 9.0


def test_it_is_planned_into_the_green_hours() -> None:
    seen = world([cluster("x", hourly(300.0, 300.0, 50.0))], [workload("w", deadline=NOW + 10 * HOUR)])
    plan = solve(problem_of(seen, NOW), Effort(rounds=10, neighbourhoods=2, threads=1))
    assert (plan.rows[0, :8] < 0).all()
    assert plan.left == (0,)
