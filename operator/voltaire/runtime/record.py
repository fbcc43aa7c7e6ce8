"""What the supply of each site with a battery really was, sample by sample, for the ledger to bill from.

A site without a battery needs no record: its supply is the grid, whose history the zone keeps. The record is
also written into the status of the RegionalCluster, by the hour, and read from there after a restart. For a
time that nobody recorded (the operator or the battery's telemetry was down) the grid's intensity stands in:
what the battery gave then is not known.
"""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import datetime, timedelta

from voltaire.api.regionalcluster import SupplyStatus
from voltaire.api.values import Series
from voltaire.fleet.build import cluster_view, slot_start
from voltaire.fleet.picture import Picture
from voltaire.planner import site_intensity

STEP = timedelta(minutes=5)
HOUR = timedelta(hours=1)
KEPT = timedelta(days=8)


class SiteRecord:
    """Mean effective intensity per cluster and five minutes, of an earlier run per hour."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[datetime, tuple[float, int]]] = defaultdict(dict)
        self._earlier: dict[str, Series] = {}
        self._told: dict[str, tuple[Series | None, Series | None]] = {}  # of one grid series, what was told

    def forget(self, cluster: str) -> None:
        """The cluster is gone."""
        for table in (self._sums, self._earlier, self._told):
            table.pop(cluster, None)

    def restore(self, cluster: str, status: SupplyStatus | None) -> None:
        """Take up what an earlier run recorded; what this one did counts where both know something."""
        if status is not None:
            self._told.pop(cluster, None)
            self._earlier[cluster] = Series(status.start, HOUR, read_hours(status.hourly_grams_per_kwh))

    def add(self, picture: Picture, cluster: str, now: datetime) -> None:
        """Take a sample: the site's supply at its present load."""
        view = cluster_view(picture, cluster, slot_start(now, STEP), STEP, 1)
        value = (
            site_intensity(view, picture.tally.load_kw(cluster), measured=True) if view.batteries else None
        )
        if value is None:
            return
        self._told.pop(cluster, None)
        buckets, step = self._sums[cluster], slot_start(now, STEP)
        total, count = buckets.get(step, (0.0, 0))
        buckets[step] = (total + value, count + 1)
        for oldest in [time for time in list(buckets)[:2] if time < now - KEPT]:
            del buckets[oldest]

    def supply(self, cluster: str, grid: Series | None) -> Series | None:
        """What supplied the cluster: the record where there is one, the grid elsewhere."""
        told = self._told.get(cluster)
        if told is None or told[0] is not grid:
            told = self._told[cluster] = grid, self._supply(cluster, grid)
        return told[1]

    def _supply(self, cluster: str, grid: Series | None) -> Series | None:
        buckets, earlier = self._sums.get(cluster, {}), self._earlier.get(cluster)
        spans = [(min(buckets), max(buckets) + STEP)] if buckets else []
        spans += [(earlier.start, earlier.end)] if earlier else []
        if not spans:
            return grid
        spans += [(slot_start(grid.start, STEP), grid.end)] if grid else []
        start, end = min(span[0] for span in spans), max(span[1] for span in spans)
        values: list[float | None] = []
        for index in range(-((start - end) // STEP)):
            time = start + index * STEP
            value = self._recorded(cluster, time)
            values.append(grid.at(time) if value is None and grid else value)
        return Series(start, STEP, tuple(values))

    def hours(self, cluster: str, now: datetime) -> SupplyStatus | None:
        """The record of the last days for the status; None where there is none. The present five minutes are
        left out, so that it changes no more often than they do."""
        until = slot_start(now, STEP)
        start = slot_start(now - KEPT, HOUR) + HOUR
        if cluster not in self._sums and cluster not in self._earlier:
            return None
        means: list[float | None] = []
        for hour in range((slot_start(now, HOUR) - start) // HOUR + 1):
            times = (start + hour * HOUR + i * STEP for i in range(HOUR // STEP))
            known = [v for t in times if t < until and (v := self._recorded(cluster, t)) is not None]
            means.append(sum(known) / len(known) if known else None)
        first = next((place for place, mean in enumerate(means) if mean is not None), None)
        if first is None:
            return None
        return SupplyStatus(start=start + first * HOUR, hourly_grams_per_kwh=write_hours(means[first:]))

    def _recorded(self, cluster: str, time: datetime) -> float | None:
        total, count = self._sums.get(cluster, {}).get(time, (0.0, 0))
        if count:
            return total / count
        earlier = self._earlier.get(cluster)
        return earlier.at(time) if earlier else None


def write_hours(values: list[float | None]) -> str:
    """Values to a tenth, separated by commas; nothing for None."""
    return ",".join("" if value is None else f"{value:.1f}" for value in values)


def read_hours(text: str) -> tuple[float | None, ...]:
    """The values of `write_hours`; what is no number is unknown."""
    return tuple(_number(part) for part in text.split(","))


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None
