"""What planning gives: for every workload a timeline, an action for now and the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Action(StrEnum):
    """What to do with a workload now."""

    START = "Start"  # place it (again) on `cluster`
    WAIT = "Wait"  # stopped, and better so until `next_start`
    STAY = "Stay"  # goes on where it is
    PAUSE = "Pause"  # stop it in place, resume later
    MIGRATE = "Migrate"  # stop it, then start it on `cluster`


@dataclass(frozen=True, slots=True)
class Segment:
    """It runs on `cluster` in [start, end)."""

    start: datetime
    end: datetime
    cluster: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cluster that was considered: emissions of the remaining work if it all ran there from the best
    moment on, or why it cannot. `price_grams`: what the room that it would take there is worth to others."""

    cluster: str
    grams: float | None
    rejected: str | None = None
    price_grams: float = 0.0


class Limit(StrEnum):
    """What keeps a workload from something cleaner."""

    CAPACITY = "Capacity"
    POWER = "Power"
    DEADLINE = "Deadline"
    RESIDENCY = "Residency"
    BATTERY = "Battery"  # keeps it where it is: what is stored, or the sun, is cleaner than the grid


@dataclass(frozen=True, slots=True)
class Decision:
    """One workload's entry.

    `reason` is a CamelCase word, `message` a sentence for people. `grams`: expected emissions of the
    remaining work on this timeline, facility energy, moves included. `late`: it is expected to miss its
    deadline whatever is done. `limit`: what keeps it from something cleaner.
    """

    uid: str
    action: Action
    cluster: str | None
    accelerator_type: str | None
    reason: str
    message: str
    segments: tuple[Segment, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    next_start: datetime | None = None
    finish: datetime | None = None
    late: bool = False
    grams: float | None = None
    limit: Limit | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole fleet's plan. `batteries`: kW per slot, positive discharges.

    `grams`: what the plan costs in all, emissions with lateness and changes at their prices; `bound_grams`:
    what no plan can be below; both None where nothing is optimised (no comparable signal, nothing to plan).
    `seconds`: wall time it took.
    """

    created: datetime
    start: datetime
    slot: timedelta
    decisions: Mapping[str, Decision]
    batteries: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    grams: float | None = None
    bound_grams: float | None = None
    seconds: float = field(default=0.0, compare=False)

    @property
    def gap(self) -> float | None:
        """(grams - bound) / bound: at most so much above the optimum. None where nothing is proven."""
        if self.grams is None or self.bound_grams is None:
            return None
        excess = self.grams - self.bound_grams
        if excess <= 1e-6:
            return 0.0
        return excess / self.bound_grams if self.bound_grams > 1e-6 else None
