"""The Carbon Aware SDK's WebApi: what occurred, forecasts, and the two spellings of the best moment."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import HERE, HOUR, NOW, json_page
from tests.signals.carbon import documents as d
from tests.signals.carbon.cases import CASES
from tests.signals.carbon.fuzz import documents, mutations, only_data_errors
from tests.signals.carbon.harness import AVERAGE, DIRECT, MARGINAL, STACKS, Api, poll, refused
from voltaire.signals.carbon.carbon_aware_sdk import read_emissions, read_forecast
from voltaire.signals.carbon.sdk_points import moment
from voltaire.signals.errors import Malformed
from voltaire.signals.numbers import parse_json

SOURCE = CASES["carbonAwareSdk"].source
Mutation = Callable[[dict[str, Any]], object]


def api(observed: object, forecast: object = None) -> Api:
    answers = {"/bylocation": observed}
    return Api(answers if forecast is None else {**answers, "/current": forecast})


def behind(who: str) -> dict[str, Any]:
    return {"carbonAwareSdk": {**SOURCE["carbonAwareSdk"], "behind": who}}


async def test_what_occurred_and_the_forecast_become_one_answer() -> None:
    signal = await poll(SOURCE, MARGINAL, api(d.sdk_emissions([500, 510]), d.sdk_forecast([520, 530])))
    assert (signal.grams_per_kwh, signal.observed_at) == (520, NOW)
    assert signal.history is not None
    assert signal.history.values == (510, 500, 520)
    assert signal.forecast is not None
    assert signal.forecast.values[:2] == (520, 530)


async def test_requests_name_the_location() -> None:
    asked = api(d.sdk_emissions([500]))
    await poll(SOURCE, MARGINAL, asked)
    first, second = asked.requests
    assert (first.url.path, second.url.path) == ("/emissions/bylocation", "/emissions/forecasts/current")
    assert dict(first.url.params) == {
        "location": "northeurope",
        "time": "2026-03-13T05:30Z",
        "toTime": "2026-03-14T05:30Z",
    }


@pytest.mark.parametrize("status", [400, 404, 500, 501])
async def test_a_provider_without_a_forecast_still_has_a_value(status: int) -> None:
    problem = json_page({"title": "NotImplementedException", "status": status}, status)
    signal = await poll(SOURCE, MARGINAL, api(d.sdk_emissions([500]), problem))
    assert signal.grams_per_kwh == 500
    assert "no forecast" in signal.sources[0].message


@pytest.mark.parametrize(
    ("who", "basis"),
    [("WattTime", MARGINAL), ("ElectricityMaps", AVERAGE), ("Other", AVERAGE), ("Other", STACKS)],
)
async def test_who_is_behind_it_is_the_basis(who: str, basis: dict[str, str]) -> None:
    assert (await poll(behind(who), basis, api(d.sdk_emissions([500])))).grams_per_kwh == 500


@pytest.mark.parametrize(("who", "basis"), [("WattTime", AVERAGE), ("ElectricityMaps", DIRECT)])
async def test_another_basis_is_refused(who: str, basis: dict[str, str]) -> None:
    refused(await poll(behind(who), basis, api(d.sdk_emissions([500]))), "change spec.basis")


async def test_irregular_times_of_hourly_values_hold_for_an_hour() -> None:
    listed = [
        {"location": "FR", "time": f"{time:%Y-%m-%dT%H:%M}:27.926+00:00", "rating": rating}
        for time, rating in [(HERE - HOUR + 48 * d.FIVE / 5, 60), (HERE + 2 * d.FIVE, 70)]
    ]
    signal = await poll(behind("ElectricityMaps"), AVERAGE, api(listed))
    assert (signal.grams_per_kwh, signal.observed_at) == (70, HERE + 2 * d.FIVE)


@pytest.mark.parametrize("best", [{"optimalDataPoint": {"value": 1}}, {"optimalDataPoint": None}, {}])
async def test_the_best_moment_may_be_an_object_a_list_or_missing(best: dict[str, Any]) -> None:
    forecast = d.sdk_forecast([520, 530])
    del forecast[0]["optimalDataPoints"]
    forecast[0] |= best
    assert (await poll(SOURCE, MARGINAL, api(d.sdk_emissions([500]), forecast))).grams_per_kwh == 520


@pytest.mark.parametrize(
    ("forecast", "named"),
    [
        (d.sdk_forecast([520], location="westus"), "has no location northeurope"),
        ([], "has no location northeurope"),
        ({}, "is not a list"),
        ([{**d.sdk_forecast([520])[0], "forecastData": None}], "is not a list"),
        (
            [{**d.sdk_forecast([1])[0], "forecastData": d.sdk_points([1]) + d.sdk_points([2], location="X")}],
            "values of 'IE' and 'X'",
        ),
    ],
)
async def test_a_forecast_that_is_none_is_told_and_the_value_kept(forecast: object, named: str) -> None:
    signal = await poll(SOURCE, MARGINAL, api(d.sdk_emissions([500]), forecast))
    assert signal.grams_per_kwh == 500
    assert named in signal.sources[0].message


def entry(**fields: object) -> Mutation:
    return lambda point: point.update(fields)


@pytest.mark.parametrize(
    ("mutate", "named"),
    [
        (entry(rating=-1), "negative"),
        (entry(rating=None), "no value"),
        (entry(rating="500"), "is not a number"),
        (entry(rating=True), "is not a number"),
        (entry(rating=float("nan")), "not a finite number"),
        (entry(rating=float("-inf")), "not a finite number"),
        (entry(rating=10**400), "too large"),
        (entry(rating=500_000), "absurd"),
        (entry(rating=1_999), "outside the plausible range"),
        (entry(time=None), "is not a text"),
        (entry(time=1773466200), "is not a text"),
        (entry(time="2026-03-14T05:25:00"), "is not a time with an offset"),
        (entry(time="0001-01-01T00:00:00+00:00"), "is not a year"),
        (entry(time="2026-03-14T01:25:00+00:00"), "more than 2:00:00 ago"),
        (entry(time="2026-03-14T05:25:61+00:00x"), "is not a time with an offset"),
        (entry(location=None), "values of"),
        (lambda point: point.pop("rating"), "has no rating"),
        (lambda point: point.pop("time"), "is not a text"),
    ],
)
async def test_a_corrupted_value_never_comes_through(mutate: Mutation, named: str) -> None:
    listed = copy.deepcopy(d.sdk_emissions([500]))
    mutate(listed[0])
    refused(await poll(SOURCE, MARGINAL, api(listed)), named)


async def test_values_of_two_places_are_refused() -> None:
    listed = d.sdk_emissions([500, 510])
    listed[1]["location"] = "GB"
    signal = await poll(SOURCE, MARGINAL, api(listed))
    refused(signal, "values of 'IE' and 'GB' in one answer")
    assert signal.reason == "WrongZone"


async def test_no_entries_are_no_data() -> None:
    assert (await poll(SOURCE, MARGINAL, api([]))).reason == "NoData"


@pytest.mark.parametrize(
    "text",
    ["2026-03-14T05:33:27.9261234+00:00", "2026-03-14T05:30Z", "2026-03-14T07:34:59+02:00"],
)
def test_times_as_dotnet_writes_them_fall_on_the_grid(text: str) -> None:
    assert moment(text, "x") == NOW


@pytest.mark.parametrize("text", ["", "2026-03-14", "2026-03-14T05:30", "2026-13-14T05:30Z", 5, None])
def test_other_times_are_refused(text: object) -> None:
    with pytest.raises(Malformed):
        moment(text, "x")


FIELDS = ["location", "time", "rating", "forecastData", "timestamp", "duration", "value"]


@given(documents(FIELDS) | mutations(d.sdk_emissions([500, 510])))
def test_fuzzed_emissions_raise_only_data_errors(content: object) -> None:
    only_data_errors(lambda: read_emissions(content))


@given(documents(FIELDS) | mutations(d.sdk_forecast([500, 510])))
def test_fuzzed_forecasts_raise_only_data_errors(content: object) -> None:
    only_data_errors(lambda: read_forecast(content, "northeurope"))


@given(st.binary(max_size=200))
def test_fuzzed_bytes_raise_only_data_errors(body: bytes) -> None:
    only_data_errors(lambda: read_emissions(parse_json(body, "s")))
