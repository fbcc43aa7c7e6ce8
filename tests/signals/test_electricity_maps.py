"""The Electricity Maps client, through a transport that answers with documents of the documented shapes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import HOUR, NOW, StandingClock, em_documents, em_point, json_page, web, zone_spec
from voltaire.api.gridzone import Basis, ElectricityMapsSource
from voltaire.signals.carbon.electricity_maps import ElectricityMaps
from voltaire.signals.carbon.electricity_maps_shapes import Document, read_points
from voltaire.signals.errors import (
    ConfigError,
    DataError,
    Sandbox,
    Unauthorized,
    WrongBasis,
    WrongZone,
)
from voltaire.signals.numbers import parse_json
from voltaire.signals.zone import ZoneWatcher

KEY = "key-0123456789"
HERE = NOW.replace(minute=0)
Mutation = Callable[[dict[str, Any]], object]


class Api:
    """The API: documents by endpoint, or responses in their place; keeps the requests."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = em_documents() | answers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[request.url.path.rsplit("/", 1)[1]]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(request)
        return answer if isinstance(answer, httpx.Response) else json_page(answer)

    def asked(self, endpoint: str) -> int:
        return sum(request.url.path.endswith(endpoint) for request in self.requests)


def client(api: Api, basis: Basis | None = None, key: str | Exception = KEY, **spec: Any) -> ElectricityMaps:
    async def read_secret(namespace: str, name: str, field: str) -> str:
        if isinstance(key, Exception):
            raise key
        return key

    ref = {"name": "em", "namespace": "voltaire-system", "key": "token"}
    source = ElectricityMapsSource.model_validate({"secretRef": ref, **spec})
    return ElectricityMaps("electricityMaps[0]", source, "FR", basis or Basis(), web(api), read_secret)


async def test_latest_history_and_forecast_become_one_answer() -> None:
    answer = await client(Api()).fetch(NOW)
    assert [s.grams_per_kwh for s in answer.past] == [*range(40, 64), 55]
    assert answer.past[-1].estimated
    assert (answer.past[-1].start, answer.past[-1].end) == (HERE, HERE + HOUR)
    assert [s.grams_per_kwh for s in answer.forecast] == list(range(61, 109))
    assert answer.forecast[0].start == HERE + HOUR
    assert answer.notes == ()


async def test_requests_carry_the_key_in_a_header_and_switch_the_callers_place_off() -> None:
    api = Api()
    await client(api, url="https://api.electricitymaps.com/v4/").fetch(NOW)
    first = api.requests[0]
    assert str(first.url).startswith("https://api.electricitymaps.com/v4/carbon-intensity/latest?")
    assert first.headers["auth-token"] == KEY
    assert dict(first.url.params) == {
        "zone": "FR",
        "emissionFactorType": "lifecycle",
        "disableCallerLookup": "true",
    }
    assert KEY not in str(first.url)
    assert api.requests[2].url.params["horizonHours"] == "48"


async def test_direct_intensity_is_asked_for_by_name() -> None:
    documents = json.loads(json.dumps(em_documents()).replace('"lifecycle"', '"direct"'))
    api = Api(**documents)
    answer = await client(api, Basis(boundary="direct")).fetch(NOW)
    assert answer.basis == Basis(boundary="direct")
    assert {request.url.params["emissionFactorType"] for request in api.requests} == {"direct"}


async def test_zero_is_a_value() -> None:
    answer = await client(Api(latest={"zone": "FR", **em_point(HERE, 0)})).fetch(NOW)
    assert answer.past[-1].grams_per_kwh == 0


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_plan_without_a_forecast_is_not_an_error(status: int) -> None:
    api = Api(forecast=json_page({"error": "not in your plan"}, status))
    asked = client(api)
    answer = await asked.fetch(NOW)
    assert answer.past[-1].grams_per_kwh == 55
    assert answer.forecast == ()
    assert "no forecast" in answer.notes[0]
    await asked.fetch(NOW + HOUR)
    assert api.asked("forecast") == 1
    await asked.fetch(NOW + 7 * HOUR)
    assert api.asked("forecast") == 2


async def test_a_horizon_that_is_refused_is_left_out() -> None:
    def answer(request: httpx.Request) -> object:
        refused = "horizonHours" in request.url.params
        return json_page({"message": "bad horizon"}, 400) if refused else em_documents()["forecast"]

    assert len((await client(Api(forecast=answer)).fetch(NOW)).forecast) == 48


async def test_a_forecast_may_be_left_out() -> None:
    api = Api()
    assert (await client(api, forecast=False).fetch(NOW)).forecast == ()
    assert api.asked("forecast") == 0


