"""A real MQTT broker (mosquitto) on a free port of loopback, for the length of a test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt

from tests.signals.battery.builders import free_port

USER, PASSWORD = "voltaire", "correct-horse"


@dataclass
class Running:
    """A broker that runs, and may be ended and started again at the same port."""

    port: int
    config: Path
    process: asyncio.subprocess.Process | None = field(default=None)

    async def start(self) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        assert program, "the tests run a real mosquitto: `make packages` installs it"
        quiet = asyncio.subprocess.DEVNULL
        self.process = await asyncio.create_subprocess_exec(
            program, "-c", str(self.config), stdout=quiet, stderr=quiet
        )
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            return
        raise AssertionError("mosquitto does not listen")

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()
        self.process = None

    def spec(self, **fields: Any) -> dict[str, Any]:
        """How a Battery names it."""
        return {"host": "127.0.0.1", "port": self.port, "tls": False, **fields}

    @asynccontextmanager
    async def client(self, **fields: Any) -> AsyncIterator[aiomqtt.Client]:
        """A client of somebody else."""
        async with aiomqtt.Client("127.0.0.1", self.port, timeout=5, **fields) as client:
            yield client

    async def publish(self, topic: str, payload: str | bytes, *, retain: bool = False, **fields: Any) -> None:
        """One message of somebody else."""
        async with self.client(**fields) as client:
            await client.publish(topic, payload, qos=1, retain=retain)


@asynccontextmanager
async def broker(folder: Path, *lines: str, anonymous: bool = True) -> AsyncIterator[Running]:
    """A broker with these lines of configuration more."""
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(
        "\n".join(
            [
                f"listener {port} 127.0.0.1",
                f"allow_anonymous {'true' if anonymous else 'false'}",
                "persistence false",
                "user root",  # only heeded by a broker that root starts; what it reads is private to us
                *lines,
                "",
            ]
        )
    )
    running = Running(port, config)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()
