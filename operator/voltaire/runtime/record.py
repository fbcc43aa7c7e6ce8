"""What the supply of each site with a battery really was, sample by sample, for the ledger to bill from.

A site without a battery needs no record: its supply is the grid, whose history the zone keeps. After a
restart the record begins anew and what lies before it is billed at the grid's intensity.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from voltaire.api.values import Series
from voltaire.fleet.build import cluster_view, slot_start
from voltaire.fleet.picture import Picture
from voltaire.planner import site_intensity

STEP = timedelta(minutes=5)
KEPT = timedelta(days=8)


class SiteRecord:
    """Mean effective intensity per cluster and five minutes."""

    def __init__(self) -> None:
        self._sums: dict[str, dict[datetime, tuple[float, int]]] = defaultdict(dict)

    def add(self, picture: Picture, cluster: str, now: datetime) -> None:
        """Take a sample: the site's supply at its present load."""
        view = cluster_view(picture, cluster, slot_start(now, STEP), STEP, 1)
        value = (
            site_intensity(view, picture.tally.load_kw(cluster), measured=True) if view.batteries else None
        )
        if value is None:
            return
        buckets, step = self._sums[cluster], slot_start(now, STEP)
        total, count = buckets.get(step, (0.0, 0))
        buckets[step] = (total + value, count + 1)
        oldest = next(iter(buckets))
        if oldest < now - KEPT:
            del buckets[oldest]

    def supply(self, cluster: str, grid: Series | None) -> Series | None:
        """What supplied the cluster: the record where there is one, the grid elsewhere."""
        buckets = self._sums.get(cluster)
        if not buckets:
            return grid
        start = min(buckets) if grid is None else min(slot_start(grid.start, STEP), *buckets)
        end = max(max(buckets) + STEP, grid.end if grid else start)
        values: list[float | None] = []
        time = start
        while time < end:
            total, count = buckets.get(time, (0.0, 0))
            values.append(total / count if count else grid.at(time) if grid else None)
            time += STEP
        return Series(start, STEP, tuple(values))
