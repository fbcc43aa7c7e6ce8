"""Moves of the search at sites with sun and batteries are weighed at what they really cost."""

from __future__ import annotations

import numpy as np
import pytest

from tests.planner.joint.instances import instance
from voltaire.planner.joint import Effort, Problem, Solution, solve
from voltaire.planner.joint.arrays import empty_rows
from voltaire.planner.joint.batteries import Sites, open_sites
from voltaire.planner.joint.build import build
from voltaire.planner.joint.meters import pays
from voltaire.planner.joint.state import totals

PROBLEM = instance(40, 4, 24, 1.0, 0.3, 3, True)


def plan(problem: Problem, moves: int) -> Solution:
    return solve(problem, Effort(rounds=60, neighbourhoods=moves, threads=1))


def opened() -> tuple[Solution, Sites]:
    return plan(PROBLEM, 0), open_sites(PROBLEM, build(PROBLEM).arrays)


@pytest.mark.parametrize("spare", [-1e-3, 1e-3])
def test_a_move_pays_if_its_exact_cost_leaves_enough_and_only_then_meters_follow(spare: float) -> None:
    first, sites = opened()
    a, rows = first.built.arrays, first.rows.copy()
    served = sites.serve(first.load_kwh)
    meters, energy = sites.meters(first.load_kwh, served), sites.prices(served, a.grid, 1.0)
    j = int(np.argmax(np.isin(rows, list(served)).sum(axis=1)))
    before, priced = rows[[j]], energy.copy()
    rows[j] = -1
    load, _, _ = totals(a, rows)
    after = sites.serve(load)
    exact = sum(after[c].grams - served[c].grams for c in served)
    seems = sum(float(energy[c] @ (load[c] - first.load_kwh[c])) for c in served)
    assert exact >= seems - 1e-6
    kept = pays(a, meters, np.array([j]), 1, before, rows, energy, exact - seems + spare)
    assert kept == (spare > 0)
    if not kept:
        assert (energy == priced).all()
        assert meters.load == pytest.approx(first.load_kwh)
        return
    assert meters.load == pytest.approx(load, abs=1e-9)
    for c, dispatch in after.items():
        assert meters.grams[c] == pytest.approx(dispatch.grams)
        assert energy[c] == pytest.approx(dispatch.price)


def test_nothing_is_metered_where_all_energy_is_the_grids() -> None:
    problem = instance(5, 2, 12, 1.0, 0.3, 0, False)
    a = build(problem).arrays
    sites = open_sites(problem, a)
    load, _, _ = totals(a, empty_rows(a))
    assert not sites.meters(load, sites.serve(load)).exact.any()


def test_the_search_makes_plans_with_batteries_cheaper() -> None:
    problem = instance(150, 6, 48, 1.0, 0.3, 0, True)
    first, searched = plan(problem, 0), plan(problem, 8_000)
    assert searched.grams < 0.97 * first.grams
