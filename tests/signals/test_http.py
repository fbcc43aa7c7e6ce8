"""The door to the network: limits, retries, redirects, and what errors say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.signals.builders import Handler, json_page, web
from voltaire.signals.addresses import UrlRules
from voltaire.signals.errors import (
    NotFound,
    RateLimited,
    Rejected,
    ServerFailed,
    SignalError,
    TimedOut,
    Unauthorized,
    Unreachable,
    UrlRefused,
)
from voltaire.signals.http import MAX_BODY_BYTES, Web, retry_after_seconds

URL = "https://api.example.com/v1/x?token=tok-secret"


class Server:
    """Answers with each outcome in turn, the last one for ever."""

    def __init__(self, *outcomes: httpx.Response | Exception) -> None:
        self.outcomes = outcomes
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        outcome = self.outcomes[min(len(self.requests), len(self.outcomes)) - 1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def test_a_page_comes_with_its_body_and_parameters_are_added() -> None:
    server = Server(json_page({"a": 0}))
    page = await web(server).get(URL, {"b": "c d"})
    assert page.json() == {"a": 0}
    assert dict(server.requests[0].url.params) == {"token": "tok-secret", "b": "c d"}
    assert server.requests[0].headers["user-agent"].startswith("voltaire/")


@pytest.mark.parametrize(
    "passing",
    [httpx.ConnectError("x"), httpx.Response(503), httpx.Response(429, headers={"retry-after": "1"})],
)
async def test_what_may_pass_is_tried_three_times(passing: httpx.Response | Exception) -> None:
    server = Server(passing, passing, json_page(1))
    assert (await web(server).get(URL)).json() == 1
    server = Server(passing)
    with pytest.raises(SignalError):
        await web(server).get(URL)
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_what_will_not_pass_is_tried_once(status: int) -> None:
    server = Server(httpx.Response(status))
    with pytest.raises(SignalError):
        await web(server).get(URL)
    assert len(server.requests) == 1


async def test_a_long_retry_after_is_left_to_the_caller() -> None:
    server = Server(httpx.Response(429, headers={"retry-after": "600"}))
    with pytest.raises(RateLimited) as caught:
        await web(server).get(URL)
    assert (caught.value.retry_after_seconds, len(server.requests)) == (600, 1)


async def test_a_short_retry_after_is_waited_for() -> None:
    waits = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    client = web(Server(httpx.Response(429, headers={"retry-after": "2"}), json_page(1)))
    client.sleep = sleep
    await client.get(URL)
    assert waits == [2]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 60),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "86400"}, 3600),
        ({"retry-after": "-5"}, 60),
        ({"retry-after": "soon"}, 60),
        ({"retry-after": "Sat, 14 Mar 2026 05:31:00 GMT", "date": "Sat, 14 Mar 2026 05:30:00 GMT"}, 60),
        ({"retry-after": "Sat, 14 Mar 2026 05:35:00 GMT", "date": "Sat, 14 Mar 2026 05:30:00 GMT"}, 300),
        ({"retry-after": "Sat, 14 Mar 2026 05:00:00 GMT", "date": "Sat, 14 Mar 2026 05:30:00 GMT"}, 0),
        ({"retry-after": "Sat, 14 Mar 2026 05:31:00 GMT"}, 60),
        ({"retry-after": "9" * 400}, 60),
    ],
)
def test_retry_after_is_read_in_both_forms(headers: dict[str, str], seconds: float) -> None:
    assert retry_after_seconds(headers) == seconds


@pytest.mark.parametrize(
    "location", ["/other", "https://api.example.com/other", "https://api.example.com:443/other"]
)
async def test_redirects_on_the_same_host_are_followed(location: str) -> None:
    server = Server(httpx.Response(301, headers={"location": location}), json_page(1))
    assert (await web(server).get(URL, headers={"auth-token": "k"})).json() == 1
    assert server.requests[1].url.path == "/other"


@pytest.mark.parametrize(
    "location",
    [
        "https://other.example.com/",
        "http://api.example.com/",
        "https://api.example.com:8443/",
        "http://169.254.169.254/latest",
        "//other.example.com/x",
    ],
)
async def test_redirects_elsewhere_are_refused_before_anything_is_sent_there(location: str) -> None:
    server = Server(httpx.Response(302, headers={"location": location}))
    with pytest.raises(Rejected, match="redirects elsewhere"):
        await web(server).get(URL, headers={"auth-token": "k"})
    assert len(server.requests) == 1


async def test_redirects_do_not_go_round_for_ever() -> None:
    server = Server(httpx.Response(302, headers={"location": "/again"}))
    with pytest.raises(Rejected, match="more than 3 times"):
        await web(server).get(URL)
    assert len(server.requests) == 4


async def test_a_body_beyond_the_limit_is_not_read_to_its_end() -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 65536

    with pytest.raises(Rejected, match="1 MiB"):
        await web(Server(httpx.Response(200, content=endless()))).get(URL)
    assert sent <= MAX_BODY_BYTES // 65536 + 1


async def test_compressed_answers_that_were_not_asked_for_are_refused() -> None:
    response = httpx.Response(200, content=b"", headers={"content-encoding": "br"})
    with pytest.raises(Rejected, match="compressed"):
        await web(Server(response)).get(URL)


async def test_the_whole_of_it_has_a_time_limit() -> None:
    async def hang(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    client = Web(
        UrlRules(), lambda _: httpx.AsyncClient(transport=httpx.MockTransport(hang)), total_seconds=0.01
    )
    with pytest.raises(TimedOut, match=r"api\.example\.com gave no answer in 0\.01 s"):
        await client.get(URL)
    await client.aclose()


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (httpx.Response(404, json={"message": "unknown tok-secret key-secret"}), NotFound),
        (httpx.Response(500, json={"error": "key-secret"}), ServerFailed),
        (httpx.ConnectError("https://api.example.com/?token=tok-secret"), Unreachable),
        (httpx.ReadTimeout("tok-secret"), TimedOut),
    ],
)
async def test_messages_never_contain_keys(
    outcome: httpx.Response | Exception, error: type[SignalError]
) -> None:
    with pytest.raises(error) as caught:
        await web(Server(outcome)).get(URL, headers={"auth-token": "key-secret"})
    assert "key-secret" not in str(caught.value)
    assert "tok-secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("http://api.example.com/", "clear-text"),
        ("ftp://api.example.com/", "https://"),
        ("https:///path", "https://"),
        ("https://user:pw-secret@api.example.com/", "credentials"),
        ("https://169.254.169.254/", "link-local"),
        ("https://[::ffff:169.254.169.254]/", "link-local"),
        ("https://127.0.0.1/", "private"),
        ("https://10.0.0.1/", "private"),
        ("https://[::1]/", "private"),
    ],
)
async def test_addresses_that_must_not_be_asked_are_refused_unasked(url: str, named: str) -> None:
    server = Server(json_page(1))
    with pytest.raises(UrlRefused, match=named) as caught:
        await web(server).get(url)
    assert server.requests == []
    assert "pw-secret" not in str(caught.value)


async def test_an_unreadable_url_is_refused() -> None:
    with pytest.raises(Rejected, match="cannot be read"):
        await web(Server(json_page(1))).get("https://api.example.com:port/")


async def test_one_client_serves_all_and_can_be_closed() -> None:
    made = []

    def make(_: UrlRules, handler: Handler = Server(json_page(1))) -> httpx.AsyncClient:  # noqa: B008
        made.append(httpx.AsyncClient(transport=httpx.MockTransport(handler)))
        return made[-1]

    client = Web(UrlRules(), make)
    await client.get(URL)
    await client.get(URL)
    assert len(made) == 1
    await client.aclose()
    await client.aclose()
    assert made[0].is_closed


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "no"}, "no"),
        ({"message": "no"}, "no"),
        ({"error": "no", "message": "really"}, "no, really"),
        ({"error": {"code": "400 Bad Request", "message": "no"}}, "400 Bad Request, no"),
        ({"title": "Bad Request", "status": 400, "detail": "no"}, "Bad Request, no"),
        ({"detail": "see https://api.example.com/?key=other for more"}, "see (a URL) for more"),
    ],
)
async def test_what_the_server_says_is_passed_on(body: dict[str, object], said: str) -> None:
    with pytest.raises(Rejected) as caught:
        await web(Server(json_page(body, 400))).get(URL)
    assert str(caught.value) == f"api.example.com answers 400: {said}"


@pytest.mark.parametrize("spelling", ["s3cret/key+1", "s3cret%2Fkey%2B1"])
async def test_secrets_that_stand_in_the_query_are_blanked(spelling: str) -> None:
    server = Server(json_page({"error": f"key {spelling} is wrong"}, 403))
    with pytest.raises(Unauthorized) as caught:
        await web(server).get(URL, {"api_key": "s3cret/key+1"}, secrets=("s3cret/key+1",))
    assert str(caught.value).endswith("key *** is wrong")
    assert caught.value.status == 403


async def test_attempts_can_be_limited() -> None:
    server = Server(httpx.Response(503))
    with pytest.raises(ServerFailed):
        await web(server).get(URL, attempts=1)
    assert len(server.requests) == 1
