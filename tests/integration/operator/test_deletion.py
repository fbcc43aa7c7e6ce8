"""Deleting an AIWorkload cleans every member, whatever it was doing."""

from __future__ import annotations

import pytest

from tests.integration.operator.polling import until
from tests.integration.operator.samples import job, server, workload
from tests.integration.operator.world import World

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="session")]

FINALIZER = "voltaire.dev/cleanup"


async def test_deletion_in_every_phase_leaves_nothing_behind(world: World) -> None:
    unschedulable = job()
    unschedulable["spec"]["template"]["spec"]["nodeSelector"] = {"example.org/no-such": "node"}
    failing = job()
    failing["spec"]["template"]["metadata"]["annotations"]["lab.voltaire.dev/fail-after"] = "1m"
    slow = workload("draining", job(stop_time="5m"))
    phases = {
        "Pending": await world.apply(workload("pending", job(), policy="recommend")),
        "Placing": await world.apply(workload("placing", unschedulable)),
        "Running": await world.apply(workload("running", job(pods=2))),
        "Draining": await world.apply(slow),
        "Paused": await world.apply(workload("paused", job())),
        "Succeeded": await world.apply(workload("short", job(run_time="1m"), duration="1m")),
        "Failed": await world.apply(workload("failing", failing)),
    }
    chat = await world.apply(workload("chat", server("chat"), kind="Serving"))
    await world.running(phases["Running"], phases["Draining"], phases["Paused"], chat, cluster="paris")
    await world.edit(phases["Paused"], {"suspend": True})
    others = {phase: work for phase, work in phases.items() if phase != "Draining"}
    for phase, work in others.items():
        await until(lambda: work.phase == phase, f"{work.name} is {phase}", tell=lambda: work.said)  # noqa: B023
        if phase == "Placing":
            await until(lambda: work.objects, "its object is there")  # noqa: B023
    await world.edit(phases["Draining"], {"suspend": True})
    await until(lambda: phases["Draining"].phase == "Draining", "it drains")
    assert all(FINALIZER in work.past.now["metadata"]["finalizers"] for work in phases.values())
    await world.delete(chat, *phases.values())
    everything = [chat, *phases.values()]
    await until(
        lambda: all(work.gone for work in everything),
        "all are gone",
        tell=lambda: [(work.name, work.said) for work in everything if not work.gone],
    )
    assert not [work.name for work in everything if work.objects or work.pods]
    assert phases["Failed"].condition("Stalled")["reason"] == "Failed"
    assert not phases["Failed"].status.uncleaned
