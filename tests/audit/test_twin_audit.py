import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.audit import made
from tests.audit.tamper import altered, containers, leaves, other, without_last, written
from voltaire.audit import Traces, audit, read_traces

Json = dict[str, Any]


@pytest.fixture(scope="module")
def result() -> Json:
    document: Json = json.loads(json.dumps(made.document()))
    return document


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Traces:
    return made.traces(tmp_path_factory.mktemp("traces"))


def names(document: Json, traces: Traces | None = None) -> set[str]:
    return {finding.name for finding in audit(document, traces or Traces()).findings}


def test_a_valid_result_agrees(result: Json, traces: Traces) -> None:
    ledger = audit(result, traces)
    assert ledger.findings == []
    assert ledger.checked > 2000


# What no reader can recompute from events and traces: labels, how long planning took, the gaps of plans, and
# what more sun there was at noon than anybody could use.
UNCHECKABLE = {
    "batteries[*].solarKWh[*]",
    "voltaireVersion",
    "seed",
    "policies.carbon-agnostic.summary.planSecondsP50",
    "policies.carbon-agnostic.summary.planSecondsP95",
    "policies.carbon-agnostic.summary.gapP95",
}


def test_every_altered_leaf_is_caught_but_labels_and_timings(result: Json, traces: Traces) -> None:
    missed = set()
    for path, _ in leaves(result):
        if written(path).startswith("policies.clairvoyant.summary."):
            continue  # the same fields as those of the other policy
        if not audit(altered(result, path, other), traces).findings:
            missed.add(written(path))
    assert missed == UNCHECKABLE


def test_every_list_that_lacks_its_last_entry_is_caught(result: Json, traces: Traces) -> None:
    missed = {
        written(path)
        for path, _ in containers(result)
        if path and not audit(altered(result, path, without_last), traces).findings
    }
    # A result without one of its policies is a valid one, and lostH, the last of a timeline, is optional.
    assert missed == {"policies", *(f"policies.{name}.timelines[*]" for name in result["policies"])}


def test_every_missing_field_is_named(result: Json) -> None:
    for path, value in containers(result):
        if isinstance(value, dict) and path[-1:] not in (("policies",), ("capacity",)):
            for key in value:
                if key in ("solarGramsPerKWh", "lostH"):
                    continue
                broken = altered({"it": result}, ("it", *path), lambda it, k=key: _without(it, k))["it"]
                if path == () and key == "policies":
                    continue
                found = audit(broken, Traces()).findings
                assert "MissingField" in {finding.name for finding in found}, (path, key)


def _without(value: Json, key: str) -> Json:
    return {name: one for name, one in value.items() if name != key}


def timeline(result: Json, job: str) -> tuple[str | int, ...]:
    """The path to a job's runs under the second policy."""
    rows = result["policies"]["clairvoyant"]["timelines"]
    return ("policies", "clairvoyant", "timelines", [row["id"] for row in rows].index(job), "runs")


@pytest.mark.parametrize(
    ("job", "runs", "expected"),
    [
        ("a", [[0.0, 3.5, "south", "Run"], [3.0, 3.5, "north", "Transfer"]], "TwoAtOnce"),
        ("c", [[2.0, 5.0, "north", "Run"]], "BeforeArrival"),
        ("b", [[1.0, 5.0, "north", "Run"]], "Residency"),
        ("d", [[3.0, 4.0, "north", "Run"], [4.25, 4.5, "north", "Restart"], [4.5, 5.5, "north", "Run"]],
         "NotInOnePiece"),
        ("d", [[3.0, 4.5, "north", "Run"]], "HoursOfWork"),
        ("d", [[3.0, 5.0, "nowhere", "Run"]], "UnknownCluster"),
        ("d", [[23.0, 25.0, "north", "Run"]], "AfterTheEnd"),
        ("d", [[5.0, 3.0, "north", "Run"]], "Backwards"),
        ("a", [[0.0, 2.5, "south", "Run"], [2.5, 2.75, "north", "Transfer"], [5.25, 5.5, "north", "Restart"],
               [5.5, 9.0, "north", "Run"]], "TransferTime"),
        ("a", [[0.0, 2.5, "south", "Run"], [2.5, 3.0, "north", "Transfer"], [5.5, 9.0, "north", "Run"]],
         "RestartTime"),
        ("d", [], "DoneAt"),
    ],
)  # fmt: skip
def test_a_timeline_that_breaks_a_rule(result: Json, job: str, runs: list[Any], expected: str) -> None:
    assert expected in names(altered(result, timeline(result, job), lambda _: runs))


@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        (("clusters", 0, "capacity", "a100"), lambda _: 7, "Capacity"),
        (("clusters", 1, "powerLimitKW"), lambda _: 3.0, "PowerLimit"),
        (("batteries", 0, "reserve"), lambda _: 0.9, "Reserve"),
        (("batteries", 0, "capacityKWh"), lambda _: 8.0, "BatteryLimits"),
        (("batteries", 0, "maxDischargeKW"), lambda _: 0.4, "BatteryLimits"),
        (("batteries", 0, "maxChargeKW"), lambda _: 1.9, "BatteryLimits"),
        (("batteries", 0, "chargeEfficiency"), lambda _: 0.96, "StateOfCharge"),
        (("batteries", 0, "initialGramsPerKWh"), lambda _: 201.0, "StoredIntensity"),
        (("policies", "clairvoyant", "summary", "grams"), lambda it: it + 1, "TotalGrams"),
        (("policies", "clairvoyant", "summary", "lowerBoundGrams"), lambda _: 9e9, "LowerBound"),
        (("policies", "clairvoyant", "clusters", 0, "gridKWh", 3), lambda _: float("nan"), "WrongKind"),
        (("policies", "clairvoyant", "clusters", 0, "itKWh", 3), lambda _: True, "WrongKind"),
        (("version",), lambda _: 2, "WrongKind"),
        (("jobs", 0, "id"), lambda _: "b", "Twice"),
    ],
)
def test_a_broken_fact_has_its_name(
    result: Json, path: tuple[str | int, ...], change: Callable[[Any], Any], expected: str
) -> None:
    assert expected in names(altered(result, path, change))


def test_a_bound_above_what_was_emitted_is_caught_though_all_policies_state_it(result: Json) -> None:
    for name in result["policies"]:
        path = ("policies", name, "summary", "lowerBoundGrams")
        result = altered(result, path, lambda _: 1e6)
    assert names(result) == {"LowerBound"}


def test_unknown_fields_are_welcome(result: Json) -> None:
    assert names({**result, "more": {"than": ["asked"]}}) == set()


def test_a_trace_that_is_another_disagrees(result: Json, tmp_path: Path) -> None:
    made.traces(tmp_path)
    carbon = tmp_path / "carbon.csv"
    carbon.write_text(carbon.read_text().replace("60.0", "61.0"))
    found = audit(result, read_traces(carbon, None, [])).findings
    assert {finding.name for finding in found} == {"Intensity"}
    assert found[0].path == "clusters[0].gramsPerKWh[0]"
    assert (found[0].stated, found[0].recomputed) == (60.0, 61.0)
