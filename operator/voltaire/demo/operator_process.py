"""The operator as a process of its own, with its service account's token and nothing else."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path
from typing import Any

import aiohttp

from voltaire.clock import ScaledClock
from voltaire.demo.errors import DemoError
from voltaire.lab import Lab
from voltaire.lab.identities import write_kubeconfig
from voltaire.lab.processes import LabProcess, alive, end

NAME = "hub/voltaire-operator"
_READY_SECONDS = 60.0
_GRACE_SECONDS = 8.0
_POLL_SECONDS = 0.1


class OperatorProcess:
    """`voltaire operator`. It belongs to the lab: whatever ends the lab ends it too."""

    def __init__(self, lab: Lab, kubeconfig: dict[str, Any], clock: ScaledClock, log: Path) -> None:
        self._lab = lab
        self._log = log
        self._port = _free_port()
        path = lab.directory / "operator.kubeconfig"
        write_kubeconfig(path, kubeconfig)
        traces = lab.directory / "traces"
        traces.mkdir(exist_ok=True)
        self._environ = {
            "KUBECONFIG": str(path),
            "VOLTAIRE_CLOCK": str(clock),
            "VOLTAIRE_TRACE_DIR": str(traces),
            "VOLTAIRE_ALLOW_PRIVATE_URLS": "true",
            "VOLTAIRE_HTTP_HOST": "127.0.0.1",
            "VOLTAIRE_HTTP_PORT": str(self._port),
            "VOLTAIRE_LOG_FORMAT": "json",
        }
        self._process: LabProcess | None = None

    def start(self) -> None:
        """Start it."""
        arguments = [sys.executable, "-c", "from voltaire.cli.main import main; main()", "operator"]
        self._process = self._lab.spawn(NAME, arguments, self._log, self._environ)

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process is not None and alive(self._process)

    @property
    def pid(self) -> int | None:
        """Its process, None while it does not run."""
        return self._process.pid if self._process is not None else None

    @property
    def url(self) -> str:
        """Where it answers /livez, /readyz and /metrics."""
        return f"http://127.0.0.1:{self._port}"

    async def ready(self) -> None:
        """Wait until it answers that it is ready. Raises DemoError with the way to its log."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _READY_SECONDS
        last = "it does not answer"
        async with aiohttp.ClientSession() as session:
            while loop.time() < deadline:
                if not self.running:
                    raise DemoError(f"the operator ended while it started; its log: {self._log}")
                try:
                    async with session.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                        last = (await answer.text()).strip()
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(_POLL_SECONDS)
        raise DemoError(
            f"the operator is not ready after {_READY_SECONDS:g} s ({last}); its log: {self._log}"
        )

    def stop(self) -> None:
        """SIGTERM, and SIGKILL after a grace."""
        if self._process is not None:
            end([self._process], _GRACE_SECONDS)
            self._process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
