"""Where work goes, when it starts, and what it waits for."""

from __future__ import annotations

import pytest

from tests.integration.operator.samples import job, workload
from tests.integration.operator.world import World

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="session")]


async def test_work_is_placed_on_the_greenest_cluster_and_runs_to_its_end(world: World) -> None:
    work = await world.apply(workload("train", job(run_time="5m"), duration="5m"))
    await world.running(work, cluster="paris")
