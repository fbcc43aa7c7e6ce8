"""What a battery alone saves on grid energy, by clairvoyant arbitrage: a constant load of 1 kW, a battery of
four hours (4 kWh, 1 kW both ways), 0.95 each way, no reserve, empty at first.

The figures to compare with are for the whole of 2022; at hand is January to June. For that half-year the
planner's site model, which plans batteries in every plan, is held to a linear program of its own here, and
to figures fixed once. New York, PJM and France come within 0.3 points of the yearly figures; the others
differ by up to 2.1 points because spring has more sun and more wind than the year (California: 7.9 % in
January, 11.4 % in May, at 0.975 and 0.97).
"""

from __future__ import annotations

import highspy
import numpy as np
import pytest

from tests.twin.published.tables import Floats, hourly
from voltaire.planner.joint.batteries import open_site
from voltaire.planner.joint.problem import Battery, Cluster

HALF_YEAR = {"CA-ON": 11.19, "US-CAL-CISO": 9.14, "DE": 4.90, "GB": 4.82, "FR": 3.37, "US-TEX-ERCO": 3.72,
             "US-NY-NYIS": 0.75, "US-MIDA-PJM": 0.29}  # fmt: skip
YEAR = {"CA-ON": 12.1, "US-CAL-CISO": 7.1, "DE": 4.4, "GB": 4.4, "FR": 3.1, "US-TEX-ERCO": 2.9,
        "US-NY-NYIS": 0.7, "US-MIDA-PJM": 0.3}  # fmt: skip
"""Saved, per cent of what the load emits without a battery."""
EFFICIENCY, HOURS = 0.95, 4.0


def by_the_planner(grid: Floats, wear: float = 0.0) -> float:
    """Per cent saved, by the model that every plan serves its sites with."""
    battery = Battery("b", HOURS, 0.0, 0.0, 1.0, 1.0, EFFICIENCY, EFFICIENCY, wear)
    site = open_site(Cluster("c", {"gpu": 1}, tuple(grid.tolist()), batteries=(battery,)), grid, 1.0)
    return 100.0 * (1.0 - site.serve(np.ones(len(grid))).grams / float(grid.sum()))


def by_a_program_of_its_own(grid: Floats, wear: float = 0.0) -> float:
    """Per cent saved. Columns: charge and discharge by hour; what is held is their running sum, kept in
    bounds by one row an hour with a column for it. The grid gives load + charge - discharge, never less than
    nothing."""
    hours = len(grid)
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    charge = model.addVariables(hours, lb=0.0, ub=1.0, obj=grid.tolist())
    discharge = model.addVariables(hours, lb=0.0, ub=1.0, obj=(wear - grid).tolist())
    held = model.addVariables(hours, lb=0.0, ub=HOURS, obj=0.0)
    for hour in range(hours):
        before = held[hour - 1] if hour else 0.0
        model.addConstr(held[hour] - before - EFFICIENCY * charge[hour] + discharge[hour] / EFFICIENCY == 0.0)
        model.addConstr(discharge[hour] - charge[hour] <= 1.0)
    model.run()
    return -100.0 * model.getInfo().objective_function_value / float(grid.sum())


@pytest.mark.parametrize("zone", HALF_YEAR)
def test_the_planners_battery_saves_what_an_independent_program_saves(zone: str) -> None:
    grid = hourly([zone])[:, 0]
    ours = by_the_planner(grid)
    assert ours == pytest.approx(by_a_program_of_its_own(grid), abs=0.001)
    assert ours == pytest.approx(HALF_YEAR[zone], abs=0.01)


def test_wear_of_20_g_per_kwh_leaves_france_little() -> None:
    """1.2 % for the year, 1.3 % for the half-year."""
    grid = hourly(["FR"])[:, 0]
    ours = by_the_planner(grid, wear=20.0)
    assert ours == pytest.approx(by_a_program_of_its_own(grid, wear=20.0), abs=0.001)
    assert ours == pytest.approx(1.2, abs=0.2)


def test_the_half_year_stands_to_the_year_as_its_seasons_do() -> None:
    differences = {zone: HALF_YEAR[zone] - YEAR[zone] for zone in YEAR}
    near = [zone for zone, difference in differences.items() if abs(difference) <= 0.3]
    assert near == ["FR", "US-NY-NYIS", "US-MIDA-PJM"]
    assert max(map(abs, differences.values())) < 2.1
