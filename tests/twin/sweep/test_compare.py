from typing import Any

import pytest

from tests.twin.sweep.cases import case
from voltaire.twin.sweep.case import Store
from voltaire.twin.sweep.compare import comparison
from voltaire.twin.sweep.sizing import sizing

WEEKS = ["2022-02-01T00:00:00Z", "2022-03-01T00:00:00Z", "2022-04-01T00:00:00Z"]


def summary(policy: str, week: int, grams: float, **changes: Any) -> dict[str, Any]:
    return {
        "policy": policy, "start": WEEKS[week], "hours": 168.0, "jobs": 50, "grams": grams, "missed": 0,
        "storedChangeGrams": 0.0, "violations": 0, "migrations": 2, "gbMoved": 10.0, "seconds": 1.0,
        "gapP50": None, "gapP95": None, "planSecondsP50": 0.1, "planSecondsP95": 0.2, "lowerBoundGrams": None,
        "wearGrams": 0.0, "dischargedKWh": {}, "cost": None, "currency": None, "withoutPrice": [], **changes,
    }  # fmt: skip


def played() -> list[dict[str, Any]]:
    """Voltaire saves a half, three quarters and all of what could be saved; it is above the stay once."""
    found = []
    for week, (home, best, ours, stay) in enumerate(
        [(1000.0, 600.0, 800.0, 820.0), (2000.0, 1600.0, 1700.0, 1690.0), (1000.0, 800.0, 800.0, 900.0)]
    ):
        found += [
            summary("carbon-agnostic", week, home),
            summary("clairvoyant", week, best, lowerBoundGrams=best - 50.0),
            summary("voltaire", week, ours, missed=week),
            summary("lowest-mean-stay", week, stay),
        ]
    return found


def row(document: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in document["policies"] if one["name"] == name)


def test_shares_are_means_over_weeks_and_of_all_weeks_together() -> None:
    ours = row(comparison(played(), {}), "voltaire")
    assert ours["share"]["mean"] == pytest.approx((0.5 + 0.75 + 1.0) / 3)
    assert ours["pooledShare"] == pytest.approx(700 / 1000)
    assert ours["saving"]["mean"] == pytest.approx((0.2 + 0.15 + 0.2) / 3)
    assert ours["bound"]["mean"] == pytest.approx((200 / 450 + 300 / 450 + 200 / 250) / 3)
    assert ours["share"]["low"] < ours["share"]["mean"] < ours["share"]["high"]


def test_costs_are_means_of_weeks_and_unknown_where_one_is() -> None:
    priced = [one | {"cost": 10.0 + one["missed"], "currency": "EUR"} for one in played()]
    document = comparison(priced, {})
    assert document["currency"] == "EUR"
    assert row(document, "voltaire")["cost"]["mean"] == pytest.approx(11.0)
    priced[2]["cost"] = None
    assert row(comparison(priced, {}), "voltaire")["cost"] is None


def test_the_worst_week_against_the_lowest_mean_is_told() -> None:
    ours = row(comparison(played(), {}), "voltaire")
    assert ours["worstAgainstStay"] == pytest.approx(1700 / 1690)


def test_misses_are_counted_over_all_jobs() -> None:
    ours = row(comparison(played(), {}), "voltaire")
    assert ours["missed"] == 3
    assert ours["onTime"] == pytest.approx(1 - 3 / 150)


def test_energy_left_in_batteries_is_not_held_against_a_policy() -> None:
    summaries = played()
    summaries[2] |= {"grams": 900.0, "storedChangeGrams": 100.0}
    assert comparison(summaries, {})["policies"] == comparison(played(), {})["policies"]


def test_without_the_clairvoyant_there_is_no_share() -> None:
    summaries = [one for one in played() if one["policy"] != "clairvoyant"]
    ours = row(comparison(summaries, {}), "voltaire")
    assert ours["share"] is None
    assert ours["saving"] is not None


def test_policies_come_greenest_first_with_where_they_come_from() -> None:
    document = comparison(played(), {"forecast": "none"})
    assert document["policies"][0]["name"] == "clairvoyant"
    assert document["forecast"] == "none"
    assert document["weeks"] == WEEKS


def test_a_batterys_saving_is_after_wear_for_a_year() -> None:
    cases = [
        case(start=start, store=Store("paris", size, 4.0)) for size in (0.0, 50.0) for start in WEEKS[:2]
    ]
    summaries = [
        summary("voltaire", 0, 1000.0), summary("voltaire", 1, 2000.0),
        summary("voltaire", 0, 900.0, wearGrams=20.0, dischargedKWh={"b": 100.0}),
        summary("voltaire", 1, 1880.0, wearGrams=20.0, dischargedKWh={"b": 150.0}),
    ]  # fmt: skip
    nothing, fifty = sizing(cases, summaries, {})["rows"]
    year = 8760 / 168
    assert nothing["gramsSaved"]["mean"] == 0.0
    assert nothing["gramsSavedPerKWh"] is None
    assert fifty["gramsSaved"]["mean"] == pytest.approx((80 + 100) / 2 * year)
    assert fifty["gramsSavedPerKWh"]["mean"] == pytest.approx(90 * year / 50)
    assert fifty["cycles"]["mean"] == pytest.approx(2.5 * year)
    assert fifty["share"]["mean"] == pytest.approx((0.08 + 0.05) / 2)
