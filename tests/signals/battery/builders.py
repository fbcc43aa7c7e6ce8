"""Builders for the tests of batteries: Secrets, and what readers and writers need from outside."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from voltaire.api.battery import BatterySpec
from voltaire.clock import Clock, system_clock
from voltaire.signals.addresses import UrlRules
from voltaire.signals.battery.build import SiteDeps, site_deps
from voltaire.signals.http import Web

PRIVATE = UrlRules(allow_private=True)


async def no_secret(namespace: str, name: str, key: str) -> str:
    """There is none."""
    raise LookupError(f"{namespace}/{name} has no {key}")


class Secrets:
    """Secrets by their key; `values` may change at any time, as a rotation does."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self.read = 0

    async def __call__(self, namespace: str, name: str, key: str) -> str:
        assert (namespace, name) == ("voltaire-system", "site")
        self.read += 1
        return self.values[key]


def secret(key: str) -> dict[str, str]:
    """A reference to it, as a spec writes it."""
    return {"name": "site", "namespace": "voltaire-system", "key": key}


def spec(telemetry: Mapping[str, Any], **fields: Any) -> BatterySpec:
    """500 kWh, 250 kW either way, reserve 20 %, with 400 kW of solar."""
    return BatterySpec.model_validate(
        {
            "capacityKWh": 500,
            "maxChargeKW": 250,
            "maxDischargeKW": 250,
            "reserve": 0.2,
            "solar": {"peakKW": 400},
            "telemetry": telemetry,
            **fields,
        }
    )


def sites(read_secret: Any = no_secret, *, clock: Clock | None = None, web: Web | None = None) -> SiteDeps:
    """What readers and writers need, on the real network of this machine unless `web` is another."""
    return site_deps(clock or system_clock(), web or Web(PRIVATE), read_secret)


def free_port() -> int:
    """A TCP port of loopback nobody listens on now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@asynccontextmanager
async def hung() -> AsyncIterator[int]:
    """The port of a server that accepts and says nothing, ever."""
    writers: list[asyncio.StreamWriter] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await reader.read()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.05)
