"""The observer on real control planes: nothing is missed, and the members' events have one order."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from voltaire.clock import system_clock
from voltaire.demo.follow import connect
from voltaire.demo.observations import Stay, stays
from voltaire.demo.observer import Observer
from voltaire.kube.client import Kube
from voltaire.lab import Lab
from voltaire.tasks import end

JOBS = "/apis/batch/v1/namespaces/default/jobs"
PATIENCE = 30.0


def job(name: str, uid: str, epoch: int, run_time: str) -> dict[str, Any]:
    """Two pods of four accelerators, with the labels that the engine stamps."""
    resources = {"limits": {"nvidia.com/gpu": "4"}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {
            "parallelism": 2,
            "completions": 2,
            "backoffLimit": 0,
            "template": {
                "metadata": {
                    "labels": {"voltaire.dev/workload-uid": uid, "voltaire.dev/epoch": str(epoch)},
                    "annotations": {"lab.voltaire.dev/run-time": run_time},
                },
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{"name": "c", "image": "none", "resources": resources}],
                },
            },
        },
    }


@pytest.fixture
async def members(lab: Lab) -> AsyncIterator[dict[str, Kube]]:
    """Clients with the members' own administrator credentials."""
    found = {name: await connect(cluster.admin_kubeconfig) for name, cluster in lab.members.items()}
    yield found
    for kube in found.values():
        await kube.close()
    await asyncio.sleep(0.25)  # a TLS connection that was watched takes a few turns of the loop to close


@pytest.fixture
async def observer(members: dict[str, Kube]) -> AsyncIterator[Observer]:
    """An observer at work."""
    watching = Observer(members, system_clock())
    task = asyncio.create_task(watching.run())
    yield watching
    await end(task)


async def until(holds: Callable[[], bool]) -> None:
    """Poll until it holds, at most for PATIENCE seconds."""
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 (what is polled has no event)
            await asyncio.sleep(0.02)


def seen(observer: Observer, uid: str) -> list[Stay]:
    return [stay for stay in stays(observer.lives()) if stay.workload_uid == uid]


async def test_a_move_is_seen_as_two_stays_that_do_not_overlap(
    observer: Observer, members: dict[str, Kube]
) -> None:
    uid, name = str(uuid.uuid4()), f"move-{uuid.uuid4().hex[:6]}"
    await members["paris"].create(JOBS, job(name, uid, 1, "10h"))
    await until(lambda: sum(pod.running for pod in observer.log.present("paris")) == 2)
    await members["paris"].delete(f"{JOBS}/{name}", propagation="Foreground")
    await until(lambda: bool(seen(observer, uid)) and seen(observer, uid)[0].end is not None)
    await members["virginia"].create(JOBS, job(name, uid, 2, "10h"))
    await until(lambda: len(seen(observer, uid)) == 2)
    first, second = seen(observer, uid)
    await members["virginia"].delete(f"{JOBS}/{name}")
    assert [(stay.cluster, stay.epoch) for stay in (first, second)] == [("paris", 1), ("virginia", 2)]
    assert len(first.pod_uids) == 2
    assert first.end is not None
    assert first.end.revision < second.start.revision
    assert first.end.time <= second.start.time


async def test_short_work_is_not_missed(observer: Observer, members: dict[str, Kube]) -> None:
    uid, name = str(uuid.uuid4()), f"short-{uuid.uuid4().hex[:6]}"
    await members["california"].create(JOBS, job(name, uid, 1, "1s"))
    await until(lambda: bool(seen(observer, uid)) and seen(observer, uid)[0].end is not None)
    await members["california"].delete(f"{JOBS}/{name}")
    (stay,) = seen(observer, uid)
    assert stay.end is not None
    assert stay.end.time > stay.start.time
    (life, _) = [life for life in observer.lives() if life.workload_uid == uid]
    assert life.accelerators == 4
    assert life.bound is not None
    assert life.start.revision <= life.bound.revision
