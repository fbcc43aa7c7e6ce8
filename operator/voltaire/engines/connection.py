"""One member's connection: probes, watches, and the answer to whether it can be relied on.

A session begins when the API server answers and ends when it is lost. Watches live only within a session, and
the member counts as reachable only once every one of them was heard of in this session: what is shown after
an outage is never what was true before it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog

from voltaire.api.regionalcluster import RegionalClusterSpec
from voltaire.clock import Clock
from voltaire.engines.adapters.shape import path
from voltaire.engines.cache import Cache, Notify
from voltaire.engines.state import Connectivity, Health, MemberSettings, MemberState
from voltaire.kube.client import Kube, resource_path
from voltaire.kube.errors import Forbidden, KubeError, Unauthorized, Unreachable
from voltaire.tasks import end

log = structlog.get_logger(__name__)
_IDENTITY = resource_path("v1", "namespaces", name="kube-system")
_GLANCE = 0.05


class _LostError(Exception):
    """Ends a session."""


class Connection:
    """A member that has credentials. `spec` may change while it runs; credentials may not."""

    def __init__(
        self,
        name: str,
        spec: RegionalClusterSpec,
        kube: Kube,
        clock: Clock,
        notify: Notify,
        settings: MemberSettings,
        lost_since: datetime | None = None,
    ) -> None:
        self.name = name
        self.kube = kube
        self.bulkhead = asyncio.Semaphore(settings.bulkhead)
        self.cache = Cache(kube, notify)
        self._spec = spec
        self._clock = clock
        self._notify = notify
        self._settings = settings
        self._health = Health(settings, lost_since)
        self._announced: tuple[Connectivity, str] | None = None
        self._server_version: str | None = None
        self._cluster_uid: str | None = None
        self._task = asyncio.create_task(self._run(), name=f"member-{name}")

    @property
    def spec(self) -> RegionalClusterSpec:
        """The RegionalCluster's spec, as it is now."""
        return self._spec

    @spec.setter
    def spec(self, spec: RegionalClusterSpec) -> None:
        self._spec = spec
        self.cache.recount()

    @property
    def cluster_uid(self) -> str | None:
        """Identity of the cluster behind the connection, once known."""
        return self._cluster_uid

    def state(self) -> MemberState:
        """As it is now."""
        counted = self.cache.capacity(self._spec.capacity.accelerators)
        health = self._health
        return MemberState(
            name=self.name,
            connectivity=health.connectivity,
            reason=health.reason,
            message=health.message or counted.message,
            lost_since=health.lost_since,
            server_version=self._server_version,
            cluster_uid=self._cluster_uid,
            nodes_ready=counted.nodes_ready,
            capacity=counted.capacity,
            used=counted.used,
            others=counted.others,
        )

    def impersonating(self, namespace: str) -> Kube:
        """The client that acts as the runner's service account in `namespace`."""
        return self.kube.impersonating(
            f"system:serviceaccount:{namespace}:{self._spec.connection.impersonate}"
        )

    async def close(self) -> None:
        """End every task and connection."""
        await end(self._task)
        await self.kube.close()
        await asyncio.sleep(0)  # a TLS handshake that was broken off closes its socket in the next turn

    async def _run(self) -> None:
        while True:
            await self._until_answered()
            try:
                await self._session()
            except* _LostError:
                pass
            except* Exception as broken:
                log.exception("member session broke", member=self.name)
                self._failed("InternalError", f"{broken.exceptions[0]!r}", certain=True)
            await asyncio.sleep(self._health.wait_seconds())

    async def _until_answered(self) -> None:
        while True:
            if await self._probe():
                return
            await asyncio.sleep(self._health.wait_seconds())

    async def _session(self) -> None:
        began = asyncio.get_running_loop().time()
        self._health.explain("Synchronising", "reading what the member holds")
        async with asyncio.TaskGroup() as group:
            self.cache.tasks(group)
            group.create_task(self._watchdog(began))

    async def _watchdog(self, began: float) -> None:
        """Ends the session by _LostError."""
        await self._until_synchronised(began)
        self._health.recovered()
        self._announce()
        while not self._health.lost:
            await asyncio.sleep(self._health.wait_seconds())
            await self._probe()
            self._check_freshness()
        raise _LostError

    async def _until_synchronised(self, began: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = began + self._settings.settle
        while behind := self.cache.outdated(began):
            if loop.time() >= deadline:
                reason, message = await self._diagnose(behind[0])
                self._failed(reason, message, certain=True)
                raise _LostError
            await asyncio.sleep(_GLANCE)

    async def _diagnose(self, what: str) -> tuple[str, str]:
        """Why an informer, which only retries, gets nowhere."""
        try:
            await self._limited(self.cache.paths[what], limit=1)
        except KubeError as error:
            return _explained(error, f"cannot list {what}")
        return "Synchronising", f"{what} took longer than {self._settings.settle:g} s to read; still trying"

    def _check_freshness(self) -> None:
        age = asyncio.get_running_loop().time() - self.cache.oldest_contact()
        if age > self._settings.stale_after:
            self._failed("WatchStale", f"nothing heard from a watch for {age:.0f} s", certain=True)

    async def _probe(self) -> bool:
        """Ask once, with a read that the API server must answer from its store."""
        try:
            if self._server_version is None or self._health.lost:
                version = await self._limited("/version")
                self._server_version = str(version.get("gitVersion"))
            namespace = await self._limited(_IDENTITY)
            self._cluster_uid = path(namespace, "metadata", "uid")
        except Forbidden:
            # It answers and knows us: enough to be alive, though not to tell which cluster it is.
            self._cluster_uid = None
        except KubeError as error:
            self._failed(*_explained(error, "does not answer"))
            return False
        self._health.answered()
        return True

    async def _limited(self, where: str, **params: int) -> dict[str, object]:
        try:
            async with asyncio.timeout(self._settings.probe_timeout):
                return await self.kube.get(where, **params)
        except TimeoutError:
            seconds = f"{self._settings.probe_timeout:g} s"
            raise Unreachable(0, "Timeout", f"no answer within {seconds}") from None

    def _failed(self, reason: str, message: str, *, certain: bool = False) -> None:
        self._health.failed(reason, message, self._clock.now(), certain=certain)
        self._announce()

    def _announce(self) -> None:
        """Tell of a change, once."""
        now = (self._health.connectivity, self._health.reason)
        if now != self._announced:
            self._announced = now
            log.info("member", member=self.name, state=now[0], reason=now[1], why=self._health.message)
            self._notify(None)


def _explained(error: KubeError, what: str) -> tuple[str, str]:
    """Reason and message of a failure, with the remedy where there is one."""
    if isinstance(error, Unauthorized):
        return "Unauthorized", f"{what}: the credentials are not accepted; put new ones into the Secret"
    if isinstance(error, Forbidden):
        return "Forbidden", f"{what}: {error.message}; apply the member role to the operator's identity there"
    return ("Unreachable" if isinstance(error, Unreachable) else "ServerError"), f"{what}: {error}"
