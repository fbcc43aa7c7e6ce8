"""The exporter's ConfigMap: binary data, Go's times, deletion and creation, failures that leave old data."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import NOW, StandingClock
from tests.signals.carbon import documents as d
from tests.signals.carbon.fuzz import mutations, only_data_errors
from tests.signals.carbon.harness import AVERAGE, MARGINAL, Api, deps, refused, watch
from voltaire.api.values import ZoneSignal
from voltaire.signals.carbon.azure_exporter import go_time, read_config
from voltaire.signals.errors import DataError, Malformed

SOURCE = {"azureExporter": {"location": "IE", "behind": "WattTime"}}
Mutation = Callable[[dict[str, str]], object]


async def look(data: Mapping[str, str], source: dict[str, Any] = SOURCE) -> ZoneSignal:
    return await watch(source, MARGINAL, deps(Api({}), config_map=lambda: data)).poll()


async def test_the_forecast_that_holds_now_is_the_value() -> None:
    signal = await look(d.exporter_map())
    assert (signal.grams_per_kwh, signal.observed_at) == (410, NOW)
    assert "an estimate" in signal.message
    assert signal.forecast is not None
    assert signal.forecast.values[:2] == (410, 420)


async def test_any_location_is_taken_when_none_is_named() -> None:
    assert (await look(d.exporter_map(), {"azureExporter": {"behind": "WattTime"}})).fresh


async def test_zero_is_a_value() -> None:
    assert (await look(d.exporter_map([0, 0]))).grams_per_kwh == 0


async def test_another_basis_is_refused_before_it_is_read() -> None:
    def untouched() -> Mapping[str, str]:
        raise AssertionError

    signal = await watch(SOURCE, AVERAGE, deps(Api({}), config_map=untouched)).poll()
    assert signal.reason == "WrongBasis"


async def test_while_it_is_created_anew_what_it_said_last_is_used() -> None:
    clock, gone = StandingClock(), [False]

    def read() -> Mapping[str, str]:
        if gone[0]:
            raise LookupError("404")
        return d.exporter_map([400] * 40)

    watcher = watch(SOURCE, MARGINAL, deps(Api({}), clock, read))
    assert (await watcher.poll()).fresh
    gone[0] = True
    clock.time += timedelta(minutes=30)
    signal = await watcher.poll()
    assert (signal.grams_per_kwh, signal.reason) == (400, "Observed")
    assert "what it said at 05:30Z is used" in signal.sources[0].message
    clock.time += timedelta(minutes=40)
    signal = await watcher.poll()
    assert not signal.sources[0].healthy
    assert "ConfigMap kube-system/carbon-intensity cannot be read: LookupError" in signal.message


async def test_a_config_map_that_never_was_is_named() -> None:
    def read() -> Mapping[str, str]:
        raise LookupError

    signal = await watch(SOURCE, MARGINAL, deps(Api({}), config_map=read)).poll()
    refused(signal, "cannot be read: LookupError")
    assert signal.reason == "Unreadable"


def put(**fields: str) -> Mutation:
    return lambda data: data.update(fields)


def points(*values: object, **fields: object) -> Mutation:
    """Other points in the place of those there."""
    listed = [{**point, **fields} for point in d.sdk_points(values)]
    return lambda data: data.update(data=json.dumps(listed), numOfRecords=str(len(listed)))


@pytest.mark.parametrize(
    ("mutate", "named"),
    [
        (put(message="failed to get the forecast"), "it says that it failed: 'failed to get"),
        (
            put(lastHeartbeatTime="2026-03-12 23:57:26.04 +0000 UTC m=+10.8"),
            "last wrote at 2026-03-12T23:57Z",
        ),
        (put(lastHeartbeatTime="yesterday"), "is not a time as Go prints it"),
        (lambda data: data.pop("lastHeartbeatTime"), "is not a time as Go prints it"),
        (lambda data: data.pop("data"), "has no key data"),
        (put(data=""), "empty body"),
        (put(data="[{"), "cut off"),
        (put(data="{}"), "is not a list"),
        (put(data="[1]", numOfRecords="1"), "is not an object"),
        (put(data="[]", numOfRecords="0"), "no value"),
        (put(data=" " * (1 << 21)), "more than 1 MiB"),
        (put(numOfRecords="288"), "3 records of '288': cut off?"),
        (put(numOfRecords="many"), "is not a number"),
        (points(400, location="GB"), "values of 'GB', not of IE"),
        (points(400, location=None), "values of"),
        (points(-1), "negative"),
        (points("400"), "is not a number"),
        (points(None), "no value"),
        (points(1e6), "absurd"),
        (points(float("nan")), "not a finite number"),
        (points(1800), "outside the plausible range"),
        (points(400, duration=0), "is not a number of minutes"),
        (points(400, duration="5"), "is not a number of minutes"),
        (points(400, timestamp="2026-03-14T05:30:00"), "is not a time with an offset"),
        (points(400, timestamp="2026-03-14T01:30:00Z"), "more than 2:00:00 ago"),
    ],
)
async def test_a_corrupted_config_map_never_comes_through(mutate: Mutation, named: str) -> None:
    data = d.exporter_map()
    mutate(data)
    refused(await look(data), named)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        (
            "2023-03-30 23:57:26.041158869 +0000 UTC m=+10.861427049",
            datetime(2023, 3, 30, 23, 57, tzinfo=UTC),
        ),
        ("2023-03-30 23:57:26 +0000 UTC", datetime(2023, 3, 30, 23, 57, tzinfo=UTC)),
        ("2023-03-31 01:57:26.1 +0200 CEST m=-0.5", datetime(2023, 3, 30, 23, 57, tzinfo=UTC)),
        ("2023-03-30 18:57:26.041 -0500 -05", datetime(2023, 3, 30, 23, 57, tzinfo=UTC)),
    ],
)
def test_times_as_go_prints_them_are_read(text: str, time: datetime) -> None:
    assert go_time(text) == time


@given(st.text(max_size=60))
def test_other_times_raise_nothing_but_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        go_time(text)


@given(mutations(d.sdk_points([400, 410])))
def test_fuzzed_points_raise_only_data_errors(content: object) -> None:
    data = {**d.exporter_map(), "data": json.dumps(content)}
    del data["numOfRecords"]
    only_data_errors(lambda: read_config(data, "IE", NOW))


@given(st.dictionaries(st.sampled_from(list(d.exporter_map())), st.text(max_size=40)))
def test_fuzzed_config_maps_raise_only_data_errors(data: dict[str, str]) -> None:
    with pytest.raises(DataError):
        read_config(data, None, NOW)