async def test_history_and_forecast_are_asked_once_an_hour() -> None:
    api = Api()
    asked = client(api)
    for minutes in range(0, 55, 5):
        await asked.fetch(NOW + timedelta(minutes=minutes))
    assert (api.asked("latest"), api.asked("history"), api.asked("forecast")) == (11, 1, 1)
    for minutes in range(60, 75, 5):
        await asked.fetch(NOW + timedelta(minutes=minutes))
    # What is due takes the turn of the latest: one request a step.
    assert (api.asked("latest"), api.asked("history"), api.asked("forecast")) == (12, 2, 2)


async def test_a_broken_forecast_does_not_cost_the_value_and_is_said() -> None:
    answer = await client(Api(forecast={"zone": "FR"})).fetch(NOW)
    assert answer.past[-1].grams_per_kwh == 55
    assert "no forecast this time" in answer.notes[0]


def put(**fields: object) -> Mutation:
    return lambda document: document.update(fields)


def drop(field: str) -> Mutation:
    return lambda document: document.pop(field)


@pytest.mark.parametrize(
    ("mutate", "named"),
    [
        (put(zone="DE"), "asked for zone FR, answered for 'DE'"),
        (put(zone=None), "names no zone"),
        (drop("zone"), "names no zone"),
        (put(zone=["FR"]), "answered for"),
        (put(estimationMethod="SANDBOX_MODE_DATA"), "sandbox key"),
        (put(_disclaimer="This data is in SANDBOX MODE and synthetic"), "sandbox key"),
        (put(emissionFactorType="direct"), "asked for lifecycle intensity, got 'direct'"),
        (put(carbonIntensity=None), "no value"),
        (drop("carbonIntensity"), "has no carbonIntensity"),
        (put(carbonIntensity="213"), "is not a number"),
        (put(carbonIntensity=True), "is not a number"),
        (put(carbonIntensity=[213]), "is not a number"),
        (put(carbonIntensity=-1), "negative"),
        (put(carbonIntensity=float("nan")), "not a finite number"),
        (put(carbonIntensity=float("inf")), "not a finite number"),
        (put(carbonIntensity=10**400), "not a finite number"),
        (put(carbonIntensity=213_000), "absurd"),
        (put(carbonIntensity=2_130), "outside the plausible range"),
        (drop("datetime"), "no datetime"),
        (put(datetime=1773464400), "no datetime"),
        (put(datetime="2026-03-14T05:00:00"), "no time zone"),
        (put(datetime="yesterday"), "not a time"),
        (put(datetime="2026-03-15T05:00:00Z"), "no value for"),
        (put(temporalGranularity="fortnightly"), "temporalGranularity"),
        (put(status="no-data"), "no data"),
    ],
)
async def test_a_corrupted_value_never_comes_through(mutate: Mutation, named: str) -> None:
    latest = copy.deepcopy(em_documents()["latest"])
    mutate(latest)
    asked = client(Api(latest=latest, history={"zone": "FR", "history": []}))
    signal = await ZoneWatcher(zone_spec(), [asked], StandingClock()).poll()
    assert signal.grams_per_kwh is None
    assert signal.history is None
    assert named in signal.message
    assert not signal.sources[0].healthy


@pytest.mark.parametrize(
    ("response", "reason", "named"),
    [
        (httpx.Response(200, text="<!DOCTYPE html><html>Just a moment"), "Malformed", "web page"),
        (httpx.Response(200, content=b""), "Malformed", "empty"),
        (httpx.Response(200, content=b'{"zone": "FR", "carbonInt'), "Malformed", "cut off"),
        (httpx.Response(200, content=b"[1, 2]"), "Malformed", "not a JSON object"),
        (httpx.Response(200, content=b"[" * 100_000), "Malformed", "not JSON"),
        (httpx.Response(200, content=b"\xff\xfe\x00"), "Malformed", "not JSON"),
        (httpx.Response(200, content=b" " * (1 << 21)), "Rejected", "1 MiB"),
        (httpx.Response(401, content=b""), "Unauthorized", "401"),
        (httpx.Response(403, text="<html>nginx</html>"), "Unauthorized", "403"),
        (httpx.Response(404, json={"error": "no zone"}), "NotFound", "no zone"),
        (httpx.Response(400, json={"message": "bad request"}), "Rejected", "bad request"),
        (httpx.Response(429, headers={"retry-after": "90"}), "RateLimited", "wait 90 s"),
        (httpx.Response(500, text="oops"), "ServerFailed", "500"),
        (
            httpx.Response(302, headers={"location": "https://evil.example.com/"}),
            "Rejected",
            "redirects elsewhere",
        ),
        (httpx.ConnectError("refused"), "Unreachable", "ConnectError"),
        (httpx.ReadTimeout("slow"), "TimedOut", "no answer"),
        (httpx.RemoteProtocolError("broke"), "Unreachable", "RemoteProtocolError"),
    ],
)
async def test_an_answer_that_is_none_is_named(
    response: httpx.Response | Exception, reason: str, named: str
) -> None:
    signal = await ZoneWatcher(zone_spec(), [client(Api(latest=response))], StandingClock()).poll()
    assert signal.grams_per_kwh is None
    assert signal.reason == reason
    assert named in signal.message


