"""ESS settings of a Victron GX device: minimum state of charge, highest charging and discharging power.

They are settings: they stay, and are kept in flash memory, so they are written only where they differ. There
is no timer; if Voltaire dies, the last reserve and limits hold, which are never beyond the spec's.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import aiomqtt

from voltaire.api.battery_control import VictronControl
from voltaire.api.values import Setpoints
from voltaire.clock import Clock
from voltaire.signals.battery.control.writer import Outcome, percent, watts
from voltaire.signals.battery.mqtt_connection import Brokers
from voltaire.signals.battery.mqtt_listener import Message
from voltaire.signals.battery.rounding import downwards, upwards
from voltaire.signals.battery.victron import keep_alive, notification, value
from voltaire.signals.errors import NoData, SignalError

SETTLE_SECONDS = 5.0
_ESS = "settings/0/Settings/CGwacs"
RESERVE = f"{_ESS}/BatteryLife/MinimumSocLimit"
MAX_CHARGE = f"{_ESS}/MaxChargePower"
MAX_DISCHARGE = f"{_ESS}/MaxDischargePower"
UNLIMITED = -1.0
# Whole numbers are written, and -1 W (no limit) is not 0 W.
_TOLERANCE = {RESERVE: 0.01, MAX_CHARGE: 0.5, MAX_DISCHARGE: 0.5}


@dataclass(frozen=True, slots=True)
class VictronWriter:
    """A connection for each write. `reserve`: the spec's, for a site that is left to itself."""

    spec: VictronControl
    brokers: Brokers
    clock: Clock
    reserve: float
    settle_seconds: float = SETTLE_SECONDS

    async def write(self, setpoints: Setpoints) -> Outcome:
        """Raises SignalError; NoData when the device does not report its settings."""
        return await self._set(
            {
                RESERVE: upwards(percent(setpoints.reserve)),
                MAX_CHARGE: downwards(watts(setpoints.max_charge_kw)),
                MAX_DISCHARGE: downwards(watts(setpoints.max_discharge_kw)),
            }
        )

    async def release(self) -> Outcome:
        """The spec's reserve, no limits."""
        return await self._set(
            {RESERVE: upwards(percent(self.reserve)), MAX_CHARGE: UNLIMITED, MAX_DISCHARGE: UNLIMITED}
        )

    async def _set(self, wanted: Mapping[str, float]) -> Outcome:
        portal = self.spec.portal_id
        async with self.brokers.connect(self.spec) as client:
            for path in wanted:
                await client.subscribe(notification(portal, path), qos=1)
            await keep_alive(portal)(client)
            found = await self._hear(client, dict.fromkeys(wanted))
            if not found:
                raise NoData(
                    "the device does not report its ESS settings: is portalId right, and ESS set up?"
                )
            differing = {
                path: want for path, want in wanted.items() if not _same(path, found.get(path), want)
            }
            for path, want in differing.items():
                await client.publish(f"W/{portal}/{path}", json.dumps({"value": want}), qos=1)
            after = found | await self._hear(client, differing)
        differences = [
            f"{path.rsplit('/', 1)[1]} is {after.get(path)}, not {want:g}"
            for path, want in wanted.items()
            if not _same(path, after.get(path), want)
        ]
        return Outcome(tuple(differences))

    async def _hear(self, client: aiomqtt.Client, wanted: Mapping[str, float | None]) -> dict[str, float]:
        """What the device reports, until it is all there and, where a value is wanted, as wanted."""
        found: dict[str, float] = {}
        topics = {notification(self.spec.portal_id, path): path for path in wanted}
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settle_seconds):
                while not all(
                    path in found and (want is None or _same(path, found[path], want))
                    for path, want in wanted.items()
                ):
                    heard = await anext(client.messages)
                    path = topics.get(str(heard.topic))
                    payload = heard.payload if isinstance(heard.payload, bytes) else b""
                    if path is not None:
                        with suppress(SignalError):
                            message = Message(payload, bool(heard.retain), self.clock.now())
                            found[path] = value(message)
        return found


def _same(path: str, found: float | None, wanted: float) -> bool:
    return found is not None and abs(found - wanted) <= _TOLERANCE[path]
