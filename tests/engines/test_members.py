"""Members connect, get lost, come back, and never stand in each other's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.engines.samples import UID, node, pod
from voltaire.api.regionalcluster import RegionalClusterSpec
from voltaire.api.resources import RegionalCluster
from voltaire.clock import ScaledClock
from voltaire.engines.kubeconfig import Kubeconfig
from voltaire.engines.members import Members
from voltaire.engines.state import Connectivity, MemberSettings
from voltaire.kube.errors import Forbidden, KubeError, Unauthorized, Unreachable

CLOCK = ScaledClock(datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC), 1.0)
QUICK = MemberSettings(
    probe_every=0.02,
    probe_timeout=0.1,
    first_backoff=0.02,
    last_backoff=0.05,
    settle=0.3,
    stale_after=5.0,
)


class FakeKube:
    """An API server as far as a connection needs one. `broken` makes every answer an error."""

    def __init__(self, uid: str) -> None:
        self.server = "https://fake"
        self.uid = uid
        self.broken: KubeError | None = None
        self.stuck = False
        self.forbidden: set[str] = set()
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self.users: list[str] = []
        self.closed = False

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        if self.stuck:
            await asyncio.Event().wait()
        if self.broken:
            raise self.broken
        if path in self.forbidden:
            raise Forbidden(403, "Forbidden", f"cannot get {path}")
        if path == "/version":
            return {"gitVersion": "v1.36.3"}
        if path == "/api/v1/namespaces/kube-system":
            return {"metadata": {"uid": self.uid}}
        wanted = params.get("labelSelector", "")
        key = f"{path}?{wanted}" if wanted else path
        return {"items": self.lists.get(key, []), "metadata": {"resourceVersion": "1"}}

    async def watch(self, *_: Any, **__: Any) -> AsyncIterator[dict[str, Any]]:
        await asyncio.Event().wait()
        yield {}

    def impersonating(self, user: str) -> FakeKube:
        self.users.append(user)
        return self

    async def close(self) -> None:
        self.closed = True


def cluster(name: str, **spec: Any) -> RegionalCluster:
    reference = {"name": name, "namespace": "voltaire-system", "key": "kubeconfig"}
    parsed = RegionalClusterSpec.model_validate(
        {"region": name, "gridZone": "fr", "connection": {"kubeconfigSecretRef": reference}, **spec}
    )
    return RegionalCluster.model_validate({"metadata": {"name": name}, "spec": parsed, "status": {}})


def kubeconfig(token: str) -> bytes:
    return (
        f"{{clusters: [{{name: c, cluster: {{server: 'https://{token}.example.org'}}}}],"
        f" users: [{{name: u, user: {{token: {token}}}}}],"
        " contexts: [{name: x, context: {cluster: c, user: u}}], current-context: x}"
    ).encode()


class World:
    """Members whose API servers are fakes, made by token on first use."""

    def __init__(self, settings: MemberSettings) -> None:
        self.kubes: dict[str, FakeKube] = {}
        self.opened: list[str] = []
        self.changes: list[tuple[str, str | None]] = []
        self.on_change: Callable[[], None] = lambda: None
        self.members = Members(
            CLOCK,
            self._changed,
            settings=settings,
            opener=self._open,
        )

    def _changed(self, name: str, uid: str | None) -> None:
        self.changes.append((name, uid))
        self.on_change()

    def kube(self, token: str) -> FakeKube:
        return self.kubes.setdefault(token, FakeKube(f"uid-of-{token}"))

    def _open(self, kubeconfig: Kubeconfig, *, timeout: float) -> Any:
        assert timeout <= 10
        self.opened.append(str(kubeconfig.token))
        return self.kube(str(kubeconfig.token))

    async def until(self, name: str, what: Callable[[Any], object], seconds: float = 5.0) -> Any:
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            state = self.members.state(name)
            if what(state):
                return state
            assert asyncio.get_running_loop().time() < deadline, state
            await asyncio.sleep(0.005)


@asynccontextmanager
async def world(settings: MemberSettings = QUICK) -> AsyncIterator[World]:
    made = World(settings)
    try:
        yield made
    finally:
        await made.members.close()


def is_reachable(state: Any) -> bool:
    return bool(state.reachable)


def is_lost(state: Any) -> bool:
    return state.connectivity is Connectivity.LOST


async def test_member_connects_and_tells_what_it_has() -> None:
    async with world() as w:
        kube = w.kube("a")
        kube.lists["/api/v1/nodes"] = [node("n1"), node("n2")]
        foreign = pod(node="n1", gpus=3, uid=None)
        kube.lists["/api/v1/pods?!voltaire.dev/workload-uid"] = [foreign]
        kube.lists["/api/v1/pods?voltaire.dev/workload-uid"] = [pod(node="n2", gpus=4)]
        assert w.members.state("paris").reason == "Unknown"
        await w.members.ensure(cluster("paris"), kubeconfig("a"))
        assert w.members.state("paris").connectivity is Connectivity.CONNECTING
        state = await w.until("paris", is_reachable)
        assert (state.server_version, state.nodes_ready, state.lost_since) == ("v1.36.3", 2, None)
        assert (state.capacity, state.used, state.others) == ({"a100": 13}, {"a100": 4}, {"a100": 3})
        assert ("paris", UID) in w.changes
        assert ("paris", None) in w.changes


async def test_loss_is_noticed_kept_and_healed() -> None:
    async with world() as w:
        await w.members.ensure(cluster("paris"), kubeconfig("a"))
        await w.until("paris", is_reachable)
        before = CLOCK.now()
        w.kube("a").broken = Unreachable(0, "Unreachable", "connection refused")
        state = await w.until("paris", is_lost)
        assert state.reason == "Unreachable"
        assert "connection refused" in state.message
        assert before <= state.lost_since <= CLOCK.now()
        await asyncio.sleep(0.2)
        assert w.members.state("paris").lost_since == state.lost_since
        w.kube("a").broken = None
        assert (await w.until("paris", is_reachable)).lost_since is None


async def test_black_hole_is_lost_and_stalls_nobody_else() -> None:
    async with world() as w:
        await asyncio.gather(
            w.members.ensure(cluster("paris"), kubeconfig("a")),
            w.members.ensure(cluster("virginia"), kubeconfig("b")),
        )
        await w.until("paris", is_reachable)
        await w.until("virginia", is_reachable)
        w.kube("a").stuck = True
        await w.until("paris", is_lost, seconds=2.0)
        assert w.members.state("virginia").reachable


async def test_closing_in_the_moment_of_a_loss_ends() -> None:
    slow = MemberSettings(probe_every=0.02, first_backoff=30.0, failures_to_lose=1)
    for _ in range(10):
        async with world(slow) as w:
            await w.members.ensure(cluster("paris"), kubeconfig("a"))
            await w.until("paris", is_reachable)
            lost = asyncio.Event()
            w.on_change = lost.set
            w.kube("a").broken = Unreachable(0, "Unreachable", "connection refused")
            async with asyncio.timeout(5):
                await lost.wait()
                await w.members.close()


async def test_silent_watches_are_not_trusted() -> None:
    settings = MemberSettings(probe_every=0.02, first_backoff=0.02, stale_after=0.15, settle=0.5)
    async with world(settings) as w:
        await w.members.ensure(cluster("paris"), kubeconfig("a"))
        await w.until("paris", is_reachable)
        assert (await w.until("paris", is_lost)).reason == "WatchStale"


@pytest.mark.parametrize(
    ("broken", "reason", "remedy"),
    [
        (Unauthorized(401, "Unauthorized", "no"), "Unauthorized", "Secret"),
        (KubeError(500, "InternalError", "etcd"), "ServerError", "etcd"),
    ],
)
async def test_member_that_refuses_us_says_why(broken: KubeError, reason: str, remedy: str) -> None:
    async with world() as w:
        w.kube("a").broken = broken
        await w.members.ensure(cluster("paris"), kubeconfig("a"))
        state = await w.until("paris", is_lost)
        assert state.reason == reason
        assert remedy in state.message


async def test_missing_permission_to_watch_is_named() -> None:
    async with world() as w:
        w.kube("a").forbidden.add("/api/v1/nodes")
        await w.members.ensure(cluster("paris"), kubeconfig("a"))
        state = await w.until("paris", is_lost)
        assert state.reason == "Forbidden"
        assert "cannot list nodes" in state.message
        w.kube("a").forbidden.clear()
        await w.until("paris", is_reachable)


async def test_namespace_that_may_not_be_read_is_no_loss() -> None:
    async with world() as w:
        w.kube("a").forbidden.add("/api/v1/namespaces/kube-system")
        await w.members.ensure(cluster("paris"), kubeconfig("a"))
        assert (await w.until("paris", is_reachable)).cluster_uid is None


async def test_rotated_credentials_make_a_new_connection() -> None:
    async with world() as w:
        await w.members.ensure(cluster("paris"), kubeconfig("old"))
        await w.until("paris", is_reachable)
        w.kube("new").uid = w.kube("old").uid
        await w.members.ensure(cluster("paris"), kubeconfig("new"))
        assert w.kube("old").closed
        await w.until("paris", is_reachable)
        await w.members.ensure(cluster("paris"), kubeconfig("new"))
        assert w.opened == ["old", "new"]


async def test_changed_spec_keeps_the_connection() -> None:
    async with world() as w:
        w.kube("a").lists["/api/v1/nodes"] = [node("n1")]
        await w.members.ensure(cluster("paris"), kubeconfig("a"))
        await w.until("paris", is_reachable)
        declared = {"capacity": {"accelerators": [{"type": "a100", "count": 2}]}}
        await w.members.ensure(cluster("paris", **declared), kubeconfig("a"))
        assert w.members.state("paris").capacity == {"a100": 2}
        assert w.opened == ["a"]


async def test_bad_kubeconfig_ends_the_connection_and_says_what_to_do() -> None:
    async with world() as w:
        await w.members.ensure(cluster("paris"), kubeconfig("a"))
        await w.until("paris", is_reachable)
        bad = kubeconfig("a").replace(b"token: a", b"exec: {command: steal}")
        await w.members.ensure(cluster("paris"), bad)
        state = w.members.state("paris")
        assert (state.reason, state.lost_since is not None) == ("KubeconfigRefused", True)
        assert "user.exec" in state.message
        assert w.kube("a").closed
        await w.members.ensure(cluster("paris"), None)
        assert w.members.state("paris").reason == "KubeconfigMissing"


async def test_removed_member_is_forgotten() -> None:
    async with world() as w:
        await w.members.ensure(cluster("paris"), kubeconfig("a"))
        await w.members.remove("paris")
        assert w.kube("a").closed
        assert w.members.state("paris").reason == "Unknown"
        assert w.members.states() == {}


async def test_two_members_that_are_one_cluster_are_used_once() -> None:
    async with world() as w:
        w.kube("b").uid = w.kube("a").uid
        await w.members.ensure(cluster("paris"), kubeconfig("a"))
        await w.members.ensure(cluster("lyon"), kubeconfig("b"))
        await w.until("lyon", is_reachable)
        state = await w.until("paris", lambda state: state.reason == "SameCluster")
        assert not state.reachable
        assert "lyon" in state.message


async def test_hub_is_a_member_only_where_there_is_one() -> None:
    async with world() as w:
        await w.members.ensure(cluster("hub", connection={"inCluster": True}), None)
        assert w.members.state("hub").reason == "KubeconfigMissing"
