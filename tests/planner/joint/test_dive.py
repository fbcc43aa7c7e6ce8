"""Fixing timelines a few at a time leaves nobody behind, breaks nothing and ends nearer to the bound."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.planner.joint.checker import judge
from tests.planner.joint.instances import instance
from tests.planner.joint.test_optimality import timelines
from voltaire.planner.joint import Cluster, Effort, Mode, Problem, Solution, Workload, solve
from voltaire.planner.joint.arrays import empty_rows
from voltaire.planner.joint.batteries import open_sites
from voltaire.planner.joint.build import build
from voltaire.planner.joint.dive import PASSES, ROUNDS, dive, pace
from voltaire.planner.joint.prices import Market
from voltaire.planner.joint.state import State, open_state, totals


def dived(problem: Problem, rounds: int = 200, over: bool = False) -> State:
    """What a dive fixes, from the prices of 60 rounds."""
    a = build(problem).arrays
    with ThreadPoolExecutor(1) as pool:
        market = Market(a, open_sites(problem, a), 1, pool, None)
        market.run(60, 1, lambda: False, np.random.default_rng(0))
        state = open_state(a, empty_rows(a), market.best.energy)
        dive(market, state, rounds, lambda: over)
    return state


@pytest.mark.parametrize("batteries", [False, True])
def test_who_must_be_done_gets_a_timeline_and_all_fit(batteries: bool) -> None:
    problem = instance(200, 6, 24, 1.0, 0.7, 3, batteries)
    state, a = dived(problem), build(problem).arrays
    _, _, left = totals(a, state.rows)
    assert (left[a.miss > 0] == 0).all()
    assert state.free.min() >= 0
    counted = open_state(a, state.rows, state.energy)
    assert counted.free == pytest.approx(state.free)


def test_nothing_is_fixed_when_time_is_over() -> None:
    assert (dived(instance(50, 4, 24, 1.0, 0.5), over=True).rows < 0).all()


def test_power_limits_hold() -> None:
    site = Cluster("x", {"a": 8}, (100.0, 10.0, 10.0, 100.0), {"a": 1.0}, limit_kw=4.0)
    works = tuple(Workload(f"w{i}", 1.0, 2, deadline_hours=4.0, required=True) for i in range(8))
    state = dived(Problem(4, 1.0, (site,), works))
    assert (state.rows >= 0).sum() == 8
    assert state.room.min() >= -1e-6


def test_what_finds_no_room_any_more_takes_the_place_of_what_can_go_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The wide one is thought the hardest, so it takes the clean slot that the narrow one cannot do without.
    clusters = (
        Cluster("clean", {"a": 4}, (10.0, 500.0), {"a": 1.0}),
        Cluster("dirty", {"a": 4}, (500.0, 500.0), {"a": 1.0}),
    )
    wide = Workload("wide", 1.0, 4, deadline_hours=2.0, required=True)
    narrow = Workload("narrow", 1.0, 2, clusters=("clean",), deadline_hours=1.0, required=True)
    problem = Problem(2, 1.0, clusters, (wide, narrow))
    monkeypatch.setattr("voltaire.planner.joint.dive._hardness", lambda a: a.gang)
    monkeypatch.setattr("voltaire.planner.joint.prices.Steps.moved", lambda _, prices, *__: prices)
    state = dived(problem)
    assert state.rows[1].tolist() == [0, -1]
    assert (state.rows[0] >= 0).any()
    assert not (state.rows[0] == 0)[0]


def test_what_no_cluster_can_hold_holds_nobody_up() -> None:
    works = [Workload(f"w{i}", 2.0, 2, deadline_hours=4.0, required=True, mode=Mode.NEVER) for i in range(3)]
    giant = Workload("giant", 1.0, 64, deadline_hours=4.0, required=True)
    late = Workload("late", 6.0, 1, deadline_hours=4.0, required=True)
    site = Cluster("x", {"a": 4}, (1.0, 2.0, 3.0, 4.0), {"a": 1.0})
    state = dived(Problem(4, 1.0, (site,), (*works, giant, late)))
    assert (state.rows[:3] >= 0).any(axis=1).all()


def test_one_core_dives_the_same_way_twice_when_rounds_are_counted_and_two_soundly() -> None:
    problem = instance(80, 4, 24, 1.0, 0.6)
    plans = [solve(problem, Effort(rounds=20, neighbourhoods=10, threads=n)) for n in (1, 1, 2)]
    assert (plans[0].rows == plans[1].rows).all()
    assert judge(problem, timelines(problem, plans[2])).violations == []


@pytest.mark.parametrize("seed", [0, 1])
def test_a_plan_with_it_is_nearer_to_the_bound(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = instance(400, 6, 48, 1.0, 0.6, seed)
    effort = Effort(rounds=60, neighbourhoods=3_000, threads=1)
    plan = solve(problem, effort)
    monkeypatch.setattr(sys.modules["voltaire.planner.joint.solve"], "_dive_rounds", lambda *_: 0)
    without: Solution = solve(problem, effort)
    assert plan.bound == pytest.approx(without.bound)
    assert plan.gap < 0.75 * without.gap


@pytest.mark.parametrize(("rounds", "each"), [(16, 8), (40, 17), (100, ROUNDS), (3_000, ROUNDS)])
def test_the_pace_follows_from_the_rounds_that_there_are(rounds: int, each: int) -> None:
    found, share = pace(rounds)
    assert found == each
    assert 0 < share <= 1
    if 30 < rounds < 1_000:
        assert PASSES * found / share == pytest.approx(rounds, rel=0.1)
