"""Quotas of providers, and pages that did not change."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.signals.builders import json_page, web
from voltaire.signals.errors import RateLimited, Rejected
from voltaire.signals.http import Web
from voltaire.signals.pace import Pace

URL = "https://api.example.com/v1/x?token=secret"
HOST = "api.example.com"


class Wall:
    """A monotonic clock that sleeping moves on."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


def pace(count: int, seconds: float) -> tuple[Pace, Wall]:
    wall = Wall()
    return Pace({HOST: (count, seconds)}, wall, wall.sleep), wall


async def test_requests_are_spread_so_that_the_quota_holds() -> None:
    kept, wall = pace(4, 1.0)
    times = []
    for _ in range(20):
        await kept.turn(HOST)
        times.append(wall.time)
    assert times[3] == 0
    # After the first burst of four, a quarter of a second each.
    assert times[-1] == pytest.approx(4.0)


async def test_a_turn_that_would_be_long_in_coming_is_refused_with_the_wait() -> None:
    kept, wall = pace(2, 60.0)
    await kept.turn(HOST)
    await kept.turn(HOST)
    with pytest.raises(RateLimited) as caught:
        await kept.turn(HOST)
    assert caught.value.retry_after_seconds == pytest.approx(30)
    wall.time += 30
    await kept.turn(HOST)


async def test_hosts_without_a_quota_never_wait() -> None:
    kept, wall = pace(1, 1e9)
    for _ in range(100):
        await kept.turn("prometheus.example.com")
    assert wall.time == 0


@pytest.mark.parametrize(("reset", "seconds"), [("90", 90), ("", 60), ("soon", 60), ("86400", 3600)])
async def test_a_quota_that_an_answer_calls_used_up_closes_the_host(reset: str, seconds: float) -> None:
    kept, wall = pace(9, 1.0)
    kept.note(HOST, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset})
    wall.time = seconds - 1
    with pytest.raises(RateLimited):
        await kept.turn(HOST)
    wall.time = seconds + 1
    await kept.turn(HOST)
    kept.note(HOST, {"x-ratelimit-remaining": "12"})
    await kept.turn(HOST)


class Server:
    """A page with an ETag that changes when told; counts full answers."""

    def __init__(self, validators: dict[str, str]) -> None:
        self.validators, self.full, self.body = validators, 0, 1

    def __call__(self, request: httpx.Request) -> httpx.Response:
        same = request.headers.get("if-none-match") == f'"{self.body}"'
        since = request.headers.get("if-modified-since")
        if same or (since is not None and since == self.validators["last-modified"]):
            return httpx.Response(304)
        self.full += 1
        headers = {name: value.format(self.body) for name, value in self.validators.items()}
        return httpx.Response(200, headers=headers, json=self.body)


@pytest.mark.parametrize("validators", [{"etag": '"{}"'}, {"last-modified": "Sat, 14 Mar 2026 05:00:00 GMT"}])
async def test_a_page_that_did_not_change_is_not_sent_again(validators: dict[str, str]) -> None:
    server = Server(validators)
    client = web(server)
    for _ in range(3):
        assert (await client.get(URL)).json() == 1
    assert server.full == 1


async def test_a_page_that_changed_is_read_anew() -> None:
    server = Server({"etag": '"{}"'})
    client = web(server)
    await client.get(URL)
    server.body = 2
    assert (await client.get(URL)).json() == 2


@pytest.mark.parametrize("extra", [{}, {"etag": '"{}"', "cache-control": "no-store"}])
async def test_without_a_validator_nothing_is_kept(extra: dict[str, str]) -> None:
    server = Server(extra)
    client = web(server)
    await client.get(URL)
    await client.get(URL)
    assert server.full == 2


async def test_another_key_gets_a_page_of_its_own() -> None:
    server = Server({"etag": '"{}"'})
    client = web(server)
    await client.get(URL, headers={"auth-token": "one"})
    await client.get(URL, headers={"auth-token": "two"})
    assert server.full == 2


async def test_unchanged_without_having_asked_is_an_error() -> None:
    with pytest.raises(Rejected):
        await web(lambda _: httpx.Response(304)).get(URL)


async def test_a_host_that_is_slow_does_not_hold_up_another() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "slow.example.com":
            await asyncio.sleep(60)
        return json_page(1)

    client = Web(make_client=lambda _: httpx.AsyncClient(transport=httpx.MockTransport(answer)))
    slow = asyncio.create_task(client.get("https://slow.example.com/"))
    assert (await asyncio.wait_for(client.get(URL), 1)).json() == 1
    slow.cancel()