async def test_a_value_that_is_too_old_is_history_and_nothing_else() -> None:
    latest = {"zone": "FR", **em_point(HERE - 4 * HOUR, 55)}
    asked = client(Api(latest=latest, history={"zone": "FR", "history": []}))
    signal = await ZoneWatcher(zone_spec(), [asked], StandingClock()).poll()
    assert (signal.grams_per_kwh, signal.forecast, signal.reason) == (None, None, "Stale")
    assert "more than 2:00:00 ago" in signal.message
    assert signal.history is not None
    assert signal.history.at(HERE - 4 * HOUR) == 55


async def test_a_sandbox_key_is_refused_whichever_endpoint_shows_it() -> None:
    history = em_documents()["history"]
    history["history"][3]["estimationMethod"] = "SANDBOX_MODE_DATA"
    with pytest.raises(Sandbox):
        await client(Api(history=history)).fetch(NOW)


async def test_refused_values_of_the_history_are_gaps() -> None:
    history = em_documents()["history"]
    history["history"][3]["carbonIntensity"] = -5
    history["history"][4]["carbonIntensity"] = 2_000
    signal = await ZoneWatcher(zone_spec(), [client(Api(history=history))], StandingClock()).poll()
    assert signal.grams_per_kwh == 55
    assert signal.history is not None
    assert signal.history.values[2:6] == (42, None, None, 45)
    assert signal.sources[0].refused == 2


async def test_a_key_that_a_server_repeats_is_blanked() -> None:
    response = json_page({"error": f"token {KEY} is wrong"}, 401)
    with pytest.raises(Unauthorized) as caught:
        await client(Api(latest=response)).fetch(NOW)
    assert KEY not in str(caught.value)
    assert "***" in str(caught.value)


@pytest.mark.parametrize("key", ["", "   ", "two words", "line\nbreak", "ключ", RuntimeError("secret value")])
async def test_a_key_that_cannot_be_one_is_refused_without_being_shown(key: str | Exception) -> None:
    with pytest.raises(ConfigError, match="Secret voltaire-system/em") as caught:
        await client(Api(), key=key).fetch(NOW)
    assert not str(key).strip() or str(key) not in str(caught.value)


@pytest.mark.parametrize("basis", [Basis(signal="marginal"), Basis(perspective="production")])
async def test_a_basis_it_cannot_give_is_refused_without_asking(basis: Basis) -> None:
    api = Api()
    with pytest.raises(WrongBasis):
        await client(api, basis).fetch(NOW)
    assert api.requests == []


def test_another_zone_in_a_forecast_is_refused() -> None:
    with pytest.raises(WrongZone):
        read_points(Document("forecast", "h", em_documents("DE")["forecast"]), "FR", "lifecycle")


@pytest.mark.parametrize(("said", "minutes"), [("5_minutes", 5), ("15_minutes", 15), ("hourly", 60)])
def test_the_granularity_is_the_length_of_a_point(said: str, minutes: int) -> None:
    document = {"zone": "FR", "temporalGranularity": said, **em_point(HERE, 1)}
    (sample,) = read_points(Document("latest", "h", document), "FR", "lifecycle")
    assert sample.end - sample.start == timedelta(minutes=minutes)


def test_ranges_in_data_are_read_like_history() -> None:
    document = {"zone": "FR", "data": [em_point(HERE, 1), em_point(HERE - HOUR, 2)]}
    samples = read_points(Document("history", "h", document), "FR", "lifecycle")
    assert [sample.grams_per_kwh for sample in samples] == [2, 1]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["zone", "datetime", "carbonIntensity", "history", "data", "estimationMethod"]),
            inner,
        )
    ),
    max_leaves=20,
)


@given(JSON, st.sampled_from(["latest", "history", "forecast"]))
def test_fuzzed_documents_raise_only_data_errors(content: object, endpoint: str) -> None:
    try:
        samples = read_points(Document(endpoint, "h", content), "FR", "lifecycle")
    except DataError:
        return
    assert all(s.grams_per_kwh is None or 0 <= s.grams_per_kwh <= 5000 for s in samples)


@given(st.binary(max_size=200))
def test_fuzzed_bytes_raise_only_data_errors(body: bytes) -> None:
    with pytest.raises(DataError):
        read_points(Document("latest", "h", parse_json(body, "h")), "FR", "lifecycle")


@pytest.mark.parametrize("endpoint", ["history", "forecast"])
def test_a_point_of_another_zone_condemns_the_document(endpoint: str) -> None:
    document = em_documents()[endpoint]
    document[endpoint][3]["zone"] = "DE"
    with pytest.raises(WrongZone, match="a point is of zone 'DE', not FR"):
        read_points(Document(endpoint, "h", document), "FR", "lifecycle")
