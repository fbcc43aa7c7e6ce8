"""Jobs from a seed, for a fleet and a load.

Without a trace: gangs are powers of two from 1 to 512, each half as likely again as the next larger one
(GANG_FALL); durations are log-normal with a median of MEDIAN_HOURS; arrivals follow the day at home, busiest
at two in the afternoon. With a trace: rows are drawn whole from it, and keep their hour of the week.

Homes are drawn by capacity, slack and interruptibility independently, checkpoints log-uniformly.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import cos, pi
from pathlib import Path

import numpy as np

from voltaire.api.resources import RegionalCluster
from voltaire.fleet.power import accelerator_kw
from voltaire.twin.errors import JobsError
from voltaire.twin.fleet_file import FleetFile, read_fleet, read_objects
from voltaire.twin.job_traces import WEEK_HOURS, read_shapes
from voltaire.twin.jobs_file import COLUMNS
from voltaire.twin.trace import Floats

LARGEST_GANG = 512
GANG_FALL = 2.0 / 3.0
MEDIAN_HOURS, SPREAD = 2.0, 1.2
SHORTEST_HOURS, LONGEST_HOURS = 0.1, 72.0
BUSIEST_HOUR, SWING = 14.0, 0.6
MOST_JOBS = 200_000
Row = tuple[str, float, float, int, float, float, str, int, float, str]


@dataclass(frozen=True, slots=True)
class JobShape:
    """What the jobs are like. `load`: mean share of the fleet's accelerators at work over `hours`. `count`:
    so many jobs, their gangs scaled to the load; None: as many as the load takes. `slack`: least and most, as
    a share of the duration. `rigid`: share that may not be interrupted. `checkpoint_gb`: least and most.
    `resident`: share bound to the first jurisdiction of its home. `kw`: per accelerator, None: the home's."""

    load: float = 0.6
    hours: float = 168.0
    count: int | None = None
    slack: tuple[float, float] = (0.1, 3.0)
    rigid: float = 0.3
    checkpoint_gb: tuple[float, float] = (5.0, 500.0)
    resident: float = 0.2
    kw: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.slack[0] <= self.slack[1]:
            raise JobsError(f"slack goes from {self.slack[0]:g} to {self.slack[1]:g}: least first, from 0 up")
        if not 0 < self.checkpoint_gb[0] <= self.checkpoint_gb[1]:
            least, most = self.checkpoint_gb
            raise JobsError(f"checkpoints go from {least:g} to {most:g} GB: least first, above 0")


def generate_jobs(fleets: Sequence[Path], shape: JobShape, seed: int, trace: Path | None = None) -> list[Row]:
    """The rows of a job file. Raises TwinError for a bad fleet, trace or shape."""
    fleet = read_fleet(document for path in fleets for document in read_objects(path))
    return make_jobs(fleet, shape, seed, None if trace is None else read_shapes(trace))


def make_jobs(fleet: FleetFile, shape: JobShape, seed: int, recorded: Floats | None = None) -> list[Row]:
    """The rows of a job file, by arrival."""
    rng = np.random.default_rng(seed)
    size = {name: _accelerators(cluster) for name, cluster in fleet.clusters.items()}
    total = sum(size.values())
    if total == 0:
        raise JobsError("the fleet has no accelerator: nothing can be loaded")
    wanted = shape.load * total * shape.hours
    gangs, hours, weeks = _drawn(rng, recorded, shape.count, wanted, max(size.values()))
    homes = rng.choice(list(size), size=len(gangs), p=np.array(list(size.values())) / total)
    rows = []
    for i in range(len(gangs)):
        cluster = fleet.clusters[str(homes[i])]
        arrival = _arrival(rng, shape.hours, cluster, None if weeks is None else float(weeks[i]))
        gang = int(min(gangs[i], size[str(homes[i])]))
        rows.append(_row(rng, shape, cluster, arrival, float(hours[i]), gang))
    rows.sort()
    return [(f"job-{i:05d}", *row) for i, row in enumerate(rows)]


