"""Batteries: followed while they are charged, left when they run low, ignored when they talk nonsense, not
forgotten when the operator dies."""

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
    """A battery's controller: answers with `soc` and a power that serves the site, or with nothing useful."""

    def __init__(self) -> None:
        self.soc: float | None = 0.9
        self.power_kw = 0.0
        self.server = TelemetryServer({"site": self.document})

    def document(self) -> dict[str, Any]:
        return {} if self.soc is None else {"battery": {"soc": self.soc, "kw": self.power_kw}}


def battery(url: str) -> Body:
    spec = {
        "capacityKWh": 400,
        "maxChargeKW": 100,
        "maxDischargeKW": 100,
        "reserve": 0.2,
        "assumedStoredGramsPerKWh": 15,
        "telemetry": {
            "http": {
                "url": url,
                "soc": {"query": "battery.soc"},
                "power": {"query": "battery.kw", "unit": "kW"},
            },
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


async def test_a_restart_forgets_neither_what_is_held_nor_what_supplied_the_site(
    world: World, site: Site
) -> None:
    work = await world.apply(workload("train", job(gpus=4)))
    await world.running(work, cluster="california")
    site.soc, site.power_kw = 0.95, 10.0  # charged from a grid of 600 g/kWh; then it carries the whole load

    def held() -> float:
        return float(world.hub.status("Battery", "site").get("storedGramsPerKWh", 0.0))

    def recorded() -> str:
        supply = world.hub.status("RegionalCluster", "california").get("supply") or {}
        return str(supply.get("hourlyGramsPerKWh", ""))

    await until(lambda: held() > 40.0, "what was charged counts")
    await until(lambda: work.status.receipts[-1].energy_kwh > 0.5, "it has run for a while")
    await until(recorded, "its supply is recorded")
    before, was_held, was_recorded = work.status.receipts[-1], held(), recorded()
    assert before.grams < 0.5 * 600.0 * before.energy_kwh
    world.operator.kill()
    world.operator.start()
    await world.operator.ready()
    await until(lambda: work.status.receipts[-1].energy_kwh > before.energy_kwh + 0.3, "it is billed again")
    after = work.status.receipts[-1]
    # The past is not billed anew at the grid's intensity, which is the most that what came since may cost.
    # The record keeps means of hours, and this is less than one, so its past is not to the gram what it was.
    assert after.epoch == before.epoch
    past = after.grams - 1.02 * 600.0 * (after.energy_kwh - before.energy_kwh)
    assert past < 0.5 * 600.0 * before.energy_kwh
    await until(lambda: len(recorded()) >= len(was_recorded), "the record goes on")
    assert recorded().split(",")[:-1][: was_recorded.count(",")] == was_recorded.split(",")[:-1]
    # What may have been exchanged meanwhile is worth spec.assumedStoredGramsPerKWh, 15: not all of it was.
    assert 0.5 * was_held < held() <= was_held + 0.1
