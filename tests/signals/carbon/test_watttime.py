"""WattTime: logins, regions, units, history in pieces."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import HOUR, NOW, StandingClock, json_page
from tests.signals.carbon import documents as d
from tests.signals.carbon.cases import CASES
from tests.signals.carbon.fuzz import documents, mutations, only_data_errors
from tests.signals.carbon.harness import KEY, MARGINAL, REF, Api, deps, poll, refused, watch
from voltaire.signals.carbon.watttime import LONGEST_PIECE, pieces, read_series
from voltaire.signals.carbon.watttime_login import Account, Logins
from voltaire.signals.errors import DataError, Malformed, TimedOut, Unauthorized
from voltaire.signals.numbers import parse_json

CASE = CASES["wattTime"]
PLACE = {
    "wattTime": {
        "usernameRef": REF,
        "passwordRef": REF,
        "location": {"latitude": 37.5, "longitude": -122.25},
    }
}
Mutation = Callable[[dict[str, Any]], object]


def api(**answers: Any) -> Api:
    return Api({**CASE.answers, **{f"/{end}": answer for end, answer in answers.items()}})


async def test_pounds_become_grams_and_the_past_is_the_history() -> None:
    signal = await poll(CASE.source, MARGINAL, api())
    assert signal.grams_per_kwh == pytest.approx(453.59237)
    assert signal.history is not None
    assert signal.history.at(NOW - d.HALF) == pytest.approx(800 * 0.45359237)
    assert signal.forecast is not None
    assert signal.forecast.at(NOW + d.FIVE) == pytest.approx(900 * 0.45359237)
    assert signal.forecast.step == d.FIVE


async def test_requests_are_what_the_api_wants() -> None:
    asked = api()
    await poll(CASE.source, MARGINAL, asked)
    login, forecast, history = asked.requests
    assert str(login.url) == "https://api.watttime.org/login"
    assert login.headers["authorization"].startswith("Basic ")
    assert forecast.url.path == "/v3/forecast"
    assert forecast.headers["authorization"] == "Bearer t0ken"
    assert dict(forecast.url.params) == {
        "region": "CAISO_NORTH",
        "signal_type": "co2_moer",
        "horizon_hours": "48",
    }
    assert (history.url.params["start"], history.url.params["end"]) == (
        "2026-03-06T05:30Z",
        "2026-03-14T05:30Z",
    )
    assert KEY not in str([request.url for request in asked.requests])


async def test_a_place_is_looked_up_once_a_month() -> None:
    clock = StandingClock()
    asked = api(**{"region-from-loc": {"region": "CAISO_NORTH", "signal_type": "co2_moer"}})
    watcher = watch(PLACE, MARGINAL, deps(asked, clock))
    for days in (0, 1, 20, 15):
        clock.time += timedelta(days=days)
        asked.answers["/forecast"] = d.watt_time([1000], clock.time)
        assert (await watcher.poll()).fresh
    assert asked.asked("/region-from-loc") == 2
    assert asked.requests[1].url.params["latitude"] == "37.5"


async def test_a_place_without_coverage_is_named() -> None:
    missing = json_page({"error": "No coverage available for these coordinates and signal_type"}, 404)
    refused(await poll(PLACE, MARGINAL, api(**{"region-from-loc": missing})), "No coverage available")


@pytest.mark.parametrize(
    "answer", [{}, {"region": ""}, {"region": 7}, {"region": "x" * 64}, {"region": "a\nb"}]
)
async def test_a_region_that_cannot_be_one_is_refused(answer: object) -> None:
    refused(await poll(PLACE, MARGINAL, api(**{"region-from-loc": answer})), "names no region")


async def test_zones_of_one_account_log_in_once_and_again_before_the_token_ends() -> None:
    asked = api()
    shared = deps(asked)
    seconds = [0.0]
    shared.watt_time.monotonic = lambda: seconds[0]
    watchers = [watch(CASE.source, MARGINAL, shared) for _ in range(5)]
    for watcher in watchers:
        assert (await watcher.poll()).fresh
    assert asked.asked("/login") == 1
    seconds[0] = 26 * 60
    for watcher in watchers:
        await watcher.poll(force=True)
    assert asked.asked("/login") == 2


async def test_a_token_that_is_refused_is_replaced_once() -> None:
    tokens = iter(["old", "new"])

    def forecast(request: httpx.Request) -> object:
        good = request.headers["authorization"] == "Bearer new"
        return CASE.answers["/forecast"] if good else json_page({"error": "expired"}, 401)

    asked = api(login=lambda _: {"token": next(tokens)}, forecast=forecast)
    assert (await poll(CASE.source, MARGINAL, asked)).fresh
    asked = api(forecast=json_page({"error": "expired"}, 401))
    signal = await poll(CASE.source, MARGINAL, asked)
    assert (signal.reason, asked.asked("/login"), asked.asked("/forecast")) == ("Unauthorized", 2, 2)


async def test_a_plan_that_lacks_the_region_does_not_log_in_again() -> None:
    asked = api(forecast=httpx.Response(403, text="<html>nginx</html>"))
    assert (await poll(CASE.source, MARGINAL, asked)).reason == "Unauthorized"
    assert asked.asked("/login") == 1


async def test_a_refused_account_is_left_alone_for_a_while() -> None:
    seconds, asked = [0.0], Api({"/login": httpx.Response(401)})
    logins = Logins(deps(asked).web, lambda: seconds[0])
    account = Account("https://api.watttime.org", "me", "wrong")
    for _ in range(3):
        with pytest.raises(Unauthorized):
            await logins.token(account)
    assert asked.asked("/login") == 1
    seconds[0] = 301
    asked.answers["/login"] = {"token": "t"}
    assert await logins.token(account) == "t"
    assert "wrong" not in repr(logins)
    assert "wrong" not in repr(account)


async def test_a_server_that_hangs_at_login_is_asked_once_for_all_zones() -> None:
    seconds, asked = [0.0], Api({"/login": httpx.ReadTimeout("slow")})
    logins = Logins(deps(asked).web, lambda: seconds[0])
    account = Account("https://api.watttime.org", "me", "pw")
    for time in (0.0, 10.0, 31.0):
        seconds[0] = time
        with pytest.raises(TimedOut):
            await logins.token(account)
    assert asked.asked("/login") == 2


@pytest.mark.parametrize("answer", [{}, {"token": None}, {"token": ""}, {"token": "a b"}, {"token": 7}, []])
async def test_a_login_without_a_token_is_refused(answer: object) -> None:
    with pytest.raises(Malformed):
        await Logins(deps(Api({"/login": answer})).web).token(Account("https://a.example", "me", "pw"))


async def test_a_plan_without_history_still_has_a_value_and_says_so() -> None:
    asked = api(historical=json_page({"error": "Invalid scope"}, 403))
    signal = await poll(CASE.source, MARGINAL, asked)
    assert signal.fresh
    assert "no history" in signal.sources[0].message


async def test_later_only_what_may_be_revised_is_asked_again() -> None:
    clock, asked = StandingClock(), api()
    watcher = watch(CASE.source, MARGINAL, deps(asked, clock))
    await watcher.poll()
    clock.time += HOUR
    asked.answers["/forecast"] = d.watt_time([1000], clock.time)
    await watcher.poll()
    assert asked.requests[-1].url.params["start"] == "2026-03-12T06:30Z"


@pytest.mark.parametrize("warning", ["the model is old", {"type": "x", "message": "the model is old"}])
async def test_warnings_are_passed_on(warning: object) -> None:
    forecast = d.watt_time([1000])
    forecast["meta"]["warnings"] = [warning]
    assert (
        "the model is old" in (await poll(CASE.source, MARGINAL, api(forecast=forecast))).sources[0].message
    )


def meta(**fields: object) -> Mutation:
    return lambda document: document["meta"].update(fields)


def point(**fields: object) -> Mutation:
    return lambda document: document["data"][0].update(fields)


@pytest.mark.parametrize(
    ("mutate", "named"),
    [
        (meta(region="PJM_DC"), "answered for 'PJM_DC'"),
        (meta(region=None), "answered for None"),
        (meta(signal_type="co2_aoer"), "answered with 'co2_aoer'"),
        (meta(signal_type="health_damage"), "health_damage"),
        (meta(units="percentile"), "the unit 'percentile' is not known"),
        (meta(units="dollars_per_mwh"), "is not known"),
        (meta(units=None), "is not known"),
        (meta(units=["lbs_co2_per_mwh"]), "is not known"),
        (meta(data_point_period_seconds=0), "no length of a point"),
        (meta(data_point_period_seconds=True), "no length of a point"),
        (meta(data_point_period_seconds=10**9), "no length of a point"),
        (lambda document: document.pop("meta"), "meta"),
        (lambda document: document.update(data={}), "is not a list"),
        (lambda document: document.update(data=[]), "no value for"),
        (lambda document: document.update(data=[None]), "is not an object"),
        (lambda document: document["data"][0].pop("value"), "has no value"),
        (lambda document: document["data"][0].pop("point_time"), "is not a text"),
        (point(value=None), "no value"),
        (point(value="1000"), "is not a number"),
        (point(value=-3), "negative"),
        (point(value=float("nan")), "not a finite number"),
        (point(value=10**400), "too large"),
        (point(value=1_000_000), "absurd"),
        (point(value=4000), "outside the plausible range"),
        (point(point_time="2026-03-14T05:30:00"), "no time zone"),
        (point(point_time=1773466200), "is not a text"),
        (point(point_time="2026-03-14T01:00:00+00:00"), "more than 2:00:00 ago"),
    ],
)
async def test_a_corrupted_value_never_comes_through(mutate: Mutation, named: str) -> None:
    forecast = copy.deepcopy(d.watt_time([1000]))
    mutate(forecast)
    empty = d.watt_time([])
    refused(await poll(CASE.source, MARGINAL, api(forecast=forecast, historical=empty)), named)


async def test_zero_is_a_value() -> None:
    assert (await poll(CASE.source, MARGINAL, api(forecast=d.watt_time([0])))).grams_per_kwh == 0


@given(
    st.integers(0, 100_000).map(lambda hours: NOW + hours * HOUR),
    st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_pieces_cover_the_range_and_none_is_too_long(start: datetime, length: timedelta) -> None:
    cut = list(pieces(start, start + length))
    assert sum((until - begin for begin, until in cut), timedelta(0)) == length
    assert all(timedelta(0) < until - begin <= LONGEST_PIECE for begin, until in cut)
    assert all(early[1] == late[0] for early, late in pairwise(cut))


FIELDS = ["data", "meta", "point_time", "value", "region", "units", "signal_type", "warnings"]


@given(documents(FIELDS) | mutations(d.watt_time([1000, 900])))
def test_fuzzed_documents_raise_only_data_errors(content: object) -> None:
    only_data_errors(lambda: read_series(content, "CAISO_NORTH", "w")[0])


@given(st.binary(max_size=200))
def test_fuzzed_bytes_raise_only_data_errors(body: bytes) -> None:
    with pytest.raises(DataError):
        read_series(parse_json(body, "w"), "CAISO_NORTH", "w")
