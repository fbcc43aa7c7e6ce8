"""Where work goes, when it starts, and what it waits for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integration.operator.polling import stays_so, until
from tests.integration.operator.samples import job, workload
from tests.integration.operator.world import World

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="session")]

MINUTE = timedelta(minutes=1)


async def test_work_is_placed_on_the_greenest_cluster_and_runs_to_its_end(world: World) -> None:
    work = await world.apply(workload("train", job(run_time="3m"), duration="3m"))
    await until(lambda: work.phase == "Succeeded", "it succeeds", tell=lambda: work.said)
    assert [stay.cluster for stay in work.stays] == ["paris"]
    assert work.condition()["status"] == "True"
    assert work.status.epoch == 1
    assert work.status.migrations == 0
    await world.told(work, "Started", "Succeeded")


async def test_work_waits_for_a_greener_hour_that_the_forecast_shows_and_then_starts(world: World) -> None:
    dawn = 10 * MINUTE
    await world.carbon(paris=lambda ahead: 20.0 if ahead >= dawn else 800.0, virginia=800.0, california=800.0)
    begun = world.now()
    work = await world.apply(workload("patient", job(run_time="2m"), duration="2m"))
    await until(
        lambda: work.condition().get("reason") == "WaitingForCleaner", "it waits", tell=lambda: work.said
    )
    assert work.status.next[0].action == "Start"
    assert work.status.next[0].cluster == "paris"
    assert not work.stays
    await until(lambda: work.phase == "Succeeded", "it ran", tell=lambda: work.said)
    assert [stay.cluster for stay in work.stays] == ["paris"]
    assert work.stays[0].start.time >= begun + dawn - 5 * MINUTE  # the step that held `begun` had begun


async def test_residency_holds_although_it_is_greener_elsewhere(world: World) -> None:
    await world.carbon(paris=900.0, virginia=10.0, california=10.0)
    bound = await world.apply(workload("bound", job(), residency=("EU",)))
    free = await world.apply(workload("free", job()))
    await world.running(bound, cluster="paris")
    await until(lambda: free.phase == "Running", "the free one runs")
    assert free.where in ("virginia", "california")
    assert {stay.cluster for stay in bound.stays} == {"paris"}


async def test_a_required_deadline_beats_carbon(world: World) -> None:
    later = 3 * 60 * MINUTE
    await world.carbon(paris=lambda ahead: 5.0 if ahead >= later else 700.0, virginia=800.0, california=800.0)
    due = world.now() + 80 * MINUTE
    urgent = await world.apply(workload("urgent", job(run_time="1h"), duration="1h", deadline=due))
    patient = await world.apply(workload("patient", job(run_time="1h"), duration="1h"))
    await world.running(urgent, cluster="paris")
    await until(lambda: patient.condition().get("reason") == "WaitingForCleaner", "the other one waits")
    assert urgent.condition("DeadlineAtRisk")["status"] == "False"
    assert not patient.stays


async def test_a_deadline_that_cannot_be_met_is_reported_and_the_work_runs_all_the_same(world: World) -> None:
    due = world.now() + 60 * MINUTE
    work = await world.apply(workload("hopeless", job(run_time="5h"), duration="5h", deadline=due))
    await until(lambda: work.condition("DeadlineAtRisk").get("status") == "True", "it is reported")
    assert work.condition("DeadlineAtRisk")["reason"] == "CannotBeMet"
    await world.running(work, cluster="paris")


async def test_work_that_no_cluster_can_ever_hold_is_told_which_field_to_change(world: World) -> None:
    work = await world.apply(workload("giant", job(gpus=8, pods=4)))
    await until(lambda: work.condition("Stalled").get("reason") == "NoClusterFits", "it is refused")
    assert "profile.accelerators" in work.condition("Stalled")["message"]
    assert not work.stays


async def test_a_policy_that_only_recommends_does_nothing(world: World) -> None:
    work = await world.apply(workload("advised", job(), policy="recommend"))
    await until(
        lambda: work.condition().get("reason") == "Recommended", "it is advised", tell=lambda: work.said
    )
    assert work.status.why is not None
    await stays_so(lambda: not work.objects and work.phase == "Pending", "nothing is made", seconds=2)


async def test_a_job_without_pod_replacement_policy_is_made_safe_and_says_so(world: World) -> None:
    manifest = job()
    del manifest["spec"]["podReplacementPolicy"]
    work = await world.apply(workload("plain", manifest))
    await world.running(work, cluster="paris")
    assert work.objects[0].body["spec"]["podReplacementPolicy"] == "Failed"
    assert "podReplacementPolicy" in work.condition("ManifestAmended")["message"]


async def test_what_others_use_is_taken_off_the_capacity_once(world: World) -> None:
    body = job(gpus=8, run_time=None)
    path = "/apis/batch/v1/namespaces/ai/jobs"
    await world.members["paris"].create(path, {**body, "metadata": {"name": "somebody-elses"}})
    try:

        def counted() -> dict[str, object]:
            entries = world.hub.status("RegionalCluster", "paris").get("accelerators") or [{}]
            found: dict[str, object] = entries[0]
            return found

        await until(lambda: counted().get("others") == 8, "the others are seen", tell=counted)
        assert counted()["capacity"] == 8
        fits = await world.apply(workload("fits", job(gpus=7), only=("paris",)))
        await world.running(fits, cluster="paris")
        full = await world.apply(workload("full", job(gpus=2), only=("paris",)))
        await until(lambda: full.condition().get("reason") == "WaitingForCapacity", "it waits for capacity")
    finally:
        await world.members["paris"].delete(f"{path}/somebody-elses")
    await world.running(full, cluster="paris")
