"""Where the operator may connect to beside HTTP: the same rules as `addresses`, for a host and a port."""

from __future__ import annotations

import asyncio
import ipaddress

import httpx

from voltaire.signals.addresses import Resolve, UrlRules, resolve_host
from voltaire.signals.errors import TimedOut, Unreachable, UrlRefused

RESOLVE_SECONDS = 5.0


async def judged_address(
    rules: UrlRules, host: str, port: int, *, secure: bool, resolve: Resolve = resolve_host
) -> str:
    """An address of `host` that may be connected to, all of its addresses judged: connect to it and to no
    other, so that a name that resolves differently a moment later changes nothing.

    `secure`: the connection is encrypted and the host proves its name. Clear text goes to private addresses
    only, or to hosts the administrator names. Raises UrlRefused, Unreachable, TimedOut.
    """
    try:
        url = httpx.URL(scheme="https", host=host, port=port)
    except httpx.InvalidURL:
        raise UrlRefused(f"{host} is not the name of a host") from None
    rules.check_url(url)
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            texts = await resolve(host, port)
        addresses = [ipaddress.ip_address(text.split("%", 1)[0]) for text in texts]
    except TimeoutError:
        raise TimedOut(f"{host} is not resolved in time") from None
    except (OSError, ValueError):
        raise Unreachable(f"{host} cannot be resolved") from None
    if not addresses:
        raise Unreachable(f"{host} has no address")
    for address in addresses:
        rules.check_address(url, address)
        if not secure and address.is_global and host not in rules.plain_hosts:
            raise UrlRefused(f"{host} is public and would be spoken to in clear text: use TLS or a tunnel")
    return str(addresses[0])