def _accelerators(cluster: RegionalCluster) -> int:
    """Of the type it has most of: a gang runs on one type."""
    return max((entry.count or 0 for entry in cluster.spec.capacity.accelerators), default=0)


def _drawn(
    rng: np.random.Generator, recorded: Floats | None, count: int | None, wanted: float, largest: int
) -> tuple[Floats, Floats, Floats | None]:
    """Gangs, durations and, with a trace, hours of the week, that together take `wanted` accelerator
    hours."""
    many = count or min(MOST_JOBS, max(1, int(wanted)))
    gangs, hours, weeks = _sample(rng, recorded, many)
    hours = np.clip(hours, SHORTEST_HOURS, LONGEST_HOURS)
    limit = min(LARGEST_GANG, largest)
    if count is None:
        gangs = np.minimum(gangs, limit)
        enough = int(np.searchsorted(np.cumsum(gangs * hours), wanted)) + 1
        if enough > many:
            raise JobsError(
                f"more than {many} jobs are needed for that load: give --count, and gangs are scaled to it"
            )
        return gangs[:enough], hours[:enough], None if weeks is None else weeks[:enough]
    low, high = 0.0, float(limit)
    for _ in range(60):
        scale = 0.5 * (low + high)
        taken = float((_scaled(gangs, scale, limit) * hours).sum())
        low, high = (scale, high) if taken < wanted else (low, scale)
    return _scaled(gangs, high, limit), hours, weeks


def _scaled(gangs: Floats, scale: float, limit: int) -> Floats:
    return np.clip(np.round(gangs * scale), 1, limit)


def _sample(
    rng: np.random.Generator, recorded: Floats | None, many: int
) -> tuple[Floats, Floats, Floats | None]:
    if recorded is not None:
        rows = recorded[rng.integers(len(recorded), size=many)]
        return rows[:, 0], rows[:, 1], rows[:, 2]
    sizes = 2 ** np.arange(LARGEST_GANG.bit_length())
    chance = GANG_FALL ** np.arange(len(sizes))
    gangs = rng.choice(sizes, size=many, p=chance / chance.sum()).astype(np.float64)
    return gangs, MEDIAN_HOURS * rng.lognormal(0.0, SPREAD, many), None


def _arrival(rng: np.random.Generator, hours: float, cluster: RegionalCluster, week: float | None) -> float:
    """An arrival in [0, hours): as recorded, in one of the weeks, or by the hour of the day at home."""
    if week is not None:
        weeks = int(np.ceil(max(0.0, hours - week) / WEEK_HOURS))
        return float(week + WEEK_HOURS * rng.integers(weeks)) if weeks else float(rng.uniform(0.0, hours))
    place = cluster.spec.location
    ahead = place.longitude / 15.0 if place else 0.0
    while True:
        time = float(rng.uniform(0.0, hours))
        busy = 1.0 + SWING * cos(2 * pi * (time + ahead - BUSIEST_HOUR) / 24.0)
        if rng.uniform(0.0, 1.0 + SWING) < busy:
            return time


def _row(
    rng: np.random.Generator,
    shape: JobShape,
    cluster: RegionalCluster,
    arrival: float,
    hours: float,
    gang: int,
) -> tuple[float, float, int, float, float, str, int, float, str]:
    spec = cluster.spec
    entry = max(spec.capacity.accelerators, key=lambda entry: entry.count or 0)
    kw = shape.kw or entry.power_kw or accelerator_kw(entry.type)
    slack = hours * float(rng.uniform(*shape.slack))
    least, most = np.log(shape.checkpoint_gb)
    checkpoint = float(np.exp(rng.uniform(least, most)))
    interruptible = int(rng.uniform() >= shape.rigid)
    resident = rng.uniform() < shape.resident and spec.jurisdictions
    return (
        round(arrival, 4), round(hours, 4), gang, round(kw, 4), round(slack, 4), cluster.metadata.name,
        interruptible, round(checkpoint, 1), spec.jurisdictions[0] if resident else "",
    )  # fmt: skip


def write_jobs(rows: Iterable[Row]) -> str:
    """The job file as text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return out.getvalue()
