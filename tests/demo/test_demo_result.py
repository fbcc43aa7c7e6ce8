import json
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from tests.demo.builders import END, START, at, clusters, played, workload
from voltaire.api.values import Series
from voltaire.demo import day
from voltaire.demo.baseline import greenest_and_stay
from voltaire.demo.result import build, exit_code

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    """As a reader of the file gets it."""
    document: dict[str, Any] = json.loads(json.dumps(build(played())))
    return document


WORKLOAD = {
    "name", "namespace", "type", "kind", "accelerators", "powerKW", "homeCluster", "deadline", "residency",
    "disruption", "intervals", "placements", "migrations", "phase", "finishedAt", "deadlineMet", "energyKWh",
    "grams", "counterfactualGrams", "why",
}  # fmt: skip
BATTERY = {"name", "cluster", "capacityKWh", "chargeEfficiency", "dischargeEfficiency", "reserve", "series"}
POINT = {"time", "socKWh", "chargeKW", "dischargeKW", "solarKW", "storedGramsPerKWh"}
TOTALS = {"energyKWh", "grams", "counterfactualGrams", "savedFraction", "migrations", "missedDeadlines"}
TOP = {
    "version", "start", "end", "secondsPerHour", "carbonSource", "clusters", "intensity", "batteries",
    "workloads", "invariants", "totals",
}  # fmt: skip


def test_every_field_of_the_format_is_there(result: dict[str, Any]) -> None:
    assert result.keys() >= TOP
    assert result["version"] == 1
    for cluster in result["clusters"]:
        assert cluster.keys() >= {"name", "zone", "pue", "hostOverheadKW", "capacity", "jurisdictions"}
    for series in result["intensity"]:
        assert series.keys() >= {"zone", "start", "stepMinutes", "gramsPerKWh"}
    for battery in result["batteries"]:
        assert battery.keys() >= BATTERY
        assert all(point.keys() >= POINT for point in battery["series"])
    for one in result["workloads"]:
        assert one.keys() >= WORKLOAD
        for stay in one["intervals"]:
            assert stay.keys() >= {"cluster", "epoch", "start", "end", "podUIDs"}
        for placement in one["placements"]:
            assert placement.keys() >= {"cluster", "epoch", "start", "end", "energyKWh", "grams"}
    assert result["invariants"].keys() >= {"checked", "violations"}
    assert result["totals"].keys() >= TOTALS


def moments(document: Any, key: str = "") -> list[str]:
    """Every value whose key says that it is a time."""
    if isinstance(document, dict):
        return [found for name, value in document.items() for found in moments(value, name)]
    if isinstance(document, list):
        return [found for value in document for found in moments(value, key)]
    return (
        [document]
        if key in {"start", "end", "time", "deadline", "finishedAt", "arrival"} and document
        else []
    )


def test_times_are_rfc_3339_in_utc(result: dict[str, Any]) -> None:
    found = moments(result)
    assert len(found) > 100
    assert all(text.endswith("Z") and datetime.fromisoformat(text).tzinfo for text in found)


def occurred(result: dict[str, Any], zone: str, start: str, end: str) -> float:
    """Mean intensity over a span, from the file alone."""
    entry = next(one for one in result["intensity"] if one["zone"] == zone)
    step = timedelta(minutes=entry["stepMinutes"])
    series = Series(datetime.fromisoformat(entry["start"]), step, tuple(entry["gramsPerKWh"]))
    mean = series.mean(datetime.fromisoformat(start), datetime.fromisoformat(end))
    assert mean is not None
    return mean


def test_energy_and_grams_can_be_recomputed_where_there_is_no_battery(result: dict[str, Any]) -> None:
    places = {cluster["name"]: cluster for cluster in result["clusters"]}
    with_battery = {battery["cluster"] for battery in result["batteries"]}
    seen = 0
    for one in result["workloads"]:
        for stay in one["placements"]:
            if stay["cluster"] in with_battery:
                continue
            place = places[stay["cluster"]]
            span = datetime.fromisoformat(stay["end"]) - datetime.fromisoformat(stay["start"])
            energy = one["powerKW"] * place["pue"] * (span / HOUR)
            assert stay["energyKWh"] - stay["transferKWh"] == pytest.approx(energy, rel=1e-4)
            grams = energy * occurred(result, place["zone"], stay["start"], stay["end"])
            assert stay["grams"] - stay["transferGrams"] == pytest.approx(grams, rel=1e-4)
            seen += 1
        assert one["energyKWh"] == pytest.approx(sum(p["energyKWh"] for p in one["placements"]))
        assert one["grams"] == pytest.approx(sum(p["grams"] for p in one["placements"]))
    assert seen == 4


