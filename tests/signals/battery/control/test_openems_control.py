"""Limits of a storage in OpenEMS: repeated, read back, and forgotten by the edge when nobody repeats them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.signals.battery.builders import PRIVATE, Secrets, secret
from tests.signals.battery.openems_edge import Edge
from voltaire.api.battery_control import OpenEMSControl
from voltaire.api.values import Setpoints
from voltaire.signals.battery.control.openems import OpenEMSWriter
from voltaire.signals.errors import Unauthorized
from voltaire.signals.http import Web

LIMITS = Setpoints(0.2, 50.0009, 12.3456)


@pytest_asyncio.fixture
async def edge() -> AsyncIterator[Edge]:
    found = Edge(api_timeout=0.5)
    async with found.running():
        yield found


@pytest_asyncio.fixture
async def web() -> AsyncIterator[Web]:
    found = Web(PRIVATE)
    yield found
    await found.aclose()


def writer(edge: Edge, web: Web, user: str = "owner") -> OpenEMSWriter:
    spec = OpenEMSControl.model_validate({"url": edge.url, "passwordRef": secret("owner")})
    return OpenEMSWriter(spec, web, Secrets({"owner": user}), settle_seconds=0.0)


async def test_limits_are_whole_watts_towards_zero(edge: Edge, web: Web) -> None:
    outcome = await writer(edge, web).write(LIMITS)
    assert edge.writes == {"SetActivePowerLessOrEquals": 12345, "SetActivePowerGreaterOrEquals": -50000}
    assert (outcome.differences, outcome.confirmed) == ((), True)


async def test_power_is_written_only_where_it_is_told(edge: Edge, web: Web) -> None:
    await writer(edge, web).write(Setpoints(0.2, 50, 12, -7.5))
    assert edge.writes["SetActivePowerEquals"] == -7500


async def test_what_is_not_repeated_is_forgotten_by_the_edge(edge: Edge, web: Web) -> None:
    one = writer(edge, web)
    await one.write(LIMITS)
    await one.release()
    await asyncio.sleep(0.7)
    assert edge.writes == {}


@pytest.mark.parametrize("applies", [12_400, -50_002])
async def test_a_storage_that_goes_beyond_its_limits_is_found_out(
    edge: Edge, web: Web, applies: float
) -> None:
    edge.applies = applies
    outcome = await writer(edge, web).write(LIMITS)
    assert len(outcome.differences) == 1
    assert f"ess0/DebugSetActivePower is {applies}" in outcome.differences[0]


async def test_a_storage_that_could_not_be_set_says_so(edge: Edge, web: Web) -> None:
    edge.channels["ess0/ApplyPowerFailed"]["value"] = True
    outcome = await writer(edge, web).write(LIMITS)
    assert outcome.differences == ("ess0/ApplyPowerFailed: the storage could not be set",)


async def test_a_storage_that_says_nothing_is_not_called_confirmed(edge: Edge, web: Web) -> None:
    for address in ("ess0/ApplyPowerFailed", "ess0/DebugSetActivePower"):
        edge.channels[address]["address"] = edge.channels[address]["address"] + "X"
    outcome = await writer(edge, web).write(LIMITS)
    assert (outcome.differences, outcome.confirmed) == ((), False)


@pytest.mark.parametrize("password", ["guest", "hunter2"])
async def test_a_user_who_may_not_write_is_told(edge: Edge, web: Web, password: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        await writer(edge, web, password).write(LIMITS)
    assert password not in str(refused.value)
    assert edge.writes == {}
