"""The yardstick: the operator's writes, made by a client that does nothing else.

For each workload the four that cannot be saved: the finalizer, the status with the intent, the Job in a
member, the status that it runs; as large as the operator's, each on the version the last one returned.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from copy import deepcopy
from typing import Any

from tests.bench.objects import RAW, Object, workload
from voltaire.api.actions import Request, Verb
from voltaire.api.base import API_VERSION
from voltaire.api.labels import FINALIZER
from voltaire.engines.adapters import Identity, adapter_for
from voltaire.kube.client import Kube, resource_path

JOBS = resource_path("batch/v1", "jobs", RAW)
WORKLOADS = resource_path(API_VERSION, "aiworkloads", RAW)
WRITES = 4


async def spread(work: Iterable[Awaitable[Any]], in_flight: int) -> float:
    """Do everything, so many at the same time; seconds it took."""
    loop, room = asyncio.get_running_loop(), asyncio.Semaphore(in_flight)

    async def one(todo: Awaitable[Any]) -> None:
        async with room:
            await todo

    began = loop.time()
    await asyncio.gather(*(one(todo) for todo in work))
    return loop.time() - began


async def create_workloads(hub: Kube, namespace: str, prefix: str, count: int, in_flight: int) -> float:
    """Create AIWorkloads as an administrator; seconds it took."""
    path = resource_path(API_VERSION, "aiworkloads", namespace)
    bodies = (workload(namespace, f"{prefix}-{index:05d}", index) for index in range(count))
    return await spread((hub.create(path, body) for body in bodies), in_flight)


class PlainClient:
    """Makes the writes. `status` is one that the operator wrote for a running workload."""

    def __init__(self, hub: Kube, members: dict[str, Kube], status: Object, in_flight: int) -> None:
        self._hub = hub
        self._members = list(members.values())
        self._status = status
        self._in_flight = in_flight

    async def run(self, prefix: str, count: int, *, suspended: bool) -> float:
        """All writes for `count` workloads; seconds they took. `suspended`: the Jobs make no pods."""
        await create_workloads(self._hub, RAW, prefix, count, self._in_flight)
        items: list[Object] = (await self._hub.get(WORKLOADS))["items"]
        mine = [item for item in items if item["metadata"]["name"].startswith(f"{prefix}-")]
        return await spread(
            (self._one(index, item, suspended) for index, item in enumerate(mine)), self._in_flight
        )

    async def _one(self, index: int, item: Object, suspended: bool) -> None:
        meta = item["metadata"]
        path = f"{WORKLOADS}/{meta['name']}"
        finalizers = {"resourceVersion": meta["resourceVersion"], "finalizers": [FINALIZER]}
        written = await self._hub.merge(path, {"metadata": finalizers})
        written = await self._write(path, written, "Placing")
        identity = Identity(meta["uid"], RAW, meta["name"])
        manifest = item["spec"]["manifest"]
        body = adapter_for(manifest).prepare(manifest, identity, Request(Verb.CREATE, "", 1))
        body["spec"]["suspend"] = suspended
        await self._members[index % len(self._members)].create(JOBS, body)
        await self._write(path, written, "Running")

    async def _write(self, path: str, last: Object, phase: str) -> Object:
        status = {**deepcopy(self._status), "phase": phase}
        version = {"resourceVersion": last["metadata"]["resourceVersion"]}
        return await self._hub.merge(f"{path}/status", {"metadata": version, "status": status})


async def until(met: Callable[[], Awaitable[bool]], seconds: float, every: float, what: str) -> None:
    """Ask until it is so. Raises TimeoutError saying what was waited for."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not await met():
        if loop.time() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(every)
