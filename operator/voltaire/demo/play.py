"""The run itself: from a lab that is up to the result of a played day."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from voltaire.api.resources import AIWorkload
from voltaire.clock import ScaledClock, system_clock
from voltaire.demo.errors import DemoError
from voltaire.demo.facts import ClusterFacts, WorkloadFacts, cluster_facts, workload_facts
from voltaire.demo.follow import connect
from voltaire.demo.hub import HubView
from voltaire.demo.install import Installer
from voltaire.demo.invariants import Evidence, check
from voltaire.demo.observer import Observer
from voltaire.demo.operator_process import OperatorProcess
from voltaire.demo.result import Run, SiteLog
from voltaire.demo.scenario import Scenario, battery_site, write_overlay
from voltaire.demo.screen import Screen
from voltaire.demo.telemetry import Site, TelemetryServer
from voltaire.demo.trace import Day
from voltaire.demo.view import frame, load_kw
from voltaire.lab import Lab

INITIAL_SOC = 0.75
# Real seconds.
_LEAD = timedelta(seconds=8)  # for the operator to start before the day does
_TICK = 0.2
_TOLERANCE = timedelta(seconds=4)
_CLOSING = 20.0
_CLEANING = 30.0
# Of the day.
_GRACE = timedelta(hours=6)
_PAST_DEADLINE = timedelta(minutes=30)
_ENDED = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True)
class Plot:
    """What is played, how fast and how long; `folder` takes overlays and logs."""

    scenario: Scenario
    day: Day
    seconds_per_hour: float
    length: timedelta
    manifests: Path
    folder: Path
    kubectl: Path

    @property
    def rate(self) -> float:
        """Seconds of the day per real second."""
        return 3600 / self.seconds_per_hour

    @property
    def end(self) -> datetime:
        """When the day is over."""
        return self.day.start + self.length


class Play:
    """One performance. Make it inside the event loop, `perform` it once; `close` whatever happened."""

    def __init__(self, lab: Lab, plot: Plot, screen: Screen) -> None:
        self._lab = lab
        self._plot = plot
        self._screen = screen
        self._installer = Installer(lab, plot.kubectl, plot.manifests, plot.folder / "install")
        self._clock = ScaledClock(system_clock().now() + _LEAD, plot.day.start, plot.rate)
        self._clusters: dict[str, ClusterFacts] = {}
        self._sites: dict[str, Site] = {}
        self._telemetry = TelemetryServer({})
        self._operator: OperatorProcess | None = None
        self._watches: list[asyncio.Task[None]] = []

    async def perform(self, *, clean: bool) -> Run:
        """Install, play, collect; with `clean` also delete everything and see that it is gone."""
        self._screen.say("installing Voltaire on the hub and the members")
        await self._installer.install(self._plot.scenario, self._plot.day)
        account = await self._installer.operator_kubeconfig()
        self._clock = ScaledClock(system_clock().now() + _LEAD, self._plot.day.start, self._plot.rate)
        await self._open_sites()
        await self._open_eyes()
        self._screen.say("starting the operator with its service account's token")
        log = self._plot.folder / "operator.log"
        log.unlink(missing_ok=True)
        self._operator = OperatorProcess(self._lab, account, self._clock, log)
        self._operator.start()
        await self._operator.ready()
        await self._until_the_day_begins()
        await self._apply_samples()
        await self._play()
        await self._close_accounts()
        return await self._collect(clean=clean)

    async def close(self) -> None:
        """Stop watching and serving; the operator ends."""
        for task in self._watches:
            task.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        if self._operator is not None:
            await asyncio.to_thread(self._operator.stop)
        await self._telemetry.stop()
        if self._watches:
            await asyncio.gather(self._hub_kube.close(), *(kube.close() for kube in self._members.values()))

    async def _open_sites(self) -> None:
        scenario = self._plot.scenario
        for cluster in scenario.clusters.values():
            self._clusters[cluster.metadata.name] = cluster_facts(cluster, scenario.zone_of(cluster))
        self._batteries: dict[str, str] = {}
        for name, battery in scenario.batteries.items():
            place = battery_site(scenario, name)
            if place is not None and battery.spec.telemetry.http is not None:
                self._batteries[name] = place.metadata.name
                self._sites[name] = Site(battery.spec, place.spec.location, self._clock.now(), INITIAL_SOC)
        self._telemetry = TelemetryServer({name: site.document for name, site in self._sites.items()})
        await self._telemetry.start()

    async def _open_eyes(self) -> None:
        self._hub_kube = await connect(self._lab.hub.admin_kubeconfig)
        members = self._lab.members.items()
        self._members = {name: await connect(cluster.admin_kubeconfig) for name, cluster in members}
        self._observer = Observer(self._members, self._clock)
        self._hub = HubView(self._hub_kube, self._clock, self._screen.decided)
        self._watches = [
            asyncio.create_task(self._observer.run(), name="observer"),
            asyncio.create_task(self._hub.run(), name="hub view"),
            asyncio.create_task(self._tick(), name="sites"),
        ]

    async def _tick(self) -> None:
        """The sites live on, whatever else happens."""
        while True:
            workloads = self._workload_facts()
            pods = self._observer.present()
            for name, site in self._sites.items():
                cluster = self._batteries[name]
                load = load_kw(self._clusters[cluster], pods.get(cluster, ()), workloads)
                site.advance(self._clock.now(), load)
            await asyncio.sleep(_TICK)

    async def _until_the_day_begins(self) -> None:
        # An object's creation time is in whole seconds, rounded down: half a second keeps it inside the day.
        begin = self._plot.day.start + timedelta(seconds=0.5 * self._plot.rate)
        await self._clock.sleep(begin - self._clock.now())

    async def _apply_samples(self) -> None:
        urls = {name: self._telemetry.url(name) for name in self._sites}
        start = max(self._clock.now(), self._plot.day.start)
        samples = self._plot.manifests / "samples"
        folder = self._plot.folder / "samples"
        write_overlay(folder, samples, self._plot.scenario, start=start, battery_urls=urls)
        self._screen.say(f"kubectl apply -k {folder}")
        await self._installer.hub.apply_folder(folder)

    async def _play(self) -> None:
        while not self._over():
            self._still_alive()
            self._show()
            await asyncio.sleep(2 * _TICK)
        self._show()

    def _over(self) -> bool:
        now = self._clock.now()
        known = self._hub.workloads.values()
        open_ones = [w for w in known if w.spec.type != "Serving" and w.status.phase not in _ENDED]
        if len(known) == len(self._plot.scenario.workloads) and not open_ones:
            return True
        due = [w.spec.schedule.deadline + _PAST_DEADLINE for w in open_ones if w.spec.schedule.deadline]
        return now >= min(self._plot.end + _GRACE, max([self._plot.end, *due]))

    def _still_alive(self) -> None:
        if self._operator is None or not self._operator.running:
            raise DemoError(f"the operator ended by itself; its log: {self._plot.folder / 'operator.log'}")
        for task in self._watches:
            if task.done():
                task.result()

    def _show(self) -> None:
        places = {self._batteries[name]: site for name, site in self._sites.items()}
        self._screen.show(
            frame(
                self._clock.now(),
                self._plot.day.start,
                self._plot.end,
                self._clusters,
                self._plot.day.zones,
                places,
                self._observer.present(),
                self._hub.clusters,
                self._hub.workloads.values(),
                self._hub.decisions,
            )
        )

    async def _close_accounts(self) -> None:
        """The day is over: what still serves is stopped by its user, so that every account closes."""
        patch = '{"spec": {"suspend": true}}'
        for workload in list(self._hub.workloads.values()):
            if workload.status.phase not in _ENDED:
                meta = workload.metadata
                target = ("aiworkload", meta.name, "-n", meta.namespace)
                await self._installer.hub.run("patch", *target, "--type=merge", "-p", patch)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _CLOSING
        while loop.time() < deadline and not self._closed():
            self._show()
            await asyncio.sleep(_TICK)

    def _closed(self) -> bool:
        if any(self._observer.present().values()):
            return False
        workloads = self._hub.workloads.values()
        settled = all(w.status.phase in (*_ENDED, "Paused", "Pending") for w in workloads)
        return settled and all(r.end is not None for w in workloads for r in w.status.receipts)

    async def _collect(self, *, clean: bool) -> Run:
        end = self._clock.now()
        workloads = dict(self._hub.workloads)
        facts = self._workload_facts()
        lives = self._observer.lives()
        decisions = list(self._hub.decisions)
        sites = [
            SiteLog(name, self._batteries[name], site.battery, list(site.records))
            for name, site in self._sites.items()
        ]
        evidence = Evidence(
            clusters=self._clusters,
            workloads=facts,
            statuses={uid: workload.status for uid, workload in workloads.items()},
            lives=lives,
            end=end,
            tolerance=_TOLERANCE * self._plot.rate,
            left_behind=await self._clean() if clean else None,
        )
        return Run(
            start=self._plot.day.start,
            seconds_per_hour=self._plot.seconds_per_hour,
            carbon_source=self._plot.day.source,
            intensity=self._plot.day.zones,
            sites=sites,
            decisions=decisions,
            evidence=evidence,
            violations=check(evidence),
        )

    async def _clean(self) -> list[str]:
        """Delete every AIWorkload, as a user would; the pods that are left after a while."""
        timeout = f"--timeout={_CLEANING:g}s"
        await self._installer.hub.run("delete", "aiworkloads", "--all", "--all-namespaces", timeout)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _CLEANING
        while True:
            left = await self._observer.list_pods()
            if not left or loop.time() > deadline:
                return left
            await asyncio.sleep(_TICK)

    def _workload_facts(self) -> Mapping[str, WorkloadFacts]:
        return {
            uid: workload_facts(workload, self._clusters, self._arrival(workload))
            for uid, workload in self._hub.workloads.items()
        }

    def _arrival(self, workload: AIWorkload) -> datetime | None:
        created = workload.metadata.creation_timestamp
        return None if created is None else max(self._plot.day.start, self._clock.from_wall(created))
