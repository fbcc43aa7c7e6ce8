"""The EIA: hours by their end, values in texts, storage, keys in the query, suspensions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import HERE, HOUR, json_page
from tests.signals.carbon import documents as d
from tests.signals.carbon.fuzz import documents, mutations, only_data_errors
from tests.signals.carbon.harness import KEY, PRODUCTION, REF, STACKS, Api, poll, refused
from voltaire.signals.carbon.eia import FUELS, read_generation
from voltaire.signals.carbon.factors import LIFECYCLE
from voltaire.signals.carbon.mix import Recipe, mix_samples
from voltaire.signals.errors import DataError
from voltaire.signals.numbers import parse_json

CALIFORNIA = {"eia": {"apiKeyRef": REF, "respondent": "CISO"}}
HOUR_OF_FUELS = {"NG": "300", "NUC": "700"}
Mutation = Callable[[dict[str, Any]], object]


def api(document: object) -> Api:
    return Api({"/data/": document})


async def test_the_period_is_the_end_of_its_hour() -> None:
    signal = await poll(CALIFORNIA, PRODUCTION, api(d.eia()))
    assert signal.grams_per_kwh == pytest.approx(155.4)
    assert signal.observed_at == HERE - HOUR
    assert signal.history is not None
    assert signal.history.start == HERE - 2 * HOUR


async def test_the_boundary_chooses_the_factors() -> None:
    assert (await poll(CALIFORNIA, STACKS, api(d.eia()))).grams_per_kwh == pytest.approx(111)


async def test_the_request_asks_for_values_of_one_respondent() -> None:
    asked = api(d.eia())
    await poll(CALIFORNIA, PRODUCTION, asked)
    url = asked.requests[0].url
    assert url.path == "/v2/electricity/rto/fuel-type-data/data/"
    assert url.params["data[]"] == "value"
    assert url.params["facets[respondent][]"] == "CISO"
    assert (url.params["frequency"], url.params["start"]) == ("hourly", "2026-03-12T05")
    assert url.params["api_key"] == KEY


@pytest.mark.parametrize("stored", ["-5000", "5000"])
async def test_storage_is_left_out(stored: str) -> None:
    hour = {**HOUR_OF_FUELS, "BAT": stored, "PS": stored, "UES": stored, "WAT": "-3"}
    assert (await poll(CALIFORNIA, PRODUCTION, api(d.fuel_rows([hour])))).grams_per_kwh == pytest.approx(
        155.4
    )


async def test_a_code_that_is_new_is_unknown_and_never_zero() -> None:
    signal = await poll(CALIFORNIA, PRODUCTION, api(d.fuel_rows([{"NUC": "900", "H2X": "100"}])))
    assert signal.grams_per_kwh == pytest.approx(0.9 * 12 + 0.1 * 700)
    assert signal.sources[0].message == "10.0% of the generation is of unknown kind (H2X)"


async def test_a_null_is_a_gap_and_the_hour_before_counts() -> None:
    late = d.fuel_rows([{"NG": None, "NUC": "700"}, HOUR_OF_FUELS])
    signal = await poll(CALIFORNIA, PRODUCTION, api(late))
    assert signal.observed_at == HERE - 2 * HOUR
    assert signal.grams_per_kwh == pytest.approx(155.4)


async def test_numbers_that_are_no_texts_are_read_too() -> None:
    assert (await poll(CALIFORNIA, PRODUCTION, api(d.fuel_rows([{"NG": 1}])))).grams_per_kwh == 490


async def test_a_key_that_is_missing_or_wrong_is_told_from_a_suspension() -> None:
    body = {"error": {"code": "API_KEY_MISSING", "message": "An API key was not provided"}}
    assert (await poll(CALIFORNIA, PRODUCTION, api(json_page(body, 403)))).reason == "Unauthorized"
    signal = await poll(CALIFORNIA, PRODUCTION, api(httpx.Response(403, text="<html>blocked</html>")))
    refused(signal, "suspended")
    assert signal.reason == "RateLimited"


def row(**fields: object) -> Mutation:
    return lambda document: document["response"]["data"][0].update(fields)


def response(**fields: object) -> Mutation:
    return lambda document: document["response"].update(fields)


@pytest.mark.parametrize(
    ("mutate", "named"),
    [
        (lambda document: document.pop("response"), "is not an object"),
        (response(data=None), "is not a list"),
        (response(data=[]), "has no rows for respondent CISO"),
        (response(data=[7, 8]), "is not an object"),
        (response(total="5001"), "the answer is cut off"),
        (response(total="many"), "total"),
        (row(respondent="ERCO"), "answered for 'ERCO'"),
        (row(respondent=None), "answered for None"),
        (row(**{"value-units": "megawatts"}), "is not megawatthours"),
        (row(**{"value-units": None}), "is not megawatthours"),
        (row(fueltype=""), "is not a fuel code"),
        (row(fueltype=5), "is not a text"),
        (row(fueltype="NUC"), "NUC is there twice"),
        (row(period="2026-03-14"), "is not an hour"),
        (row(period="2026-03-14T05-08"), "is not an hour"),
        (row(period="2026-02-30T05"), "is not a time that exists"),
        (row(period=1773464400), "is not a text"),
        (row(value="lots"), "is not a number"),
        (row(value=None), "no value"),
        (row(value="nan"), "no value"),
        (row(value="1e12"), "no value"),
        (row(value=[1]), "is not a number"),
        (lambda document: document["response"]["data"][0].pop("value"), "rows have no value"),
        (lambda document: [entry.update(value="0") for entry in document["response"]["data"]], "no value"),
    ],
)
async def test_a_corrupted_value_never_comes_through(mutate: Mutation, named: str) -> None:
    document = copy.deepcopy(d.fuel_rows([HOUR_OF_FUELS]))
    mutate(document)
    refused(await poll(CALIFORNIA, PRODUCTION, api(document)), named)


def samples(content: object) -> Any:
    return mix_samples(read_generation(content, "CISO"), HOUR, Recipe(FUELS, LIFECYCLE, 1.0))[0]


FIELDS = ["response", "data", "period", "respondent", "fueltype", "value", "value-units", "total"]


@given(documents(FIELDS) | mutations(d.eia()))
def test_fuzzed_documents_raise_only_data_errors(content: object) -> None:
    only_data_errors(lambda: samples(content))


@given(st.binary(max_size=200))
def test_fuzzed_bytes_raise_only_data_errors(body: bytes) -> None:
    with pytest.raises(DataError):
        read_generation(parse_json(body, "e"), "CISO")
