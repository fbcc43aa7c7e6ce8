"""Keeps the engine's connections equal to the RegionalClusters, and the picture equal to the connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voltaire import metrics
from voltaire.api.resources import RegionalCluster
from voltaire.engines.members import Members
from voltaire.fleet.picture import MemberView, Picture
from voltaire.kube.errors import KubeError, NotFound
from voltaire.runtime.hub import Hub

REREAD = 60.0  # seconds: rotated credentials are picked up within this time


class MemberKeeper:
    """`touch` a cluster whenever its resource changed; `run` does the rest."""

    def __init__(
        self, picture: Picture, hub: Hub, members: Members, on_cluster: Callable[[str], None]
    ) -> None:
        self._picture = picture
        self._hub = hub
        self._members = members
        self._on_cluster = on_cluster
        self._touched = asyncio.Event()
        self._known: set[str] = set()

    def touch(self) -> None:
        """Look at the clusters again, now."""
        self._touched.set()

    async def run(self) -> None:
        """Reconcile for ever."""
        while True:
            await asyncio.gather(*(self._connect(c) for c in list(self._picture.clusters.values())))
            for name in self._known - set(self._picture.clusters):
                await self._members.remove(name)
                self._picture.members.pop(name, None)
                metrics.forget(cluster=name)
            self._known = set(self._picture.clusters)
            try:
                async with asyncio.timeout(REREAD):
                    await self._touched.wait()
            except TimeoutError:
                pass
            self._touched.clear()

    async def _connect(self, cluster: RegionalCluster) -> None:
        name, reference = cluster.metadata.name, cluster.spec.connection.kubeconfig_secret_ref
        content = None
        try:
            if reference:
                content = await self._hub.secret_value(reference.namespace, reference.name, reference.key)
        except (NotFound, LookupError):
            pass  # withdrawn, or not there yet: the connection ends and says so
        except KubeError as error:
            if name not in self._picture.members:
                why = f"Secret of {name}: {error.reason}: {error.message}"
                self._picture.members[name] = MemberView(False, "KubeconfigUnreadable", why)
                self._on_cluster(name)
            return
        await self._members.ensure(cluster, content)
        self.refresh(name)

    def refresh(self, name: str) -> None:
        """Take over what the connection says now."""
        state = self._members.state(name)
        if state is None or name not in self._picture.clusters:
            return
        before = self._picture.members.get(name)
        view = MemberView(
            reachable=state.reachable,
            reason=state.reason,
            message=state.message,
            lost_since=state.lost_since,
            server_version=state.server_version,
            nodes=state.nodes_ready,
            capacity=state.capacity,
            used=state.used,
            others=state.others,
        )
        self._picture.members[name] = view
        metrics.CLUSTER_REACHABLE.labels(cluster=name).set(view.reachable)
        for kind, count in view.capacity.items():
            metrics.ACCELERATORS.labels(cluster=name, type=kind, state="capacity").set(count)
            metrics.ACCELERATORS.labels(cluster=name, type=kind, state="used").set(view.used.get(kind, 0))
        for kind in set(before.capacity if before else ()) - set(view.capacity):
            metrics.forget(cluster=name, type=kind)
        if before != view:
            material = before is None or (before.reachable, before.capacity, before.others) != (
                view.reachable,
                view.capacity,
                view.others,
            )
            if material:
                self._picture.changed.set()
            self._on_cluster(name)
