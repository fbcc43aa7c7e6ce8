"""RTE's éCO2mix: rows in any order, strings among numbers, and a rate that its own mix confirms."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import NOW
from tests.signals.carbon import documents as d
from tests.signals.carbon.fuzz import documents, mutations, only_data_errors
from tests.signals.carbon.harness import KEY, REF, STACKS, Api, poll, refused
from voltaire.signals.carbon.rte import FUELS, rate_of_mix, read_records
from voltaire.signals.errors import DataError
from voltaire.signals.numbers import parse_json

FRANCE = {"rte": {}}
Mutation = Callable[[dict[str, Any]], object]


def api(document: object) -> Api:
    return Api({"/records": document})


async def test_the_newest_row_is_the_value_and_the_others_are_history() -> None:
    signal = await poll(FRANCE, STACKS, api(d.eco2mix([44, 45, 46])))
    assert (signal.grams_per_kwh, signal.observed_at) == (44, NOW - d.QUARTER)
    assert signal.history is not None
    assert (signal.history.values, signal.history.step) == ((46, 45, 44), d.QUARTER)


async def test_rows_of_the_future_are_not_asked_for() -> None:
    asked = api(d.eco2mix([44]))
    await poll({"rte": {"apiKeyRef": REF}}, STACKS, asked)
    request = asked.requests[0]
    assert request.url.path.endswith("/datasets/eco2mix-national-tr/records")
    assert request.url.params["where"] == "taux_co2 is not null"
    assert request.url.params["timezone"] == "UTC"
    assert request.headers["authorization"] == f"Apikey {KEY}"
    assert KEY not in str(request.url)


async def test_other_countries_are_refused_without_asking() -> None:
    asked = api(d.eco2mix([44]))
    refused(await poll(FRANCE, STACKS, asked, zone="DE"), "spec.zone is DE, not FR")
    assert asked.requests == []


async def test_rows_in_any_order_are_sorted() -> None:
    document = d.eco2mix([44, 45, 46])
    document["results"].reverse()
    assert (await poll(FRANCE, STACKS, api(document))).grams_per_kwh == 44


async def test_a_mix_with_texts_or_gaps_is_not_compared() -> None:
    document = d.eco2mix([90])
    document["results"][0]["eolien"] = "ND"
    assert (await poll(FRANCE, STACKS, api(document))).grams_per_kwh == 90
    del document["results"][0]["charbon"]
    assert (await poll(FRANCE, STACKS, api(document))).grams_per_kwh == 90


async def test_zero_is_a_value() -> None:
    document = d.eco2mix([0])
    document["results"][0] |= {"bioenergies": 0, "gaz": 0}
    assert (await poll(FRANCE, STACKS, api(document))).grams_per_kwh == 0


def row(**fields: object) -> Mutation:
    return lambda entry: entry.update(fields)


@pytest.mark.parametrize(
    ("mutate", "named"),
    [
        (row(taux_co2=None), "no value"),
        (row(taux_co2="44"), "is not a number"),
        (row(taux_co2="ND"), "is not a number"),
        (row(taux_co2=True), "is not a number"),
        (row(taux_co2=-1), "negative"),
        (row(taux_co2=float("nan")), "not a finite number"),
        (row(taux_co2=44_000), "absurd"),
        (row(taux_co2=440), "the row's own mix gives 44"),
        (row(taux_co2=0), "the row's own mix gives 44"),
        (row(taux_co2=10), "the row's own mix gives 44"),
        (row(date_heure=None), "is not a text"),
        (row(date_heure="2026-03-14"), "is not a time"),
        (row(date_heure="2026-03-14T05:15:00"), "no time zone"),
        (row(date_heure="2026-03-15T05:15:00Z"), "no value for"),
        (row(date_heure="2026-03-14T01:15:00Z"), "more than 2:00:00 ago"),
        (lambda entry: entry.pop("taux_co2"), "has no taux_co2"),
    ],
)
async def test_a_corrupted_value_never_comes_through(mutate: Mutation, named: str) -> None:
    document = copy.deepcopy(d.eco2mix([44]))
    mutate(document["results"][0])
    refused(await poll(FRANCE, STACKS, api(document)), named)


@pytest.mark.parametrize("results", [None, {}, "x", [None], [[]], [1]])
async def test_results_of_another_shape_are_refused(results: object) -> None:
    refused(await poll(FRANCE, STACKS, api({"total_count": 1, "results": results})), "éCO2mix: results")


async def test_an_empty_page_is_no_data() -> None:
    assert (await poll(FRANCE, STACKS, api({"total_count": 0, "results": []}))).reason == "NoData"


MIXES = st.fixed_dictionaries({column: st.integers(0, 60_000) for column in FUELS}).filter(
    lambda mix: sum(mix.values()) > 0
)


@given(MIXES)
def test_the_published_rate_follows_from_the_mix(mix: dict[str, int]) -> None:
    """The formula that gives RTE's published rates, written out once more, and through the whole reader."""
    burnt = 986 * mix["charbon"] + 777 * mix["fioul"] + 429 * mix["gaz"] + 494 * mix["bioenergies"]
    rate = burnt / sum(mix[column] for column in FUELS)
    assert rate_of_mix(mix) == pytest.approx(rate)
    page = {"results": [{"date_heure": "2026-03-14T05:15:00+00:00", "taux_co2": round(rate), **mix}]}
    (sample,) = read_records(page)
    assert sample.grams_per_kwh == round(rate)


@given(MIXES, st.floats(1.4, 10))
def test_a_rate_in_another_unit_is_refused(mix: dict[str, int], wrong: float) -> None:
    rate = rate_of_mix(mix)
    assert rate is not None
    page = {"results": [{"date_heure": "2026-03-14T05:15Z", "taux_co2": (rate + 25) * wrong, **mix}]}
    (sample,) = read_records(page)
    assert sample.grams_per_kwh is None


@given(documents(["results", "date_heure", "taux_co2", "gaz"]) | mutations(d.eco2mix([44, 45])))
def test_fuzzed_documents_raise_only_data_errors(content: object) -> None:
    only_data_errors(lambda: read_records(content))


@given(st.binary(max_size=200))
def test_fuzzed_bytes_raise_only_data_errors(body: bytes) -> None:
    with pytest.raises(DataError):
        read_records(parse_json(body, "r"))
