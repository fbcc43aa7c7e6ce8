"""A real Vessim simulation with its API; and what it could say that is not to be believed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.signals.battery.builders import free_port, no_secret, sites, spec
from tests.signals.battery.vessim_site import STEPS
from tests.signals.builders import NOW, StandingClock, json_page, web
from voltaire.api.values import BatteryState
from voltaire.signals.battery.build import build_watcher, site_deps
from voltaire.signals.battery.watcher import BatteryWatcher

FIELDS = {"microgrid": "dc1", "storage": "bess", "solar": "pv", "load": "server"}


@pytest_asyncio.fixture
async def simulation() -> AsyncIterator[str]:
    """The address of a simulation that runs for a few seconds."""
    port, script = free_port(), Path(__file__).with_name("vessim_site.py")
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(port), stdout=quiet, stderr=quiet, start_new_session=True
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its broker is a process of its own
        await process.wait()


def watcher(url: str, clock: StandingClock) -> BatteryWatcher:
    return build_watcher("b", spec({"vessim": {"url": url, **FIELDS}}), sites(clock=clock))


async def first(one: BatteryWatcher) -> BatteryState:
    """The first state of a simulation that is still starting."""
    for _ in range(100):
        state = await one.poll(force=True)
        if state.fresh:
            return state
        await asyncio.sleep(0.1)
    raise AssertionError(state)


async def seen(url: str) -> dict[str, Any]:
    async with httpx.AsyncClient() as client:
        found: dict[str, Any] = (await client.get(f"{url}/microgrids/dc1")).json()
        return found


async def test_a_running_simulation_is_read_in_our_units_and_signs(simulation: str) -> None:
    state = await first(watcher(simulation, StandingClock()))
    raw = (await seen(simulation))["dispatch_states"]["bess"]
    assert raw["current_power"] == 700  # takes what the server leaves of the sun
    assert (state.power_kw, state.solar_kw, state.load_kw) == (pytest.approx(-0.7), 1.5, 0.8)
    assert state.soc == pytest.approx(raw["soc"], abs=0.001)


async def test_a_simulation_that_ended_gets_stale_although_it_still_answers(simulation: str) -> None:
    clock = StandingClock()
    one = watcher(simulation, clock)
    await first(one)
    for _ in range(STEPS + 2):  # a step a second
        last = (await seen(simulation))["time"]
        await asyncio.sleep(1.0)
    assert (await seen(simulation))["time"] == last
    assert (await one.poll(force=True)).reason == "Observed"
    clock.time = NOW + timedelta(minutes=16)
    stale = await one.poll(force=True)
    assert (stale.soc, stale.reason) == (None, "Stale")


GOOD: dict[str, Any] = {
    "microgrid": "dc1",
    "time": "2026-03-14T05:30:00",
    "p_delta": 700.0,
    "p_grid": 0.0,
    "actor_states": {"server": {"power": -800.0}, "pv": {"power": 1500.0}},
    "dispatch_states": {"bess": {"soc": 0.6, "charge_level": 3000.0, "current_power": 700.0}},
}


@pytest.mark.parametrize(
    ("changes", "reason", "named"),
    [
        ({}, "Observed", ""),
        ({"dispatch_states": {}}, "NoData", "no 'bess', but nothing"),
        ({"dispatch_states": {"ups": {}}}, "NoData", "but ups"),
        ({"dispatch_states": None}, "NoData", "no dispatch_states"),
        ({"dispatch_states": {"bess": {}}}, "NoData", "no soc"),
        ({"dispatch_states": {"bess": {"soc": 60, "current_power": 0}}}, "Implausible", "6000 %"),
        ({"actor_states": {}}, "Partial", "no 'pv'"),
        ({"time": None}, "Malformed", "not a time"),
        ({"time": 7}, "Malformed", "not a time"),
    ],
)
async def test_what_is_missing_is_named(changes: dict[str, Any], reason: str, named: str) -> None:
    one = spec({"vessim": {"url": "https://sim.example", **FIELDS}})
    deps = site_deps(StandingClock(), web(lambda _: json_page(GOOD | changes)), no_secret)
    state = await build_watcher("b", one, deps).poll()
    assert state.reason == reason
    assert named in state.message
