"""Open Electricity: emissions over energy, storage left out, delays, regions and units."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import NOW, StandingClock
from tests.signals.carbon import documents as d
from tests.signals.carbon.fuzz import documents, mutations, only_data_errors
from tests.signals.carbon.harness import KEY, REF, STACKS, Api, deps, poll, refused, watch
from voltaire.signals.carbon.open_electricity import read_network
from voltaire.signals.errors import DataError
from voltaire.signals.numbers import parse_json

SYDNEY = {"openElectricity": {"apiKeyRef": REF, "network": "NEM", "region": "NSW1"}}
Mutation = Callable[[dict[str, Any]], object]
Values = dict[str, list[object]]


def api(document: object) -> Api:
    return Api({"/NEM": document})


async def value(energy: Values, emissions: Values) -> float | None:
    return (await poll(SYDNEY, STACKS, api(d.open_electricity(energy, emissions)))).grams_per_kwh


async def test_the_intensity_is_emissions_over_energy() -> None:
    signal = await poll(SYDNEY, STACKS, api(d.open_electricity()))
    assert signal.grams_per_kwh == pytest.approx(450)
    assert signal.observed_at == NOW - d.FIVE
    assert signal.history is not None
    assert signal.history.start == NOW - 2 * d.FIVE


async def test_a_stamp_names_the_end_of_its_step() -> None:
    document = d.open_electricity()
    stamps = [point[0] for point in document["data"][0]["results"][0]["data"]]
    samples = read_network(document, "NEM", "NSW1")
    assert stamps == ["2026-03-14T15:25:00+10:00", "2026-03-14T15:30:00+10:00"]
    assert [(sample.start, sample.end) for sample in samples] == [
        (NOW - 2 * d.FIVE, NOW - d.FIVE),
        (NOW - d.FIVE, NOW),
    ]


async def test_technologies_may_be_in_capitals() -> None:
    energy: Values = {"COAL_BLACK": [50, 50], "SOLAR_UTILITY": [50, 50], "BATTERY_CHARGING": [80, 80]}
    assert await value(energy, {"COAL_BLACK": [45, 45], "BATTERY_CHARGING": [9, 9]}) == pytest.approx(450)


async def test_the_request_is_in_the_networks_time_and_the_key_in_a_header() -> None:
    clock, asked = StandingClock(), api(d.open_electricity())
    watcher = watch(SYDNEY, STACKS, deps(asked, clock))
    await watcher.poll()
    request = asked.requests[0]
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.url.params.get_list("metrics") == ["energy", "emissions"]
    assert request.url.params["network_region"] == "NSW1"
    assert request.url.params["date_start"] == "2026-03-13T15:30:00"
    assert request.url.params["date_end"] == "2026-03-14T15:35:00"
    assert KEY not in str(request.url)
    clock.time += timedelta(minutes=5)
    await watcher.poll()
    assert asked.requests[1].url.params["date_start"] == "2026-03-14T12:35:00"


async def test_a_whole_network_is_not_filtered() -> None:
    asked = api(d.open_electricity())
    whole = {"openElectricity": {"apiKeyRef": REF, "network": "NEM"}}
    assert (await poll(whole, STACKS, asked)).grams_per_kwh == pytest.approx(450)
    assert "network_region" not in asked.requests[0].url.params
    assert asked.requests[0].url.params["primary_grouping"] == "network"


@pytest.mark.parametrize("technology", ["battery_charging", "battery_discharging", "pumps", "imports"])
async def test_storage_and_flows_are_left_out_on_both_sides(technology: str) -> None:
    energy: Values = {"coal_black": [50, 50], "solar_utility": [50, 50], technology: [80, 80]}
    assert await value(energy, {"coal_black": [45, 45], technology: [70, 70]}) == pytest.approx(450)


async def test_a_technology_that_is_late_leaves_the_step_before() -> None:
    energy: Values = {"coal_black": [50, None], "solar_utility": [50, 50]}
    signal = await poll(SYDNEY, STACKS, api(d.open_electricity(energy, {"coal_black": [45, 45]})))
    assert (signal.grams_per_kwh, signal.observed_at) == (pytest.approx(450), NOW - 2 * d.FIVE)


async def test_emissions_that_are_late_leave_the_step_before() -> None:
    energy: Values = {"coal_black": [50, 50], "solar_utility": [50, 50]}
    signal = await poll(SYDNEY, STACKS, api(d.open_electricity(energy, {"coal_black": [45, None]})))
    assert (signal.grams_per_kwh, signal.observed_at) == (pytest.approx(450), NOW - 2 * d.FIVE)


@pytest.mark.parametrize("emissions", [{"solar_utility": [0, 0]}, {"coal_black": [None, None]}])
async def test_coal_without_emissions_is_not_clean(emissions: Values) -> None:
    energy: Values = {"coal_black": [50, 50], "solar_utility": [50, 50]}
    assert await value(energy, emissions) is None


async def test_zeros_that_are_late_do_not_matter() -> None:
    energy: Values = {"coal_black": [50, 50], "solar_utility": [50, 50]}
    assert await value(energy, {"coal_black": [45, 45], "solar_utility": [0, None]}) == pytest.approx(450)


async def test_units_are_converted() -> None:
    document = d.open_electricity()
    document["data"][0]["unit"] = "GWh"
    document["data"][1]["unit"] = "kt"
    assert (await poll(SYDNEY, STACKS, api(document))).grams_per_kwh == pytest.approx(450)


async def test_the_older_name_of_the_region_is_read() -> None:
    document = d.open_electricity()
    for block in document["data"]:
        for result in block["results"]:
            result["columns"]["network_region"] = result["columns"].pop("region")
    assert (await poll(SYDNEY, STACKS, api(document))).fresh


async def test_zero_emissions_are_a_value() -> None:
    assert await value({"wind": [40, 40]}, {"wind": [0, 0]}) == 0


def block(index: int, **fields: object) -> Mutation:
    return lambda document: document["data"][index].update(fields)


def result(**fields: object) -> Mutation:
    return lambda document: document["data"][0]["results"][0].update(fields)


def points(index: int, *values: object) -> Mutation:
    def put(document: dict[str, Any]) -> None:
        for point, new in zip(document["data"][index]["results"][0]["data"], values, strict=True):
            point[1] = new

    return put


@pytest.mark.parametrize(
    ("mutate", "named"),
    [
        (lambda document: document.update(success=False, error="no plan"), "no plan"),
        (lambda document: document.pop("data"), "is not a list"),
        (lambda document: document.update(data=[]), "not both there"),
        (lambda document: document["data"].pop(), "not both there"),
        (block(0, network_code="WEM"), "answered for 'WEM'"),
        (block(0, unit="MW"), "the unit 'MW' is not known"),
        (block(1, unit=None), "the unit None is not known"),
        (block(0, interval="1h"), "answered with '1h'"),
        (block(0, results=None), "is not a list"),
        (block(0, results=[]), "no value"),
        (block(0, metric="power"), "not both there"),
        (result(columns={"region": "VIC1", "fueltech": "coal_black"}), "answered for 'VIC1'"),
        (result(columns={"region": "NSW1"}), "is not a text"),
        (result(columns=None), "is not an object"),
        (result(columns={"region": "NSW1", "fueltech": "solar_utility"}), "is there twice"),
        (result(data=[["2026-03-14T15:20:00+10:00"]]), "is not a time and a value"),
        (result(data=[["2026-03-14T15:20:00", 50]]), "no time zone"),
        (result(data=[[1773466200, 50]]), "is not a text"),
        (points(0, "much", 1), "is not a number"),
        (points(0, None, None), "no value"),
        (points(0, float("nan"), 1e12), "no value"),
        (points(1, 4.5e7, 4.5e7), "no value"),
        (points(1, 45_000, 45_000), "absurd"),
        (points(1, -45, -45), "negative"),
        (points(1, 160, 160), "outside the plausible range"),
    ],
)
async def test_a_corrupted_value_never_comes_through(mutate: Mutation, named: str) -> None:
    document = copy.deepcopy(d.open_electricity())
    mutate(document)
    refused(await poll(SYDNEY, STACKS, api(document)), named)


FIELDS = ["data", "network_code", "metric", "unit", "interval", "results", "columns", "region", "fueltech"]


@given(documents(FIELDS) | mutations(d.open_electricity()))
def test_fuzzed_documents_raise_only_data_errors(content: object) -> None:
    only_data_errors(lambda: read_network(content, "NEM", "NSW1"))


@given(st.binary(max_size=200))
def test_fuzzed_bytes_raise_only_data_errors(body: bytes) -> None:
    with pytest.raises(DataError):
        read_network(parse_json(body, "o"), "NEM", None)
