"""OpenEMS over REST, against a server of the documented shapes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.signals.battery.builders import Secrets, secret, sites, spec
from tests.signals.battery.openems_edge import Edge, channel
from tests.signals.builders import NOW, StandingClock
from voltaire.signals.battery.build import build_watcher
from voltaire.signals.battery.watcher import BatteryWatcher

EVERYTHING = {"solar": "_sum/ProductionActivePower", "load": "_sum/ConsumptionActivePower"}


@pytest_asyncio.fixture
async def edge() -> AsyncIterator[Edge]:
    found = Edge()
    async with found.running():
        yield found


def watcher(edge: Edge, secrets: Secrets | None = None, **fields: Any) -> BatteryWatcher:
    one = {"openEMS": {"url": edge.url, "passwordRef": secret("guest"), **fields}}
    return build_watcher("b", spec(one), sites(secrets or Secrets({"guest": "guest"}), clock=StandingClock()))


async def test_all_channels_come_with_one_request(edge: Edge) -> None:
    state = await watcher(edge, **EVERYTHING).poll()
    assert (state.soc, state.power_kw, state.solar_kw, state.load_kw) == (0.65, 70, 120.5, 200)
    assert (state.observed_at, state.reason, edge.requests) == (NOW, "Observed", 1)


async def test_one_channel_is_an_object_and_not_a_list(edge: Edge) -> None:
    one = spec({"openEMS": {"url": edge.url, "passwordRef": secret("guest")}})
    alone = one.model_copy(
        update={
            "telemetry": one.telemetry.model_copy(
                update={"open_ems": one.telemetry.open_ems.model_copy(update={"power": None})}  # type: ignore[union-attr]
            )
        }
    )
    found = await build_watcher("b", alone, sites(Secrets({"guest": "guest"}), clock=StandingClock())).poll()
    assert (found.soc, found.power_kw) == (0.65, None)


async def test_a_channel_is_read_in_the_unit_it_declares(edge: Edge) -> None:
    edge.channels["_sum/EssActivePower"] |= {"unit": "kW", "value": -70}
    assert (await watcher(edge).poll()).power_kw == -70
    del edge.channels["_sum/EssActivePower"]["unit"]
    edge.channels["_sum/EssActivePower"]["value"] = -70_000
    assert (await watcher(edge).poll()).power_kw == -70


@pytest.mark.parametrize(
    ("changes", "reason", "named"),
    [
        ({"value": None}, "NoData", "null"),
        ({"value": 101}, "Implausible", "101 %"),
        ({"unit": "W"}, "Malformed", "'W'"),
        ({"unit": "Wh"}, "Malformed", "'Wh'"),
        ({"unit": 7}, "Malformed", "not a unit"),
        ({"value": True}, "Malformed", "not a number"),
        ({"value": "UNDEFINED"}, "Malformed", "not a number"),
        ({"address": "_sum/Other"}, "NoData", "no such channel"),
        ({"address": None}, "Malformed", "not a channel"),
    ],
)
async def test_a_state_of_charge_that_is_not_one_is_refused(
    edge: Edge, changes: dict[str, Any], reason: str, named: str
) -> None:
    edge.channels["_sum/EssSoc"] |= changes
    state = await watcher(edge).poll()
    assert (state.soc, state.reason) == (None, reason)
    assert named in state.message


async def test_a_power_in_percent_is_left_out(edge: Edge) -> None:
    edge.channels["_sum/EssActivePower"]["unit"] = "%"
    state = await watcher(edge).poll()
    assert (state.soc, state.power_kw, state.reason) == (0.65, None, "Partial")
    assert "power: channel _sum/EssActivePower" in state.message


async def test_channels_that_are_not_there_are_said(edge: Edge) -> None:
    edge.channels = {"a/B": channel("a/B", 1)}
    assert (await watcher(edge).poll()).reason == "NotFound"


async def test_passwords_come_from_a_secret_are_read_anew_and_never_shown(edge: Edge) -> None:
    secrets = Secrets({"guest": "hunter2"})
    one = watcher(edge, secrets)
    denied = await one.poll()
    assert denied.reason == "Unauthorized"
    assert "hunter2" not in denied.message
    secrets.values["guest"] = "guest"
    assert (await one.poll(force=True)).soc == 0.65
