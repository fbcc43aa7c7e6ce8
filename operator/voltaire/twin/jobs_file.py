"""Jobs, from the CSV or from AIWorkload manifests with an arrival annotation."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from voltaire.api.base import parse_duration
from voltaire.api.resources import AIWorkload
from voltaire.engines.adapters.demand import demand_of
from voltaire.twin.errors import Duplicate, JobsError, UnknownName
from voltaire.twin.fleet_file import ARRIVAL, FleetFile, parse, read_objects
from voltaire.twin.job import Job

COLUMNS = (
    "id", "arrival_h", "duration_h", "accelerators", "kw_per_accelerator", "slack_h", "home", "interruptible",
    "checkpoint_gb", "residency",
)  # fmt: skip


def read_jobs(path: Path, fleet: FleetFile, start: datetime) -> tuple[Job, ...]:
    """The jobs of a CSV file, or of a YAML file (or folder) of AIWorkloads.

    Raises JobsError with the line or object, Duplicate, and UnknownName for a home that is no cluster.
    """
    if path.suffix == ".csv":
        jobs = read_csv(path)
    else:
        objects = [o for o in read_objects(path) if o.get("kind") == "AIWorkload"]
        if not objects:
            raise JobsError(f"{path} holds no AIWorkload: give a CSV, or manifests with {ARRIVAL}")
        jobs = [job_of(parse("AIWorkload", o), fleet, start) for o in objects]
    return check_jobs(jobs, fleet, str(path))


def check_jobs(jobs: Iterable[Job], fleet: FleetFile, source: str) -> tuple[Job, ...]:
    """Ids are unique; homes and policies are there."""
    seen: set[str] = set()
    for job in jobs:
        if job.id in seen:
            raise Duplicate(f"{source}: the job {job.id} is there twice")
        seen.add(job.id)
        if job.home is not None and job.home not in fleet.clusters:
            raise UnknownName(
                f"{source}: the job {job.id} has its home in {job.home}, the fleet "
                f"has {', '.join(fleet.clusters)}"
            )
        if job.policy is not None and job.policy not in fleet.policies:
            raise UnknownName(f"{source}: the job {job.id} names the PlacementPolicy {job.policy}: add it")
    return tuple(jobs)


def read_csv(path: Path) -> list[Job]:
    """The jobs of a CSV with the columns `COLUMNS`; further columns are passed over."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            rows = [row for row in csv.reader(handle) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise JobsError(f"{path} cannot be read as CSV: {error}") from error
    header = [name.strip() for name in (rows[0] if rows else [])]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise JobsError(
            f"{path}: the first line lacks {', '.join(missing)}: it must read {','.join(COLUMNS)}"
        )
    at = {name: header.index(name) for name in COLUMNS}
    return [_job(row, at, f"{path} line {line}") for line, row in enumerate(rows[1:], 2)]


def _job(row: Sequence[str], at: Mapping[str, int], where: str) -> Job:
    def text(name: str) -> str:
        return row[at[name]].strip() if at[name] < len(row) else ""

    def number(name: str, *, above: float | None = None) -> float:
        try:
            value = float(text(name))
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0 or (above is not None and value <= above):
            least = "from 0 up" if above is None else f"above {above:g}"
            raise JobsError(f"{where}: {name} is {text(name)!r}, where a number {least} is due")
        return value

    accelerators = number("accelerators")
    if accelerators != int(accelerators):
        raise JobsError(f"{where}: accelerators is {text('accelerators')!r}: a whole number, please")
    if text("interruptible") not in ("0", "1"):
        raise JobsError(f"{where}: interruptible is {text('interruptible')!r}: 0 or 1, please")
    if not text("id"):
        raise JobsError(f"{where}: id is empty")
    arrival, duration = number("arrival_h"), number("duration_h", above=0.0)
    each = number("kw_per_accelerator")
    return Job(
        id=text("id"),
        arrival_h=arrival,
        duration_h=duration,
        accelerators=int(accelerators),
        deadline_h=arrival + duration + number("slack_h"),
        home=text("home") or None,
        # Work without accelerators draws what the column says.
        power_kw=each * (accelerators or 1.0),
        mode="Migrate" if text("interruptible") == "1" else "Never",
        checkpoint_gb=number("checkpoint_gb"),
        residency=frozenset(part.strip() for part in text("residency").split(";") if part.strip()),
    )


def job_of(workload: AIWorkload, fleet: FleetFile, start: datetime) -> Job:
    """An AIWorkload as a job of a run that begins at `start`."""
    spec, where = workload.spec, f"AIWorkload {workload.key}"
    if spec.type == "Serving" or spec.profile.duration is None:
        raise JobsError(f"{where}: the twin plays work that ends: give spec.profile.duration, no Serving")
    demand = demand_of(workload)
    if demand.problems:
        field, message = demand.problems[0]
        raise JobsError(f"{where}: {field}: {message}")
    checkpoint, schedule = spec.disruption.checkpoint, spec.schedule
    kinds = {e.type for c in fleet.clusters.values() for e in c.spec.capacity.accelerators}
    throughput = dict(spec.profile.throughput)
    if demand.accelerator_type is not None:
        only = {demand.accelerator_type: throughput.get(demand.accelerator_type, 1.0)}
        throughput = dict.fromkeys(kinds, 0.0) | only
    residence = spec.disruption.minimum_residence
    return Job(
        id=workload.key,
        arrival_h=_arrival_h(workload, start),
        duration_h=_hours(spec.profile.duration.total_seconds()),
        accelerators=demand.accelerators,
        deadline_h=None if schedule.deadline is None else _since(schedule.deadline, start),
        home=spec.placement.home_cluster,
        power_kw=spec.profile.power_kw,
        mode=spec.disruption.mode,
        checkpoint_gb=checkpoint.size_gb,
        residency=frozenset(spec.placement.residency),
        restart_h=_hours(checkpoint.restore_time.total_seconds()),
        on_termination=checkpoint.on_termination,
        interval_h=None if checkpoint.interval is None else _hours(checkpoint.interval.total_seconds()),
        earliest_h=None if schedule.earliest_start is None else _since(schedule.earliest_start, start),
        deadline_required=schedule.deadline_kind == "Required",
        throughput=throughput,
        selector=spec.placement.cluster_selector,
        namespace=workload.metadata.namespace or "default",
        type=spec.type,
        policy=spec.placement.policy,
        minimum_residence_h=None if residence is None else _hours(residence.total_seconds()),
        maximum_migrations=spec.disruption.maximum_migrations,
    )


def _arrival_h(workload: AIWorkload, start: datetime) -> float:
    text = workload.metadata.annotations.get(ARRIVAL)
    where = f"AIWorkload {workload.key}: the annotation {ARRIVAL}"
    if text is None:
        raise JobsError(f"{where} is missing: say when it arrives, as 2h30m or 2022-03-14T02:30:00Z")
    try:
        return _hours(parse_duration(text).total_seconds())
    except ValueError:
        pass
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise JobsError(f"{where} is {text!r}: write 2h30m or 2022-03-14T02:30:00Z") from error
    hours = _since(time.replace(tzinfo=UTC) if time.tzinfo is None else time, start)
    if hours < 0:
        raise JobsError(f"{where} is {text}, before the run begins ({start:%Y-%m-%dT%H:%MZ})")
    return hours


def _hours(seconds: float) -> float:
    return seconds / 3600.0


def _since(time: datetime, start: datetime) -> float:
    return _hours((time - start).total_seconds())
