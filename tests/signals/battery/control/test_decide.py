"""What a site is to hold to: whatever the plan says, never below the reserve, never above the limits."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signals.battery.builders import spec
from tests.signals.builders import NOW
from voltaire.api.battery import BatterySpec
from voltaire.api.values import BatteryState, Setpoints
from voltaire.signals.battery.control.decide import Release, Schedule, decide_control

SLOT = timedelta(minutes=15)
PROMETHEUS = {"prometheus": {"url": "https://a.example", "soc": {"query": "soc"}}}


def battery(soc: float | None = 0.6, at: datetime = NOW) -> BatteryState:
    known = soc is not None
    return BatteryState("b", soc, 0.0, 0.0, 0.0, at if known else None, "" if known else "Stale", "of old")


def plan(*powers: float, **fields: Any) -> Schedule:
    return replace(Schedule(NOW, NOW, SLOT, powers), **fields)


def controlled(power: bool = False, **fields: Any) -> BatterySpec:
    victim = {"mode": "Control", "power": power, "sunSpec": {"host": "10.0.0.5"}}
    return spec(PROMETHEUS, **{"control": victim, **fields})


def decide(power_kw: float, soc: float = 0.6, **fields: Any) -> Setpoints:
    found = decide_control(plan(power_kw), battery(soc), controlled(**fields), NOW)
    assert isinstance(found, Setpoints)
    return found


def test_a_plan_that_discharges_gives_the_reserve_free_at_the_planned_power() -> None:
    assert decide(80) == Setpoints(0.2, 250, 80)


def test_a_plan_that_rests_holds_what_is_there_and_still_stores_the_sun() -> None:
    assert decide(0, soc=0.63) == Setpoints(pytest.approx(0.6), 250, 0)  # type: ignore[arg-type]


def test_without_sun_a_battery_charges_as_planned_and_not_otherwise() -> None:
    assert decide(-40, solar=None) == Setpoints(pytest.approx(0.6), 40, 0)  # type: ignore[arg-type]
    assert decide(0, solar=None).max_charge_kw == 0
    assert decide(40, solar=None).max_charge_kw == 0


def test_power_is_told_only_where_the_user_allows_it() -> None:
    assert decide(80).power_kw is None
    assert decide(80, power=True).power_kw == 80
    assert decide(-80, power=True).power_kw == -80


def test_at_the_reserve_nothing_is_discharged() -> None:
    assert decide(80, soc=0.2, power=True) == Setpoints(0.2, 250, 0, 0)
    assert decide(80, soc=0.1, power=True) == Setpoints(0.2, 250, 0, 0)


def test_a_full_battery_is_not_charged() -> None:
    assert decide(-80, soc=1.0, power=True).power_kw == 0


def test_the_slot_of_now_counts() -> None:
    for minutes, power in ((0, 10), (14, 10), (15, 20), (44, 30)):
        now = NOW + timedelta(minutes=minutes)
        found = decide_control(plan(10, 20, 30), battery(at=now), controlled(), now)
        assert isinstance(found, Setpoints)
        assert found.max_discharge_kw == power


@pytest.mark.parametrize(
    ("schedule", "state", "later", "reason"),
    [
        (plan(10), battery(None), SLOT * 0, "StateUnknown"),
        (plan(*[10.0] * 9), battery(), timedelta(minutes=15, seconds=1), "StateUnknown"),
        (None, battery(), SLOT * 0, "NoPlan"),
        (plan(), battery(), SLOT * 0, "NoPlan"),
        (plan(10), battery(), SLOT, "PlanStale"),
        (plan(10), battery(), -SLOT, "PlanStale"),
        (plan(*[10.0] * 9, created=NOW - 3 * SLOT), battery(), timedelta(seconds=1), "PlanStale"),
        (plan(math.nan), battery(), SLOT * 0, "PlanUnusable"),
        (plan(math.inf), battery(), SLOT * 0, "PlanUnusable"),
        (plan(-math.inf), battery(), SLOT * 0, "PlanUnusable"),
    ],
)
def test_without_a_known_plan_and_state_the_site_is_left_to_itself(
    schedule: Schedule | None, state: BatteryState, later: timedelta, reason: str
) -> None:
    found = decide_control(schedule, state, controlled(), NOW + later)
    assert isinstance(found, Release)
    assert found.reason == reason


@settings(deadline=None)
@given(st.floats(0.3, 0.95), st.lists(st.floats(-0.02, 0.02), min_size=20, max_size=60))
def test_a_charge_that_wavers_does_not_make_the_reserve_waver(middle: float, noise: list[float]) -> None:
    before: Setpoints | None = None
    reserves = []
    for wobble in noise:
        found = decide_control(plan(0.0), battery(middle + wobble), controlled(), NOW, before)
        assert isinstance(found, Setpoints)
        assert 0.2 <= found.reserve <= middle + wobble + 1e-8  # above the charge, a site would charge
        reserves.append(found.reserve)
        before = found
    assert sum(a != b for a, b in pairwise(reserves)) <= 1


ANY = st.floats(allow_nan=True, allow_infinity=True)


@settings(deadline=None)
@given(
    st.lists(ANY, max_size=4),
    st.floats(0, 1),
    st.none() | st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0.1, 1e6),
    st.floats(0.1, 1e6),
    st.booleans(),
    st.booleans(),
    st.integers(-60, 120),
)
def test_nothing_goes_below_the_reserve_or_above_the_limits(
    powers: list[float],
    told: float,
    soc: float | None,
    reserve: float,
    charge_kw: float,
    discharge_kw: float,
    power: bool,
    solar: bool,
    minutes: int,
) -> None:
    fields = {"reserve": reserve, "maxChargeKW": charge_kw, "maxDischargeKW": discharge_kw}
    one = controlled(power, **fields, **({} if solar else {"solar": None}))
    now = NOW + timedelta(minutes=minutes)
    before = Setpoints(told, 0, 0)
    found = decide_control(plan(*powers), battery(soc, now), one, now, before)
    if isinstance(found, Release):
        return
    assert soc is not None
    assert reserve <= found.reserve <= 1
    assert 0 <= found.max_charge_kw <= charge_kw
    assert 0 <= found.max_discharge_kw <= discharge_kw
    assert (found.power_kw is not None) is power
    if found.power_kw is not None:
        assert -charge_kw <= found.power_kw <= discharge_kw
        assert found.power_kw <= found.max_discharge_kw
        assert found.power_kw >= -found.max_charge_kw
    if soc <= reserve:
        assert found.max_discharge_kw == 0
        assert (found.power_kw or 0) <= 0
    assert decide_control(plan(*powers), battery(soc, now), one, now, found) == found
