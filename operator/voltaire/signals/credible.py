"""Which changes of carbon intensity are credible, judged by what the zone has done so far.

    limit(lag) = max(20 g, 25 % of the median, 2 * the largest change within `lag` that was ever seen)

over the last eight days. On 123 zones of half a year of hourly values this holds back one true value in ten
thousand. While few changes are known, or the last value is long ago, the limit is wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from voltaire.signals.carbon.samples import Sample

FLOOR_GRAMS, LEVEL_SHARE, STRETCH = 20.0, 0.25, 2.0
# With fewer changes than ENOUGH nothing is known of the zone's habits.
ENOUGH, WIDE_GRAMS, WIDE_SHARE = 12, 100.0, 0.75
# After a pause of this length a value may be anything plausible.
FAR = timedelta(hours=12)
# A feed is called frozen when its value has stood still this long in a zone whose value hardly ever does.
# Longer than STANDS_STILL it is the zone that stands still.
FROZEN_AFTER, STANDS_STILL = timedelta(hours=6), timedelta(hours=30)
FROZEN_VALUES, FROZEN_SHARE = 20, 0.05
# A past that is told anew with values this far from those it was told with before is not a revision.
REWRITTEN_SHARE, REWRITTEN_VALUES = 0.45, 4


@dataclass(slots=True)
class Habits:
    """What a zone's intensity has been seen to do: values by time, on their own grid, NaN in gaps."""

    _values: NDArray[np.float64]
    _step: timedelta
    _largest: dict[int, tuple[float, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> Habits:
        """Of samples with or without values, in any order."""
        known = {s.start: s for s in samples if s.grams_per_kwh is not None}
        if not known:
            return cls(np.empty(0), timedelta(hours=1))
        starts = sorted(known)
        step = min([timedelta(hours=1), *(s.end - s.start for s in known.values())])
        values = np.full((starts[-1] - starts[0]) // step + 1, np.nan)
        for start in starts:
            values[(start - starts[0]) // step] = known[start].grams_per_kwh
        return cls(values, step)

    def limit(self, lag: timedelta, last: float) -> float:
        """The largest credible change from `last` after `lag`, g/kWh; infinite when `lag` is FAR."""
        if lag > FAR:
            return float("inf")
        steps = max(1, -(-lag // self._step))
        largest, pairs = self._change(steps)
        level = float(np.nanmedian(self._values)) if len(self._values) else last
        limit = max(FLOOR_GRAMS, LEVEL_SHARE * level, STRETCH * largest)
        return limit if pairs >= ENOUGH else max(limit, WIDE_GRAMS, WIDE_SHARE * last)

    def _change(self, steps: int) -> tuple[float, int]:
        """The largest change within so many steps, and how many changes over just as many are known."""
        if steps not in self._largest:
            largest, pairs = 0.0, 0
            for distance in range(1, min(steps, len(self._values) - 1) + 1):
                changes = np.abs(self._values[distance:] - self._values[:-distance])
                known = changes[~np.isnan(changes)]
                largest, pairs = max(largest, float(known.max(initial=0.0))), known.size
            self._largest[steps] = largest, pairs if steps < len(self._values) else 0
        return self._largest[steps]


def rewritten(told: Iterable[Sample], known: Mapping[datetime, Sample]) -> float | None:
    """How far a past is from what the same source said before: the median of new over old, where the median
    difference is more than a revision; else None."""
    pairs = [
        (was.grams_per_kwh, sample.grams_per_kwh)
        for sample in told
        if sample.grams_per_kwh is not None
        and (was := known.get(sample.start)) is not None
        and was.grams_per_kwh is not None
    ]
    if len(pairs) < REWRITTEN_VALUES:
        return None
    old, new = (np.array(side) for side in zip(*pairs, strict=True))
    if np.median(np.abs(new - old)) <= max(FLOOR_GRAMS, REWRITTEN_SHARE * float(np.median(old))):
        return None
    return float(np.median(new)) / max(float(np.median(old)), 1.0)


def frozen_for(newest: Sample, known: Mapping[datetime, Sample]) -> timedelta | None:
    """How long the newest value has been the same, when that is longer than a true one would be; else None.

    `known` may hold the newest or not. Zero never counts: a grid without emissions stays there for days.
    """
    value = newest.grams_per_kwh
    if not value:
        return None
    earlier = [known[start] for start in sorted(known) if start < newest.start]
    earlier = [sample for sample in earlier if sample.grams_per_kwh is not None]
    place = len(earlier)
    while place and earlier[place - 1].grams_per_kwh == value:
        place -= 1
    since = earlier[place].start if place < len(earlier) else newest.start
    stood = newest.end - since
    if not FROZEN_AFTER < stood <= STANDS_STILL or place < FROZEN_VALUES:
        return None
    before = np.array([sample.grams_per_kwh for sample in earlier[: place + 1]])
    return stood if float(np.mean(np.diff(before) == 0.0)) < FROZEN_SHARE else None
