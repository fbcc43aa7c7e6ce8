"""Several cores at one plan never get into each other's way."""

from __future__ import annotations

import numpy as np
import pytest

from tests.planner.joint.checker import judge
from tests.planner.joint.instances import instance
from tests.planner.joint.test_optimality import timelines
from voltaire.planner.joint import Effort, solve
from voltaire.planner.joint.anneal import Course
from voltaire.planner.joint.batteries import open_sites
from voltaire.planner.joint.build import build
from voltaire.planner.joint.improve import follow
from voltaire.planner.joint.lots import deal
from voltaire.planner.joint.state import State, totals
from voltaire.planner.joint.task import Best, Task

TWO = Effort(rounds=20, neighbourhoods=1_000, threads=2)


@pytest.mark.parametrize("clusters", [4, 16])
@pytest.mark.parametrize("batteries", [False, True])
def test_a_plan_made_by_two_cores_is_sound_and_costs_what_it_says(clusters: int, batteries: bool) -> None:
    problem = instance(150, clusters, 24, 1.0, 0.6, 0, batteries)
    plan = solve(problem, TWO)
    assert judge(problem, timelines(problem, plan)).violations == []
    sites = open_sites(problem, plan.built.arrays)
    load, other, _ = totals(plan.built.arrays, plan.rows)
    assert plan.grams == pytest.approx(sites.grams(load, sites.serve(load)) + float(other.sum()))
    assert plan.bound <= plan.grams


@pytest.mark.parametrize("clusters", [4, 16])
def test_two_cores_make_the_same_plan_twice(clusters: int) -> None:
    problem = instance(150, clusters, 24, 1.0, 0.6, 0, True)
    first, second = solve(problem, TWO), solve(problem, TWO)
    assert (first.rows == second.rows).all()


def test_each_workload_stays_within_the_clusters_of_its_lot() -> None:
    problem = instance(150, 16, 24, 1.0, 0.6)
    plan = solve(problem, TWO)
    a = build(problem).arrays
    lots = deal(a, plan.rows, 2, np.random.default_rng(1))
    assert len(lots) == 2
    assert not set(lots[0].mine) & set(lots[1].mine)
    for lot, other in zip(lots, reversed(lots), strict=True):
        pools = np.unique(plan.rows[lot.mine])
        assert not lot.arrays.rate[:, other.arrays.rate.any(axis=0)].any()
        assert lot.arrays.rate[:, pools[pools >= 0]].any(axis=0).all()


def test_one_core_or_few_clusters_are_one_lot() -> None:
    for clusters, cores in ((16, 1), (15, 2)):
        problem = instance(20, clusters, 24, 1.0, 0.5)
        plan = solve(problem, Effort(rounds=2, neighbourhoods=0, threads=1))
        assert len(deal(build(problem).arrays, plan.rows, cores, np.random.default_rng(1))) == 1


def test_few_clusters_are_searched_by_two_cores_from_nothing_and_by_one_from_a_plan() -> None:
    problem = instance(60, 4, 24, 1.0, 0.5)
    first = solve(problem, TWO)
    assert first.neighbourhoods == 2_000
    assert solve(problem, TWO, first).neighbourhoods == 1_000


def test_the_better_of_two_searches_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = instance(60, 4, 24, 1.0, 0.5)
    ends: list[float] = []

    def noted(task: Task, course: Course, state: State, best: Best) -> tuple[Best, int]:
        found = follow(task, course, state, best)
        ends.append(found[0].grams)
        return found

    monkeypatch.setattr("voltaire.planner.joint.improve.follow", noted)
    plan = solve(problem, TWO)
    assert len(set(ends)) == 2
    assert plan.grams == min(ends)
