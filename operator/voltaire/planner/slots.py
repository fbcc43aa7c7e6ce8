"""The plan's own slots, counted from now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor

import numpy as np

from voltaire.fleet.snapshot import Snapshot
from voltaire.planner.joint.arrays import Floats

_TINY = 1e-9


def touched(begin: float, end: float) -> tuple[int, int]:
    """The slots that [begin, end) touches: the first, and the one after the last. Times in slots."""
    return floor(begin + _TINY), ceil(end - _TINY)


@dataclass(frozen=True, slots=True)
class PlanTime:
    """Slots of the snapshot's length, the first of which begins now: none is cut short, and what just fits
    its deadline fits.

    `first`: the snapshot's slot that contains now, of which `past` seconds are over. `count`: slots left.
    """

    now: datetime
    first: int
    past: float
    slot_seconds: float
    count: int

    @property
    def horizon(self) -> float:
        """Seconds from now to the end of the last slot."""
        return self.count * self.slot_seconds

    @property
    def slot_hours(self) -> float:
        return self.slot_seconds / 3600.0

    def seconds(self, moment: datetime) -> float:
        """Seconds from now to `moment`, negative for the past."""
        return (moment - self.now).total_seconds()

    def time(self, seconds: float) -> datetime:
        """The moment `seconds` after now."""
        return self.now + timedelta(seconds=float(seconds))

    def onto(self, values: Floats) -> Floats:
        """Means over the grid's slots of a series with one value for each slot of the snapshot."""
        here = values[self.first :]
        share = self.past / self.slot_seconds
        return np.asarray((1 - share) * here + share * np.append(here[1:], here[-1]))

    def back(self, values: Floats) -> Floats:
        """The other way: means over the snapshot's slots of a series on this grid, 0 for what is over."""
        share = self.past / self.slot_seconds
        found = (1 - share) * values + share * np.append(0.0, values[:-1])
        return np.append(np.zeros(self.first), found)


def plan_time(snapshot: Snapshot, now: datetime) -> PlanTime:
    """The slots from `now` to the snapshot's horizon.

    Raises ValueError for a time without zone, and for a horizon that is over.
    """
    if now.tzinfo is None or snapshot.start.tzinfo is None:
        raise ValueError("now and snapshot.start must carry a time zone")
    slot = snapshot.slot.total_seconds()
    elapsed = max(0.0, (now - snapshot.start).total_seconds())
    first = int(elapsed // slot)
    if first >= snapshot.slots:
        raise ValueError(f"the snapshot's {snapshot.slots} slots ended before {now.isoformat()}")
    return PlanTime(now, first, elapsed - first * slot, slot, snapshot.slots - first)
