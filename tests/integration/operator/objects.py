"""Every Job and Deployment with a workload's uid, in every member: when it began to exist and when it ended.

All members of the lab share one store, so its revisions order their events: an object that ends at revision
7 was gone before one that begins at revision 8 existed, whatever the clocks say.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from voltaire.api.labels import EPOCH, WORKLOAD_UID
from voltaire.demo.follow import follow
from voltaire.kube.client import Kube

PATHS = ("/apis/batch/v1/jobs", "/apis/apps/v1/deployments")


@dataclass(slots=True)
class Object:
    """One object in a member; `gone` is the revision at which it was deleted. `epochs`: all it carried."""

    cluster: str
    workload_uid: str
    born: int
    epochs: list[int]
    body: Mapping[str, Any]
    gone: int | None = None

    @property
    def suspended(self) -> bool:
        return bool(self.body["spec"].get("suspend"))

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.body["metadata"]


class Objects:
    """`run` watches until cancelled."""

    def __init__(self, members: Mapping[str, Kube]) -> None:
        self._members = members
        self._found: dict[tuple[str, str], Object] = {}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for name, kube in self._members.items():
                for path in PATHS:
                    tasks.create_task(self._watch(name, kube, path))

    async def _watch(self, cluster: str, kube: Kube, path: str) -> None:
        mine: set[tuple[str, str]] = set()

        def listed(bodies: list[dict[str, Any]], revision: int) -> None:
            there = {(cluster, body["metadata"]["uid"]) for body in bodies}
            for key in mine - there:
                self._end(key, revision)
            for body in bodies:
                changed("ADDED", body)

        def changed(kind: str, body: Mapping[str, Any]) -> None:
            key = (cluster, body["metadata"]["uid"])
            if WORKLOAD_UID not in (body["metadata"].get("labels") or {}):
                return
            mine.add(key)
            self._take(key, body)
            if kind == "DELETED":
                self._end(key, int(body["metadata"]["resourceVersion"]))

        await follow(kube, path, listed, changed)

    def _take(self, key: tuple[str, str], body: Mapping[str, Any]) -> None:
        meta = body["metadata"]
        epoch, revision = int(meta["labels"].get(EPOCH, 0)), int(meta["resourceVersion"])
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = Object(key[0], meta["labels"][WORKLOAD_UID], revision, [epoch], body)
        if found.epochs[-1] != epoch:
            found.epochs.append(epoch)
        found.body = body

    def _end(self, key: tuple[str, str], revision: int) -> None:
        found = self._found[key]
        found.gone = revision if found.gone is None else found.gone

    def of(self, uid: str) -> list[Object]:
        """The objects of a workload, in the order in which they came."""
        mine = (found for found in self._found.values() if found.workload_uid == uid)
        return sorted(mine, key=lambda found: found.born)

    def present(self, uid: str) -> list[Object]:
        """Those that exist now."""
        return [found for found in self.of(uid) if found.gone is None]
