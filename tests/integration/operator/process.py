"""The operator as a child process, with the token of its service account and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

from voltaire.clock import ScaledClock
from voltaire.lab import Lab
from voltaire.lab.identities import write_kubeconfig
from voltaire.lab.processes import LabProcess, alive, end

READY_SECONDS = 40.0


class Operator:
    """`voltaire operator`. `identity` is its name in the Lease: a restart in the same pod keeps it."""

    def __init__(
        self,
        lab: Lab,
        account: dict[str, Any],
        clock: ScaledClock,
        log: Path,
        identity: str,
        **settings: str,
    ) -> None:
        self._lab = lab
        self.identity = identity
        self.log = log
        kubeconfig = lab.directory / f"{identity}.kubeconfig"
        write_kubeconfig(kubeconfig, account)
        self.port = _free_port()
        self._environ = {
            "KUBECONFIG": str(kubeconfig),
            "VOLTAIRE_CLOCK": str(clock),
            "VOLTAIRE_IDENTITY": identity,
            "VOLTAIRE_ALLOW_PRIVATE_URLS": "true",
            "VOLTAIRE_HTTP_HOST": "127.0.0.1",
            "VOLTAIRE_HTTP_PORT": str(self.port),
            **{f"VOLTAIRE_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: LabProcess | None = None

    def start(self) -> None:
        """Start it; returns at once."""
        arguments = [sys.executable, "-c", "from voltaire.cli.main import main; main()", "operator"]
        self._process = self._lab.spawn(f"hub/{self.identity}", arguments, self.log, self._environ)

    @property
    def running(self) -> bool:
        return self._process is not None and alive(self._process)

    async def ready(self) -> None:
        """Wait until it says that it is ready."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READY_SECONDS
        said = "it does not answer"
        while True:
            assert self.running, f"the operator ended while it started:\n{self.tail()}"
            assert loop.time() < deadline, f"the operator is not ready: {said}\n{self.tail()}"
            with suppress(aiohttp.ClientError):
                code, said = await self.get("readyz")
                if code == HTTPStatus.OK:
                    return
            await asyncio.sleep(0.05)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    async def get(self, path: str) -> tuple[int, str]:
        """Status and text of one of its pages."""
        async with aiohttp.ClientSession() as session, session.get(self.url(path)) as answer:
            return answer.status, await answer.text()

    def kill(self) -> None:
        """SIGKILL, to the process and the planner's worker it started; returns when they are gone."""
        if self._process is not None and alive(self._process):
            os.killpg(self._process.pid, signal.SIGKILL)
            end([self._process], 0.0)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL after a while."""
        if self._process is not None:
            end([self._process], 8.0)

    def tail(self, lines: int = 30) -> str:
        """The end of what it wrote."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
