"""The account: what a stay cost, and what it would have cost at home."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltaire.api.aiworkload import Receipt
from voltaire.api.values import Series
from voltaire.ledger.counterfactual import counterfactual, saved_share, saved_text
from voltaire.ledger.energy import bill
from voltaire.ledger.receipts import KEPT, Site, Stay, Transfer, advance, running_seconds, total

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NO_TRANSFER = Transfer(0.0, 0.06)
GRID = Series(NOON, HOUR, (100.0, 300.0, 0.0, None, 50.0))

moments = st.integers(0, 5 * 3600).map(lambda seconds: NOON + timedelta(seconds=seconds))


def sites(**supplies: Series | None) -> dict[str, Site]:
    return {name: Site(1.5, supply) for name, supply in supplies.items()}


def stay(cluster: str = "paris", epoch: int = 1, start: datetime = NOON) -> Stay:
    return Stay(cluster, epoch, start, 4.0)


def test_energy_is_power_times_pue_times_hours_and_grams_follow_the_steps() -> None:
    found = bill(2.0, GRID, NOON + HOUR / 2, NOON + HOUR * 1.5)
    assert found.energy_kwh == pytest.approx(2.0)
    assert found.grams == pytest.approx(1.0 * 100 + 1.0 * 300)


def test_a_zero_intensity_costs_nothing_and_is_known() -> None:
    found = bill(2.0, GRID, NOON + 2 * HOUR, NOON + 3 * HOUR)
    assert (found.grams, found.unknown_kwh, found.quality) == (0.0, 0.0, 1.0)


def test_a_gap_is_counted_as_unknown_and_never_filled() -> None:
    found = bill(2.0, GRID, NOON + 3 * HOUR, NOON + 5 * HOUR)
    assert (found.grams, found.unknown_kwh, found.quality) == (100.0, 2.0, 0.5)


def test_without_any_series_all_energy_is_unknown() -> None:
    assert bill(2.0, None, NOON, NOON + HOUR).unknown_kwh == 2.0


@given(moments, moments, moments)
def test_an_interval_split_in_two_sums_to_the_same(a: datetime, b: datetime, c: datetime) -> None:
    start, middle, end = sorted((a, b, c))
    whole, parts = bill(3.0, GRID, start, end), bill(3.0, GRID, start, middle) + bill(3.0, GRID, middle, end)
    assert parts.energy_kwh == pytest.approx(whole.energy_kwh)
    assert parts.grams == pytest.approx(whole.grams)
    assert parts.unknown_kwh == pytest.approx(whole.unknown_kwh, abs=1e-9)


@given(st.floats(0.1, 100), st.floats(0, 1000), moments)
def test_at_a_constant_intensity_grams_are_energy_times_intensity(
    power: float, grams: float, end: datetime
) -> None:
    found = bill(power, Series(NOON, HOUR, (grams,) * 6), NOON, end)
    assert found.grams == pytest.approx(found.energy_kwh * grams)


def test_a_stay_opens_one_receipt_and_closes_it_once() -> None:
    grid = sites(paris=GRID)
    opened = advance([], [stay()], NOON, NOON + HOUR, grid, NO_TRANSFER)
    again = advance(opened, [stay()], NOON, NOON + HOUR, grid, NO_TRANSFER)
    assert again == opened
    assert opened[0].end is None
    assert opened[0].energy_kwh == pytest.approx(6.0)
    closed = advance(opened, [], NOON + 2 * HOUR, NOON + 3 * HOUR, grid, NO_TRANSFER)
    assert closed[0].end == NOON + 2 * HOUR
    assert closed[0].grams == pytest.approx(6 * 100 + 6 * 300)
    assert advance(closed, [], NOON + 9 * HOUR, NOON + 9 * HOUR, grid, NO_TRANSFER) == closed


def test_the_next_epoch_gets_a_receipt_of_its_own() -> None:
    grid = sites(paris=GRID)
    first = advance([], [stay()], NOON, NOON + HOUR, grid, NO_TRANSFER)
    resumed = stay(epoch=2, start=NOON + 2 * HOUR)
    both = advance(first, [resumed], NOON + HOUR, NOON + 2 * HOUR, grid, NO_TRANSFER)
    assert [(receipt.epoch, receipt.end) for receipt in both] == [(1, NOON + HOUR), (2, None)]
    assert running_seconds(both, NOON + 3 * HOUR) == 7200


def test_a_move_bills_its_transfer_to_the_stay_it_led_to() -> None:
    grid = sites(paris=GRID, virginia=Series(NOON, HOUR, (400.0,) * 5))
    first = advance([], [stay()], NOON, NOON + HOUR, grid, Transfer(50.0, 0.06))
    assert first[0].transfer_kwh == 0.0
    moved = advance(
        first,
        [stay("virginia", 2, NOON + HOUR)],
        NOON + HOUR,
        NOON + HOUR,
        grid,
        Transfer(50.0, 0.06),
    )
    assert moved[1].transfer_kwh == pytest.approx(3.0)
    assert moved[1].transfer_grams == pytest.approx(3.0 * (300 + 400) / 2)
    assert total(moved).energy_kwh == pytest.approx(6.0 + 3.0)


def test_what_a_vanished_cluster_cost_stands() -> None:
    opened = advance([], [stay()], NOON, NOON + HOUR, sites(paris=GRID), NO_TRANSFER)
    closed = advance(opened, [], NOON + HOUR, NOON + HOUR, {}, NO_TRANSFER)
    assert closed[0].energy_kwh == opened[0].energy_kwh
    assert closed[0].end == NOON + HOUR


def test_old_receipts_are_merged_and_the_sums_stay() -> None:
    many = [
        Receipt(cluster="paris", epoch=n, start=NOON, end=NOON, energy_kwh=1.0, grams=2.0, power_kw=1.0)
        for n in range(1, KEPT + 10)
    ]
    kept = advance(many, [], NOON, NOON, {}, NO_TRANSFER)
    assert len(kept) == KEPT
    assert total(kept).grams == pytest.approx(2.0 * len(many))


def test_at_home_on_time_the_counterfactual_is_what_it_cost() -> None:
    grid = sites(paris=GRID)
    receipts = advance([], [stay()], NOON, NOON + 2 * HOUR, grid, NO_TRANSFER)
    home = counterfactual(7200, NOON, grid["paris"], 4.0)
    assert home is not None
    assert home.grams == pytest.approx(total(receipts).grams)
    assert saved_share(total(receipts).grams, home.grams) == pytest.approx(0.0)


def test_slower_accelerators_at_home_take_longer() -> None:
    home = counterfactual(3600, NOON, Site(1.0, GRID), 1.0, throughput=0.5)
    assert home is not None
    assert home.energy_kwh == pytest.approx(2.0)
    assert counterfactual(3600, NOON, Site(1.0, GRID), 1.0, throughput=0.0) is None


@pytest.mark.parametrize(
    ("grams", "home", "text"), [(50.0, 100.0, "50%"), (104.0, 100.0, "-4%"), (5.0, 0.0, None)]
)
def test_a_loss_is_shown_as_one(grams: float, home: float, text: str | None) -> None:
    assert saved_text(saved_share(grams, home)) == text


def test_what_was_billed_stands_when_history_is_lost() -> None:
    """After a restart the signal's past may be gone: only what comes after is added."""
    opened = advance([], [stay()], NOON, NOON + HOUR, sites(paris=GRID), NO_TRANSFER)
    late = Series(NOON + HOUR, HOUR, (300.0, 0.0))
    for lost in (None, late):
        kept = advance(opened, [stay()], NOON, NOON + HOUR, sites(paris=lost), NO_TRANSFER)
        assert (kept[0].energy_kwh, kept[0].grams) == (opened[0].energy_kwh, opened[0].grams)
    grown = advance(opened, [stay()], NOON, NOON + 2 * HOUR, sites(paris=late), NO_TRANSFER)
    assert grown[0].energy_kwh == pytest.approx(12.0)
    assert grown[0].grams == pytest.approx(6 * 100 + 6 * 300)
    assert grown[0].unknown_kwh == pytest.approx(0.0)


