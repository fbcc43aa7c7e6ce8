"""Leader election on a Lease: two operators never both act.

Compare-and-swap on the Lease's resourceVersion decides who leads; local monotonic time decides when to stop,
so a clock that is wrong, or jumps, makes nobody a second leader. The library's election keeps time with the
wall clock and lets a hung request outlive the lease, hence this one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from voltaire.kube.client import Kube, Object, resource_path
from voltaire.kube.errors import Conflict, KubeError, NotFound

log = structlog.get_logger(__name__)


class Leadership:
    """Holds, or waits for, the Lease `namespace/name` as `identity`.

    `leading` is set while this process may act; `holds` ends a third of `duration` before others may take
    over. `on_lead` is called whenever this process begins to lead (True), and when it goes on after a moment
    in which it did not hold because a renewal was slow (False).
    """

    def __init__(
        self,
        kube: Kube,
        namespace: str,
        name: str,
        identity: str,
        *,
        duration: float = 15.0,
        on_lead: Callable[[bool], None] | None = None,
    ) -> None:
        self._kube = kube
        self._collection = resource_path("coordination.k8s.io/v1", "leases", namespace)
        self._path = f"{self._collection}/{name}"
        self._name = name
        self._identity = identity
        self._duration = duration
        self._on_lead = on_lead
        self._renewed = float("-inf")
        self._seen: tuple[str, float] = ("", float("-inf"))
        self.leading = asyncio.Event()
        self.transitions = 0

    @property
    def holds(self) -> bool:
        """Whether the lease is still ours by this machine's monotonic time, with a third to spare."""
        fresh = asyncio.get_running_loop().time() - self._renewed < self._duration * 2 / 3
        return self.leading.is_set() and fresh

    async def run(self) -> None:
        """Acquire and renew for ever; `leading` says which. Raises only CancelledError."""
        while True:
            await self.renew()
            await asyncio.sleep(self._duration / 6)

    async def renew(self) -> None:
        """Try once to acquire or renew."""
        loop = asyncio.get_running_loop()
        began, before = loop.time(), self._renewed
        try:
            async with asyncio.timeout(self._duration / 3):
                won = await self._try(began)
        except (KubeError, TimeoutError) as error:
            log.warning("lease not renewed", error=str(error) or "timed out")
            won = self.holds
        lapsed = loop.time() - before >= self._duration * 2 / 3
        self._announce(won, lapsed=lapsed and self._renewed != before)

    async def release(self) -> None:
        """Let another take over at once."""
        if not self.leading.is_set():
            return
        self.leading.clear()
        try:
            lease = await self._kube.get(self._path)
            if lease["spec"].get("holderIdentity") == self._identity:
                lease["spec"].update(holderIdentity="", leaseDurationSeconds=1)
                await self._kube.put(self._path, lease)
        except KubeError as error:
            log.info("lease not released", error=str(error))

    def _announce(self, won: bool, *, lapsed: bool) -> None:
        """`lapsed`: nobody else took it, but for a moment it did not hold."""
        if won and (lapsed or not self.leading.is_set()):
            anew = not self.leading.is_set()
            log.info("leading", identity=self._identity, transitions=self.transitions, anew=anew)
            self.leading.set()
            if self._on_lead is not None:
                self._on_lead(anew)
        elif not won and self.leading.is_set():
            log.warning("no longer leading", identity=self._identity)
            self.leading.clear()

    async def _try(self, began: float) -> bool:
        try:
            lease = await self._kube.get(self._path)
        except NotFound:
            body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": self._name}}
            return await self._write(began, {**body, "spec": self._spec(None)}, create=True)
        spec = lease.get("spec") or {}
        holder = spec.get("holderIdentity") or ""
        if holder and holder != self._identity and not self._expired(lease, spec):
            return False
        lease["spec"] = self._spec(spec)
        return await self._write(began, lease, create=False)

    def _expired(self, lease: Object, spec: Object) -> bool:
        """Seen unchanged, by our own clock, for as long as the holder asked for."""
        version, now = str(lease["metadata"]["resourceVersion"]), asyncio.get_running_loop().time()
        if self._seen[0] != version:
            self._seen = (version, now)
        return now - self._seen[1] > float(spec.get("leaseDurationSeconds") or self._duration)

    def _spec(self, old: Object | None) -> Object:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        mine = bool(old) and (old or {}).get("holderIdentity") == self._identity
        transitions = int((old or {}).get("leaseTransitions") or 0) + (0 if mine or not old else 1)
        return {
            "holderIdentity": self._identity,
            "leaseDurationSeconds": int(self._duration),
            "acquireTime": (old or {}).get("acquireTime") if mine else now,
            "renewTime": now,
            "leaseTransitions": transitions,
        }

    async def _write(self, began: float, lease: Object, *, create: bool) -> bool:
        try:
            if create:
                lease = await self._kube.create(self._collection, lease)
            else:
                lease = await self._kube.put(self._path, lease)
        except Conflict:
            return False
        self._renewed = began
        self.transitions = int(lease["spec"].get("leaseTransitions") or 0)
        return True
