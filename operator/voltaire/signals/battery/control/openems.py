"""Limits of a storage's active power in OpenEMS.

What is written holds for the edge's `apiTimeout` (60 s unless configured otherwise) and is then forgotten: it
is repeated, and a site without contact goes back to its own controllers by itself. There is no channel for a
reserve; it is kept by a discharging limit of zero at the reserve.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from voltaire.api.battery_control import OpenEMSControl
from voltaire.api.values import Setpoints
from voltaire.signals.battery.control.writer import Outcome, watts
from voltaire.signals.battery.login import basic
from voltaire.signals.battery.openems import USER, read_channels
from voltaire.signals.carbon.credentials import ReadSecret
from voltaire.signals.errors import NotFound, SignalError
from voltaire.signals.http import Web
from voltaire.signals.numbers import number

SETTLE_SECONDS = 2.0  # the edge works in cycles of one second
_TOLERANCE_W = 1.0
_FAILED = "ApplyPowerFailed"
_APPLIED = "DebugSetActivePower"


@dataclass(frozen=True, slots=True)
class OpenEMSWriter:
    """Writes channels with POST, which needs a user who may (Owner)."""

    spec: OpenEMSControl
    web: Web
    read_secret: ReadSecret
    settle_seconds: float = SETTLE_SECONDS

    async def write(self, setpoints: Setpoints) -> Outcome:
        """Raises SignalError."""
        login = await basic(USER, self.spec.password_ref, self.read_secret)
        base = f"{self.spec.url.rstrip('/')}/rest/channel/{self.spec.ess}"
        for channel, value in channels(setpoints).items():
            url = f"{base}/{channel}"
            await self.web.post(url, {"value": value}, login.headers, secrets=login.secrets)
        await asyncio.sleep(self.settle_seconds)
        addresses = [f"{self.spec.ess}/{name}" for name in (_FAILED, _APPLIED)]
        try:
            found = await read_channels(self.web, self.spec.url, addresses, login)
        except NotFound:
            found = {}
        return self._judge(setpoints, found)

    async def release(self) -> Outcome:
        """The edge forgets by itself."""
        return Outcome(notes=("OpenEMS forgets what was written after its apiTimeout",))

    def _judge(self, setpoints: Setpoints, found: Mapping[str, Mapping[str, object]]) -> Outcome:
        """What the storage says of the power it was last set to."""
        failed, applied = (_number(found, f"{self.spec.ess}/{name}") for name in (_FAILED, _APPLIED))
        differences = []
        if failed:
            differences.append(f"{self.spec.ess}/{_FAILED}: the storage could not be set")
        if applied is None:
            return Outcome(tuple(differences), (f"{self.spec.ess}/{_APPLIED} says nothing",), confirmed=False)
        low, high = -watts(setpoints.max_charge_kw), watts(setpoints.max_discharge_kw)
        if not low - _TOLERANCE_W <= applied <= high + _TOLERANCE_W:
            differences.append(
                f"{self.spec.ess}/{_APPLIED} is {applied:g} W, outside of {low:g} to {high:g} W"
            )
        return Outcome(tuple(differences))


def channels(setpoints: Setpoints) -> dict[str, int]:
    """Channels to write, in whole W towards zero; positive discharges."""
    wanted = {
        "SetActivePowerLessOrEquals": int(watts(setpoints.max_discharge_kw)),
        "SetActivePowerGreaterOrEquals": -int(watts(setpoints.max_charge_kw)),
    }
    if setpoints.power_kw is not None:
        wanted["SetActivePowerEquals"] = int(watts(setpoints.power_kw))
    return wanted


def _number(found: Mapping[str, Mapping[str, object]], address: str) -> float | None:
    """A channel's number; flags count as 0 and 1; None where it says nothing."""
    value = found.get(address, {}).get("value")
    if isinstance(value, bool):
        return float(value)
    try:
        return number(value)
    except SignalError:
        return None
