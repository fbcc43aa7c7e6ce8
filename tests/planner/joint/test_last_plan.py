"""A plan made from the last one: prices and sound timelines carry over, and what runs is honoured."""

from __future__ import annotations

import dataclasses

import pytest

from tests.planner.joint.checker import judge
from tests.planner.joint.instances import instance
from tests.planner.joint.test_optimality import timelines
from voltaire.planner.joint import Cluster, Effort, Mode, Problem, Workload, solve

FULL = Effort(rounds=60, neighbourhoods=200, threads=1)


def test_a_replan_keeps_what_has_not_changed() -> None:
    problem = instance(80, 4, 24, 1.0, load=0.4)
    first = solve(problem, FULL)
    again = solve(problem, Effort(rounds=5, neighbourhoods=0, threads=1), first)
    assert again.grams <= first.grams * (1 + 1e-9)
    assert ((again.rows == first.rows).all(axis=1)).mean() > 0.6


def test_new_work_finds_its_place_among_the_old() -> None:
    problem = instance(80, 4, 24, 1.0, load=0.4)
    fewer = dataclasses.replace(problem, workloads=problem.workloads[1:])
    plan = solve(problem, Effort(rounds=20, neighbourhoods=50, threads=1), solve(fewer, FULL))
    assert judge(problem, timelines(problem, plan)).violations == []
    assert plan.left[0] == 0


@pytest.mark.parametrize("mode", [Mode.NEVER, Mode.MIGRATE])
def test_what_runs_and_may_not_be_stopped_goes_on(mode: Mode) -> None:
    dirty = Cluster("dirty", {"a": 1}, (900.0,) * 6, {"a": 1.0})
    clean = Cluster("clean", {"a": 1}, (1.0,) * 6, {"a": 1.0})
    here = Workload(
        "w", 3.0, 1, mode=mode, place=("dirty", "a"), held_hours=2.0, required=True, deadline_hours=6.0
    )
    plan = solve(Problem(6, 1.0, (dirty, clean), (here,)), Effort(rounds=5, neighbourhoods=2, threads=1))
    row = [int(p) for p in plan.rows[0]]
    assert row[:2] == [0, 0]
    assert sorted(row[2:]) == ([-1, -1, -1, 0] if mode is Mode.NEVER else [-1, -1, -1, 1])


def test_the_same_effort_in_rounds_gives_the_same_plan() -> None:
    problem = instance(40, 3, 24, 1.0, load=0.5)
    plans = [solve(problem, Effort(rounds=30, neighbourhoods=60, threads=1)) for _ in range(2)]
    assert (plans[0].rows == plans[1].rows).all()
    assert plans[0].bound == plans[1].bound


@pytest.mark.parametrize("batteries", [False, True])
def test_a_bound_proven_from_the_prices_of_another_world_is_still_true(batteries: bool) -> None:
    """Whatever a kWh cost in the last plan, it costs what the grid says now."""
    problem = instance(30, 3, 24, 1.0, load=0.4, batteries=batteries)
    clean = tuple(dataclasses.replace(c, grams_per_kwh=(20.0,) * 24) for c in problem.clusters)
    before = solve(dataclasses.replace(problem, clusters=clean), FULL)
    cold = solve(problem, FULL)
    warm = solve(problem, FULL, before)
    assert warm.bound <= cold.grams * (1 + 1e-9)
    assert warm.grams <= cold.grams * 1.1
