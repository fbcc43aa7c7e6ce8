"""What a battery's site is to hold to now. Pure.

The plan is a power for each slot. It is turned into a reserve and limits within which the site's own
controller dispatches, and only where the user allows it into a power. Whatever the plan says, nothing here
goes below the reserve of the spec or above its limits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from voltaire.api.battery import BatterySpec
from voltaire.api.values import BatteryState, Setpoints

# A plan is made anew in every slot: one that is older than this was not, and what it rests on has changed.
MAX_PLAN_SLOTS = 3
# The charge that is held is written in steps, so that a register that wears is not written all the time.
HOLD_STEP = 0.05
_IDLE_KW = 1e-6
_NOISE = 1e-9


@dataclass(frozen=True, slots=True)
class Schedule:
    """The plan of one battery: kW in each slot from `start` on, positive discharges."""

    created: datetime
    start: datetime
    slot: timedelta
    powers: Sequence[float]


@dataclass(frozen=True, slots=True)
class Release:
    """Leave the site to itself, and why."""

    reason: str
    message: str


def decide_control(
    plan: Schedule | None,
    state: BatteryState,
    spec: BatterySpec,
    now: datetime,
    before: Setpoints | None = None,
) -> Setpoints | Release:
    """What to hold to in the slot of `now`; a Release when the plan or the battery is not known. `before`:
    what the site holds to now, so that a charge that wavers does not make the reserve waver.

    While the plan discharges, the battery may go down to the reserve, at no more than the planned power.
    While it does not, what is in the battery is held. Sun may always be stored.
    """
    if state.soc is None or state.observed_at is None:
        return Release("StateUnknown", f"the battery's state is not known: {state.message or state.reason}")
    if now - state.observed_at > spec.telemetry.stale_after:
        return Release("StateUnknown", f"the battery was last seen at {state.observed_at:%Y-%m-%dT%H:%M:%SZ}")
    power_kw = planned_kw(plan, now)
    if isinstance(power_kw, Release):
        return power_kw
    return _setpoints(power_kw, state.soc, spec, before)


def planned_kw(plan: Schedule | None, now: datetime) -> float | Release:
    """The plan's power at `now`, or why there is none."""
    if plan is None or not plan.powers:
        return Release("NoPlan", "there is no plan for this battery yet")
    if now - plan.created > MAX_PLAN_SLOTS * plan.slot:
        return Release("PlanStale", f"the plan of {plan.created:%Y-%m-%dT%H:%M:%SZ} is too old to act on")
    index = (now - plan.start) // plan.slot
    if not 0 <= index < len(plan.powers):
        return Release("PlanStale", "the plan does not reach this moment")
    power_kw = plan.powers[index]
    if not math.isfinite(power_kw):
        return Release("PlanUnusable", f"the plan says {power_kw} kW")
    return power_kw


def _setpoints(power_kw: float, soc: float, spec: BatterySpec, before: Setpoints | None) -> Setpoints:
    power_kw = min(max(power_kw, -spec.max_charge_kw), spec.max_discharge_kw)
    if soc <= spec.reserve:
        power_kw = min(power_kw, 0.0)
    if soc >= 1.0:
        power_kw = max(power_kw, 0.0)
    if abs(power_kw) < _IDLE_KW:
        power_kw = 0.0
    discharges = power_kw > 0
    return Setpoints(
        reserve=spec.reserve if discharges else _held(soc, spec.reserve, before),
        max_charge_kw=spec.max_charge_kw if spec.solar is not None else max(-power_kw, 0.0),
        max_discharge_kw=max(power_kw, 0.0),
        power_kw=power_kw if spec.control.power else None,
    )


def _held(soc: float, reserve: float, before: Setpoints | None) -> float:
    """The charge to hold: the full step below what is there, or what is held already if that is near it."""
    there = soc + _NOISE
    if before is not None and there - 2 * HOLD_STEP <= before.reserve <= there and before.reserve >= reserve:
        return before.reserve
    return max(reserve, round(math.floor(there / HOLD_STEP) * HOLD_STEP, 6))
