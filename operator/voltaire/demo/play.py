"""The run itself: from a lab that is up to the result of a played day."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from voltaire.api.resources import AIWorkload
from voltaire.clock import ScaledClock, system_clock
from voltaire.demo.decisions import Decision
from voltaire.demo.errors import DemoError
from voltaire.demo.facts import WorkloadFacts, cluster_facts, workload_facts
from voltaire.demo.install import Installer
from voltaire.demo.invariants import Evidence, check
from voltaire.demo.operator_process import OperatorProcess
from voltaire.demo.result import Run
from voltaire.demo.scenario import Fit, Scenario, write_fleet, write_overlay
from voltaire.demo.screen import Screen
from voltaire.demo.sites import Sites
from voltaire.demo.trace import Day
from voltaire.demo.view import frame, load_kw
from voltaire.demo.witnesses import Witnesses
from voltaire.lab import Lab
from voltaire.planner import warm_up

# Real seconds.
_LEAD = timedelta(seconds=12)  # for the operator to start before the day does
_POLL = 0.4
_TOLERANCE = timedelta(seconds=4)
_CLOSING = 20.0
_CLEANING = 30.0
# Of the day.
_GRACE = timedelta(hours=6)
_PAST_DEADLINE = timedelta(minutes=30)
_ENDED = frozenset({"Succeeded", "Failed"})
_SETTLED = _ENDED | {"Paused", "Pending"}


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

    @property
    def operator_log(self) -> Path:
        """What the operator writes."""
        return self.folder / "operator.log"


async def perform(lab: Lab, plot: Plot, screen: Screen, stack: AsyncExitStack, *, clean: bool) -> Run:
    """Install, play, collect; with `clean` also delete everything and see that it is gone.

    What is opened on the way is closed with `stack`, so that it can outlive the play.
    """
    screen.say("installing Voltaire on the hub and the members")
    installer = Installer(lab, plot.kubectl, plot.manifests, plot.folder / "install")
    await installer.install(plot.scenario, plot.day)
    account = await installer.operator_kubeconfig()
    screen.say("compiling the planner, if this machine has not yet")
    await asyncio.to_thread(warm_up)
    clock = ScaledClock(system_clock().now() + _LEAD, plot.day.start, plot.rate)
    sites = Sites(plot.scenario, clock)
    stack.push_async_callback(sites.stop)
    urls = await sites.start()
    fit = Fit(urls, plot.rate)
    fleet = write_fleet(plot.folder / "fleet", plot.manifests / "samples", plot.scenario, fit)
    screen.say(f"kubectl apply -k {fleet}")
    await installer.hub.apply_folder(fleet)
    screen.say("starting the operator with its service account's token")
    plot.operator_log.unlink(missing_ok=True)
    operator = OperatorProcess(lab, account, clock, plot.operator_log)
    stack.callback(operator.stop)
    operator.start()
    witnesses = await Witnesses.open(lab, clock, screen.decided)
    stack.push_async_callback(witnesses.close)
    play = Play(plot, clock, screen, installer, sites, operator, witnesses)
    witnesses.also(sites.run(play.load_kw))
    await operator.ready()
    await play.begin(fit)
    await play.go_on_until(play.over)
    await play.close_accounts()
    return await play.collect(clean=clean)


class Play:
    """A day on a stage that is set."""

    def __init__(
        self,
        plot: Plot,
        clock: ScaledClock,
        screen: Screen,
        installer: Installer,
        sites: Sites,
        operator: OperatorProcess,
        witnesses: Witnesses,
    ) -> None:
        self._plot = plot
        self._clock = clock
        self._screen = screen
        self._installer = installer
        self._sites = sites
        self._operator = operator
        self._witnesses = witnesses
        self._decisions: list[Decision] = []
        self._pauses: dict[str, int] = {}
        self._clusters = {
            name: cluster_facts(cluster, plot.scenario.zone_of(cluster))
            for name, cluster in plot.scenario.clusters.items()
        }

    @property
    def _workloads(self) -> Sequence[AIWorkload]:
        return list(self._witnesses.hub.workloads.values())

    async def begin(self, fit: Fit) -> None:
        """When the day begins, apply the samples as a user would."""
        # An object's creation time is in whole seconds, rounded down: half a second keeps it inside the day.
        begin = self._plot.day.start + timedelta(seconds=0.5 * self._plot.rate)
        await self._clock.sleep(begin - self._clock.now())
        samples, folder = self._plot.manifests / "samples", self._plot.folder / "samples"
        now = max(self._clock.now(), self._plot.day.start)
        write_overlay(folder, samples, self._plot.scenario, fit, start=now)
        self._screen.say(f"kubectl apply -k {folder}")
        await self._installer.hub.apply_folder(folder)

    async def go_on_until(self, done: Callable[[], bool], seconds: float = float("inf")) -> None:
        """Show the day as it passes, for at most so many real seconds."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not done() and loop.time() < deadline:
            if not self._operator.running:
                raise DemoError(f"the operator ended by itself; its log: {self._plot.operator_log}")
            self._witnesses.check()
            self._show()
            await asyncio.sleep(_POLL)
        self._show()

    def over(self) -> bool:
        """Whether all that can finish has, or the day is over and no deadline is still to come."""
        known = self._workloads
        unfinished = [w for w in known if w.spec.type != "Serving" and w.status.phase not in _ENDED]
        if len(known) == len(self._plot.scenario.workloads) and not unfinished:
            return True
        due = [w.spec.schedule.deadline + _PAST_DEADLINE for w in unfinished if w.spec.schedule.deadline]
        return self._clock.now() >= min(self._plot.end + _GRACE, max([self._plot.end, *due]))

    async def close_accounts(self) -> None:
        """The day is over: what still serves is stopped by its user, so that every account closes."""
        self._pauses = {workload.metadata.uid: workload.status.pauses for workload in self._workloads}
        self._decisions = list(self._witnesses.hub.decisions)
        self._witnesses.hub.mute()
        patch = '{"spec": {"suspend": true}}'
        for workload in self._workloads:
            if workload.status.phase not in _ENDED:
                meta = workload.metadata
                target = ("aiworkload", meta.name, "-n", meta.namespace)
                await self._installer.hub.run("patch", *target, "--type=merge", "-p", patch)
        await self.go_on_until(self._closed, _CLOSING)

    def _closed(self) -> bool:
        if any(self._witnesses.observer.present().values()):
            return False
        settled = all(workload.status.phase in _SETTLED for workload in self._workloads)
        return settled and all(r.end is not None for w in self._workloads for r in w.status.receipts)

    async def collect(self, *, clean: bool) -> Run:
        """All that was seen and accounted, checked."""
        evidence = Evidence(
            clusters=self._clusters,
            workloads=self._facts(),
            statuses={workload.metadata.uid: workload.status for workload in self._workloads},
            lives=self._witnesses.observer.lives(),
            end=self._clock.now(),
            tolerance=_TOLERANCE * self._plot.rate,
            left_behind=None,
        )
        run = Run(
            start=self._plot.day.start,
            seconds_per_hour=self._plot.seconds_per_hour,
            carbon_source=self._plot.day.source,
            intensity=self._plot.day.zones,
            sites=self._sites.logs(),
            decisions=self._decisions,
            pauses=self._pauses,
            evidence=evidence,
            violations=(),
        )
        if clean:
            self._screen.say("kubectl delete aiworkloads --all --all-namespaces")
            evidence = replace(evidence, left_behind=await self._clean())
        return replace(run, evidence=evidence, violations=check(evidence))

    async def _clean(self) -> list[str]:
        """Delete every AIWorkload, as a user would; the pods that are left after a while."""
        timeout = f"--timeout={_CLEANING:g}s"
        await self._installer.hub.run("delete", "aiworkloads", "--all", "--all-namespaces", timeout)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _CLEANING
        while True:
            left = await self._witnesses.observer.list_pods()
            if not left or loop.time() > deadline:
                return left
            await asyncio.sleep(_POLL)

    def load_kw(self, cluster: str) -> float:
        """What a cluster draws now, by the pods that really run there."""
        pods = self._witnesses.observer.log.present(cluster)
        return load_kw(self._clusters[cluster], pods, self._facts())

    def _facts(self) -> dict[str, WorkloadFacts]:
        return {
            workload.metadata.uid: workload_facts(workload, self._clusters, self._arrival(workload))
            for workload in self._workloads
        }

    def _arrival(self, workload: AIWorkload) -> datetime | None:
        created = workload.metadata.creation_timestamp
        return None if created is None else max(self._plot.day.start, self._clock.from_wall(created))

    def _show(self) -> None:
        self._screen.show(
            frame(
                self._clock.now(),
                self._plot.day.start,
                self._plot.end,
                self._clusters,
                self._plot.day.zones,
                self._sites.by_cluster(),
                self._witnesses.observer.present(),
                self._witnesses.hub.clusters,
                self._workloads,
                self._witnesses.hub.decisions,
            )
        )
