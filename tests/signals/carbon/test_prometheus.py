"""Prometheus: one series, its unit, its past."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import HERE, HOUR, NOW, StandingClock, json_page, prometheus_page
from tests.signals.carbon import documents as d
from tests.signals.carbon.fuzz import documents, mutations
from tests.signals.carbon.harness import AVERAGE, MARGINAL, Api, deps, poll, refused, watch
from voltaire.signals.carbon.prometheus import read_matrix
from voltaire.signals.errors import DataError
from voltaire.signals.numbers import parse_json

QUERY = {"url": "https://metrics.example.org/", "query": "carbon"}
PAST = d.matrix_page([(NOW - HOUR, "100"), (NOW - d.FIVE, "110")])


def source(**fields: Any) -> dict[str, Any]:
    return {"prometheus": {**QUERY, **fields}}


def api(current: object, past: object = PAST) -> Api:
    def answer(request: httpx.Request) -> object:
        return past if "[" in request.url.params["query"] else current

    return Api({"/api/v1/query": answer})


async def test_the_value_holds_for_a_step() -> None:
    signal = await poll(source(), AVERAGE, api(prometheus_page("123.5", NOW + timedelta(seconds=40))))
    assert (signal.grams_per_kwh, signal.observed_at) == (123.5, NOW)
    assert signal.history is not None
    assert signal.history.step == d.FIVE


async def test_the_past_is_a_subquery_and_asked_once_an_hour() -> None:
    clock, asked = StandingClock(), api(prometheus_page("123.5", NOW))
    watcher = watch(source(history="24h", step="15m"), AVERAGE, deps(asked, clock))
    signal = await watcher.poll()
    assert [request.url.params["query"] for request in asked.requests] == ["carbon", "(carbon)[24h:15m]"]
    assert signal.history is not None
    assert signal.history.at(NOW - HOUR) == 100
    assert signal.history.at(NOW - d.FIVE) == 110
    clock.time += timedelta(minutes=5)
    await watcher.poll()
    assert len(asked.requests) == 3


async def test_a_clock_of_another_speed_has_no_past_there() -> None:
    asked = api(prometheus_page("123.5", NOW))
    watcher = watch(source(history="24h"), AVERAGE, deps(asked, StandingClock(rate=60.0)))
    assert (await watcher.poll()).fresh
    assert len(asked.requests) == 1


@pytest.mark.parametrize(("unit", "grams"), [("g/kWh", 1000), ("kg/MWh", 1000), ("lb/MWh", 453.59237)])
async def test_units_are_converted(unit: str, grams: float) -> None:
    signal = await poll(source(unit=unit), AVERAGE, api(prometheus_page("1000", NOW)))
    assert signal.grams_per_kwh == pytest.approx(grams)


def labelled(**labels: str) -> dict[str, Any]:
    page = prometheus_page("100", NOW)
    page["data"]["result"][0]["metric"] = labels
    return page


async def test_labels_of_the_exporter_are_obeyed() -> None:
    estimate = labelled(units="gCO2e per kWh", is_estimated="true")
    assert "an estimate" in (await poll(source(), AVERAGE, api(estimate))).message
    pounds = labelled(units="lbCO2e per MWh")
    assert (await poll(source(unit="lb/MWh"), AVERAGE, api(pounds))).fresh
    refused(await poll(source(), AVERAGE, api(pounds)), "the series is in 'lbCO2e per MWh'")
    refused(await poll(source(), AVERAGE, api(labelled(units="percent"))), "the series is in 'percent'")


async def test_zero_and_a_scalar_are_values() -> None:
    assert (await poll(source(), AVERAGE, api(prometheus_page("0", NOW)))).grams_per_kwh == 0
    assert (await poll(source(), MARGINAL, api(prometheus_page("7", NOW, "scalar")))).grams_per_kwh == 7


TWO = prometheus_page("1", NOW)
TWO["data"]["result"] = [{"metric": {"zone": zone}, "value": [NOW.timestamp(), "1"]} for zone in "ab"]


@pytest.mark.parametrize(
    ("page", "named"),
    [
        (TWO, "2 series: narrow it to one, or aggregate over zone"),
        ({"status": "success", "data": {"resultType": "vector", "result": []}}, "finds no series"),
        ({"status": "error", "error": "x"}, "not a successful query result"),
        (PAST, "gives a 'matrix'"),
        (prometheus_page("NaN", NOW), "not a finite number"),
        (prometheus_page("+Inf", NOW), "not a finite number"),
        (prometheus_page("-1", NOW), "negative"),
        (prometheus_page("1e6", NOW), "absurd"),
        (prometheus_page("1600", NOW), "outside the plausible range"),
        (prometheus_page("many", NOW), "is not a number"),
        (prometheus_page(100, NOW), "is not a sample"),
        (prometheus_page(None, NOW), "is not a sample"),
        (prometheus_page("100", NOW + HOUR), "from the future"),
        (prometheus_page("100", HERE - 3 * HOUR), "more than 2:00:00 ago"),
        (json_page({"error": "parse error"}, 400), "query: metrics.example.org answers 400: parse error"),
        (json_page({"error": "too many samples"}, 422), "too many samples"),
    ],
)
async def test_a_corrupted_answer_never_comes_through(page: object, named: str) -> None:
    refused(await poll(source(), AVERAGE, api(page)), named)


SEVERAL = d.matrix_page([(NOW, "1")])
SEVERAL["data"]["result"] *= 2


@pytest.mark.parametrize(
    ("past", "named"),
    [
        (SEVERAL, "2 series in the past"),
        (prometheus_page("1", NOW), "is not a range"),
        (d.matrix_page([]) | {"status": "error"}, "is not a range"),
        ({"status": "success", "data": {"resultType": "matrix", "result": []}}, "finds nothing in the past"),
        (json_page({"error": "too many samples"}, 422), "too many samples"),
        (httpx.Response(503), "answers 503"),
        (d.matrix_page([(NOW, "1")], units="percent"), "the series is in 'percent'"),
    ],
)
async def test_a_past_that_cannot_be_had_does_not_cost_the_value(past: object, named: str) -> None:
    signal = await poll(source(history="24h"), AVERAGE, api(prometheus_page("100", NOW), past))
    assert signal.grams_per_kwh == 100
    assert signal.sources[0].message.startswith("no history this time")
    assert named in signal.sources[0].message


async def test_values_of_the_past_that_are_none_are_gaps() -> None:
    past = d.matrix_page([(NOW - HOUR, "NaN"), (NOW - d.HALF, "80")])
    signal = await poll(source(history="24h"), AVERAGE, api(prometheus_page("100", NOW), past))
    assert signal.history is not None
    assert signal.history.at(NOW - HOUR) is None
    assert signal.history.at(NOW - d.HALF) == 80


@given(documents(["status", "data", "resultType", "result", "metric", "values"]) | mutations(PAST))
def test_fuzzed_pasts_raise_only_data_errors(content: object) -> None:
    try:
        pairs, _ = read_matrix(content, "g/kWh")
    except DataError:
        return
    assert all(0 <= stamp < 4e9 and isinstance(text, str) for stamp, text in pairs)


@given(st.binary(max_size=200))
def test_fuzzed_bytes_raise_only_data_errors(body: bytes) -> None:
    with pytest.raises(DataError):
        read_matrix(parse_json(body, "p"), "g/kWh")
