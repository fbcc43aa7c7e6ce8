"""Where the operator may connect to.

Specs name URLs, and whoever may write a spec could otherwise make the operator fetch from places that only
the operator reaches. A name is resolved once, every address it has is judged, and the connection goes to
the judged address: a name that resolves differently a moment later changes nothing.

Never: link-local, multicast, unspecified and reserved addresses, and the metadata services of clouds.
Only when the administrator allows it: loopback, private and shared address space. Clear-text HTTP: only to
such private addresses, or to hosts the administrator names.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import httpx

from voltaire.signals.errors import UrlRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

# Metadata services outside 169.254.0.0/16, as the providers document them: Azure's wire server, AWS over
# IPv6, Alibaba Cloud, Oracle Cloud's older address.
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in ("168.63.129.16", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "192.0.0.192")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class UrlRules:
    """`allow_private`: loopback and private addresses too. `plain_hosts`: may be asked without TLS."""

    allow_private: bool = False
    plain_hosts: frozenset[str] = frozenset()

    def check_url(self, url: httpx.URL) -> None:
        """Judge what can be seen without resolving; raises UrlRefused."""
        if url.scheme not in {"https", "http"} or not url.host:
            raise UrlRefused("a URL begins with https:// and a host")
        if url.userinfo:
            raise UrlRefused(f"the URL of {url.host} contains credentials: leave them out of specs")
        if url.scheme == "http" and not self.allow_private and url.host not in self.plain_hosts:
            raise UrlRefused(f"{url.host} is asked over clear-text HTTP: use https")
        try:
            literal = ipaddress.ip_address(url.host)
        except ValueError:
            return
        self.check_address(url, literal)

    def check_address(self, url: httpx.URL, address: Address) -> None:
        """Judge an address that the URL's host has; raises UrlRefused."""
        inner = _unwrap(address)
        private = not inner.is_global
        if forbidden(inner):
            raise UrlRefused(f"{url.host} is {address}, a link-local, metadata or reserved address")
        if private and not self.allow_private:
            raise UrlRefused(
                f"{url.host} is {address}, a private address: the administrator must allow private URLs"
            )
        if url.scheme == "http" and not private and url.host not in self.plain_hosts:
            raise UrlRefused(f"{url.host} is public and asked over clear-text HTTP: use https")


def forbidden(address: Address) -> bool:
    """Addresses that are never asked, whatever is allowed."""
    return (
        address in _METADATA
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and not address.is_loopback)
    )


def _unwrap(address: Address) -> Address:
    """The IPv4 address that an IPv6 one carries, if it carries one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1] or address


async def resolve_host(host: str, port: int) -> Sequence[str]:
    """All addresses of a host. Raises OSError when it has none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class PinnedTransport(httpx.AsyncBaseTransport):
    """Connects to addresses that were judged, and to no others.

    The request goes to the address, with the host's name in `Host` and in TLS (`sni_hostname`), so that
    certificates are checked against the name. Raises UrlRefused, or httpx.ConnectError without an address.
    """

    def __init__(
        self, rules: UrlRules, inner: httpx.AsyncBaseTransport, resolve: Resolve = resolve_host
    ) -> None:
        self._rules = rules
        self._inner = inner
        self._resolve = resolve

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        self._rules.check_url(url)
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            texts = await self._resolve(url.host, port)
            addresses = [ipaddress.ip_address(text.split("%", 1)[0]) for text in texts]
        except (OSError, ValueError) as error:
            raise httpx.ConnectError(f"{url.host} cannot be resolved", request=request) from error
        if not addresses:
            raise httpx.ConnectError(f"{url.host} has no address", request=request)
        for address in addresses:
            self._rules.check_address(url, address)
        return await self._inner.handle_async_request(_pinned(request, addresses[0]))

    async def aclose(self) -> None:
        await self._inner.aclose()


def _pinned(request: httpx.Request, address: Address) -> httpx.Request:
    """The same request, sent to `address`."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": request.url.host},
    )
