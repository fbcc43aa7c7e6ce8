"""The bench's own eyes: cheap counts while it runs, exact times when it is over."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any

from tests.bench.objects import OPERATED, RAW
from voltaire.api.base import API_VERSION
from voltaire.kube.client import Kube, resource_path
from voltaire.kube.errors import ServerError, Unreachable
from voltaire.lab.programs import STARTED

NAMESPACES = (OPERATED, RAW)
JOBS, PODS = resource_path("batch/v1", "jobs"), resource_path("v1", "pods")
WORKLOADS = resource_path(API_VERSION, "aiworkloads", OPERATED)


async def count(kube: Kube, path: str) -> int:
    """How many objects there are, without reading them."""
    page = await kube.get(path, limit=1)
    return len(page["items"]) + int(page["metadata"].get("remainingItemCount") or 0)


async def count_all(members: dict[str, Kube], path: str) -> int:
    """The same in all members."""
    return sum(await asyncio.gather(*(count(kube, path) for kube in members.values())))


async def all_running(members: dict[str, Kube], wanted: int) -> bool:
    """Whether so many pods are there and none is in another phase than Running."""
    if await count_all(members, PODS) < wanted:
        return False
    other = {"fieldSelector": "status.phase!=Running", "limit": 1}
    pages = await asyncio.gather(*(kube.get(PODS, **other) for kube in members.values()))
    return not any(page["items"] for page in pages)


async def last_pod_started(members: dict[str, Kube]) -> float:
    """Unix time, to the millisecond, at which the last pod's containers started."""
    pages = await asyncio.gather(*(kube.get(PODS) for kube in members.values()))
    moments = [
        int(condition["message"])
        for page in pages
        for pod in page["items"]
        for condition in pod["status"].get("conditions") or ()
        if condition["type"] == STARTED
    ]
    return max(moments) / 1000


async def statuses(hub: Kube) -> list[dict[str, Any]]:
    """The status of every AIWorkload of the bench."""
    return [item.get("status") or {} for item in (await hub.get(WORKLOADS))["items"]]


def phases(found: list[dict[str, Any]]) -> Counter[str]:
    """How many are in which phase."""
    return Counter(str(status.get("phase")) for status in found)


async def remove_jobs(members: dict[str, Kube]) -> None:
    """Delete every Job, as an administrator; their pods end after them. A server that was too slow for all
    of them goes on when asked again."""
    for kube in members.values():
        for namespace in NAMESPACES:
            with suppress(ServerError, Unreachable):
                await kube.delete(resource_path("batch/v1", "jobs", namespace))
