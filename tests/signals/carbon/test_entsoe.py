"""ENTSO-E: curves, consumption, acknowledgements, delays, and a ban that all zones obey."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import HERE, HOUR
from tests.signals.carbon import documents as d
from tests.signals.carbon.fuzz import only_data_errors
from tests.signals.carbon.harness import DIRECT, KEY, PRODUCTION, REF, STACKS, Api, deps, poll, refused, watch
from voltaire.signals.carbon.entsoe import FUELS
from voltaire.signals.carbon.entsoe_document import read_generation
from voltaire.signals.carbon.factors import LIFECYCLE
from voltaire.signals.carbon.mix import Recipe, mix_samples
from voltaire.signals.errors import DataError

FRANCE = {"entsoe": {"tokenRef": REF, "area": d.AREA}}
GAS, NUCLEAR = d.series_xml("B04", {1: 300}), d.series_xml("B14", {1: 700, 2: 700})


def api(body: object) -> Api:
    return Api({"/api": body})


async def test_the_intensity_is_computed_from_the_mix() -> None:
    signal = await poll(FRANCE, PRODUCTION, api(d.entsoe()))
    assert signal.grams_per_kwh == pytest.approx(155.4)
    assert signal.observed_at == HERE - HOUR
    assert signal.history is not None
    assert signal.history.values == (pytest.approx(155.4),) * 2


async def test_the_boundary_chooses_the_factors() -> None:
    assert (await poll(FRANCE, STACKS, api(d.entsoe()))).grams_per_kwh == pytest.approx(0.3 * 370)
    refused(await poll(FRANCE, DIRECT, api(d.entsoe())), "change spec.basis")


async def test_the_request_names_document_area_and_two_days() -> None:
    asked = api(d.entsoe())
    await poll(FRANCE, PRODUCTION, asked)
    assert dict(asked.requests[0].url.params) == {
        "securityToken": KEY,
        "documentType": "A75",
        "processType": "A16",
        "in_Domain": d.AREA,
        "periodStart": "202603120600",
        "periodEnd": "202603140600",
    }


def grid(*series: str) -> dict[Any, dict[str, float | None]]:
    return read_generation(d.generation_xml(*series), d.AREA)[1]


def test_positions_that_are_left_out_repeat_the_value_before() -> None:
    rows = grid(d.series_xml("B04", {1: 5, 3: 7}, count=5, start=HERE))
    assert [rows[HERE + i * HOUR]["B04"] for i in range(5)] == [5, 5, 7, 7, 7]


def test_without_a03_they_are_gaps() -> None:
    rows = grid(d.series_xml("B04", {1: 5, 3: 7}, count=4, start=HERE, curve="A01"))
    assert [rows[HERE + i * HOUR]["B04"] for i in range(4)] == [5, None, 7, None]


def test_a_curve_that_begins_late_is_a_gap_until_then() -> None:
    rows = grid(d.series_xml("B04", {2: 5}, count=3, start=HERE))
    assert [rows[HERE + i * HOUR]["B04"] for i in range(3)] == [None, 5, 5]


def test_consumption_is_no_supply() -> None:
    rows = grid(GAS, NUCLEAR, d.series_xml("B10", {1: 900}, zone="out"))
    assert all(set(row) == {"B04", "B14"} for row in rows.values())


@pytest.mark.parametrize("version", ["3:0", "4:1"])
def test_versions_of_the_namespace_do_not_matter(version: str) -> None:
    step, rows = read_generation(d.generation_xml(GAS, version=version), d.AREA)
    assert (step, len(rows)) == (HOUR, 2)


def test_resolutions_meet_on_the_finest() -> None:
    quarters = d.series_xml(
        "B16", {1: 0, 3: 40}, start=HERE, count=4, resolution="PT15M", step=timedelta(minutes=15)
    )
    step, rows = read_generation(
        d.generation_xml(d.series_xml("B04", {1: 300}, start=HERE, count=1), quarters), d.AREA
    )
    assert step == timedelta(minutes=15)
    assert [rows[HERE + i * step] for i in range(4)] == [
        {"B04": 300, "B16": 0},
        {"B04": 300, "B16": 0},
        {"B04": 300, "B16": 40},
        {"B04": 300, "B16": 40},
    ]


async def test_the_newest_hour_with_all_types_counts() -> None:
    body = d.generation_xml(d.series_xml("B04", {1: 300}, count=1), NUCLEAR)
    signal = await poll(FRANCE, PRODUCTION, api(body), staleAfter="4h")
    assert signal.observed_at == HERE - 2 * HOUR
    assert signal.grams_per_kwh == pytest.approx(155.4)


async def test_negative_values_are_borne() -> None:
    body = d.generation_xml(GAS, NUCLEAR, d.series_xml("B16", {1: -2}), d.series_xml("B10", {1: -40}))
    assert (await poll(FRANCE, PRODUCTION, api(body))).grams_per_kwh == pytest.approx(155.4)


async def test_unknown_generation_is_shown_and_limited() -> None:
    body = d.generation_xml(GAS, NUCLEAR, d.series_xml("B20", {1: 50}), d.series_xml("B17", {1: 50}))
    signal = await poll(FRANCE, PRODUCTION, api(body))
    assert signal.grams_per_kwh == pytest.approx((300 * 490 + 700 * 12 + 100 * 700) / 1100)
    assert signal.sources[0].message == "9.1% of the generation is of unknown kind"
    strict = {"entsoe": {**FRANCE["entsoe"], "maxUnknownShare": 0.05}}
    refused(
        await poll(strict, PRODUCTION, api(body)), "9.1% of the generation is of unknown kind, more than 5.0%"
    )


async def test_nothing_is_an_acknowledgement_with_status_200() -> None:
    signal = await poll(FRANCE, PRODUCTION, api(d.acknowledgement_xml()))
    refused(signal, "No matching data found")
    assert signal.reason == "NoData"


async def test_a_ban_is_obeyed_by_all_zones_for_ten_minutes() -> None:
    asked = api(httpx.Response(429, headers={"retry-after": "1"}))
    shared = deps(asked)
    seconds = [0.0]
    shared.breaker.monotonic = lambda: seconds[0]
    signal = await watch(FRANCE, PRODUCTION, shared).poll()
    assert (signal.reason, len(asked.requests)) == ("RateLimited", 1)
    asked.answers["/api"] = d.entsoe()
    signal = await watch(FRANCE, PRODUCTION, shared).poll()
    refused(signal, "600 s are left")
    assert len(asked.requests) == 1
    seconds[0] = 601
    assert (await watch(FRANCE, PRODUCTION, shared).poll()).fresh


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><GL_MarketDocument>&a;</GL_MarketDocument>'


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (BOMB, "defines entities"),
        (BOMB.decode().encode("utf-16"), "not XML"),
        (b"<html><body>maintenance</body></html>", "'html' is not a document of generation"),
        (b"<GL_MarketDocument/>", "no series of generation"),
        (d.generation_xml(GAS)[:-30], "not XML, or cut off"),
        (d.generation_xml(d.series_xml("B04", {1: 5}, area="10Y1001A1001A82H")), "answered for"),
        (d.generation_xml(d.series_xml("B04", {1: 5}, zone="in_")), "answered for ''"),
        (d.generation_xml(d.series_xml("B04", {1: 5}, unit="KWH")), "the unit 'KWH' is not known"),
        (d.generation_xml(d.series_xml("B04", {1: 5}, curve="A02")), "curve type 'A02'"),
        (d.generation_xml(d.series_xml("", {1: 5})), "no type of production"),
        (d.generation_xml(d.series_xml("B04", {1: 5}, resolution="P1D")), "resolution 'P1D'"),
        (d.generation_xml(d.series_xml("B04", {1: 5}, resolution="PT15M", count=500)), "not on its grid"),
        (d.generation_xml(d.series_xml("B04", {1: 5}, start=HERE + timedelta(minutes=7))), "not on its grid"),
        (d.generation_xml(d.series_xml("B04", {1: 5}, count=0)), "not on its grid"),
        (d.generation_xml(d.series_xml("B04", {3: 5})), "position 3 of 2 is out of order"),
        (d.generation_xml(d.series_xml("B04", {2: 5, 1: 4})), "out of order"),
        (d.generation_xml(d.series_xml("B04", {0: 5})), "out of order"),
        (d.generation_xml(GAS).replace(b"<position>1", b"<position>-1"), "is not a position"),
        (d.generation_xml(GAS).replace(b"300", b"many"), "is not a number"),
        (d.generation_xml(GAS).replace(b"300", b"nan"), "no value"),
        (d.generation_xml(GAS).replace(b"300", b"3e9"), "no value"),
        (d.generation_xml(GAS, d.series_xml("B04", {1: 301})), "two values for one time"),
        (d.generation_xml(GAS).replace(b"timeInterval", b"interval"), "no timeInterval"),
        (d.generation_xml(GAS).replace(b"03:00Z", b"03:00"), "no time zone"),
        (d.generation_xml(d.series_xml("B04", {1: 5}, start=HERE - 9 * HOUR)), "more than 2:00:00 ago"),
        (d.generation_xml(d.series_xml("B10", {1: 5})), "no value"),
    ],
)
async def test_a_corrupted_document_never_comes_through(body: bytes, named: str) -> None:
    refused(await poll(FRANCE, PRODUCTION, api(body)), named)


def samples(body: bytes) -> Any:
    step, rows = read_generation(body, d.AREA)
    return mix_samples(rows, step, Recipe(FUELS, LIFECYCLE, 1.0))[0]


@given(st.binary(max_size=200))
def test_fuzzed_bytes_raise_only_data_errors(body: bytes) -> None:
    with pytest.raises(DataError):
        read_generation(body, d.AREA)


@given(st.integers(0, len(d.entsoe()) - 1), st.integers(0, 40), st.binary(max_size=12))
def test_documents_with_a_fuzzed_part_raise_only_data_errors(place: int, length: int, put: bytes) -> None:
    body = d.entsoe()
    only_data_errors(lambda: samples(body[:place] + put + body[place + length :]))


@given(
    st.dictionaries(st.integers(1, 48), st.integers(0, 9000), min_size=1).map(
        lambda p: dict(sorted(p.items()))
    )
)
def test_a_curve_with_repetitions_left_out_is_the_curve(points: dict[int, int]) -> None:
    """A03 says the same as A01 with every position written."""
    full, last = {}, None
    for place in range(1, 49):
        last = points.get(place, last)
        if last is not None:
            full[place] = last
    assert grid(d.series_xml("B04", points, count=48, start=HERE)) == grid(
        d.series_xml("B04", full, count=48, start=HERE, curve="A01")
    )
