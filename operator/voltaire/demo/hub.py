"""What the hub shows to anybody who may read it: the resources and their statuses, as they change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast

from pydantic import ValidationError

from voltaire.api.base import API_VERSION
from voltaire.api.resources import (
    AIWORKLOAD,
    BATTERY,
    REGIONALCLUSTER,
    AIWorkload,
    Battery,
    Kind,
    RegionalCluster,
    Resource,
)
from voltaire.clock import Clock
from voltaire.demo.decisions import Decision, DecisionLog
from voltaire.demo.follow import follow
from voltaire.kube.client import Kube, resource_path

_DELETED = "DELETED"


class HubView:
    """The latest of every resource, and the decisions that show in how workloads' statuses change."""

    def __init__(self, kube: Kube, clock: Clock, decided: Callable[[Decision], None]) -> None:
        self._kube = kube
        self._clock = clock
        self._decided = decided
        self._log = DecisionLog()
        self._objects: dict[str, dict[str, Resource[Any, Any]]] = {}

    def mute(self) -> None:
        """Tell nobody of decisions any more: what follows is the end of the demo, not of the day."""
        self._decided = lambda _decision: None

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for kind in (AIWORKLOAD, REGIONALCLUSTER, BATTERY):
                tasks.create_task(self._watch(kind))

    async def _watch(self, kind: Kind) -> None:
        store = self._objects.setdefault(kind.kind, {})

        def listed(objects: list[dict[str, Any]], _revision: int) -> None:
            store.clear()
            for body in objects:
                self._take(kind, store, body)

        def changed(event: str, body: Mapping[str, Any]) -> None:
            if event == _DELETED:
                store.pop(body["metadata"]["uid"], None)
            else:
                self._take(kind, store, body)

        await follow(self._kube, resource_path(API_VERSION, kind.plural), listed, changed)

    def _take(self, kind: Kind, store: dict[str, Resource[Any, Any]], body: Mapping[str, Any]) -> None:
        try:
            resource = kind.parse(dict(body))
        except ValidationError:
            return
        store[resource.metadata.uid] = resource
        if kind is AIWORKLOAD:
            seen = self._log.see(
                resource.metadata.uid, resource.metadata.name, resource.status, self._clock.now()
            )
            for decision in seen:
                self._decided(decision)

    @property
    def decisions(self) -> list[Decision]:
        """All so far, oldest first."""
        return self._log.decisions

    @property
    def workloads(self) -> dict[str, AIWorkload]:
        """By uid."""
        return cast(dict[str, AIWorkload], self._objects.get(AIWORKLOAD.kind, {}))

    @property
    def clusters(self) -> dict[str, RegionalCluster]:
        """By name."""
        return {c.metadata.name: c for c in self._objects.get(REGIONALCLUSTER.kind, {}).values()}

    @property
    def batteries(self) -> dict[str, Battery]:
        """By name."""
        return {b.metadata.name: b for b in self._objects.get(BATTERY.kind, {}).values()}
