"""What else draws power at a site."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.runtime.test_record import HOUR, START, picture
from voltaire.api.values import BatteryState
from voltaire.fleet.build import cluster_view
from voltaire.fleet.meters import observe_load
from voltaire.fleet.picture import Picture
from voltaire.planner import site_intensity

QUARTER = timedelta(minutes=15)


def told(load_kw: float | None, hours: int = 1) -> Picture:
    """A site with 20 kW of overhead and 10 kW from its battery, whose meter reads `load_kw`."""
    found = picture(10.0)
    for quarter in range(4 * hours):
        state = replace(found.battery_states["site"], load_kw=load_kw, observed_at=START + quarter * QUARTER)
        found.battery_states["site"] = state
        observe_load(found, "site", state)
    return found


def overhead(found: Picture, slots: int = 8) -> float:
    return cluster_view(found, "site", START + HOUR, QUARTER, slots).host_overhead_kw


def test_the_load_that_is_not_ours_is_expected_beside_the_overhead() -> None:
    assert overhead(told(80.0)) == pytest.approx(80.0)


def test_a_load_that_is_all_ours_adds_nothing_and_one_that_is_not_measured_neither() -> None:
    assert overhead(told(20.0)) == 20.0
    assert overhead(told(15.0)) == 20.0
    assert overhead(told(None)) == 20.0


def test_our_own_workloads_are_taken_off() -> None:
    found = picture(10.0)
    found.tally.set("uid", (), ("site", 30.0))
    pue = found.clusters["site"].spec.power.pue
    observe_load(found, "site", BatteryState("site", 0.8, 10.0, None, 90.0, START, "", ""))
    assert overhead(found) == pytest.approx(90.0 - 30.0 * pue)


def test_others_get_their_part_of_what_the_battery_gives() -> None:
    def supply(found: Picture) -> float | None:
        return site_intensity(cluster_view(found, "site", START + HOUR, QUARTER, 1), 0.0, measured=True)

    # The battery's 10 kW at 100 g/kWh are half of the site's own 20 kW, and a tenth of all its load.
    assert supply(told(None)) == pytest.approx(250.0)
    assert supply(told(100.0)) == pytest.approx(370.0)


def test_a_battery_at_no_site_tells_of_no_load() -> None:
    found = told(80.0)
    lonely = Picture(batteries=found.batteries)
    observe_load(lonely, "site", found.battery_states["site"])
    assert lonely.other_loads == {}
