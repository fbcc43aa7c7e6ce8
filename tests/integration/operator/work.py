"""One AIWorkload under test: what the hub says of it, and what its pods really did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.integration.operator.hub import Past
from tests.integration.operator.objects import Object, Objects
from voltaire.api.aiworkload import AIWorkloadStatus
from voltaire.api.resources import AIWORKLOAD, AIWorkload
from voltaire.demo.observations import PodEvent, Stay, stays, tighten
from voltaire.demo.observer import Observer


class Work:
    """Made by `World.apply`."""

    def __init__(
        self, created: dict[str, Any], hub: dict[str, Past], observer: Observer, objects: Objects
    ) -> None:
        self.created = created
        self.uid: str = created["metadata"]["uid"]
        self.name: str = created["metadata"]["name"]
        self.namespace: str = created["metadata"]["namespace"]
        self._hub = hub
        self._observer = observer
        self._objects = objects

    @property
    def path(self) -> str:
        return f"/apis/voltaire.dev/v1alpha1/namespaces/{self.namespace}/aiworkloads/{self.name}"

    @property
    def past(self) -> Past:
        return self._hub.get(self.uid) or Past("AIWorkload", [self.created])

    @property
    def gone(self) -> bool:
        return self.past.gone

    @property
    def resource(self) -> AIWorkload:
        parsed: AIWorkload = AIWORKLOAD.parse(dict(self.past.now))
        return parsed

    @property
    def status(self) -> AIWorkloadStatus:
        return self.resource.status

    @property
    def phase(self) -> str:
        return str((self.past.now.get("status") or {}).get("phase", "Pending"))

    @property
    def where(self) -> str | None:
        """The cluster of its placement."""
        placement = (self.past.now.get("status") or {}).get("placement") or {}
        found: str | None = placement.get("cluster")
        return found

    def runs_in(self, cluster: str) -> bool:
        return self.phase == "Running" and self.where == cluster

    @property
    def phases(self) -> list[str]:
        """The phases it went through, in their order."""
        found: list[str] = []
        for body in self.past.versions:
            phase = (body.get("status") or {}).get("phase", "Pending")
            if not found or found[-1] != phase:
                found.append(phase)
        return found

    def condition(self, kind: str = "Ready") -> Mapping[str, str]:
        conditions = (self.past.now.get("status") or {}).get("conditions") or []
        return next((each for each in conditions if each["type"] == kind), {})

    @property
    def said(self) -> str:
        """Everything a person would read in its status."""
        status = self.past.now.get("status") or {}
        return f"{self.phase} {self.where} {status.get('conditions')} {status.get('why')}"

    @property
    def stays(self) -> list[Stay]:
        """Where its pods existed, in the order in which they came."""
        return [stay for stay in stays(self._observer.lives()) if stay.workload_uid == self.uid]

    @property
    def objects(self) -> list[Object]:
        """The objects that exist for it in the members now."""
        return self._objects.present(self.uid)

    @property
    def all_objects(self) -> list[Object]:
        """Those that are gone as well, in the order in which they came."""
        return self._objects.of(self.uid)

    def fewest_running(self, wanted: int) -> int:
        """Since `wanted` of its pods ran for the first time: how few ever ran at once."""
        running: set[str] = set()
        fewest: int | None = None
        for event in tighten(e for e in self._observer.log.events if e.workload_uid == self.uid):
            (running.add if event.running else running.discard)(event.pod_uid)
            if fewest is not None or len(running) >= wanted:
                fewest = min(len(running), wanted if fewest is None else fewest)
        return 0 if fewest is None else fewest

    @property
    def pods(self) -> list[PodEvent]:
        """Its pods that exist now, anywhere."""
        return [p for pods in self._observer.present().values() for p in pods if p.workload_uid == self.uid]
