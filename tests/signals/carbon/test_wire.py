"""What every provider has in common: good answers, bad wires, keys that stay secret, refused bases."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.signals.builders import HOUR, StandingClock, json_page
from tests.signals.carbon.cases import CASES, Case
from tests.signals.carbon.harness import AVERAGE, KEY, MARGINAL, Api, deps, poll, watch

each = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
WITH_KEY = {name: case for name, case in CASES.items() if case.secrets}
# Prometheus means what the zone says.
WITH_BASIS = {name: case for name, case in CASES.items() if name != "prometheus"}
BAD = {
    "a web page": (httpx.Response(200, text="<!DOCTYPE html><html>Just a moment"), "Malformed"),
    "nothing": (httpx.Response(200, content=b""), "Malformed"),
    "blanks": (httpx.Response(200, content=b" \n "), "Malformed"),
    "cut off": (httpx.Response(200, content=b'{"data": [{"fr'), "Malformed"),
    "cut off xml": (httpx.Response(200, content=b"<?xml version='1.0'?><GL_Mark"), "Malformed"),
    "another shape": (httpx.Response(200, content=b"[1, 2]"), "Malformed"),
    "a number": (httpx.Response(200, content=b"42"), "Malformed"),
    "null": (httpx.Response(200, content=b"null"), "Malformed"),
    "an empty object": (httpx.Response(200, content=b"{}"), "Malformed"),
    "endless nesting": (httpx.Response(200, content=b"[" * 100_000), "Malformed"),
    "bytes": (httpx.Response(200, content=b"\xff\xfe\x00"), "Malformed"),
    "too much": (httpx.Response(200, content=b" " * (1 << 21)), "Rejected"),
    "compressed": (httpx.Response(200, headers={"content-encoding": "gzip"}, content=b""), None),
    "no key": (httpx.Response(401, content=b""), "Unauthorized"),
    "no such zone": (json_page({"error": "no zone"}, 404), "NotFound"),
    "not acceptable": (json_page({"message": "no"}, 406), "Rejected"),
    "too often": (httpx.Response(429, headers={"retry-after": "90"}), "RateLimited"),
    "out of order": (httpx.Response(500, text="oops"), "ServerFailed"),
    "down": (httpx.Response(503, headers={"retry-after": "1"}), "ServerFailed"),
    "elsewhere": (httpx.Response(302, headers={"location": "https://evil.example.com/"}), "Rejected"),
    "refused": (httpx.ConnectError("refused"), "Unreachable"),
    "silent": (httpx.ReadTimeout("slow"), "TimedOut"),
    "broken": (httpx.RemoteProtocolError("broke"), "Unreachable"),
}


@each
async def test_a_good_answer_gives_the_value(case: Case) -> None:
    signal = await poll(case.source, case.basis, Api(case.answers))
    assert signal.grams_per_kwh == pytest.approx(case.value), signal.message
    assert signal.reason == "Observed"
    assert signal.history is not None
    assert signal.forecast is not None


@each
@pytest.mark.parametrize(("bad", "reason"), BAD.values(), ids=BAD)
async def test_an_answer_that_is_none_is_named(
    case: Case, bad: httpx.Response | Exception, reason: str | None
) -> None:
    signal = await poll(case.source, case.basis, Api({**case.answers, case.main: bad}))
    assert signal.grams_per_kwh is None
    assert signal.history is None
    assert reason in (None, signal.reason), signal.message


@each
@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 500])
async def test_secrets_never_show(
    case: Case, status: int, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = case.secrets
    said = f"keys {' '.join(secrets)} in https://x/?api_key={KEY} are wrong"
    for body in ({"error": said}, {"error": {"code": "API_KEY_INVALID", "message": said}}, {"detail": said}):
        api = Api({**case.answers, case.main: json_page(body, status)})
        signal = await poll(case.source, case.basis, api)
        output = capsys.readouterr()
        seen = f"{signal}{caplog.text}{output.out}{output.err}"
        assert signal.grams_per_kwh is None
        assert not [secret for secret in (*secrets, KEY) if secret in seen]


@pytest.mark.parametrize("case", WITH_KEY.values(), ids=WITH_KEY)
@pytest.mark.parametrize("key", ["", "two words", "line\nbreak"])
async def test_a_key_that_cannot_be_one_is_refused(case: Case, key: str) -> None:
    api = Api(case.answers)
    signal = await watch(case.source, case.basis, deps(api, key=key)).poll()
    assert signal.reason == "Misconfigured"
    assert "Secret voltaire-system/carbon" in signal.message
    assert api.requests == []


@pytest.mark.parametrize("case", WITH_BASIS.values(), ids=WITH_BASIS)
async def test_another_basis_is_refused_without_asking(case: Case) -> None:
    api = Api(case.answers)
    other = AVERAGE if case.basis["signal"] == "marginal" else MARGINAL
    signal = await poll(case.source, other, api)
    assert (signal.grams_per_kwh, signal.reason) == (None, "WrongBasis")
    assert "change spec.basis" in signal.message
    assert api.requests == []


@each
async def test_a_source_that_hangs_is_left(case: Case) -> None:
    async def hang(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(3600)
        raise AssertionError

    shared = deps(Api({}))
    shared.web.make_client = lambda _: httpx.AsyncClient(transport=httpx.MockTransport(hang))
    shared.web.total_seconds = 0.01
    signal = await watch(case.source, case.basis, shared).poll()
    assert signal.reason == "TimedOut"


@each
async def test_values_grow_old(case: Case) -> None:
    clock = StandingClock()
    api = Api(case.answers)
    watcher = watch(case.source, case.basis, deps(api, clock))
    assert (await watcher.poll()).fresh
    for answer in api.answers:
        api.answers[answer] = httpx.Response(503)
    clock.time += 60 * HOUR
    signal = await watcher.poll(force=True)
    assert signal.grams_per_kwh is None
