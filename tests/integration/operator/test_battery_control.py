"""A battery whose site is controlled: a real operator, a real API server, a real Modbus server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.operator.polling import until
from tests.integration.operator.samples import Body, cluster, resource
from tests.integration.operator.world import World
from tests.signals.battery import sunspec_device as dev

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="session")]
IMAGE = dev.image(
    dev.model(702, dev.RATING_702),
    dev.model(704, dev.CONTROLS_704),
    dev.model(713, dev.STORAGE_713),
    dev.model(802, dev.BATTERY_802),
)


def battery(device: dev.Device, **control: Any) -> Body:
    spec = {
        "capacityKWh": 400,
        "maxChargeKW": 100,
        "maxDischargeKW": 100,
        "reserve": 0.3,
        "assumedStoredGramsPerKWh": 15,
        "telemetry": {"sunSpec": device.spec(), "refresh": "5s", "staleAfter": "5m"},
        "control": {"mode": "Control", "refresh": "5s", "sunSpec": device.spec(), **control},
    }
    return resource("Battery", "steered", spec)


async def test_a_site_holds_to_the_plan_says_so_and_is_missed_when_it_is_gone(world: World) -> None:
    async with dev.served(IMAGE) as device:
        await world.put(battery(device))
        beside = cluster("california")
        beside["spec"]["batteries"] = ["steered"]
        await world.put(beside, keep=True)
        try:
            await until(
                lambda: world.hub.condition("Battery", "steered", "ControlActive").get("status") == "True",
                "the site holds to what was written",
                tell=lambda: world.hub.status("Battery", "steered"),
            )
            told = world.hub.status("Battery", "steered")["control"]
            seen = await device.scanned()
            assert world.hub.condition("Battery", "steered")["status"] == "True"
            assert told["reserve"] >= 0.3
            assert seen[802].SoCRsvMin.cvalue == pytest.approx(told["reserve"] * 100)
            assert seen[704].WMaxLimPctEna.value == 1
            assert seen[704].WMaxLimPct.cvalue == pytest.approx(told["maxDischargeKW"] / 250 * 100, abs=0.1)
            assert seen[704].WMaxLimPctRvrtTms.value == 120
            assert seen[704].WSetEna.value == 0
            await device.stop()
            await until(
                lambda: (
                    world.hub.condition("Battery", "steered", "ControlActive").get("reason") == "ContactLost"
                ),
                "the loss is seen",
                tell=lambda: world.hub.status("Battery", "steered"),
            )
            lost = world.hub.condition("Battery", "steered", "ControlActive")
            assert lost["status"] == "False"
            assert "by itself" in lost["message"]
        finally:
            await world.put(cluster("california"), keep=True)