def test_totals_are_the_sums(result: dict[str, Any]) -> None:
    totals = result["totals"]
    assert totals["grams"] == pytest.approx(sum(one["grams"] for one in result["workloads"]))
    assert totals["savedFraction"] == pytest.approx(0.5)
    assert (totals["migrations"], totals["missedDeadlines"]) == (1, 0)


def test_a_batterys_series_obeys_its_physics(result: dict[str, Any]) -> None:
    (battery,) = result["batteries"]
    points = battery["series"]
    for before, after in pairwise(points):
        hours = (datetime.fromisoformat(after["time"]) - datetime.fromisoformat(before["time"])) / HOUR
        expected = before["socKWh"] + before["chargeKW"] * hours * battery["chargeEfficiency"]
        expected -= before["dischargeKW"] * hours / battery["dischargeEfficiency"]
        assert after["socKWh"] == pytest.approx(expected, abs=1e-4)
        supply = before["gridKW"] + before["solarUsedKW"] + before["dischargeKW"]
        assert before["loadKW"] + before["chargeKW"] == pytest.approx(supply, abs=1e-4)
    assert min(p["socKWh"] for p in points) >= battery["reserve"] * battery["capacityKWh"] - 1e-6


def test_intensity_covers_exactly_the_day() -> None:
    document = build(played())
    for entry in document["intensity"]:
        assert entry["start"] == "2025-03-20T00:00:00Z"
        assert len(entry["gramsPerKWh"]) == 48


def test_what_is_unknown_is_null() -> None:
    run = played()
    statuses = {
        uid: status.model_copy(update={"grams": None, "counterfactual_grams": None})
        for uid, status in run.evidence.statuses.items()
    }
    document = build(replace(run, evidence=replace(run.evidence, statuses=statuses)))
    assert document["workloads"][0]["grams"] is None
    assert document["totals"]["grams"] is None
    assert document["totals"]["savedFraction"] is None


def test_a_missed_feasible_deadline_and_a_violation_fail_the_demo(result: dict[str, Any]) -> None:
    assert exit_code(result) == 0
    assert exit_code({**result, "totals": {**result["totals"], "missedDeadlines": 1}}) == 1
    violation = {"name": "X", "workload": "w", "time": "2025-03-20T00:00:00Z", "detail": ""}
    assert exit_code({**result, "invariants": {"checked": ["X"], "violations": [violation]}}) == 1


def test_unfinished_work_past_its_deadline_missed_it() -> None:
    run = played()
    open_ended = {"phase": "Running", "finished_at": None, "deadline_met": None}
    statuses = {
        uid: status.model_copy(update=open_ended if uid == "train-llm" else {})
        for uid, status in run.evidence.statuses.items()
    }
    document = build(replace(run, evidence=replace(run.evidence, statuses=statuses)))
    train = next(one for one in document["workloads"] if one["name"] == "train-llm")
    assert train["deadlineMet"] is False
    assert document["totals"]["missedDeadlines"] == 1


def greenest(**changes: Any) -> Any:
    intensity = {zone: day.series(zone, START, END) for zone in day.ZONES}
    return greenest_and_stay([workload("w", **changes)], clusters(), intensity, START, END)


def test_the_greenest_region_is_where_the_mean_is_lowest() -> None:
    found = greenest()
    mean = day.series("FR", START, END).mean(START, at(10))
    assert found.cluster == "paris"
    assert found.total == pytest.approx(4.0 * 1.2 * 10 * (mean or 0))


def test_residency_keeps_the_baseline_legal() -> None:
    mean = day.series("US-CAL-CISO", START, END).mean(START, at(10))
    assert greenest(residency=("US-CA",)).total == pytest.approx(4.0 * 1.15 * 10 * (mean or 0))


def test_a_baseline_that_is_not_known_is_unknown() -> None:
    assert greenest(power_kw=None).total is None
    assert greenest(duration=None).total is None
    assert greenest(duration=timedelta(hours=30)).total is None
