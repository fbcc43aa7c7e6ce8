"""Those who watch a play: the observer of the members' pods, and the view of the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from voltaire.clock import Clock
from voltaire.demo.decisions import Decision
from voltaire.demo.follow import connect
from voltaire.demo.hub import HubView
from voltaire.demo.observer import Observer
from voltaire.kube.client import Kube
from voltaire.lab import Lab
from voltaire.tasks import end


class Witnesses:
    """Both at work, until closed. Made by `Witnesses.open`."""

    def __init__(
        self, hub: Kube, members: dict[str, Kube], clock: Clock, decided: Callable[[Decision], None]
    ):
        self._kubes = [hub, *members.values()]
        self._tasks: list[asyncio.Task[None]] = []
        self.observer = Observer(members, clock)
        self.hub = HubView(hub, clock, decided)
        self.also(self.observer.run())
        self.also(self.hub.run())

    @classmethod
    async def open(cls, lab: Lab, clock: Clock, decided: Callable[[Decision], None]) -> Witnesses:
        """Begin to watch. The credentials are the administrators', not the operator's."""
        hub = await connect(lab.hub.admin_kubeconfig)
        members = {name: await connect(cluster.admin_kubeconfig) for name, cluster in lab.members.items()}
        return cls(hub, members, clock, decided)

    def also(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something else beside them, and end it with them."""
        self._tasks.append(asyncio.create_task(work))

    def check(self) -> None:
        """Raises what ended one of them, if anything did."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def close(self) -> None:
        """Watch no more."""
        await end(*self._tasks)
        for kube in self._kubes:
            await kube.close()
