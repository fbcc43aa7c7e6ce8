"""Energy-Charts: parallel arrays, measured before forecast, few requests."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import NOW, StandingClock
from tests.signals.carbon import documents as d
from tests.signals.carbon.fuzz import documents, mutations, only_data_errors
from tests.signals.carbon.harness import PRODUCTION, Api, deps, poll, refused, watch
from voltaire.signals.carbon.energy_charts import read_arrays
from voltaire.signals.errors import DataError
from voltaire.signals.numbers import parse_json

GERMANY = {"energyCharts": {"country": "de"}}
Mutation = Callable[[dict[str, Any]], object]


def api(document: object) -> Api:
    return Api({"/co2eq": document})


async def test_measured_values_win_and_a_forecast_of_now_is_an_estimate() -> None:
    signal = await poll(GERMANY, PRODUCTION, api(d.energy_charts()))
    assert (signal.grams_per_kwh, signal.observed_at) == (330, NOW)
    assert "an estimate" in signal.message
    assert signal.history is not None
    assert signal.history.values == (310, 320, 330)
    assert signal.forecast is not None
    assert signal.forecast.values[:2] == (330, 340)


async def test_it_is_asked_once_a_quarter_of_an_hour_and_its_history_every_six() -> None:
    clock, asked = StandingClock(), api(d.energy_charts())
    watcher = watch(GERMANY, PRODUCTION, deps(asked, clock))
    for _ in range(6):
        assert (await watcher.poll()).fresh
        clock.time += timedelta(minutes=5)
    ranged = [request.url.params for request in asked.requests if "start" in request.url.params]
    assert len(asked.requests) == 3
    assert [dict(params) for params in ranged] == [
        {"country": "de", "start": "2026-03-12T05:30Z", "end": "2026-03-14T05:30Z"}
    ]


async def test_a_failure_is_not_kept() -> None:
    clock, asked = StandingClock(), api(httpx.Response(503))
    watcher = watch(GERMANY, PRODUCTION, deps(asked, clock))
    assert not (await watcher.poll()).fresh
    asked.answers["/co2eq"] = d.energy_charts()
    clock.time += timedelta(minutes=5)
    assert (await watcher.poll()).fresh


async def test_a_history_that_fails_does_not_cost_the_value() -> None:
    def answer(request: httpx.Request) -> object:
        return httpx.Response(429) if "start" in request.url.params else d.energy_charts()

    signal = await poll(GERMANY, PRODUCTION, api(answer))
    assert signal.fresh
    assert "no history this time" in signal.sources[0].message


async def test_deprecation_is_told() -> None:
    document = {**d.energy_charts(), "deprecated": True}
    assert "deprecated" in (await poll(GERMANY, PRODUCTION, api(document))).sources[0].message


def now_is(value: object) -> Mutation:
    return lambda document: document["co2eq"].__setitem__(2, value)


ALL_NULL = [None] * 4


@pytest.mark.parametrize(
    ("mutate", "named"),
    [
        (lambda document: document.update(unix_seconds=[]), "no times"),
        (lambda document: document.pop("unix_seconds"), "is not a list"),
        (lambda document: document.update(co2eq="310"), "is not a list"),
        (lambda document: document.pop("co2eq_forecast"), "is not a list"),
        (lambda document: document["co2eq"].pop(), "cut off?"),
        (lambda document: document["co2eq_forecast"].append(1), "cut off?"),
        (lambda document: document["unix_seconds"].reverse(), "do not grow"),
        (
            lambda document: document["unix_seconds"].__setitem__(1, document["unix_seconds"][0]),
            "do not grow",
        ),
        (lambda document: document["unix_seconds"].__setitem__(0, "1773464400"), "is not a time"),
        (lambda document: document["unix_seconds"].__setitem__(0, 1773464401), "is not a time"),
        (lambda document: document["unix_seconds"].__setitem__(0, True), "is not a time"),
        (lambda document: document["unix_seconds"].__setitem__(0, 0), "not in a year"),
        (
            lambda document: document.update(unix_seconds=[1000 * s for s in document["unix_seconds"]]),
            "not in a year",
        ),
        (lambda document: document.update(co2eq=ALL_NULL, co2eq_forecast=ALL_NULL), "no value"),
    ],
)
async def test_a_corrupted_document_never_comes_through(mutate: Mutation, named: str) -> None:
    document = copy.deepcopy(d.energy_charts())
    mutate(document)
    refused(await poll(GERMANY, PRODUCTION, api(document)), named)


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ("330", "is not a number"),
        (True, "is not a number"),
        ([330], "is not a number"),
        (-1, "negative"),
        (330_000, "absurd"),
        (2_000, "outside the plausible range"),
        (float("nan"), "not a finite number"),
        (float("inf"), "not a finite number"),
    ],
)
async def test_a_corrupted_value_is_refused_and_the_one_before_is_used(value: object, named: str) -> None:
    document = copy.deepcopy(d.energy_charts())
    now_is(value)(document)
    signal = await poll(GERMANY, PRODUCTION, api(document))
    assert (signal.grams_per_kwh, signal.observed_at) == (320, NOW - d.QUARTER)
    assert named in signal.sources[0].message


async def test_zero_is_a_value() -> None:
    document = copy.deepcopy(d.energy_charts())
    now_is(0)(document)
    assert (await poll(GERMANY, PRODUCTION, api(document))).grams_per_kwh == 0


@given(documents(["unix_seconds", "co2eq", "co2eq_forecast", "deprecated"]) | mutations(d.energy_charts()))
def test_fuzzed_documents_raise_only_data_errors(content: object) -> None:
    only_data_errors(lambda: read_arrays(content)[0])


@given(st.binary(max_size=200))
def test_fuzzed_bytes_raise_only_data_errors(body: bytes) -> None:
    with pytest.raises(DataError):
        read_arrays(parse_json(body, "e"))
