"""Pauses, moves, and what must not move."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integration.operator.polling import stays_so, until
from tests.integration.operator.samples import job, policy, server, workload
from tests.integration.operator.world import World

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="session")]

MINUTE = timedelta(minutes=1)
FLIPPED = {"paris": 900.0, "virginia": 30.0, "california": 800.0}


async def test_work_pauses_on_a_spike_and_resumes_with_what_it_had_done(world: World) -> None:
    hours = job(run_time="2h")
    work = await world.apply(workload("train", hours, duration="2h", mode="Suspend", only=("paris",)))
    await world.running(work, cluster="paris")
    await until(lambda: work.status.progress and work.status.progress.completed_seconds > 0, "it works")
    await world.carbon(paris=lambda ahead: 50.0 if ahead >= 90 * MINUTE else 900.0)
    await until(lambda: work.phase == "Paused", "it pauses", tell=lambda: work.said)
    status = work.status
    assert status.checkpoint is not None
    saved = status.checkpoint.completed_seconds
    assert saved > 0
    assert status.placement is not None
    assert status.placement.started_at is None
    assert status.pauses == 1
    assert not work.pods
    await world.carbon(paris=30.0)
    await world.running(work, cluster="paris")
    (made,) = work.all_objects
    assert made.epochs == [1, 2]
    assert len(work.stays) == 2
    template = made.body["spec"]["template"]["metadata"]["annotations"]
    assert float(template["voltaire.dev/completed-seconds"]) == pytest.approx(saved, abs=1)
    progress = work.status.progress
    assert progress is not None
    assert progress.completed_seconds >= saved - 1
    assert work.status.migrations == 0


async def test_work_moves_when_the_greenest_place_changes_and_takes_its_checkpoint_along(
    world: World,
) -> None:
    work = await world.apply(workload("train", job(pods=2)))
    await world.running(work, cluster="paris")
    await world.carbon(**FLIPPED)
    await world.running(work, cluster="virginia")
    old, new = work.all_objects
    assert old.gone is not None
    assert old.gone < new.born  # the old object is gone before the new one exists
    assert (old.epochs, new.epochs) == ([1], [2])
    first, second = work.stays
    assert first.end is not None
    assert first.end.revision < second.start.revision
    status = work.status
    assert (status.migrations, status.epoch) == (1, 2)
    assert status.checkpoint is not None
    assert status.checkpoint.cluster == "paris"
    assert status.checkpoint.completed_seconds > 0
    assert [p for p in work.phases if p != "Pending"][:5] == [
        "Placing",
        "Running",
        "Draining",
        "Stopped",
        "Placing",
    ]
    template = new.body["spec"]["template"]["metadata"]["annotations"]
    assert float(template["voltaire.dev/completed-seconds"]) > 0
    await world.told(work, "Started", "Stopped")


async def test_what_may_not_or_should_not_move_stays_when_the_greenest_place_changes(world: World) -> None:
    await world.put(policy("settled", residence="20h"))
    await world.put(policy("choosy", saving=0.99))
    moves = await world.apply(workload("moves", job()))
    stay = [
        await world.apply(workload("never", job(), mode="Never")),
        await world.apply(workload("choosy", job(), policy="choosy")),
        await world.apply(workload("settled", job(), policy="settled")),
        await world.apply(workload("resident", job(), disruption={"minimumResidence": "20h"})),
        await world.apply(workload("spent", job(), disruption={"maximumMigrations": 0})),
        await world.apply(workload("bound", job(), residency=("EU",))),
    ]
    await world.running(moves, *stay, cluster="paris")
    await world.carbon(**FLIPPED)
    await world.running(moves, cluster="virginia")
    await stays_so(lambda: all(w.runs_in("paris") for w in stay), "they stay in paris", seconds=2)
    assert all(len(work.stays) == 1 for work in stay)
    assert all(work.status.migrations == 0 for work in stay)
    reasons = {work.name.rpartition("-")[0]: work.status.why.reason for work in stay if work.status.why}
    assert reasons["never"] == "NeverDisrupted"
    assert reasons["choosy"] == "NotWorthMoving"
    assert reasons["settled"] == reasons["resident"] == "MinimumResidence"


async def test_a_server_moves_make_before_break_and_never_has_fewer_replicas_than_wanted(
    world: World,
) -> None:
    work = await world.apply(workload("chat", server("chat", replicas=2), kind="Serving"))
    await world.running(work, cluster="paris")
    await until(lambda: work.fewest_running(2) == 2, "both replicas run")
    await world.carbon(**FLIPPED)
    await world.running(work, cluster="virginia")
    await until(lambda: [o.cluster for o in work.objects] == ["virginia"], "the old copy is gone")
    old, new = work.all_objects
    assert old.gone is not None
    assert new.born < old.gone
    assert work.fewest_running(2) == 2
    await until(lambda: work.status.previous is None, "the old copy is forgotten")
    placement = work.status.placement
    assert placement is not None
    assert placement.object_uid == new.body["metadata"]["uid"]
    assert work.status.migrations == 1


async def test_the_user_suspends_work_and_lets_it_go_on(world: World) -> None:
    work = await world.apply(workload("train", job()))
    serving = await world.apply(workload("chat", server("chat"), kind="Serving"))
    await world.running(work, serving, cluster="paris")
    for each in (work, serving):
        await world.edit(each, {"suspend": True})
    await until(lambda: {work.phase, serving.phase} == {"Paused"}, "they stop", tell=lambda: work.said)
    assert not work.pods
    assert not serving.pods
    assert work.condition()["reason"] == "Suspended"
    await stays_so(lambda: work.phase == "Paused" and not work.pods, "it stays stopped", seconds=1)
    for each in (work, serving):
        await world.edit(each, {"suspend": False})
    await world.running(work, serving, cluster="paris")
    assert work.status.checkpoint is not None
    assert work.status.checkpoint.completed_seconds > 0
