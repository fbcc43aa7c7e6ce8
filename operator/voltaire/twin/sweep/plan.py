"""From what is asked for to the cases of a sweep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from voltaire.twin.baselines.batteries import DEFAULT_RULE
from voltaire.twin.errors import JobsError
from voltaire.twin.fleet_file import FleetFile, read_fleet, read_objects
from voltaire.twin.prices import PriceFile
from voltaire.twin.report.rows import BEST, HOME
from voltaire.twin.scenario import WITHOUT_DEADLINE
from voltaire.twin.sweep.case import UNTOLD, Case, Store, Workload, digest
from voltaire.twin.sweep.play import jobs_of
from voltaire.twin.sweep.weeks import spread
from voltaire.twin.trace import read_trace


@dataclass(frozen=True, slots=True)
class Asked:
    """What a user gives a sweep. `start`: of the first week, None: as early as there is history."""

    fleet: tuple[Path, ...]
    carbon: Path
    jobs: Workload
    weeks: int
    start: datetime | None = None
    forecast: str = "perfect"
    seed: int = 0
    solar: Path | None = None
    prices: tuple[PriceFile, ...] = ()
    baseline_battery: str | None = None
    announced_h: float = 0.0

    def about(self) -> dict[str, Any]:
        """For the document that comes of it."""
        return {
            "fleet": [path.name for path in self.fleet],
            "carbon": self.carbon.name,
            "forecast": self.forecast,
            "announcedH": self.announced_h,
            "seed": self.seed,
            "prices": [file.path.name for file in self.prices],
            "baselineBattery": self.baseline_battery or DEFAULT_RULE,
            "jobs": {"file": self.jobs.file and Path(self.jobs.file).name, "load": self.jobs.load,
                     "count": self.jobs.count, "hours": self.jobs.hours},
        }  # fmt: skip


def by_weeks(asked: Asked) -> list[Case]:
    """A case for each start week, of no policy yet. Jobs that are made have a seed of their own each week.

    Raises TwinError and its kinds for files that cannot be played.
    """
    fleet = read_fleet(document for path in asked.fleet for document in read_objects(path))
    trace = read_trace(asked.carbon, {fleet.zone_of(name) for name in fleet.clusters})
    made = [_week(asked, index) for index in range(asked.weeks)]
    longest = max(_hours(asked, fleet, workload) for workload in made)
    starts = spread(trace.start, trace.end, asked.weeks, timedelta(hours=longest), asked.start)
    files = [asked.carbon, asked.solar, *asked.fleet, _path(asked.jobs.file), _path(asked.jobs.trace)]
    files += [file.path for file in asked.prices]
    contents = digest(files)
    return [
        Case(
            policy="",
            start=f"{start:%Y-%m-%dT%H:%M:%SZ}",
            fleet=tuple(str(path.absolute()) for path in asked.fleet),
            carbon=str(asked.carbon.absolute()),
            jobs=workload,
            forecast=asked.forecast,
            seed=asked.seed + index,
            solar=None if asked.solar is None else str(asked.solar.absolute()),
            contents=contents,
            prices=tuple((file.zone, str(file.path.absolute())) for file in asked.prices),
            baseline_battery=asked.baseline_battery or DEFAULT_RULE,
            announced_h=asked.announced_h,
        )
        for index, (start, workload) in enumerate(zip(starts, made, strict=True))
    ]


def to_compare(asked: Asked, policies: Sequence[str]) -> list[Case]:
    """Every policy in every week, with the two that savings and shares are measured by."""
    names = dict.fromkeys((HOME, *policies, BEST))
    return [_played_by(name, week) for week in by_weeks(asked) for name in names]


def _played_by(policy: str, week: Case) -> Case:
    return replace(week, policy=policy, announced_h=0.0 if policy in UNTOLD else week.announced_h)


def to_size(
    asked: Asked,
    policy: str,
    sites: Iterable[str],
    capacities_kwh: Iterable[float],
    hours: float,
    wear_grams_per_kwh: float | None = None,
) -> list[Case]:
    """Every size at every site in every week, and none at all, which savings are measured by."""
    sizes = dict.fromkeys((0.0, *capacities_kwh))
    return [
        replace(week, policy=policy, store=Store(site, size, hours, wear_grams_per_kwh))
        for site in sites
        for size in sizes
        for week in by_weeks(asked)
    ]


def _week(asked: Asked, index: int) -> Workload:
    jobs = asked.jobs
    return jobs if jobs.load is None else replace(jobs, seed=jobs.seed + index)


def _hours(asked: Asked, fleet: FleetFile, workload: Workload) -> float:
    """How long a week's run is: to its last deadline."""
    any_day = datetime.fromisoformat("2000-01-01T00:00:00Z")
    jobs = [
        job
        for job in jobs_of(workload, asked.fleet, fleet, any_day)
        if workload.hours is None or job.arrival_h < workload.hours
    ]
    if not jobs:
        raise JobsError("there is no job to play: give --jobs, --load, or AIWorkloads in the fleet files")
    due = (
        job.start_h + WITHOUT_DEADLINE * job.duration_h if job.deadline_h is None else job.deadline_h
        for job in jobs
    )
    return max(*due, workload.hours or 0.0)


def _path(name: str | None) -> Path | None:
    return None if name is None else Path(name)
