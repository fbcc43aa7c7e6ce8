"""Reserve and limits on topics of an MQTT broker, repeated so that silence means something."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiomqtt

from voltaire.api.battery_control import LimitTopic, MqttControl, ReserveTopic
from voltaire.api.values import Setpoints
from voltaire.clock import Clock
from voltaire.signals.battery.control.writer import Outcome
from voltaire.signals.battery.json_path import at_path
from voltaire.signals.battery.mqtt_connection import Brokers
from voltaire.signals.battery.rounding import Rounding, downwards, inwards, to_digits, upwards
from voltaire.signals.errors import SignalError
from voltaire.signals.numbers import number, parse_json, parse_number

SETTLE_SECONDS = 5.0
_PER_KW = {"W": 1000.0, "kW": 1.0, "MW": 0.001}
_PER_FRACTION = {"Fraction": 1.0, "Percent": 100.0}
_TOLERANCE = 1e-3
Target = ReserveTopic | LimitTopic


@dataclass(frozen=True, slots=True)
class MqttWriter:
    """A connection for each write. `rest`: what a site that is left to itself is told."""

    spec: MqttControl
    brokers: Brokers
    clock: Clock
    rest: Setpoints
    revert_after: timedelta
    settle_seconds: float = SETTLE_SECONDS

    async def write(self, setpoints: Setpoints) -> Outcome:
        """Raises SignalError."""
        targets = targets_of(self.spec, setpoints)
        async with self.brokers.connect(self.spec) as client:
            for target, _ in targets:
                if target.read_back is not None:
                    await client.subscribe(target.read_back.topic, qos=1)
            for target, text in targets:
                await client.publish(target.topic, text, qos=1)
            if self.spec.document is not None:
                until = self.clock.now() + self.revert_after
                await client.publish(self.spec.document, document(setpoints, until), qos=1)
            said = await self._confirmations(client, targets)
        notes = [f"{target.topic} is not read back" for target, _ in targets if target.read_back is None]
        if self.spec.document is not None:
            notes.append(f"{self.spec.document} is not read back")
        return Outcome(tuple(said), tuple(notes), confirmed=not notes)

    async def release(self) -> Outcome:
        """The spec's reserve and limits, once; then silence."""
        return await self.write(self.rest)

    async def _confirmations(
        self, client: aiomqtt.Client, targets: Sequence[tuple[Target, str]]
    ) -> list[str]:
        """Wait until everything is confirmed, or patience ends; what still differs, in words."""
        backs = {target.topic: (target.read_back, text) for target, text in targets if target.read_back}
        differing = {topic: f"{topic} is not confirmed" for topic in backs}
        with suppress(TimeoutError):
            async with asyncio.timeout(self.settle_seconds):
                while differing:
                    message = await anext(client.messages)
                    for topic, (back, text) in backs.items():
                        if str(message.topic) != back.topic:
                            continue
                        difference = _difference(message.payload, back.path, float(text))
                        if difference:
                            differing[topic] = f"{back.topic} {difference}"
                        else:
                            differing.pop(topic, None)
        return list(differing.values())


def document(setpoints: Setpoints, until: datetime) -> str:
    """Everything as one JSON document."""
    fields: dict[str, object] = {
        "reserve": to_digits(setpoints.reserve, 4, upwards),
        "maxChargeKW": to_digits(setpoints.max_charge_kw, 3, downwards),
        "maxDischargeKW": to_digits(setpoints.max_discharge_kw, 3, downwards),
    }
    if setpoints.power_kw is not None:
        fields["powerKW"] = to_digits(setpoints.power_kw, 3, inwards)
    fields["validUntil"] = until.isoformat(timespec="seconds").replace("+00:00", "Z")
    return json.dumps(fields)


def targets_of(spec: MqttControl, setpoints: Setpoints) -> list[tuple[Target, str]]:
    """Topics that take one number each, and the number in their unit and sign."""
    targets: list[tuple[Target, str]] = []
    if spec.reserve is not None:
        reserve = setpoints.reserve * _PER_FRACTION[spec.reserve.unit]
        targets.append((spec.reserve, _text(reserve, upwards)))
    limits = ((spec.max_charge, setpoints.max_charge_kw), (spec.max_discharge, setpoints.max_discharge_kw))
    for limit, kw in limits:
        if limit is not None:
            targets.append((limit, _text(kw * _PER_KW[limit.unit], downwards)))
    if spec.power is not None and setpoints.power_kw is not None:
        sign = -1.0 if spec.power.positive == "Charge" else 1.0
        power = sign * setpoints.power_kw * _PER_KW[spec.power.unit]
        targets.append((spec.power, _text(power, inwards)))
    return targets


def _text(value: float, rounding: Rounding) -> str:
    """A number as devices read it: no exponent, no minus before zero."""
    rounded = to_digits(value, 6, rounding)
    return f"{rounded:.6f}".rstrip("0").rstrip(".") if rounded else "0"


def _difference(payload: object, path: str | None, wanted: float) -> str:
    """What a site says instead of what it was told; empty when it is the same."""
    raw = payload if isinstance(payload, bytes) else str(payload).encode()
    try:
        found = (
            parse_number(raw.decode("ascii", errors="replace"))
            if path is None
            else number(at_path(parse_json(raw, "the message"), path))
        )
    except SignalError as error:
        return f"says no number: {error}"
    return (
        "" if abs(found - wanted) <= _TOLERANCE * max(abs(wanted), 1.0) else f"is {found:g}, not {wanted:g}"
    )
