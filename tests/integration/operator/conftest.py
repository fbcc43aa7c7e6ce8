"""The operator on real control planes: installed as a user does, run with its service account's token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from tests.integration.fleet import FLEET, RATE
from tests.integration.operator import carbon, samples
from tests.integration.operator.world import World
from tests.integration.server import REPOSITORY
from voltaire.clock import ScaledClock, system_clock
from voltaire.demo.follow import connect
from voltaire.demo.install import Installer
from voltaire.demo.scenario import read_scenario
from voltaire.lab import Lab
from voltaire.lab.assets import locate
from voltaire.planner import warm_up
from voltaire.tasks import end

START = datetime(2025, 3, 20, 6, tzinfo=UTC)
POLICIES = [samples.policy("default"), samples.policy("recommend", mode="Recommend")]


def documents() -> list[samples.Body]:
    """The fleet, its policies and the workloads that no test concerns."""
    fleet = [make(name) for name in samples.ZONES for make in (samples.zone, samples.cluster)]
    one = samples.workload("first", samples.job())  # it opens the namespace of the tests' workloads
    return [*fleet, *POLICIES, *samples.bystanders(), one]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab of its own: an operator at work would disturb the tests of the parts, and they it."""
    warm_up()  # else the operator's first plan waits until the planner is compiled
    with Lab.up(FLEET, tmp_path_factory.mktemp("operator-lab"), RATE) as running:
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Hub and members installed, the fleet applied, the operator at work, observers watching."""
    folder: Path = tmp_path_factory.mktemp("operator")
    kubectl = locate("kubectl")
    assert kubectl is not None
    clock = ScaledClock(system_clock().now(), START, lab.rate)
    installer = Installer(lab, kubectl, REPOSITORY / "manifests", folder / "install")
    await installer.install(read_scenario(documents()), carbon.day(clock.now()))
    for name in (samples.NAMESPACE, samples.BYSTANDERS):
        await installer.hub.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}])
    admin = await connect(lab.hub.admin_kubeconfig)
    members = {name: await connect(cluster.admin_kubeconfig) for name, cluster in lab.members.items()}
    world = World(lab, clock, folder, await installer.operator_kubeconfig(), admin, members)
    eyes = (world.hub, world.observer, world.objects)
    watching = [asyncio.create_task(eye.run()) for eye in eyes]
    world.operator.start()
    for body in [*POLICIES, *(m(n) for n in samples.ZONES for m in (samples.zone, samples.cluster))]:
        await world.put(body, keep=True)
    await world.operator.ready()
    for body in samples.bystanders():
        world.bystanders.append(await world.apply(body))
    for work, name in zip(world.bystanders, samples.ZONES, strict=True):
        await world.running(work, cluster=name)
    yield world
    world.operator.stop()
    for task in watching:
        await end(task)
    for kube in (admin, *members.values()):
        await kube.close()
    await asyncio.sleep(0.25)  # a TLS connection that was watched takes a few turns of the loop to close


@pytest_asyncio.fixture(loop_scope="session")
async def world(stage: World) -> AsyncIterator[World]:
    """The ordinary world: Paris at 50 g/kWh, Virginia at 300, California at 400."""
    await stage.reset()
    yield stage
    await stage.finish()
