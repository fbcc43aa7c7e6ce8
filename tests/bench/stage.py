"""Sets the stage: Voltaire installed on a lab as a user does it, its operator a process of its own."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from tests.bench import objects
from tests.bench.scrape import Scrape, parse
from voltaire.clock import ScaledClock
from voltaire.demo.install import Installer
from voltaire.demo.kubectl import Kubectl
from voltaire.demo.operator_process import OperatorProcess
from voltaire.demo.scenario import read_scenario
from voltaire.demo.trace import Day
from voltaire.kube.client import Kube
from voltaire.lab import Lab, LabCluster

MANIFESTS = Path(__file__).parents[2] / "manifests"


@dataclass(frozen=True)
class Stage:
    """Everything that runs, and an administrator's clients."""

    lab: Lab
    hub: Kube
    members: dict[str, Kube]
    operator: OperatorProcess
    log: Path
    kubectl: Path

    async def scrape(self) -> Scrape:
        """The operator's metrics."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.operator.url}/metrics") as answer:
            return parse(await answer.text())

    async def served(self) -> dict[str, Scrape]:
        """What the API servers say they were asked, by cluster."""
        found = {}
        for name, cluster in self.lab.clusters.items():
            kubectl = Kubectl(self.kubectl, cluster.admin_kubeconfig)
            found[name] = parse(await kubectl.run("get", "--raw", "/metrics"))
        return found


async def set_stage(lab: Lab, kubectl: Path, folder: Path, stack: AsyncExitStack) -> Stage:
    """Install, start the operator, wait until it is ready. What is opened is closed with `stack`."""
    configuration = [*objects.zones(), *objects.clusters(), objects.policy()]
    workloads = [objects.workload(namespace, "some", 0) for namespace in (objects.OPERATED, objects.RAW)]
    installer = Installer(lab, kubectl, MANIFESTS, folder / "install")
    await installer.install(read_scenario([*configuration, *workloads]), Day("static", datetime.now(UTC), {}))
    await installer.hub.apply([*objects.namespaces(), *configuration])
    log = folder / "operator.log"
    log.unlink(missing_ok=True)
    clock = ScaledClock(datetime.now(UTC), objects.START)
    operator = OperatorProcess(lab, await installer.operator_kubeconfig(), clock, log)
    stack.callback(operator.stop)
    hub = await _administrator(lab.hub, stack)
    members = {name: await _administrator(cluster, stack) for name, cluster in lab.members.items()}
    operator.start()
    await operator.ready()
    return Stage(lab, hub, members, operator, log, kubectl)


async def _administrator(cluster: LabCluster, stack: AsyncExitStack) -> Kube:
    """A patient client: deleting thousands of objects is one request."""
    configuration = Configuration()
    await config.load_kube_config(
        config_file=str(cluster.admin_kubeconfig), client_configuration=configuration
    )
    kube = Kube(configuration, timeout=600.0)
    stack.push_async_callback(kube.close)
    return kube
