"""What a site's energy carries."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.planner.worlds import battery, cluster, hourly
from voltaire.planner import site_intensity
from voltaire.planner.supply import delivered_grams_per_kwh, follow_load

ONE = np.ones(4)


def test_without_battery_it_is_the_grids() -> None:
    assert site_intensity(cluster("x", hourly(300), pue=1.5), 10.0) == 300


def test_unknown_grid_is_unknown() -> None:
    assert site_intensity(cluster("x", None), 10.0) is None


def test_solar_serves_first_and_the_grid_the_rest() -> None:
    site = cluster("x", hourly(300), batteries=(battery(energy_kwh=0.0, solar_kw=(6.0,) * 192),))
    assert site_intensity(site, 6.0) == 48
    assert site_intensity(site, 12.0) == pytest.approx((6 * 48 + 6 * 300) / 12)


def test_host_overhead_takes_from_the_clean_part_first_but_is_part_of_the_mean() -> None:
    pack = battery(energy_kwh=0.0, solar_kw=(6.0,) * 192)
    site = cluster("x", hourly(300), host_overhead_kw=6.0, pue=1.2, batteries=(pack,))
    assert site_intensity(site, 5.0) == pytest.approx((6 * 48 + 6 * 300) / 12)


def test_an_idle_site_has_the_intensity_of_its_first_kw() -> None:
    site = cluster("x", hourly(300), batteries=(battery(energy_kwh=0.0, solar_kw=(6.0,) * 192),))
    assert site_intensity(site, 0.0) == 48


def test_battery_energy_carries_losses_and_wear() -> None:
    lossy = battery(stored_grams_per_kwh=90.0, discharge_efficiency=0.9, wear_grams_per_kwh=5.0)
    assert delivered_grams_per_kwh(lossy) == pytest.approx(105)


def test_the_battery_serves_the_load_down_to_its_reserve_and_then_the_grid_does() -> None:
    site = cluster("x", hourly(300, 600, 300), batteries=(battery(energy_kwh=15.0, reserve_kwh=5.0),))
    assert site_intensity(site, 10.0) == 50
    assert site_intensity(site, 10.0, 4) == 600
    assert site_intensity(site, 10.0, 8) == 300


def test_a_battery_rests_while_the_grid_is_cleaner_than_what_it_holds() -> None:
    site = cluster("x", hourly(20, 300), batteries=(battery(energy_kwh=10.0),))
    assert site_intensity(site, 10.0) == 20
    assert site_intensity(site, 10.0, 4) == 50


def test_surplus_sun_fills_it_again_with_losses() -> None:
    pack = battery(energy_kwh=0.0, charge_efficiency=0.8, discharge_efficiency=0.5)
    surplus, demand = np.array([5.0, 0.0, 0.0, 0.0]), np.array([0.0, 10.0, 10.0, 10.0])
    kw = follow_load(pack, ONE * 300, demand, surplus, ONE)
    assert kw == pytest.approx([0.0, 2.0, 0.0, 0.0])


@given(
    st.lists(st.tuples(st.floats(0, 30), st.floats(0, 30), st.floats(0, 600)), min_size=1, max_size=48),
    st.floats(0, 100),
)
def test_following_the_load_never_leaves_reserve_capacity_or_limits(
    slots: list[tuple[float, float, float]], energy: float
) -> None:
    pack = battery(energy_kwh=energy, reserve_kwh=20.0, charge_efficiency=0.9, discharge_efficiency=0.9)
    sun, load, grid = (np.array(column) for column in zip(*slots, strict=True))
    hours = np.full(len(slots), 0.5)
    surplus, demand = np.maximum(0.0, sun - load), np.maximum(0.0, load - sun)
    kw = follow_load(pack, grid, demand, surplus, hours)
    most = energy + np.minimum(surplus, 10.0).sum() * 0.5 * 0.9
    assert (kw >= 0).all()
    assert (kw <= np.minimum(demand, 10.0) + 1e-9).all()
    assert kw.sum() * 0.5 / 0.9 <= max(0.0, most - 20.0) + 1e-6


def test_measured_takes_what_the_battery_reports_to_give() -> None:
    site = cluster("x", hourly(300), batteries=(battery(power_kw=5.0),))
    assert site_intensity(site, 10.0, measured=True) == pytest.approx((5 * 50 + 5 * 300) / 10)
    resting = cluster("x", hourly(300), batteries=(battery(power_kw=-5.0),))
    assert site_intensity(resting, 10.0, measured=True) == 300


def test_a_longer_slot_takes_more_energy() -> None:
    site = cluster("x", (300.0, 299.0), batteries=(battery(energy_kwh=5.0),))
    assert site_intensity(site, 10.0, 0, slot_length=timedelta(minutes=30)) == 50
    assert site_intensity(site, 10.0, 0, slot_length=timedelta(hours=1)) == pytest.approx(175)
