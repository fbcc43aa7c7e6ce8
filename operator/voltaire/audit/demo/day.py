"""A demo result's header as values. Times are hours from the day's begin."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from voltaire.audit.findings import Ledger
from voltaire.audit.table import weighted_mean

Json = Mapping[str, Any]
# A receipt's times are whole seconds of real time: so much may it differ from what the observer saw.
_REAL_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Steps:
    """What held from each of `times` (hours, rising) to the next; None: unknown."""

    times: Sequence[float]
    values: Sequence[float | None]

    def integral(self, begin: float, end: float) -> float | None:
        """Value x hours over [begin, end); None where a part of it is not known. The first and the last
        value hold a moment beyond their end: a site is not asked more often."""
        if not self.times or end < begin:
            return None
        total, at = 0.0, begin
        index = max(0, bisect_right(self.times, begin) - 1)
        while at < end:
            last = index + 1 >= len(self.times)
            until = end if last else min(end, self.times[index + 1])
            value = self.values[index]
            if value is None:
                return None
            total += value * (until - at)
            at, index = until, index + 1
        return total


@dataclass(frozen=True)
class Grid:
    """What occurred in a zone: `values[i]` from `start + i * step`, hours."""

    start: float
    step: float
    values: Sequence[float | None]

    def at(self, time: float) -> float | None:
        """The value that held."""
        index = int((time - self.start) / self.step + 1e-9)
        return self.values[index] if 0 <= index < len(self.values) else None

    def integral(self, begin: float, end: float) -> float | None:
        """g/kWh x hours over [begin, end); None where a part of it is not known."""
        if end <= begin:
            return 0.0
        mean = weighted_mean(self.values, (begin - self.start) / self.step, (end - self.start) / self.step)
        return None if mean is None else mean * (end - begin)


@dataclass(frozen=True)
class Day:
    """What all figures of a demo result rest on."""

    begin: datetime
    end: float
    tolerance: float
    clusters: Mapping[str, Json]
    grids: Mapping[str, Grid]
    sites: Mapping[str, Steps]

    def hours(self, text: str) -> float:
        """A time, as hours from the day's begin."""
        return (datetime.fromisoformat(text) - self.begin) / timedelta(hours=1)

    def grid(self, cluster: str) -> Grid | None:
        """What occurred in a cluster's zone."""
        return self.grids.get(self.clusters[cluster]["zone"])

    def supply(self, cluster: str) -> Steps | Grid | None:
        """What served a cluster: the grid, or grid, sun and battery together."""
        return self.sites.get(cluster) or self.grid(cluster)


def read(ledger: Ledger, document: Json) -> Day:
    """The header; a name that is there twice, or not at all, is a finding."""
    begin = datetime.fromisoformat(document["start"])

    def hours(text: str) -> float:
        return (datetime.fromisoformat(text) - begin) / timedelta(hours=1)

    for key, name in (("clusters", "name"), ("intensity", "zone"), ("batteries", "name")):
        names = [entry[name] for entry in document[key]]
        ledger.holds("Twice", key, len(set(names)) == len(names), names, "names of their own")
    grids = {
        entry["zone"]: Grid(hours(entry["start"]), entry["stepMinutes"] / 60, entry["gramsPerKWh"])
        for entry in document["intensity"]
    }
    sites = {
        entry["cluster"]: Steps(
            [hours(point["time"]) for point in entry["series"]],
            [point["gramsPerKWh"] for point in entry["series"]],
        )
        for entry in document["siteIntensity"]
    }
    clusters = {cluster["name"]: cluster for cluster in document["clusters"]}
    tolerance = _REAL_SECONDS / document["secondsPerHour"]
    return Day(begin, hours(document["end"]), tolerance, clusters, grids, sites)