def test_a_value_that_arrives_late_is_billed_after_all() -> None:
    gap = Series(NOON, HOUR, (None, 300.0))
    opened = advance([], [stay()], NOON, NOON + HOUR, sites(paris=gap), NO_TRANSFER)
    assert opened[0].unknown_kwh == pytest.approx(6.0)
    healed = advance(opened, [stay()], NOON, NOON + HOUR, sites(paris=GRID), NO_TRANSFER)
    assert (healed[0].grams, healed[0].unknown_kwh) == (pytest.approx(600.0), 0.0)


def test_a_stay_that_ended_before_it_was_last_billed_gives_the_rest_back() -> None:
    opened = advance([], [stay()], NOON, NOON + 2 * HOUR, sites(paris=GRID), NO_TRANSFER)
    closed = advance(opened, [], NOON + HOUR, NOON + 2 * HOUR, sites(paris=None), NO_TRANSFER)
    assert closed[0].energy_kwh == pytest.approx(6.0)
    assert closed[0].grams == pytest.approx(opened[0].grams / 2)


def test_an_end_from_before_a_stay_began_is_not_its_end() -> None:
    """A server that was paused long ago, now replaced: its last stop says nothing of this stay."""
    opened = advance([], [stay(start=NOON + HOUR)], NOON, NOON + HOUR, sites(paris=GRID), NO_TRANSFER)
    closed = advance(opened, [], NOON, NOON + 2 * HOUR, sites(paris=GRID), NO_TRANSFER)
    assert closed[0].end == NOON + 2 * HOUR
    assert closed[0].energy_kwh == pytest.approx(6.0)


def test_a_transfer_at_unknown_intensity_stays_unknown() -> None:
    grid = sites(paris=GRID, oslo=None)
    first = advance([], [stay("oslo")], NOON, NOON, grid, Transfer(50.0, 0.06))
    moved = advance(first, [stay(epoch=2)], NOON, NOON, grid, Transfer(50.0, 0.06))
    later = advance(moved, [stay(epoch=2)], NOON, NOON + HOUR, grid, Transfer(50.0, 0.06))
    assert moved[1].unknown_kwh == pytest.approx(3.0)
    assert later[1].unknown_kwh == pytest.approx(3.0)
    assert later[1].energy_kwh == pytest.approx(9.0)
