"""The Carbon Intensity API of Great Britain: its envelopes, estimates and regions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import NOW, json_page
from tests.signals.carbon import documents as d
from tests.signals.carbon.fuzz import documents, mutations, only_data_errors
from tests.signals.carbon.harness import DIRECT, Api, poll, refused
from voltaire.api.carbon_sources import NesoSource
from voltaire.signals.carbon.neso import read_intensity
from voltaire.signals.errors import DataError
from voltaire.signals.numbers import parse_json

NATION = {"neso": {}}
LONDON = {"neso": {"regionId": 13}}
READING = {"neso": {"postcode": "RG41"}}
Mutation = Callable[[dict[str, Any]], object]


async def test_what_occurred_wins_and_the_rest_is_an_estimate_or_the_forecast() -> None:
    signal = await poll(NATION, DIRECT, Api({"Z": d.national()}))
    assert (signal.grams_per_kwh, signal.observed_at) == (130, NOW)
    assert "an estimate" in signal.message
    assert signal.history is not None
    assert signal.history.values == (118, 0, 130)
    assert signal.forecast is not None
    assert signal.forecast.values[:2] == (130, 140)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        (NATION, "/intensity/2026-03-13T05:30Z/2026-03-16T05:30Z"),
        (LONDON, "/regional/intensity/2026-03-13T05:30Z/2026-03-16T05:30Z/regionid/13"),
        (READING, "/regional/intensity/2026-03-13T05:30Z/2026-03-16T05:30Z/postcode/RG41"),
    ],
)
async def test_one_request_asks_for_yesterday_and_two_days(source: dict[str, Any], path: str) -> None:
    api = Api({})
    await poll(source, DIRECT, api)
    assert [request.url.path for request in api.requests] == [path]


def regions() -> dict[str, Any]:
    """All regions of one half hour."""
    return {
        "data": [
            {
                "from": d.iso(NOW, ""),
                "to": d.iso(NOW + d.HALF, ""),
                "regions": [
                    {"regionid": number, "intensity": {"forecast": 10 * number, "index": "low"}}
                    for number in (1, 13, 17)
                ],
            }
        ]
    }


def one_in_a_list() -> dict[str, Any]:
    """One region now."""
    return {"data": [d.regional()["data"]]}


@pytest.mark.parametrize(("document", "value"), [(regions(), 130), (one_in_a_list(), 90), (d.regional(), 90)])
async def test_the_three_envelopes_are_read(document: dict[str, Any], value: float) -> None:
    signal = await poll(LONDON, DIRECT, Api({"13": document}))
    assert signal.grams_per_kwh == value


async def test_a_postcode_is_checked() -> None:
    right = d.regional(12, postcode="RG41")
    assert (await poll(READING, DIRECT, Api({"RG41": right}))).grams_per_kwh == 90
    refused(await poll(READING, DIRECT, Api({"RG41": d.regional(12, postcode="BS7")})), "answered for 'BS7'")


@pytest.mark.parametrize(
    ("source", "document", "named"),
    [
        (LONDON, d.regional(14), "asked for 13, answered for 14"),
        (LONDON, d.national(), "answered for the nation"),
        (NATION, d.regional(), "asked for the nation"),
        (NATION, regions(), "has no region"),
        (READING, regions(), "has no region RG41"),
    ],
)
async def test_another_zone_is_refused(source: dict[str, Any], document: object, named: str) -> None:
    signal = await poll(source, DIRECT, Api({"Z": document, "13": document, "RG41": document}))
    refused(signal, named)
    assert signal.reason == "WrongZone"


def intensity(**fields: object) -> Mutation:
    return lambda entry: entry["intensity"].update(fields)


@pytest.mark.parametrize(
    ("mutate", "named"),
    [
        (intensity(forecast=None), "no value"),
        (intensity(forecast="130"), "is not a number"),
        (intensity(forecast=True), "is not a number"),
        (intensity(forecast=-1), "negative"),
        (intensity(forecast=float("inf")), "not a finite number"),
        (intensity(forecast=130_000), "absurd"),
        (intensity(actual=2000), "outside the plausible range"),
        (intensity(actual=[]), "is not a number"),
        (lambda entry: entry.update(intensity={}), "neither actual nor forecast"),
        (lambda entry: entry.update(intensity=None), "is not an object"),
        (lambda entry: entry.pop("from"), "is not a text"),
        (lambda entry: entry.update({"from": "14 March"}), "is not a time"),
        (lambda entry: entry.update(to=entry["from"]), "is no half hour"),
        (lambda entry: entry.update(to="2026-03-16T05:30Z"), "is no half hour"),
        (lambda entry: entry.update({"from": "2026-03-14T05:30"}), "no time zone"),
    ],
)
async def test_a_corrupted_value_never_comes_through(mutate: Mutation, named: str) -> None:
    entry = copy.deepcopy(d.half_hour(NOW, 130, None))
    mutate(entry)
    refused(await poll(NATION, DIRECT, Api({"Z": {"data": [entry]}})), named)


async def test_the_providers_words_are_shown() -> None:
    body = {"error": {"code": "400 Bad Request", "message": "Please enter a valid start date."}}
    refused(await poll(NATION, DIRECT, Api({"Z": json_page(body, 400)})), "Please enter a valid start date.")


FIELDS = ["data", "regions", "regionid", "postcode", "intensity", "from", "to", "forecast", "actual"]
SPECS = [NesoSource(), NesoSource(region_id=13), NesoSource(postcode="RG41")]


@given(
    documents(FIELDS) | mutations(d.national()) | mutations(d.regional()) | mutations(regions()),
    st.sampled_from(SPECS),
)
def test_fuzzed_documents_raise_only_data_errors(content: object, spec: NesoSource) -> None:
    only_data_errors(lambda: read_intensity(content, spec))


@given(st.binary(max_size=200))
def test_fuzzed_bytes_raise_only_data_errors(body: bytes) -> None:
    with pytest.raises(DataError):
        read_intensity(parse_json(body, "n"), NesoSource())
