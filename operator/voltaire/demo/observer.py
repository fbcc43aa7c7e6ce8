"""Watches the pods in every member, with the members' own administrator credentials.

It knows nothing of the operator but the labels that pods carry, and what it sees is the evidence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from voltaire.clock import Clock
from voltaire.demo.follow import follow
from voltaire.demo.observations import PodEvent, PodLife, PodLog, pod_event, pod_lives
from voltaire.kube.client import Kube

_PODS = "/api/v1/pods"
_DELETED = "DELETED"


class Observer:
    """Keeps every pod event of every member. `run` watches until it is cancelled."""

    def __init__(self, members: Mapping[str, Kube], clock: Clock) -> None:
        self._members = members
        self._clock = clock
        self.log = PodLog()

    async def run(self) -> None:
        """Watch all members at once; never returns."""
        async with asyncio.TaskGroup() as tasks:
            for name, kube in self._members.items():
                tasks.create_task(self._watch(name, kube))

    async def _watch(self, cluster: str, kube: Kube) -> None:
        def listed(pods: list[dict[str, Any]], revision: int) -> None:
            now = self._clock.now()
            for pod in pods:
                self._add(pod_event(cluster, pod, now))
            self.log.relisted(cluster, (pod["metadata"]["uid"] for pod in pods), now, revision)

        def changed(kind: str, pod: Mapping[str, Any]) -> None:
            self._add(pod_event(cluster, pod, self._clock.now(), deleted=kind == _DELETED))

        await follow(kube, _PODS, listed, changed)

    def _add(self, event: PodEvent | None) -> None:
        if event is not None:
            self.log.add(event)

    def lives(self) -> list[PodLife]:
        """Every pod's life so far."""
        return pod_lives(self.log.events)

    def present(self) -> dict[str, list[PodEvent]]:
        """The pods that exist now, by member."""
        return {name: self.log.present(name) for name in self._members}

    async def list_pods(self) -> list[str]:
        """What exists in the members at this moment, read anew: `member/namespace/pod`, workloads' pods
        only.
        """
        found = []
        for name, kube in self._members.items():
            for pod in (await kube.get(_PODS)).get("items") or []:
                event = pod_event(name, pod, self._clock.now())
                if event is not None:
                    found.append(f"{name}/{pod['metadata']['namespace']}/{pod['metadata']['name']}")
        return found
