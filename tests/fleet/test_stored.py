"""The intensity of what a battery holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltaire.api.battery import BatterySpec, BatteryStatus
from voltaire.api.values import BatteryState
from voltaire.fleet.stored import Held, StoredEnergy, assume, carry, follow, remembered, replaced

HOUR = timedelta(hours=1)
NOW = datetime(2026, 3, 14, 5, tzinfo=UTC)


def spec(**fields: Any) -> BatterySpec:
    return BatterySpec.model_validate(
        {
            "capacityKWh": 100,
            "maxChargeKW": 50,
            "maxDischargeKW": 50,
            "chargeEfficiency": 0.8,
            "solar": {"peakKW": 100, "gramsPerKWh": 48},
            "telemetry": {"http": {"url": "https://x.example.com", "soc": {"query": "soc"}}},
            **fields,
        }
    )


def state(soc: float | None, solar_kw: float | None = None, load_kw: float | None = None) -> BatteryState:
    return BatteryState("b", soc, None, solar_kw, load_kw, NOW, "Observed", "")


def test_charging_from_the_grid_adds_everything_taken_in_loss_included() -> None:
    # 20 kWh gained are 25 kWh taken in at 0.8: (40 kWh x 100 g + 25 kWh x 400 g) / 60 kWh.
    after = carry(StoredEnergy(100), state(0.4), state(0.6), 400, spec(), HOUR)
    assert after.grams_per_kwh == pytest.approx((4000 + 10_000) / 60)
    assert not after.assumed


def test_an_empty_battery_takes_the_intensity_of_what_comes_in_over_the_efficiency() -> None:
    after = carry(StoredEnergy(999, 1.0), state(0.0), state(0.5), 80, spec(), HOUR)
    assert after == StoredEnergy(pytest.approx(100), 0.0)


def test_discharging_and_resting_change_nothing() -> None:
    stored = StoredEnergy(123, 0.5)
    for after in (0.6, 0.3, 0.0):
        assert carry(stored, state(0.6), state(after), 400, spec(), HOUR) == stored


def test_solar_that_the_load_leaves_over_charges_first() -> None:
    # 10 kW left over for an hour are 10 of the 25 kWh; the other 15 come from the grid.
    before, after = state(0.4, 30, 20), state(0.6, 30, 20)
    stored = carry(StoredEnergy(100), before, after, 400, spec(), HOUR)
    assert stored.grams_per_kwh == pytest.approx((4000 + 10 * 48 + 15 * 400) / 60)


def test_all_solar_when_there_is_enough() -> None:
    before, after = state(0.0, 90, 0), state(0.4, 90, 0)
    assert carry(StoredEnergy(0), before, after, 400, spec(), HOUR).grams_per_kwh == pytest.approx(48 / 0.8)


@pytest.mark.parametrize(("solar_kw", "load_kw"), [(90, None), (None, 5), (None, None), (20, 90)])
def test_solar_that_cannot_be_shown_to_be_left_over_counts_as_grid(
    solar_kw: float | None, load_kw: float | None
) -> None:
    before, after = state(0.0, solar_kw, load_kw), state(0.4, solar_kw, load_kw)
    assert carry(StoredEnergy(0), before, after, 400, spec(), HOUR).grams_per_kwh == pytest.approx(500)


def test_an_unknown_grid_makes_what_it_charged_an_assumption() -> None:
    after = carry(StoredEnergy(100), state(0.2), state(0.4), None, spec(), HOUR)
    assert after.grams_per_kwh == pytest.approx(100)
    assert after.assumed_share == pytest.approx(0.5)
    assert after.assumed


def test_an_assumption_fades_as_known_energy_comes_in() -> None:
    stored = StoredEnergy(300, 1.0)
    for _ in range(5):
        stored = carry(stored, state(0.1), state(0.9), 80, spec(), HOUR)
    assert not stored.assumed
    assert stored.grams_per_kwh == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("dt", [timedelta(0), -HOUR])
def test_no_time_and_unknown_states_change_nothing(dt: timedelta) -> None:
    stored = StoredEnergy(100)
    assert carry(stored, state(0.2), state(0.4), 400, spec(), dt) == stored
    assert carry(stored, state(None), state(0.4), 400, spec(), HOUR) == stored
    assert carry(stored, state(0.4), state(None), 400, spec(), HOUR) == stored


def test_the_assumption_is_the_specs_or_the_grid_with_its_loss() -> None:
    assert assume(spec(assumedStoredGramsPerKWh=0), 400) == StoredEnergy(0, 1.0)
    assert assume(spec(), 400) == StoredEnergy(500, 1.0)
    assert assume(spec(), None) is None


@given(
    st.floats(0, 1500),
    st.lists(
        st.tuples(st.floats(0, 1), st.floats(0, 1500), st.floats(0, 100), st.floats(0, 100)), max_size=20
    ),
)
def test_grams_are_conserved_and_bounded_by_what_came_in(
    start: float, steps: list[tuple[float, float, float, float]]
) -> None:
    stored, soc, battery = StoredEnergy(start), 0.5, spec()
    for target, grid, solar_kw, load_kw in steps:
        before = state(soc, solar_kw, load_kw)
        after = replace(before, soc=target)
        carried = carry(stored, before, after, grid, battery, HOUR)
        taken_kwh = max(0.0, target - soc) * 100 / 0.8
        solar_kwh = min(taken_kwh, max(0.0, solar_kw - load_kw))
        came_in = (taken_kwh - solar_kwh) * grid + solar_kwh * 48
        if target > soc:
            held = stored.grams_per_kwh * soc * 100
            assert carried.grams_per_kwh * target * 100 == pytest.approx(held + came_in, rel=1e-6, abs=1e-6)
        else:
            assert carried == stored
        assert 0 <= carried.grams_per_kwh <= max(start, 1500 / 0.8) + 1e-6
        stored, soc = carried, target


def seen(soc: float | None, hours: float, **powers: float) -> BatteryState:
    return replace(state(soc, **powers), observed_at=NOW + hours * HOUR)


def mean(grams: float | None) -> Any:
    return lambda *_: grams


def after(held: Held, last: BatteryState, grid: float | None = 400.0, **fields: Any) -> Held:
    return follow(held, last, grid, mean(grid), spec(**fields))


KNOWN = Held(StoredEnergy(100.0), seen(0.5, 0))


def test_what_the_status_says_is_taken_up_after_a_restart() -> None:
    status = BatteryStatus(
        soc=0.5, stored_grams_per_kwh=100, stored_assumed_share=0.02, observed_at=NOW, load_kw=3
    )
    held = remembered("b", status)
    assert held.stored == StoredEnergy(100, 0.02)
    assert held.seen is not None
    assert (held.seen.soc, held.seen.load_kw, held.seen.observed_at) == (0.5, 3, NOW)


def test_a_status_without_a_state_of_charge_leaves_an_assumption() -> None:
    held = remembered("b", BatteryStatus(stored_grams_per_kwh=100, stored_assumed=False))
    assert held.stored is not None
    assert held.stored.assumed
    assert "earlier run" in held.stored.assumption
    assert remembered("b", BatteryStatus()) == Held()


def test_what_was_charged_in_a_short_absence_counts_at_the_grids_mean_meanwhile() -> None:
    held = follow(KNOWN, seen(0.6, 0.2), 999.0, mean(400.0), spec())
    assert held.stored is not None
    assert held.stored.grams_per_kwh == pytest.approx((50 * 100 + 10 / 0.8 * 400) / 60)
    assert not held.stored.assumed


def test_without_a_history_the_grid_as_it_is_now_counts() -> None:
    held = follow(KNOWN, seen(0.6, 0.2), 400.0, mean(None), spec())
    assert held.stored is not None
    assert held.stored.grams_per_kwh == pytest.approx((50 * 100 + 10 / 0.8 * 400) / 60)


def test_while_nobody_looked_as_much_is_exchanged_as_the_limits_allow() -> None:
    # 50 kW in at 0.8 are 40 kW; half of the hour charging, half discharging: 20 of the 50 kWh.
    held = after(KNOWN, seen(0.5, 1))
    assert held.stored is not None
    assert held.stored.grams_per_kwh == pytest.approx(0.6 * 100 + 0.4 * 400 / 0.8)
    assert held.stored.assumed_share == pytest.approx(0.4)
    assert "nobody looked from 2026-03-14T05:00Z to 2026-03-14T06:00Z" in held.stored.assumption
    assert "400 g/kWh" in held.stored.assumption


def test_after_a_long_absence_nothing_of_what_was_known_is_left() -> None:
    held = after(KNOWN, seen(0.5, 48))
    assert held.stored == StoredEnergy(pytest.approx(500), 1.0)
    declared = after(KNOWN, seen(0.5, 48), assumedStoredGramsPerKWh=30)
    assert declared.stored == StoredEnergy(pytest.approx(30), 1.0)
    assert declared.stored is not None
    assert "spec.assumedStoredGramsPerKWh" in declared.stored.assumption


def test_after_an_absence_the_zones_answer_is_waited_for() -> None:
    waiting = after(KNOWN, seen(0.7, 1), grid=None)
    assert waiting == KNOWN
    assert after(waiting, seen(0.7, 1.01)).stored != KNOWN.stored


def test_an_unknown_battery_is_assumed_to_hold_what_the_grid_gives() -> None:
    assert after(Held(), seen(0.5, 0), grid=None).stored is None
    held = after(Held(), seen(0.5, 0))
    assert held.stored == StoredEnergy(500, 1.0)
    assert held.stored is not None
    assert "no history" in held.stored.assumption


def test_a_silent_battery_keeps_what_it_held_and_a_clock_set_back_disturbs_nothing() -> None:
    assert after(KNOWN, replace(seen(None, 1), observed_at=None)) == KNOWN
    back = after(KNOWN, seen(0.9, -5))
    assert back == Held(KNOWN.stored, seen(0.9, -5))


def test_an_empty_battery_has_nothing_to_exchange() -> None:
    assert replaced(StoredEnergy(100), seen(0.0, 0), seen(0.5, 9), 400, spec()) == StoredEnergy(100)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 300), st.floats(0, 1500), st.floats(0, 1500))
def test_an_absence_leaves_an_intensity_between_what_was_and_what_may_have_come(
    before: float, now: float, hours: float, stored: float, grid: float
) -> None:
    held = after(Held(StoredEnergy(stored), seen(before, 0)), seen(now, hours), grid=grid)
    assert held.stored is not None
    low, high = sorted((stored, grid / 0.8))
    assert low - 1e-6 <= held.stored.grams_per_kwh <= high + 1e-6
    assert 0 <= held.stored.assumed_share <= 1 + 1e-9
