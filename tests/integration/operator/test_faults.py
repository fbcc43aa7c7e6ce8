"""Operators that are killed, and two of them at once."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.integration.operator.polling import stays_so, until
from tests.integration.operator.process import Operator
from tests.integration.operator.samples import job, server, workload
from tests.integration.operator.work import Work
from tests.integration.operator.world import World

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="session")]

SEED = 20250320
TO_VIRGINIA = {"paris": 900.0, "virginia": 30.0}
TO_PARIS = {"paris": 30.0, "virginia": 900.0}

Point = Callable[[Work], object]
POINTS: dict[str, Point] = {
    "its intent is written": lambda work: work.phase == "Draining",
    "it is suspended": lambda work: work.objects and work.objects[0].suspended,
    "its object is deleted": lambda work: not work.objects or work.objects[0].deleting,
    "it is created elsewhere": lambda work: work.objects and work.objects[0].epochs[0] == work.status.epoch,
}


async def restarted(operator: Operator) -> None:
    operator.start()
    await operator.ready()


async def test_a_migration_ends_the_same_wherever_the_operator_is_killed(world: World) -> None:
    works = [await world.apply(workload(f"train-{i}", job(stop_time="30s"))) for i in range(2)]
    chat = await world.apply(workload("chat", server("chat"), kind="Serving"))
    await world.running(*works, chat, cluster="paris")
    goals = ["virginia", "paris"] * 2
    for (what, reached), goal in zip(POINTS.items(), goals, strict=True):
        epoch = works[0].status.epoch
        await world.carbon(**(TO_VIRGINIA if goal == "virginia" else TO_PARIS))
        await until(lambda: works[0].status.epoch > epoch or reached(works[0]), what)  # noqa: B023
        world.operator.kill()
        await restarted(world.operator)
        await world.running(*works, chat, cluster=goal)
    for work in works:
        # On a busy machine pods may be late, and work is sent elsewhere in between: then that counts too.
        stays = [stay.cluster for stay in work.stays]
        assert stays[-1] == goals[-1]
        assert len(stays) > len(goals)
        assert work.status.migrations == len(stays) - 1
        assert work.status.epoch == len(stays)
    assert chat.fewest_running(2) == 2


async def test_a_migration_survives_an_operator_that_is_killed_again_and_again(world: World) -> None:
    moments = random.Random(SEED)  # noqa: S311 (a seed to repeat it by)
    work = await world.apply(workload("train", job(stop_time="30s")))
    await world.running(work, cluster="paris")
    await world.carbon(**TO_VIRGINIA)
    for _ in range(4):
        world.operator.kill()
        await restarted(world.operator)
        await stays_so(lambda: True, "a while", seconds=moments.uniform(0.0, 1.2))
    await world.running(work, cluster="virginia")
    assert work.status.migrations == 1
    assert [stay.cluster for stay in work.stays] == ["paris", "virginia"]


async def test_of_two_operators_only_the_leader_acts_and_the_other_takes_over(world: World) -> None:
    other = world.new_operator("operator-b")
    other.start()
    try:
        await other.ready()
        before = await world.apply(workload("before", job()))
        await world.running(before, cluster="paris")
        assert "voltaire_leading 1.0" in (await world.operator.get("metrics"))[1]
        assert "voltaire_leading 0.0" in (await other.get("metrics"))[1]
        assert '"requested"' not in other.log.read_text()
        world.operator.kill()
        after = await world.apply(workload("after", job()))
        await until(lambda: after.phase == "Running", "the other one acts", seconds=40, tell=other.tail)
        assert len(before.stays) == 1
        await restarted(world.operator)
        assert "voltaire_leading 0.0" in (await world.operator.get("metrics"))[1]
    finally:
        other.stop()
    last = await world.apply(workload("last", job()))
    await world.running(last, cluster="paris")
