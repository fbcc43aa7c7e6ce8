"""Every version of every object of ours that the hub ever showed, by an administrator's watch."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from voltaire.api.base import API_VERSION
from voltaire.api.resources import KINDS
from voltaire.demo.follow import follow
from voltaire.kube.client import Kube, resource_path

Body = Mapping[str, Any]


@dataclass(slots=True)
class Past:
    """One object: all its versions, the latest last, and whether it is gone."""

    kind: str
    versions: list[Body] = field(default_factory=list)
    gone: bool = False

    @property
    def now(self) -> Body:
        return self.versions[-1]


class Hub:
    """`run` watches until cancelled; `past` is by uid, `named` by kind and `namespace/name`."""

    def __init__(self, kube: Kube) -> None:
        self._kube = kube
        self.past: dict[str, Past] = {}
        self.named: dict[tuple[str, str], str] = {}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for kind in KINDS.values():
                tasks.create_task(self._watch(kind.kind, kind.plural))

    async def _watch(self, kind: str, plural: str) -> None:
        def listed(objects: list[dict[str, Any]], _: int) -> None:
            there = {body["metadata"]["uid"] for body in objects}
            for uid, past in self.past.items():
                past.gone = past.gone or (past.kind == kind and uid not in there)
            for body in objects:
                self._take(kind, body)

        def changed(event: str, body: Body) -> None:
            self._take(kind, body)
            self.past[body["metadata"]["uid"]].gone = event == "DELETED"

        await follow(self._kube, resource_path(API_VERSION, plural), listed, changed)

    def _take(self, kind: str, body: Body) -> None:
        meta = body["metadata"]
        past = self.past.setdefault(meta["uid"], Past(kind))
        past.versions.append(body)
        name = f"{meta['namespace']}/{meta['name']}" if "namespace" in meta else meta["name"]
        self.named[kind, name] = meta["uid"]

    def status(self, kind: str, name: str) -> Mapping[str, Any]:
        """The latest status of an object, empty while there is none."""
        uid = self.named.get((kind, name))
        found: Mapping[str, Any] = (self.past[uid].now.get("status") or {}) if uid else {}
        return found

    def condition(self, kind: str, name: str, of: str = "Ready") -> Mapping[str, str]:
        """One of its conditions, empty while it is not there."""
        conditions = self.status(kind, name).get("conditions") or []
        return next((each for each in conditions if each["type"] == of), {})
