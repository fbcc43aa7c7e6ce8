import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from voltaire.demo.follow import follow
from voltaire.kube.errors import Expired, Unreachable
from voltaire.tasks import end

Event = dict[str, Any]


def event(kind: str, name: str, revision: int) -> Event:
    return {"type": kind, "object": {"metadata": {"uid": name, "resourceVersion": str(revision)}}}


class Server:
    """Answers lists and watches from a script; a watch beyond it waits for ever."""

    def __init__(self, lists: list[list[str]], watches: list[list[Event | Exception]]) -> None:
        self._lists = lists
        self._watches = watches
        self.watched_from: list[str] = []
        self.done = asyncio.Event()

    async def get(self, _path: str) -> dict[str, Any]:
        names = self._lists.pop(0)
        items = [{"metadata": {"uid": name, "resourceVersion": "1"}} for name in names]
        return {"metadata": {"resourceVersion": str(10 - len(self._lists))}, "items": items}

    async def watch(
        self, _path: str, params: Mapping[str, Any], *, silence: float
    ) -> AsyncIterator[dict[str, Any]]:
        assert silence > 0
        self.watched_from.append(params["resourceVersion"])
        if not self._watches:
            self.done.set()
            await asyncio.Event().wait()
        for one in self._watches.pop(0):
            if isinstance(one, Exception):
                raise one
            yield one


async def followed(server: Server) -> list[str]:
    """What was told until the script was over."""
    told: list[str] = []
    task = asyncio.create_task(
        follow(
            server,  # type: ignore[arg-type]
            "/x",
            lambda items, revision: told.append(f"{[i['metadata']['uid'] for i in items]}@{revision}"),
            lambda kind, body: told.append(f"{kind} {body['metadata']['uid']}"),
        )
    )
    async with asyncio.timeout(5):
        await server.done.wait()
    await end(task)
    return told


async def test_a_watch_that_ends_goes_on_where_it_was() -> None:
    server = Server(
        [["a"]], [[event("ADDED", "b", 11)], [event("BOOKMARK", "", 15)], [event("DELETED", "a", 20)]]
    )
    assert await followed(server) == ["['a']@10", "ADDED b", "DELETED a"]
    assert server.watched_from == ["10", "11", "15", "20"]


async def test_an_expired_revision_is_followed_by_a_new_list() -> None:
    server = Server([["a"], ["b"]], [[Expired(410, "Expired", "too old")]])
    assert await followed(server) == ["['a']@9", "['b']@10"]


async def test_an_error_event_is_followed_by_a_new_list() -> None:
    server = Server([["a"], []], [[{"type": "ERROR", "object": {"code": 410}}]])
    assert await followed(server) == ["['a']@9", "[]@10"]


async def test_a_lost_server_is_asked_again() -> None:
    server = Server([["a"], ["a"]], [[Unreachable(0, "Unreachable", "refused")]])
    assert await followed(server) == ["['a']@9", "['a']@10"]
