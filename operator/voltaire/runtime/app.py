"""The operator, put together: who feeds the picture, who plans on it, who acts, who reports.

Everything here is wiring. The order that matters: nothing is decided before every watch has synced once and
every zone was asked once; nothing is written unless this process holds the Lease.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from typing import Any

import kopf
import structlog
from pydantic import ValidationError

from voltaire import metrics
from voltaire.api.base import API_VERSION
from voltaire.api.resources import (
    AIWORKLOAD,
    BATTERY,
    GRIDZONE,
    PLACEMENTPOLICY,
    REGIONALCLUSTER,
    AIWorkload,
    Kind,
)
from voltaire.engines.adapters.demand import demand_of
from voltaire.engines.direct import DirectEngine
from voltaire.engines.members import Members
from voltaire.fleet.picture import Picture
from voltaire.fleet.snapshot import Snapshot
from voltaire.fleet.tally import presence, promises
from voltaire.handlers import configuration
from voltaire.kube.client import Kube, resource_path
from voltaire.kube.errors import KubeError
from voltaire.kube.informer import Change, Informer
from voltaire.kube.lease import Leadership
from voltaire.planner.plan import Decision, Plan
from voltaire.runtime.control import BatteryControl
from voltaire.runtime.gather import gather
from voltaire.runtime.health import application, serve
from voltaire.runtime.hub import Hub
from voltaire.runtime.members import MemberKeeper
from voltaire.runtime.planning import Planning
from voltaire.runtime.record import SiteRecord
from voltaire.runtime.reporter import Reporter
from voltaire.runtime.shared import Shared
from voltaire.runtime.signals import Polling
from voltaire.runtime.supervise import collect_garbage, measure_lag, supervise
from voltaire.runtime.sweeper import Sweeper
from voltaire.runtime.worker import Worker
from voltaire.settings import Settings
from voltaire.signals.build import SignalDeps
from voltaire.tasks import end

log = structlog.get_logger(__name__)
RESYNC = 300.0  # seconds between two full reads of the configuration kinds
RESYNC_RETRY = 2.0
MOMENT = 0.2  # seconds
FIRST_CONTACT = 15.0  # seconds that the first plan waits for members and zones
STALE_WATCH = 240.0  # seconds without proof of freshness after which the process is not alive


class Operator:
    """Built on one connection to the hub; `run` ends when `stop` is set or the task is cancelled."""

    def __init__(self, settings: Settings, kube: Kube) -> None:
        self.settings = settings
        self.clock = settings.parsed_clock
        self.picture = Picture()
        self.hub = Hub(kube, settings.identity)
        self.members = Members(self.clock, on_change=self._member_changed, hub=kube.another)
        self.engine = DirectEngine(self.members, self.clock)
        self.record = SiteRecord()
        self.workloads = Informer(kube, resource_path(API_VERSION, AIWORKLOAD.plural), self._workload_changed)
        self.leadership = Leadership(
            kube, settings.namespace, settings.lease, settings.identity, on_lead=self._begin_to_lead
        )
        self.planning = Planning(
            self.picture, self.clock, self._gather, self._may_plan, self._planned, settings.plan_seconds,
            settings.plan_dump,
        )  # fmt: skip
        self.reporter = Reporter(
            self.picture, self.clock, self.hub, self.leads, lambda: self.planning.current, self.record
        )
        self.keeper = MemberKeeper(
            self.picture, self.hub, self.members, lambda name: self.reporter.touch(REGIONALCLUSTER, name)
        )
        self.signal_deps = self._signal_deps()
        self.polling = Polling(
            self.picture, self.clock, self.signal_deps, self._zone_read, self._battery_read
        )
        self.control = BatteryControl(
            self.picture,
            self.clock,
            self.signal_deps.sites,
            self.leads,
            lambda: self.planning.current,
            lambda name: self.reporter.touch(BATTERY, name),
        )
        shared = Shared(
            settings,
            self.clock,
            self.picture,
            self.hub,
            self.engine,
            self.workloads,
            self.planning,
            self.record,
            self.leads,
        )
        self.worker = Worker(shared)
        self.sweeper = Sweeper(self.picture, self.engine, kube, self.leads)
        self._configured = asyncio.Event()
        self._used: set[str] = set()
        self._essences: dict[str, tuple[object, ...]] = {}
        self._began = float("inf")

    def _signal_deps(self) -> SignalDeps:
        async def read_secret(namespace: str, name: str, key: str) -> str:
            return (await self.hub.secret_value(namespace, name, key)).decode().strip()

        return SignalDeps(
            clock=self.clock,
            read_secret=read_secret,
            read_config_map=self.hub.config_map,
            trace_dir=self.settings.trace_dir,
            allow_private_urls=self.settings.allow_private_urls,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`. Leaves workloads as they are: only placements are remembered, in the cluster."""
        self._began = asyncio.get_running_loop().time()
        loops = {
            "workloads": self.workloads.run,
            "members": self.keeper.run,
            "planning": self.planning.run,
            "reports": self.reporter.run,
            "resync": self._resync,
            "sweep": self.sweeper.run,
            "refresh": self.worker.refresh,
            "lag": measure_lag,
            "garbage": collect_garbage,
            "health": self._serve,
            **{f"worker-{index}": self.worker.run for index in range(self.settings.workers)},
        }
        if self.settings.leader_election:
            loops["lease"] = self.leadership.run
        tasks = [asyncio.create_task(supervise(name, work), name=name) for name, work in loops.items()]
        tasks.append(asyncio.create_task(self._kopf(stop), name="kopf"))
        stopped = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopped, tasks[-1]], return_when=asyncio.FIRST_COMPLETED)
            if not stopped.done():
                tasks[-1].result()  # Kopf ended by itself: fail, so that the process is started anew
        finally:
            await end(*tasks, stopped)
            await self._close()

    async def _close(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5):
                await self.leadership.release()
        await self.polling.close()
        await self.control.close()
        await self.signal_deps.aclose()
        await self.members.close()
        await self.hub.kube.close()

    async def _kopf(self, stop: asyncio.Event) -> None:
        flag = asyncio.Event()
        running = asyncio.create_task(
            kopf.operator(
                registry=configuration.registry(self._receive),
                settings=configuration.settings(),
                standalone=True,
                clusterwide=True,
                stop_flag=flag,
                identity=None,
            )
        )
        waiting = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
            flag.set()
            await running
        finally:
            running.cancel()
            waiting.cancel()

    async def _serve(self) -> None:
        app = application(self._wrong_live, self._wrong_ready)
        await serve(app, self.settings.http_host, self.settings.http_port)

    # What feeds the picture

    def _receive(self, kind: Kind, body: dict[str, Any], deleted: bool) -> None:
        """One event of a configuration kind, from Kopf or from a resync."""
        name = body["metadata"]["name"]
        table = self._table(kind)
        before = table.get(name)
        if deleted:
            table.pop(name, None)
        else:
            try:
                table[name] = kind.parse(body)
            except ValidationError as error:
                log.error(
                    "resource not understood, keeping what was known",
                    kind=kind.kind,
                    name=name,
                    error=str(error),
                )
                return
        after = table.get(name)
        if kind is REGIONALCLUSTER and after is None:
            self.record.forget(name)
            self.picture.other_loads.pop(name, None)
        elif kind is REGIONALCLUSTER and before is None:
            self.record.restore(name, table[name].status.supply)
        if (before and before.spec) != (after and after.spec) or _labels(before) != _labels(after):
            self._configuration_changed(kind, name, after)

    def _table(self, kind: Kind) -> dict[str, Any]:
        tables: dict[str, dict[str, Any]] = {
            REGIONALCLUSTER.kind: self.picture.clusters,
            GRIDZONE.kind: self.picture.zones,
            BATTERY.kind: self.picture.batteries,
            PLACEMENTPOLICY.kind: self.picture.policies,
        }
        return tables[kind.kind]

    def _configuration_changed(self, kind: Kind, name: str, resource: Any) -> None:
        self.picture.changed.set()
        if kind is GRIDZONE:
            self.polling.zone(name, resource)
        elif kind is BATTERY:
            self.polling.battery(name, resource)
            self.control.battery(name, resource)
        elif kind is REGIONALCLUSTER:
            self.keeper.touch()
        for cluster in self.picture.clusters:
            self.reporter.touch(REGIONALCLUSTER, cluster)
        if resource is None:
            self.reporter.forget(kind, name)
        else:
            self.reporter.touch(kind, name)

    async def _resync(self) -> None:
        """Read the configuration kinds whole: Kopf's watch can lose a deletion across a gap."""
        while True:
            try:
                for kind in configuration.CONFIGURATION:
                    bodies = await self.hub.list(kind)
                    for body in bodies:
                        self._receive(kind, body, False)
                    self._drop_missing(kind, {body["metadata"]["name"] for body in bodies})
            except KubeError as error:
                log.info("configuration not read, trying again", error=str(error))
                await asyncio.sleep(RESYNC_RETRY)
                continue
            self._configured.set()
            await asyncio.sleep(RESYNC)

    def _drop_missing(self, kind: Kind, names: set[str]) -> None:
        for name in set(self._table(kind)) - names:
            self._receive(kind, {"metadata": {"name": name}}, True)

    def _workload_changed(self, change: Change) -> None:
        uid = change.object["metadata"]["uid"]
        if change.kind == "deleted":
            self.picture.workloads.pop(uid, None)
            self.picture.demands.pop(uid, None)
            self.picture.tally.set(uid, ())
            self.picture.excluded.pop(uid, None)
            self.picture.changed.set()
            return
        before = self.picture.workloads.get(uid)
        try:
            workload: AIWorkload = AIWORKLOAD.parse(change.object)
        except ValidationError as error:
            log.error("AIWorkload not understood", key=change.key, error=str(error))
            return
        self.picture.workloads[uid] = workload
        if before is None or before.metadata.generation != workload.metadata.generation:
            self.picture.demands[uid] = demand_of(workload)
            self.picture.excluded.pop(uid, None)
            self.picture.changed.set()
        elif before.status.phase != workload.status.phase:
            self.picture.changed.set()
        promised = promises(workload, self.picture.demands[uid])
        self.picture.tally.set(uid, promised, presence(workload))
        self.worker.touch(uid)

    def _member_changed(self, cluster: str, uid: str | None) -> None:
        if uid is not None:
            self.worker.touch(uid)
            if cluster not in self._used:  # how much of it is used is looked at once for many such changes
                self._used.add(cluster)
                asyncio.get_running_loop().call_later(MOMENT, self._refresh, cluster)
            return
        self._refresh(cluster)
        for workload_uid, workload in self.picture.workloads.items():
            placements = (workload.status.placement, workload.status.previous)
            if any(copy is not None and copy.cluster == cluster for copy in placements):
                self.worker.touch(workload_uid)

    def _refresh(self, cluster: str) -> None:
        self._used.discard(cluster)
        before = self.picture.members.get(cluster)
        self.keeper.refresh(cluster)
        after = self.picture.members.get(cluster)
        if after is not None and after.reachable and not (before is not None and before.reachable):
            self.sweeper.touch()  # it may hold what was superseded while it was away

    def _zone_read(self, name: str) -> None:
        self.reporter.touch(GRIDZONE, name)
        for policy in self.picture.policies:
            self.reporter.touch(PLACEMENTPOLICY, policy)
        for cluster in self.picture.clusters.values():
            if cluster.spec.grid_zone == name:
                self.reporter.touch(REGIONALCLUSTER, cluster.metadata.name)

    def _battery_read(self, name: str) -> None:
        self.reporter.touch(BATTERY, name)
        for cluster in self.picture.clusters.values():
            if name in cluster.spec.batteries:
                self.record.add(self.picture, cluster.metadata.name, self.clock.now())
                self.reporter.touch(REGIONALCLUSTER, cluster.metadata.name)

    # What decides and acts

    def leads(self) -> bool:
        """Whether this process may write."""
        leading = self.leadership.holds if self.settings.leader_election else True
        metrics.LEADING.set(leading)
        return leading

    def _begin_to_lead(self, anew: bool) -> None:
        """Whatever happened while nobody led is looked at now, not when something else happens to it."""
        self.worker.resume()
        if not anew:
            return
        self._essences.clear()
        self.picture.changed.set()
        for uid in self.picture.workloads:
            self.worker.touch(uid)
        self.sweeper.touch()

    def _may_plan(self) -> bool:
        return self.leads() and not self._unsynced()

    async def _gather(self, now: datetime) -> Snapshot:
        return await gather(self.picture, self.engine.cached, self.clock, now)

    def _planned(self, plan: Plan) -> None:
        for uid, decision in plan.decisions.items():
            if _essence(decision) != self._essences.get(uid):
                self.worker.touch(uid)
        self._essences = {uid: _essence(decision) for uid, decision in plan.decisions.items()}
        for name in plan.batteries:
            self.reporter.touch(BATTERY, name)

    # What is wrong

    def _unsynced(self) -> str:
        """What the first decision still waits for; empty when the picture is whole."""
        if not self._configured.is_set():
            return "configuration not read yet"
        if not self.workloads.synced.is_set():
            return "AIWorkloads not listed yet"
        waited = asyncio.get_running_loop().time() - self._began
        if waited < FIRST_CONTACT:
            for name in self.picture.zones:
                if name not in self.picture.signals:
                    return f"GridZone {name} not asked yet"
            for name in self.picture.clusters:
                member = self.picture.members.get(name)
                if member is None or member.reason == "Connecting":
                    return f"RegionalCluster {name} not contacted yet"
        return ""

    def _wrong_ready(self) -> str:
        return self._unsynced()

    def _wrong_live(self) -> str:
        loop = asyncio.get_running_loop()
        fresh = max(self.workloads.last_contact, self._began)
        age = loop.time() - fresh
        return f"watch of AIWorkloads silent for {age:.0f} s" if age > STALE_WATCH else ""


def _essence(decision: Decision) -> tuple[object, ...]:
    """What of a decision asks for a step; new figures in its message wait for the next slot."""
    return (decision.action, decision.cluster, decision.accelerator_type, decision.reason, decision.late)


def _labels(resource: Any) -> Any:
    return resource.metadata.labels if resource is not None else None


async def run(settings: Settings, kube: Kube, stop: asyncio.Event) -> None:
    """Run an operator until `stop` is set; raises KubeError when the hub cannot be reached at all."""
    try:
        await kube.get("/version")
    except KubeError as error:
        log.error("the hub does not answer", server=kube.server, error=str(error))
        raise
    log.info("starting", server=kube.server, clock_rate=settings.parsed_clock.rate)
    await Operator(settings, kube).run(stop)
