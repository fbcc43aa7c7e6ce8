"""A member whose API server is down, and up again."""

from __future__ import annotations

import pytest

from tests.integration.operator.polling import until
from tests.integration.operator.samples import job, workload
from tests.integration.operator.world import World

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="session")]


async def test_work_goes_elsewhere_while_a_members_server_is_down_and_what_ran_there_goes_on(
    world: World,
) -> None:
    there = await world.apply(workload("there", job(), only=("california",), mode="Never"))
    await world.running(there, cluster="california")
    await world.carbon(california=10.0)
    world.lab.stop_cluster("california")
    try:
        await until(lambda: world.lost("california"), "california is lost", seconds=40)
        new = await world.apply(workload("new", job()))
        await world.running(new, cluster="paris")
        await until(lambda: there.condition().get("status") == "False", "it is told", tell=lambda: there.said)
    finally:
        world.lab.start_cluster("california")
    await until(lambda: world.back("california"), "california is back", seconds=70)
    await until(lambda: there.condition().get("status") == "True", "it runs on", tell=lambda: there.said)
    await world.running(new, cluster="california")
    assert len(there.stays) == 1
