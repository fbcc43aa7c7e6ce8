"""What each battery rule does, by hand."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planner.worlds import NOW, battery, cluster, running, world
from voltaire.api.values import Series
from voltaire.twin.baselines import baseline
from voltaire.twin.baselines.batteries import (
    RULES,
    Moment,
    double_threshold,
    idle,
    running_mean,
    self_consumption,
)


def moment(
    *grid: float, load: float = 8.0, surplus: float = 0.0, past: tuple[float, ...] = (), **fields: float
) -> Moment:
    recent = Series(NOW - timedelta(hours=len(past)), timedelta(hours=1), past) if past else None
    return Moment(battery(**fields), load, surplus, 1.0, 1.0, np.array(grid) if grid else None, recent)


def test_idle_does_nothing() -> None:
    assert idle(moment(500, 10)) == 0.0


def test_self_consumption_serves_the_load_whatever_the_grid() -> None:
    assert self_consumption(moment(10, 500)) == 8.0


def test_self_consumption_takes_the_surplus_of_the_sun() -> None:
    assert self_consumption(moment(10, load=0.0, surplus=4.0)) == -4.0
    assert self_consumption(moment(10, load=0.0, surplus=40.0)) == -10.0


def test_a_full_battery_takes_nothing_and_an_empty_one_gives_nothing() -> None:
    assert self_consumption(moment(10, load=0.0, surplus=4.0, energy_kwh=100.0)) == 0.0
    assert self_consumption(moment(10, energy_kwh=20.0, reserve_kwh=20.0)) == 0.0


def test_losses_count_on_both_sides() -> None:
    # 2 kWh of room take 2/0.8 from the wire; 2 kWh above the reserve give 2*0.9.
    assert self_consumption(
        moment(10, load=0.0, surplus=40.0, energy_kwh=98.0, charge_efficiency=0.8)
    ) == pytest.approx(-2.5)
    assert self_consumption(
        moment(10, energy_kwh=22.0, reserve_kwh=20.0, discharge_efficiency=0.9)
    ) == pytest.approx(1.8)


def test_double_threshold_charges_in_the_cleanest_quarter_and_serves_in_the_dirtiest() -> None:
    assert double_threshold(moment(10, 40, 60, 80)) == -10.0
    assert double_threshold(moment(80, 10, 40, 60)) == 8.0
    assert double_threshold(moment(50, 10, 90, 60)) == 0.0


def test_double_threshold_rests_where_all_hours_are_alike() -> None:
    assert double_threshold(moment(50, 50, 50, 50)) == 0.0


def test_running_mean_charges_below_the_mean_of_the_last_day_and_serves_above_it() -> None:
    day = (100.0, 300.0) * 12
    assert running_mean(moment(150, past=day)) == -10.0
    assert running_mean(moment(250, past=day)) == 8.0


def test_running_mean_leaves_what_the_losses_would_eat() -> None:
    day = (100.0, 300.0) * 12
    assert running_mean(moment(190, past=day, charge_efficiency=0.9, discharge_efficiency=0.9)) == 0.0


def test_running_mean_does_not_give_what_is_dirtier_than_the_grid() -> None:
    day = (100.0, 300.0) * 12
    assert running_mean(moment(250, past=day, stored_grams_per_kwh=400.0)) == 0.0


@given(
    st.sampled_from(sorted(RULES)),
    st.lists(st.floats(0, 900), min_size=1, max_size=30),
    st.floats(0, 100), st.floats(0, 30), st.floats(0, 100), st.floats(0, 30), st.floats(0.7, 1.0),
)  # fmt: skip
def test_no_rule_leaves_what_the_battery_can(
    name: str,
    grid: list[float],
    energy: float,
    load: float,
    reserve: float,
    surplus: float,
    efficiency: float,
) -> None:
    m = moment(
        *grid, load=load, surplus=surplus if load == 0 else 0.0, energy_kwh=energy, reserve_kwh=reserve,
        charge_efficiency=efficiency, discharge_efficiency=efficiency,
    )  # fmt: skip
    power = RULES[name](m)
    assert -10.0 <= power <= min(10.0, load)
    after = energy + max(0.0, -power) * efficiency - max(0.0, power) / efficiency
    assert after <= 100.0 + 1e-9
    assert after >= min(energy, reserve) - 1e-9


def test_a_baseline_serves_what_the_site_draws_with_its_default_rule() -> None:
    site = cluster("a", (100.0,) * 192, host_overhead_kw=2.0, batteries=(battery(max_discharge_kw=50.0),))
    snapshot = world([site], [running("w", on="a")])
    made = baseline("carbon-agnostic").plan(snapshot, NOW, {})
    assert made.batteries["pack"] == (6.0, *[0.0] * 191)


def test_the_rule_of_a_baseline_is_chosen_by_name() -> None:
    site = cluster("a", (100.0,) * 192, host_overhead_kw=2.0, batteries=(battery(),))
    made = baseline("carbon-agnostic", "idle").plan(world([site], []), NOW, {})
    assert not any(made.batteries["pack"])


def test_an_unknown_rule_or_baseline_is_named() -> None:
    with pytest.raises(ValueError, match="no battery rule is called wish"):
        baseline("gaia", "wish")
    with pytest.raises(ValueError, match="no baseline is called best"):
        baseline("best")
