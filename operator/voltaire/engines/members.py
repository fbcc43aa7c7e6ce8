"""All members: their connections, by RegionalCluster. A stuck one never stalls another."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from voltaire.api.resources import RegionalCluster
from voltaire.clock import Clock
from voltaire.engines.connection import Connection
from voltaire.engines.credentials import open_kube
from voltaire.engines.kubeconfig import Kubeconfig, KubeconfigError, parse_kubeconfig
from voltaire.engines.state import Connectivity, MemberSettings, MemberState
from voltaire.kube.client import Kube

OnChange = Callable[[str, str | None], None]
"""Called with a member's name and the uid of a workload; None when the member itself may have changed."""


class Opener(Protocol):
    """Makes a client from a checked kubeconfig; raises KubeconfigError."""

    def __call__(self, kubeconfig: Kubeconfig, *, timeout: float) -> Kube: ...


class Members:
    """Keeps one connection for each RegionalCluster, and tells how each is.

    `hub` makes a client of the hub itself, with its own pool of connections, for members that are
    `inCluster`. `opener` is where tests put in another network.
    """

    def __init__(
        self,
        clock: Clock,
        on_change: OnChange,
        *,
        hub: Callable[[], Kube] | None = None,
        settings: MemberSettings | None = None,
        opener: Opener = open_kube,
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._hub = hub
        self._settings = settings or MemberSettings()
        self._opener = opener
        self._connections: dict[str, Connection] = {}
        self._fingerprints: dict[str, str] = {}
        self._refused: dict[str, MemberState] = {}
        self._locks: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ensure(self, cluster: RegionalCluster, kubeconfig: bytes | None) -> None:
        """Connect a member, or take over its changed spec; changed credentials make a new connection.

        `kubeconfig` is what its Secret holds, None where there is none. Never raises for what is wrong with
        it: the state says so, and an existing connection is ended, for its credentials were withdrawn.
        """
        name = cluster.metadata.name
        async with self._locks[name]:
            fingerprint = _fingerprint(cluster, kubeconfig)
            if self._fingerprints.get(name) == fingerprint:
                if name in self._connections:
                    self._connections[name].spec = cluster.spec
                return
            self._fingerprints[name] = fingerprint
            before = await self._drop(name)
            lost_since = before.lost_since if before else None
            try:
                kube = self._open(cluster, kubeconfig)
            except KubeconfigError as error:
                reason = "KubeconfigMissing" if kubeconfig is None else "KubeconfigRefused"
                since = lost_since or self._clock.now()
                self._refused[name] = MemberState(name, Connectivity.LOST, reason, str(error), since)
            else:
                self._connections[name] = Connection(
                    name,
                    cluster.spec,
                    kube,
                    self._clock,
                    lambda uid: self._on_change(name, uid),
                    self._settings,
                    lost_since,
                )
        self._on_change(name, None)

    async def remove(self, name: str) -> None:
        """End a member's connection and forget it."""
        async with self._locks[name]:
            self._fingerprints.pop(name, None)
            await self._drop(name)

    async def close(self) -> None:
        """End all connections."""
        await asyncio.gather(*(self.remove(name) for name in list(self._fingerprints)))

    def get(self, name: str) -> Connection | None:
        """The connection of a member whose credentials were accepted."""
        return self._connections.get(name)

    def state(self, name: str) -> MemberState:
        """How a member is. Two members that turn out to be the same cluster are both usable only as one:
        the second by name is not reachable, for capacity would be counted twice and copies could meet."""
        connection = self._connections.get(name)
        if connection is None:
            unknown = MemberState(name, Connectivity.CONNECTING, "Unknown", "no such member is connected")
            return self._refused.get(name, unknown)
        state = connection.state()
        twin = self._twin(state)
        if twin is None:
            return state
        message = f"is the same cluster as RegionalCluster {twin}; delete one of the two"
        return replace(state, connectivity=Connectivity.LOST, reason="SameCluster", message=message)

    def states(self) -> dict[str, MemberState]:
        """How all members are, by name."""
        return {name: self.state(name) for name in sorted(self._fingerprints)}

    def _twin(self, state: MemberState) -> str | None:
        if state.cluster_uid is None:
            return None
        others = (each for name, each in self._connections.items() if name < state.name)
        return next((each.name for each in others if each.cluster_uid == state.cluster_uid), None)

    async def _drop(self, name: str) -> MemberState | None:
        before = self._refused.pop(name, None)
        if connection := self._connections.pop(name, None):
            before = connection.state()
            await connection.close()
        return before

    def _open(self, cluster: RegionalCluster, kubeconfig: bytes | None) -> Kube:
        if cluster.spec.connection.in_cluster:
            if self._hub is None:
                raise KubeconfigError("inCluster", "the operator has no hub to be a member", "name a Secret")
            return self._hub()
        if kubeconfig is None:
            named = cluster.spec.connection.kubeconfig_secret_ref
            what = f"Secret {named.namespace}/{named.name}, key {named.key}" if named else "no Secret"
            raise KubeconfigError("kubeconfigSecretRef", f"there is no {what}", "create it")
        return self._opener(parse_kubeconfig(kubeconfig), timeout=self._settings.request_timeout)


def _fingerprint(cluster: RegionalCluster, kubeconfig: bytes | None) -> str:
    """Tells connections apart without keeping the secret."""
    if cluster.spec.connection.in_cluster:
        return "in-cluster"
    return "missing" if kubeconfig is None else hashlib.sha256(kubeconfig).hexdigest()
