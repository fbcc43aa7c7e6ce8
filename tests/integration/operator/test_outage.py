"""A member that hangs while work runs there, and what happens when it is back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.integration.operator.polling import until
from tests.integration.operator.samples import job, workload
from tests.integration.operator.work import Work
from tests.integration.operator.world import World

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="session")]


@dataclass
class Outage:
    """What was seen while Virginia hung, and after it came back."""

    waiting: Work
    restarting: Work
    deleted: Work
    condition_while_lost: str = ""
    stays_while_lost: int = 0
    uncleaned: tuple[str, ...] = ()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def outage(stage: World) -> AsyncIterator[Outage]:
    """Virginia runs three workloads when its API server stops answering; Paris becomes the better place."""
    world = stage
    await world.reset()
    await world.carbon(paris=500.0, virginia=40.0)
    reckless = {"onClusterLost": "RestartElsewhere"}
    seen = Outage(
        await world.apply(workload("waiting", job())),
        await world.apply(workload("restarting", job(), disruption=reckless)),
        await world.apply(workload("deleted", job())),
    )
    world.reckless.add(f"{seen.restarting.namespace}/{seen.restarting.name}")
    await world.running(seen.waiting, seen.restarting, seen.deleted, cluster="virginia")
    world.lab.pause_cluster("virginia")
    try:
        await world.carbon(paris=30.0, virginia=900.0)
        await until(lambda: world.lost("virginia"), "virginia is lost", seconds=40)
        await world.delete(seen.deleted)
        await until(
            lambda: seen.deleted.gone, "the deletion ends", seconds=40, tell=lambda: seen.deleted.said
        )
        seen.uncleaned = tuple(seen.deleted.status.uncleaned)
        await world.running(seen.restarting, cluster="paris")
        await until(lambda: "Unreachable" in seen.waiting.said, "it says why", tell=lambda: seen.waiting.said)
        seen.condition_while_lost = str(seen.waiting.condition())
        seen.stays_while_lost = len(seen.waiting.stays)
    finally:
        world.lab.resume_cluster("virginia")
    await until(lambda: world.back("virginia"), "virginia is back", seconds=70)
    yield seen
    await world.finish()


async def test_work_in_a_member_that_hangs_is_blocked_visibly_and_goes_on_when_it_is_back(
    stage: World, outage: Outage
) -> None:
    work = outage.waiting
    assert "virginia" in outage.condition_while_lost
    assert "'status': 'False'" in outage.condition_while_lost
    assert outage.stays_while_lost == 1
    await until(lambda: work.runs_in("paris"), "it moves at last", seconds=60, tell=lambda: work.said)
    assert [stay.cluster for stay in work.stays] == ["virginia", "paris"]
    assert work.status.migrations == 1


async def test_deletion_ends_although_a_member_hangs_and_its_orphan_is_swept_when_it_is_back(
    stage: World, outage: Outage
) -> None:
    assert outage.uncleaned == ("virginia",)
    await until(
        lambda: not outage.deleted.objects and not outage.deleted.pods,
        "the orphan is swept",
        seconds=70,
        tell=stage.operator.tail,
    )


async def test_who_accepted_the_risk_is_restarted_elsewhere_and_the_lost_copy_goes_when_it_can(
    stage: World, outage: Outage
) -> None:
    work = outage.restarting
    await until(
        lambda: [o.cluster for o in work.objects] == ["paris"],
        "only the new copy is left",
        seconds=70,
        tell=lambda: f"{work.objects}\n{stage.operator.tail()}",
    )
    assert work.runs_in("paris")
    assert work.status.epoch >= 2
    await stage.told(work, "CopyAbandoned")
