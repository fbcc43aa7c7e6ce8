"""What is deleted leaves no series behind in /metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from prometheus_client import REGISTRY

from tests.api.examples import SPECS
from voltaire import metrics
from voltaire.api.resources import BATTERY, GRIDZONE, REGIONALCLUSTER
from voltaire.clock import system_clock
from voltaire.engines.members import Members
from voltaire.fleet.picture import MemberView, Picture
from voltaire.runtime.members import MemberKeeper
from voltaire.runtime.signals import Polling
from voltaire.signals.build import SignalDeps
from voltaire.tasks import end


def series(**labels: str) -> set[str]:
    """Names of the series that carry these labels."""
    samples = [sample for family in REGISTRY.collect() for sample in family.samples]
    return {s.name for s in samples if labels.items() <= s.labels.items()}


def zone(name: str, **spec: Any) -> Any:
    body = {"zone": "XX-1", "sources": [{"static": {"gramsPerKWh": 50}}], **spec}
    return GRIDZONE.parse({"metadata": {"name": name}, "spec": body})


async def nothing(*_: str) -> Any:
    raise LookupError


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 (what is waited for has no event to set)
            await asyncio.sleep(0.01)


@pytest.fixture
async def polling() -> AsyncIterator[Polling]:
    clock = system_clock()
    deps = SignalDeps(clock, nothing, nothing)
    made = Polling(Picture(), clock, deps, lambda _: None, lambda _: None)
    yield made
    await made.close()
    await deps.aclose()
    metrics.forget(zone="XX-1")
    metrics.forget(zone="XX-2")


async def poll(polling: Polling, *zones: Any) -> None:
    """Begin, and wait until each was read once."""
    picture = polling._picture
    for one in zones:
        picture.zones[one.metadata.name] = one
        polling.zone(one.metadata.name, one)
    await until(lambda: all(one.metadata.name in picture.signals for one in zones))


async def test_a_deleted_zone_takes_its_gauges_and_counters_along(polling: Polling) -> None:
    await poll(polling, zone("a"))
    metrics.FORECAST_ERROR.labels(zone="XX-1", forecast="own", lead_hours=6).set(0.1)
    metrics.TASK_RESTARTS.labels(task="zone a").inc()
    assert {"voltaire_grid_zone_fresh", "voltaire_signal_answers_total"} <= series(zone="XX-1")
    polling.zone("a", None)
    assert series(zone="XX-1") == set()
    await until(lambda: series(task="zone a") == set())  # once it has ended


async def test_a_zone_that_another_gridzone_names_too_keeps_its_series(polling: Polling) -> None:
    await poll(polling, zone("a"), zone("b", basis={"signal": "marginal"}))
    polling.zone("b", None)
    assert series(zone="XX-1", signal="average") == {"voltaire_grid_intensity_grams_per_kwh"}
    assert series(zone="XX-1", signal="marginal") == set()
    assert "voltaire_grid_zone_fresh" in series(zone="XX-1")


async def test_a_gridzone_that_becomes_another_zone_leaves_the_old_one(polling: Polling) -> None:
    await poll(polling, zone("a"))
    del polling._picture.signals["a"]
    await poll(polling, zone("a", zone="XX-2"))
    assert series(zone="XX-1") == set()
    assert "voltaire_grid_zone_fresh" in series(zone="XX-2")


async def test_a_deleted_battery_takes_its_series_along(polling: Polling) -> None:
    battery = BATTERY.parse({"metadata": {"name": "gone"}, "spec": SPECS["Battery"][0]})
    polling._picture.batteries["gone"] = battery
    polling.battery("gone", battery)
    for name in ("gone", "stays"):
        metrics.SOC.labels(battery=name).set(0.5)
        metrics.BATTERY_STEPS.labels(battery=name, result="Held").inc()
    polling.battery("gone", None)
    assert series(battery="gone") == set()
    assert {"voltaire_battery_soc", "voltaire_battery_control_steps_total"} <= series(battery="stays")
    metrics.forget(battery="stays")


async def test_a_deleted_member_takes_its_series_along() -> None:
    """A member without a kubeconfig: real, and no network needed."""
    spec = SPECS["RegionalCluster"][0] | {"connection": {"inCluster": True}}
    picture = Picture()
    picture.clusters["gone"] = REGIONALCLUSTER.parse({"metadata": {"name": "gone"}, "spec": spec})
    members = Members(system_clock(), on_change=lambda *_: None)
    keeper = MemberKeeper(picture, None, members, lambda _: None)  # type: ignore[arg-type]
    running = asyncio.create_task(keeper.run())
    try:
        await until(lambda: "gone" in picture.members)
        metrics.ACTIONS.labels(cluster="gone", verb="Create", result="done").inc()
        assert {"voltaire_cluster_reachable", "voltaire_actions_total"} <= series(cluster="gone")
        del picture.clusters["gone"]
        keeper.touch()
        await until(lambda: "gone" not in picture.members)
        assert series(cluster="gone") == set()
    finally:
        await end(running)
        await members.close()


async def test_a_type_of_accelerator_that_a_member_has_no_more_is_not_exported() -> None:
    spec = SPECS["RegionalCluster"][0] | {"connection": {"inCluster": True}}
    picture = Picture()
    cluster = picture.clusters["m"] = REGIONALCLUSTER.parse({"metadata": {"name": "m"}, "spec": spec})
    members = Members(system_clock(), on_change=lambda *_: None)
    await members.ensure(cluster, None)
    picture.members["m"] = MemberView(True, "Connected", "", capacity={"a100": 8, "h100": 4})
    for kind in ("a100", "h100"):
        metrics.ACCELERATORS.labels(cluster="m", type=kind, state="capacity").set(8)
    MemberKeeper(picture, None, members, lambda _: None).refresh("m")  # type: ignore[arg-type]
    declared = set(picture.members["m"].capacity)
    assert "h100" not in declared
    assert series(cluster="m", type="h100") == set()
    await members.close()
    metrics.forget(cluster="m")
