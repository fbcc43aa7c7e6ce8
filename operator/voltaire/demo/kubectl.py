"""kubectl, as a user types it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from voltaire.demo.errors import DemoError

_TIMEOUT_SECONDS = 120.0


class Kubectl:
    """Runs kubectl with one identity. A run that is cancelled leaves no process behind."""

    def __init__(self, program: Path, kubeconfig: Path | None = None) -> None:
        self._command = [str(program)]
        if kubeconfig is not None:
            self._command += ["--kubeconfig", str(kubeconfig)]

    async def run(self, *arguments: str, stdin: str = "") -> str:
        """What it printed. Raises DemoError with what it complained about."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                out, err = await process.communicate(stdin.encode())
        except TimeoutError as error:
            raise DemoError(f"kubectl {' '.join(arguments)}: no end after {_TIMEOUT_SECONDS:g} s") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            raise DemoError(f"kubectl {' '.join(arguments)}: {err.decode(errors='replace').strip()}")
        return out.decode()

    async def apply_folder(self, folder: Path) -> None:
        """`kubectl apply --server-side -k FOLDER`."""
        await self.run("apply", "--server-side", "-k", str(folder))

    async def apply(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """`kubectl apply --server-side -f -` of some objects."""
        body = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        await self.run("apply", "--server-side", "-f", "-", stdin=json.dumps(body))
