"""The plan of a battery as a retained MQTT message."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from voltaire.api.battery_control import PlanTopic
from voltaire.signals.battery.control.decide import MAX_PLAN_SLOTS, Schedule
from voltaire.signals.battery.mqtt_connection import Brokers


async def publish_plan(name: str, plan: Schedule, where: PlanTopic, brokers: Brokers) -> None:
    """Publish the whole plan. Raises SignalError."""
    async with brokers.connect(where) as client:
        await client.publish(where.topic, plan_document(name, plan), qos=1, retain=True)


def plan_document(name: str, plan: Schedule) -> str:
    """`steps` where the power changes; not to be followed after `validUntil`, when a new one is overdue."""
    valid_until = plan.created + MAX_PLAN_SLOTS * plan.slot
    return json.dumps(
        {
            "battery": name,
            "created": _text(plan.created),
            "validUntil": _text(valid_until),
            "end": _text(plan.start + plan.slot * len(plan.powers)),
            "steps": [{"time": _text(time), "powerKW": kw} for time, kw in steps(plan)],
        }
    )


def steps(plan: Schedule) -> Sequence[tuple[datetime, float]]:
    """(start of slot, kW, rounded to 10 W), where the power changes."""
    found: list[tuple[datetime, float]] = []
    for index, power_kw in enumerate(plan.powers):
        rounded = round(power_kw, 2) + 0.0
        if not found or found[-1][1] != rounded:
            found.append((plan.start + index * plan.slot, rounded))
    return found


def _text(time: datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
