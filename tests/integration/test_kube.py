"""The client, the informer and the lease against a real API server."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable

import pytest
from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from voltaire.kube.client import Kube, resource_path
from voltaire.kube.errors import Conflict, Forbidden, Invalid, NotFound, Unreachable
from voltaire.kube.informer import Change, Informer
from voltaire.kube.lease import Leadership
from voltaire.lab import Lab
from voltaire.tasks import end

MAPS = resource_path("v1", "configmaps", "default")


async def client(lab: Lab) -> Kube:
    configuration = Configuration()
    await config.load_kube_config(
        config_file=str(lab.hub.admin_kubeconfig), client_configuration=configuration
    )
    return Kube(configuration)


@pytest.fixture
async def kube(lab: Lab) -> AsyncIterator[Kube]:
    made = await client(lab)
    yield made
    await made.close()


def config_map(name: str, value: str = "1", **labels: str) -> dict[str, object]:
    return {"metadata": {"name": name, "labels": labels}, "data": {"value": value}}


async def until(true: Callable[[], object], seconds: float = 15.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (what is waited for has no event to set)
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(informer: Informer) -> AsyncIterator[None]:
    task = asyncio.create_task(informer.run())
    try:
        yield
    finally:
        await end(task)


async def test_refusals_have_types(kube: Kube) -> None:
    name = f"typed-{uuid.uuid4().hex[:8]}"
    made = await kube.create(MAPS, config_map(name))
    with pytest.raises(Conflict):
        await kube.create(MAPS, config_map(name))
    with pytest.raises(Conflict):
        await kube.delete(f"{MAPS}/{name}", uid="00000000-0000-0000-0000-000000000000")
    with pytest.raises(Conflict):
        await kube.merge(f"{MAPS}/{name}", {"metadata": {"resourceVersion": "1"}, "data": {"value": "2"}})
    with pytest.raises(Invalid):
        await kube.create(MAPS, config_map("Not A Name"))
    with pytest.raises(Invalid, match="unknown field"):
        await kube.create(MAPS, {**config_map("strict"), "daat": {}})
    with pytest.raises(Forbidden):
        await kube.impersonating("system:serviceaccount:default:nobody").get(MAPS)
    await kube.delete(f"{MAPS}/{name}", uid=made["metadata"]["uid"])
    with pytest.raises(NotFound):
        await kube.get(f"{MAPS}/{name}")


async def test_nobody_is_impersonated_by_accident(kube: Kube) -> None:
    with pytest.raises(ValueError, match="has a name"):
        kube.impersonating(" ")


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    configuration = Configuration()
    configuration.host = "http://127.0.0.1:1"
    kube = Kube(configuration, timeout=2)
    with pytest.raises(Unreachable):
        await kube.get("/version")
    await kube.close()


async def test_an_informer_follows_what_is_made_changed_and_removed(kube: Kube) -> None:
    group, seen = uuid.uuid4().hex[:8], list[Change]()
    await kube.create(MAPS, config_map(f"{group}-before", group=group))
    informer = Informer(kube, MAPS, seen.append, label_selector=f"group={group}")
    async with running(informer):
        await until(informer.synced.is_set)
        await kube.create(MAPS, config_map(f"{group}-after", group=group))
        await kube.merge(f"{MAPS}/{group}-after", {"data": {"value": "2"}})
        await kube.delete(f"{MAPS}/{group}-before")
        await until(lambda: [change.kind for change in seen].count("deleted") == 1)
        await until(lambda: [change.kind for change in seen].count("modified") == 1)
    assert list(informer.store) == [f"default/{group}-after"]
    assert informer.store[f"default/{group}-after"]["data"] == {"value": "2"}


async def test_a_deletion_in_a_gap_of_the_watch_is_reported(kube: Kube) -> None:
    group, seen = uuid.uuid4().hex[:8], list[Change]()
    await kube.create(MAPS, config_map(f"{group}-ghost", group=group))
    informer = Informer(kube, MAPS, seen.append, label_selector=f"group={group}")
    async with running(informer):
        await until(informer.synced.is_set)
    await kube.delete(f"{MAPS}/{group}-ghost")
    async with running(informer):
        await until(lambda: not informer.store)
    assert [change.kind for change in seen] == ["added", "deleted"]


async def test_a_long_list_comes_in_pages_and_whole(kube: Kube) -> None:
    group = uuid.uuid4().hex[:8]
    names = [f"{group}-{index}" for index in range(620)]
    gate = asyncio.Semaphore(16)

    async def create(name: str) -> None:
        async with gate:
            await kube.create(MAPS, config_map(name, group=group))

    await asyncio.gather(*map(create, names))
    informer = Informer(kube, MAPS, lambda _: None, label_selector=f"group={group}")
    async with running(informer):
        await until(informer.synced.is_set)
    assert len(informer.store) == len(names)


async def test_what_a_write_returned_is_not_undone_by_an_older_event(kube: Kube) -> None:
    name = f"own-{uuid.uuid4().hex[:8]}"
    first = await kube.create(MAPS, config_map(name))
    second = await kube.merge(f"{MAPS}/{name}", {"data": {"value": "2"}})
    informer = Informer(kube, MAPS, lambda _: None)
    informer.accept(second)
    informer.accept(first)
    assert informer.store[f"default/{name}"]["data"] == {"value": "2"}


async def test_one_leads_and_the_other_takes_over_when_it_lets_go(lab: Lab) -> None:
    one, two = await client(lab), await client(lab)
    name = f"lease-{uuid.uuid4().hex[:8]}"
    first = Leadership(one, "default", name, "first", duration=3)
    second = Leadership(two, "default", name, "second", duration=3)
    first_task = asyncio.create_task(first.run())
    await until(lambda: first.holds)
    second_task = asyncio.create_task(second.run())
    await asyncio.sleep(2)
    assert not second.holds
    await end(first_task)
    await first.release()
    assert not first.holds
    await until(lambda: second.holds, 10)
    assert second.transitions == 1
    await end(second_task)
    await one.close()
    await two.close()


async def test_a_leader_that_stopped_renewing_stops_before_another_starts(lab: Lab) -> None:
    one, two = await client(lab), await client(lab)
    name = f"lease-{uuid.uuid4().hex[:8]}"
    first = Leadership(one, "default", name, "first", duration=3)
    second = Leadership(two, "default", name, "second", duration=3)
    first_task = asyncio.create_task(first.run())
    await until(lambda: first.holds)
    second_task = asyncio.create_task(second.run())
    await end(first_task)  # as a frozen process: `leading` stays set, nothing is renewed
    both = False
    async with asyncio.timeout(20):
        while not second.holds:
            both = both or (first.holds and second.holds)
            await asyncio.sleep(0.01)
    assert not first.holds
    assert not both
    await end(second_task)
    await one.close()
    await two.close()
