"""Which addresses may be asked, and that the judged address is the one that is connected to."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence

import httpx
import pytest

from tests.signals.builders import json_page
from voltaire.signals.addresses import PinnedTransport, UrlRules, resolve_host
from voltaire.signals.errors import UrlRefused
from voltaire.signals.http import Web, new_client

NEVER = [
    "169.254.169.254",
    "169.254.1.1",
    "fe80::1",
    "168.63.129.16",
    "100.100.100.200",
    "fd00:ec2::254",
    "224.0.0.1",
    "ff02::1",
    "0.0.0.0",  # noqa: S104  (an address to refuse)
    "::",
    "240.0.0.1",
    "255.255.255.255",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
]
PRIVATE = [
    "127.0.0.1",
    "::1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "fd12::1",
    "::ffff:10.0.0.1",
]
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"]


class Inner(httpx.AsyncBaseTransport):
    """Stands for the network: keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return json_page(1)


async def connect(rules: UrlRules, addresses: Sequence[str], url: str = "https://api.example.com/x") -> Inner:
    """A request for `url`, whose host has `addresses`."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    inner = Inner()
    transport = PinnedTransport(rules, inner, resolve)
    async with httpx.AsyncClient(transport=transport) as client:
        await client.get(url)
    return inner


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("allow_private", [False, True])
async def test_some_addresses_are_never_asked(address: str, allow_private: bool) -> None:
    with pytest.raises(UrlRefused, match="link-local, metadata or reserved"):
        await connect(UrlRules(allow_private), [address])


@pytest.mark.parametrize("address", PRIVATE)
async def test_private_addresses_are_asked_only_when_allowed(address: str) -> None:
    with pytest.raises(UrlRefused, match="administrator"):
        await connect(UrlRules(), [address])
    await connect(UrlRules(allow_private=True), [address])
    await connect(UrlRules(allow_private=True), [address], "http://api.example.com/")


@pytest.mark.parametrize("address", PUBLIC)
async def test_public_addresses_are_asked_but_not_in_clear_text(address: str) -> None:
    await connect(UrlRules(), [address])
    for rules in (UrlRules(), UrlRules(allow_private=True)):
        with pytest.raises(UrlRefused, match="clear-text"):
            await connect(rules, [address], "http://api.example.com/")
    await connect(UrlRules(plain_hosts=frozenset({"api.example.com"})), [address], "http://api.example.com/")


async def test_one_bad_address_among_good_ones_refuses_the_host() -> None:
    with pytest.raises(UrlRefused):
        await connect(UrlRules(), [PUBLIC[0], "127.0.0.1"])


async def test_the_connection_goes_to_the_judged_address_with_the_hosts_name() -> None:
    inner = await connect(UrlRules(), [PUBLIC[0], PUBLIC[1]])
    (request,) = inner.requests
    assert request.url.host == PUBLIC[0]
    assert request.headers["host"] == "api.example.com"
    assert request.extensions["sni_hostname"] == "api.example.com"


@pytest.mark.parametrize("addresses", [[], ["nonsense"]])
async def test_a_host_without_an_address_is_unreachable(addresses: list[str]) -> None:
    with pytest.raises(httpx.ConnectError):
        await connect(UrlRules(), addresses)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost"])
async def test_other_spellings_of_loopback_are_seen_through(host: str) -> None:
    web = Web(UrlRules())
    with pytest.raises(UrlRefused, match="private"):
        await web.get(f"https://{host}/")
    await web.aclose()


async def test_a_real_connection_reaches_a_local_server_when_that_is_allowed() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n42")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    web = Web(UrlRules(allow_private=True), new_client)
    async with server:
        assert (await web.get(f"http://localhost:{port}/")).json() == 42
    await web.aclose()


async def test_resolving_gives_addresses() -> None:
    addresses = await resolve_host("localhost", 80)
    assert all(ipaddress.ip_address(address).is_loopback for address in addresses)
