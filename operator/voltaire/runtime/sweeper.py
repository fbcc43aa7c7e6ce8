"""Finds what should not be in a member any more, and removes it.

An orphan is an object with a workload's uid whose AIWorkload is gone, or that a later epoch replaced: left by
a member that was away while its workload was deleted or restarted elsewhere. Objects with an epoch that the
hub does not know yet (a hub restored from a backup) are never orphans: the state machine adopts them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from voltaire import metrics
from voltaire.api.base import API_VERSION
from voltaire.api.resources import AIWORKLOAD
from voltaire.engines.direct import DirectEngine, Owned
from voltaire.executor.state import State, from_status
from voltaire.fleet.picture import Picture
from voltaire.kube.client import Kube, resource_path
from voltaire.kube.errors import KubeError

log = structlog.get_logger(__name__)
EVERY = 60.0  # seconds
PAGE = 500


def is_orphan(owned: Owned, state: State | None, cluster: str) -> bool:
    """Whether an object in `cluster` may go. `state`: of its workload, None when that is gone."""
    if owned.deleting:
        return False
    if state is None:
        return True
    # Where the state has a copy the state machine is at work: a suspended one of an older epoch, say, is
    # about to be resumed under the next.
    mine = any(copy and copy.cluster == cluster for copy in (state.placement, state.previous))
    return owned.epoch < state.epoch and not mine


class Sweeper:
    """`run` sweeps every member now and then; `touch` asks for it at once, for a member that came back."""

    def __init__(
        self, picture: Picture, engine: DirectEngine, hub: Kube, may_act: Callable[[], bool]
    ) -> None:
        self._picture = picture
        self._engine = engine
        self._hub = hub
        self._may_act = may_act
        self._touched = asyncio.Event()

    def touch(self) -> None:
        """Sweep soon."""
        self._touched.set()

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            try:
                async with asyncio.timeout(EVERY):
                    await self._touched.wait()
            except TimeoutError:
                pass
            self._touched.clear()
            if self._may_act():
                names = [name for name, member in self._picture.members.items() if member.reachable]
                await asyncio.gather(*(self._sweep(name) for name in names))

    async def _sweep(self, cluster: str) -> None:
        """Errors of one member are logged: the next sweep tries again."""
        try:
            found = await self._engine.list_owned(cluster)
            suspects = [owned for owned in found if is_orphan(owned, self._known(owned), cluster)]
            if not suspects:
                return
            # What is removed is removed for good: ask the hub itself, not the picture, before doing so.
            certain = await self._certain()
            for owned in suspects:
                state = certain.get(owned.workload_uid)
                if is_orphan(owned, state, cluster) and self._may_act():
                    await self._remove(cluster, owned)
        except KubeError as error:
            log.info("sweep interrupted", cluster=cluster, error=str(error))

    def _known(self, owned: Owned) -> State | None:
        workload = self._picture.workloads.get(owned.workload_uid)
        return from_status(workload.status) if workload else None

    async def _certain(self) -> dict[str, State]:
        """The state of every workload, read from the hub now, by uid."""
        states: dict[str, State] = {}
        params: dict[str, str | int] = {"limit": PAGE}
        while True:
            page = await self._hub.get(resource_path(API_VERSION, AIWORKLOAD.plural), **params)
            for body in page.get("items") or ():
                workload = AIWORKLOAD.parse(body)
                states[workload.metadata.uid] = from_status(workload.status)
            if not (token := page["metadata"].get("continue")):
                return states
            params["continue"] = token

    async def _remove(self, cluster: str, owned: Owned) -> None:
        outcome = await self._engine.delete_owned(cluster, owned)
        metrics.ACTIONS.labels(cluster=cluster, verb="Sweep", result=outcome.reason or "done").inc()
        log.warning(
            "orphan removed" if outcome.ok else "orphan not removed",
            cluster=cluster,
            object=f"{owned.kind} {owned.namespace}/{owned.name}",
            epoch=owned.epoch,
            error=outcome.message,
        )
