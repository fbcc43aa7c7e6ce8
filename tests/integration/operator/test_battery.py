"""Batteries: followed while they are charged, left when they run low, ignored when they talk nonsense."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.integration.operator.polling import stays_so, until
from tests.integration.operator.samples import Body, cluster, job, resource, workload
from tests.integration.operator.world import World
from voltaire.demo.telemetry import TelemetryServer

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="session")]


class Site:
    """A battery's controller: answers with `soc`, or with nothing useful."""

    def __init__(self) -> None:
        self.soc: float | None = 0.9
        self.server = TelemetryServer({"site": self.document})

    def document(self) -> dict[str, Any]:
        return {} if self.soc is None else {"battery": {"soc": self.soc}}


def battery(url: str) -> Body:
    spec = {
        "capacityKWh": 400,
        "maxChargeKW": 100,
        "maxDischargeKW": 100,
        "reserve": 0.2,
        "assumedStoredGramsPerKWh": 15,
        "telemetry": {
            "http": {"url": url, "soc": {"query": "battery.soc"}},
            "refresh": "1s",
            "staleAfter": "5m",
        },
    }
    return resource("Battery", "site", spec)


@pytest_asyncio.fixture(loop_scope="session")
async def site(world: World) -> AsyncIterator[Site]:
    """Beside California, whose grid is the dirtiest: a battery full of clean energy."""
    found = Site()
    await found.server.start()
    await world.put(battery(found.server.url("site")))
    beside = cluster("california")
    beside["spec"]["batteries"] = ["site"]
    await world.put(beside, keep=True)
    await world.carbon(paris=200.0, virginia=500.0, california=600.0)
    await until(lambda: world.hub.status("Battery", "site").get("soc") == 0.9, "the battery is read")
    yield found
    await world.put(cluster("california"), keep=True)
    await found.server.stop()


async def test_work_follows_a_charged_battery_and_leaves_when_it_runs_low(world: World, site: Site) -> None:
    work = await world.apply(workload("train", job(gpus=4)))
    await world.running(work, cluster="california")
    site.soc = 0.2  # the reserve: nothing of it is planned with
    await world.running(work, cluster="paris")
    assert work.status.migrations == 1
    assert [stay.cluster for stay in work.stays] == ["california", "paris"]


@pytest.mark.parametrize(("soc", "named"), [(1.4, "140 %"), (None, "soc")], ids=["at 140 %", "silent"])
async def test_a_battery_that_is(world: World, site: Site, soc: float | None, named: str) -> None:
    """...at 140 % or silent says so, is not planned with, and disturbs nothing else."""
    site.soc = soc
    await until(
        lambda: world.hub.condition("Battery", "site").get("status") == "False",
        "the battery is not believed any more",
        tell=lambda: world.hub.status("Battery", "site"),
    )
    assert named in world.hub.condition("Battery", "site")["message"]
    assert "soc" not in world.hub.status("Battery", "site")
    work = await world.apply(workload("train", job(gpus=4)))
    await world.running(work, cluster="paris")
    await stays_so(lambda: work.runs_in("paris"), "it stays", seconds=0.5)
    assert world.hub.condition("RegionalCluster", "california")["status"] == "True"
