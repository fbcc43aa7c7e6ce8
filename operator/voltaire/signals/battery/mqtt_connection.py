"""A connection to an MQTT broker, on aiomqtt.

The client library connects in a thread of its own, where a broker that accepts and then says nothing would
hold it. So the way is tried first, TLS and all, where it can be given up; the library then finds it open.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from socket import socket
from typing import Any

import aiomqtt

from voltaire.api.battery_sources import Broker
from voltaire.signals.addresses import Resolve, UrlRules, resolve_host
from voltaire.signals.carbon.credentials import ReadSecret, read_key
from voltaire.signals.errors import ConfigError, SignalError, TimedOut, Unauthorized, Unreachable, Unreadable
from voltaire.signals.hosts import judged_address

CONNECT_SECONDS = 8.0
KEEPALIVE_SECONDS = 20
MAX_QUEUED = 1000
_TLS_PORT, _PLAIN_PORT = 8883, 1883
# Bad user name or password, not authorised: of MQTT 3.1.1 and, as the library rewrites them, of MQTT 5.
_DENIED = {4, 5, 134, 135}
# What goes wrong is raised; the library would also log it, payloads and all.
_silent = logging.getLogger("voltaire.mqtt")
_silent.disabled = True


@dataclass(frozen=True, slots=True)
class Brokers:
    """What connections need from outside; one for the operator."""

    rules: UrlRules
    read_secret: ReadSecret
    resolve: Resolve = resolve_host

    @asynccontextmanager
    async def connect(self, broker: Broker) -> AsyncIterator[aiomqtt.Client]:
        """A connection, login and all; secrets are read anew for each.

        Raises UrlRefused, FetchError (also when it breaks inside), ConfigError, Unreadable.
        """
        port = broker.port or (_TLS_PORT if broker.tls else _PLAIN_PORT)
        name = f"{broker.host}:{port}"
        try:
            async with asyncio.timeout(CONNECT_SECONDS) as limit:
                client = await self._client(broker, port)
                async with client:
                    limit.reschedule(None)
                    yield client
        except TimeoutError:
            raise TimedOut(f"{name} gave no answer in {CONNECT_SECONDS:g} s") from None
        except aiomqtt.MqttError as error:
            raise _known(error, name) from None

    async def _client(self, broker: Broker, port: int) -> aiomqtt.Client:
        """A client that will connect to a judged address."""
        address = await judged_address(self.rules, broker.host, port, secure=broker.tls, resolve=self.resolve)
        context = await self._context(broker) if broker.tls else None
        password = None
        if broker.password_ref is not None:
            password = await read_key(self.read_secret, broker.password_ref)
        await _try(address, port, broker.host, context)
        return aiomqtt.Client(
            address,
            port,
            username=broker.username,
            password=password,
            tls_context=context,
            keepalive=KEEPALIVE_SECONDS,
            timeout=CONNECT_SECONDS,
            max_queued_incoming_messages=MAX_QUEUED,
            logger=_silent,
        )

    async def _context(self, broker: Broker) -> ssl.SSLContext:
        """TLS that checks the broker's name, whatever address is connected to."""
        context = _NamedContext(ssl.PROTOCOL_TLS_CLIENT)
        context.name = broker.host
        ref = broker.ca_ref
        if ref is None:
            context.load_default_certs()
            return context
        where = f"key {ref.key} of Secret {ref.namespace}/{ref.name}"
        try:
            pem = await self.read_secret(ref.namespace, ref.name, ref.key)
        except SignalError:
            raise
        except Exception as error:
            raise Unreadable(f"{where} cannot be read: {type(error).__name__}") from error
        try:
            context.load_verify_locations(cadata=pem)
        except (ssl.SSLError, ValueError):
            raise ConfigError(f"{where} is not a certificate in PEM") from None
        return context


class _NamedContext(ssl.SSLContext):
    """Checks certificates against `name`, not against what is connected to."""

    name: str

    def wrap_socket(self, sock: socket, *args: Any, **fields: Any) -> ssl.SSLSocket:
        return super().wrap_socket(sock, *args, **{**fields, "server_hostname": self.name})


async def _try(address: str, port: int, host: str, context: ssl.SSLContext | None) -> None:
    """Connect and disconnect. Raises Unreachable."""
    try:
        _, writer = await asyncio.open_connection(
            address, port, ssl=context, server_hostname=host if context else None
        )
    except ssl.SSLCertVerificationError as error:
        raise Unreachable(f"{host}:{port}: its certificate is not trusted: {error.verify_message}") from None
    except (ssl.SSLError, ConnectionResetError):
        said = "does not speak TLS there" if context else "ended the connection"
        raise Unreachable(f"{host}:{port} {said}") from None
    except OSError as error:
        raise Unreachable(f"{host}:{port} cannot be reached: {type(error).__name__}") from None
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


def _known(error: aiomqtt.MqttError, name: str) -> SignalError:
    """The library's error as one of ours; its words may repeat what was sent, its codes do not."""
    code = getattr(error, "rc", None)
    number = getattr(code, "value", code)
    if number in _DENIED:
        return Unauthorized(f"{name} refuses the name or password")
    said = f" (code {number})" if isinstance(number, int) else ""
    return Unreachable(f"the connection to {name} broke{said}")
