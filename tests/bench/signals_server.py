"""The providers of the signals' bench, in a process of their own.

`/ZONE/KIND/...` answers with the documents of the kind for the time that `/_time/...` set, and counts.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import datetime
from multiprocessing.connection import Connection

from tests.signals.builders import HERE
from tests.signals.carbon.corruption.families import FAMILIES
from tests.signals.carbon.corruption.server import Server, response


class Providers:
    """Documents are made once for each kind and time."""

    def __init__(self) -> None:
        self.now = HERE
        self.counts: Counter[str] = Counter()
        self.made: dict[tuple[str, str], bytes] = {}

    def __call__(self, target: str) -> bytes:
        if target.startswith("/_time/"):
            self.now = datetime.fromisoformat(target.removeprefix("/_time/"))
            self.counts.clear()
            self.made.clear()
            return response(b"{}")
        if target == "/_counts":
            return response(json.dumps(self.counts).encode())
        path, _, query = target.partition("?")
        zone, kind = path.split("/")[1:3]
        if path.endswith("/login"):
            return response(b'{"token": "t0ken"}')
        self.counts[zone] += 1
        past = "?past" if "%5B12h" in query or "[12h" in query else ""
        return self._document(kind.replace("_", " "), f"{path}{past}")

    def _document(self, kind: str, path: str) -> bytes:
        ends = FAMILIES[kind].documents(self.now) if (kind, "") not in self.made else {}
        for end, tree in ends.items():
            self.made[kind, end] = response(FAMILIES[kind].render(tree))
        self.made.setdefault((kind, ""), b"")
        return next(
            body for (name, end), body in self.made.items() if name == kind and end and path.endswith(end)
        )


def serve(pipe: Connection) -> None:
    """Serve until the process is ended; the address goes through the pipe."""

    async def forever() -> None:
        async with Server(Providers()) as server:
            pipe.send(server.url)
            await asyncio.Event().wait()

    asyncio.run(forever())
