"""The snapshot's slots that are left, counted from now: what baselines decide on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from voltaire.fleet.snapshot import Snapshot

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TimeGrid:
    """Slots from the one that contains `now` on; index 0 is what is left of that one.

    `first` is its index in the snapshot. `begin` and `end` are seconds after `now`, one entry a slot.
    """

    now: datetime
    first: int
    slot_seconds: float
    begin: Floats
    end: Floats

    @property
    def count(self) -> int:
        return len(self.begin)

    @property
    def horizon(self) -> float:
        """Seconds from now to the end of the last slot."""
        return float(self.end[-1])

    @property
    def hours(self) -> Floats:
        """What is left of each slot, in hours."""
        return (self.end - self.begin) / 3600.0

    def seconds(self, moment: datetime) -> float:
        """Seconds from now to `moment`, negative for the past."""
        return (moment - self.now).total_seconds()


def time_grid(snapshot: Snapshot, now: datetime) -> TimeGrid:
    """The grid of `snapshot` as it stands at `now`.

    Raises ValueError for a time without zone, and for a snapshot whose horizon is over.
    """
    if now.tzinfo is None or snapshot.start.tzinfo is None:
        raise ValueError("now and snapshot.start must carry a time zone")
    slot = snapshot.slot.total_seconds()
    elapsed = (now - snapshot.start).total_seconds()
    first = max(0, int(elapsed // slot))
    if first >= snapshot.slots:
        raise ValueError(f"the snapshot's {snapshot.slots} slots ended before {now.isoformat()}")
    starts = np.arange(first, snapshot.slots, dtype=np.float64) * slot - elapsed
    return TimeGrid(now, first, slot, np.maximum(starts, 0.0), starts + slot)
