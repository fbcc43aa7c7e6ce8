"""What a test has in its hands: the fleet, the operator, and the means to change the world and to see it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.integration.operator import carbon, samples
from tests.integration.operator.hub import Hub
from tests.integration.operator.kstatus import breaches
from tests.integration.operator.objects import Objects
from tests.integration.operator.polling import PATIENCE, until
from tests.integration.operator.process import Operator
from tests.integration.operator.work import Work
from voltaire.api.base import API_VERSION
from voltaire.api.resources import KINDS, REGIONALCLUSTER, RegionalCluster
from voltaire.clock import ScaledClock
from voltaire.demo.facts import ClusterFacts, WorkloadFacts, cluster_facts, workload_facts
from voltaire.demo.invariants import (
    Evidence,
    Violation,
    at_most_one_copy,
    capacity,
    disruption_respected,
    epochs_grow,
    gang_not_exceeded,
    no_orphans,
    residency,
)
from voltaire.demo.observer import Observer
from voltaire.kube.client import Kube, resource_path
from voltaire.kube.errors import NotFound
from voltaire.lab import Lab

CLEANUP, GRACE = "8s", "4s"  # of real time: how long a lost member may hold up a deletion, and a restart
CHECKS = (at_most_one_copy, gang_not_exceeded, residency, epochs_grow, disruption_respected, no_orphans)


class World:
    """Shared by all tests; `reset` begins one, `finish` checks and ends it.

    `specs` holds, by uid, every spec that the tests wrote: no other may ever be seen. `reckless` names the
    workloads whose users accepted a second copy.
    """

    def __init__(
        self,
        lab: Lab,
        clock: ScaledClock,
        folder: Path,
        account: dict[str, Any],
        admin: Kube,
        members: dict[str, Kube],
    ) -> None:
        self.lab, self.clock, self.folder, self.account = lab, clock, folder, account
        self.admin, self.members = admin, members
        self.hub = Hub(admin)
        self.observer = Observer(members, clock)
        self.objects = Objects(members)
        self.operator = self.new_operator("operator-a")
        self.bystanders: list[Work] = []
        self.works: list[Work] = []
        self.reckless: set[str] = set()
        self.specs: dict[str, list[Any]] = {}
        self._made: list[str] = []
        self._turns = 0

    # The operator

    def new_operator(self, identity: str, **settings: str) -> Operator:
        """One that is not started yet."""
        log = self.folder / "logs" / f"{identity}.log"
        settings = {"cleanup_timeout": CLEANUP, "lost_grace": GRACE, **settings}
        return Operator(self.lab, self.account, self.clock, log, identity, **settings)

    # Changing the world

    async def carbon(self, **courses: carbon.Course) -> None:
        """From now on the grids develop like this; returns once the operator has seen it.

        A zone whose spec changed is watched anew: that a test's world turns over is no forecast error, which
        would make the planner wary of moving for a while.
        """
        await carbon.write(self.admin, self.clock, courses)
        for name in courses:
            self._turns += 1
            body = samples.zone(name)
            body["spec"]["staleAfter"] = f"{120 + self._turns}m"
            await self.put(body, keep=True)
        for name, course in courses.items():
            grams = course if isinstance(course, float) else course(timedelta(0))
            await until(
                lambda name=name, grams=grams: self.intensity(name) == grams,  # type: ignore[misc]
                f"the operator sees {grams} g/kWh in {name}",
                tell=lambda name=name: self.hub.status("GridZone", f"{name}-grid"),  # type: ignore[misc]
            )

    def intensity(self, cluster: str) -> float | None:
        """g/kWh of its grid as the operator knows it."""
        found: float | None = self.hub.status("GridZone", f"{cluster}-grid").get("gramsPerKWh")
        return found

    async def apply(self, body: dict[str, Any]) -> Work:
        """Create an AIWorkload, its name made unique."""
        meta = body["metadata"]
        meta = {**meta, "name": f"{meta['name']}-{uuid.uuid4().hex[:5]}"}
        path = resource_path(API_VERSION, "aiworkloads", meta["namespace"])
        created = await self.admin.create(path, {**body, "metadata": meta})
        self._wrote(created)
        work = Work(created, self.hub.past, self.observer, self.objects)
        self.works.append(work)
        return work

    async def edit(self, work: Work, spec: Mapping[str, Any]) -> None:
        """Change an AIWorkload's spec, as its user does."""
        self._wrote(await self.admin.merge(work.path, {"spec": spec}))

    async def put(self, body: dict[str, Any], *, keep: bool = False) -> str:
        """Create or replace any object of the hub, removed again at the end of the test; its path."""
        path = _path(body)
        self._wrote(await self.admin.apply(path, body))
        if not keep and path not in self._made:
            self._made.append(path)
        return path

    def _wrote(self, body: Mapping[str, Any]) -> None:
        if "spec" in body:
            self.specs.setdefault(body["metadata"]["uid"], []).append(body["spec"])

    async def drop(self, path: str) -> None:
        """Delete an object of the hub and wait until it is gone."""
        await _delete(self.admin, path)
        if path in self._made:
            self._made.remove(path)

    async def delete(self, *works: Work) -> None:
        """Delete AIWorkloads; returns at once."""
        for work in works:
            await _delete(self.admin, work.path)

    # Looking at it

    def now(self) -> datetime:
        return self.clock.now()

    def lost(self, cluster: str) -> bool:
        """Whether the operator says that it cannot reach a member."""
        return self.hub.status("RegionalCluster", cluster).get("reachable") is False

    def back(self, cluster: str) -> bool:
        """Whether it says that all is well with a member."""
        return self.hub.condition("RegionalCluster", cluster).get("status") == "True"

    async def running(self, *works: Work, cluster: str) -> None:
        """Wait until all of them run there."""
        for work in works:
            await until(
                lambda work=work: work.runs_in(cluster),  # type: ignore[misc]
                f"{work.name} runs in {cluster}",
                tell=lambda work=work: f"{work.said}\n{self.operator.tail()}",  # type: ignore[misc]
            )

    async def told(self, work: Work, *reasons: str) -> None:
        """Wait until Events about a workload give these reasons: they are posted beside the steps."""
        path = f"/apis/events.k8s.io/v1/namespaces/{work.namespace}/events"
        async with asyncio.timeout(PATIENCE):
            while True:
                listed = (await self.admin.get(path)).get("items") or []
                mine = [each for each in listed if (each.get("regarding") or {}).get("uid") == work.uid]
                if set(reasons) <= {event["reason"] for event in mine}:
                    return
                await asyncio.sleep(0.1)

    # Beginning and end of a test

    async def reset(self) -> None:
        """The ordinary world."""
        self.works, self.reckless = [], set()
        await self.carbon(**carbon.ORDINARY)

    async def finish(self) -> None:
        """Delete what the test made, and check everything that must hold whatever happened."""
        for path in reversed(self._made):
            await _delete(self.admin, path)
        self._made = []
        statuses = {work.uid: work.status for work in self.works}
        await self.delete(*self.works)
        await until(
            lambda: all(work.gone for work in self.works),
            "every AIWorkload of the test is gone",
            seconds=60,
            tell=lambda: "\n".join(f"{w.name}: {w.said}" for w in self.works if not w.gone),
        )
        await until(
            lambda: not any(work.objects or work.pods for work in self.works),
            "nothing of them is left in any member",
            tell=lambda: [(w.name, w.objects, w.pods) for w in self.works if w.objects or w.pods],
        )
        await until(
            lambda: all(self.hub.status("RegionalCluster", n).get("workloads") == 1 for n in samples.ZONES),
            "the operator knows of the bystanders only",
            tell=lambda: [self.hub.status("RegionalCluster", n).get("workloads") for n in samples.ZONES],
        )
        violations = self._violations(statuses)
        assert not violations, violations
        self._check_statuses()

    def _violations(self, statuses: Mapping[str, Any]) -> list[Violation]:
        works = [*self.works, *self.bystanders]
        uids = {work.uid for work in works}
        lives = self.observer.lives()
        clusters = self._cluster_facts()
        facts = {work.uid: self._facts(work, clusters) for work in works}
        own = [life for life in lives if life.workload_uid in uids]

        def evidence(chosen: Iterable[Any]) -> Evidence:
            return Evidence(clusters, facts, statuses, list(chosen), self.now(), timedelta(0))

        found = [violation for check in CHECKS for violation in check(evidence(own))]
        found += capacity(evidence(lives))
        return [violation for violation in found if violation.workload not in self.reckless]

    def _cluster_facts(self) -> dict[str, ClusterFacts]:
        found = {}
        for name in samples.ZONES:
            body = self.hub.past[self.hub.named["RegionalCluster", name]].now
            parsed: RegionalCluster = REGIONALCLUSTER.parse(dict(body))
            found[name] = cluster_facts(parsed, samples.ZONES[name])
        return found

    def _facts(self, work: Work, clusters: Mapping[str, ClusterFacts]) -> WorkloadFacts:
        return workload_facts(work.resource, clusters, None)

    def _check_statuses(self) -> None:
        """kstatus in every version that there ever was; specs as their users wrote them."""
        for past in self.hub.past.values():
            for body in past.versions:
                found = breaches(body)
                assert not found, f"{past.kind} {body['metadata']['name']}: {found}: {body['status']}"
                written = self.specs.get(body["metadata"]["uid"], [body["spec"]])
                assert body["spec"] in written, f"the operator wrote a spec: {past.kind} {body['spec']}"
            del past.versions[:-1]
        for work in self.bystanders:
            assert len(work.stays) == 1, f"{work.name} was disturbed: {work.stays}"
            assert work.stays[0].end is None, f"{work.name} was stopped"


def _path(body: Mapping[str, Any]) -> str:
    meta, kind = body["metadata"], body["kind"]
    plural = KINDS[kind].plural if kind in KINDS else f"{kind.lower()}s"
    return resource_path(body["apiVersion"], plural, meta.get("namespace"), meta["name"])


async def _delete(kube: Kube, path: str) -> None:
    try:
        await kube.delete(path)
    except NotFound:
        return
