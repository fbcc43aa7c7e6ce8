"""The input files that a result was made of, read anew. What a file leaves out is not compared."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

TIME_COLUMN = "datetime_utc"
_HOUR = timedelta(hours=1)


class BadTrace(ValueError):
    """A trace cannot be read; the message names the file, the place and the remedy."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Carbon intensity, g/kWh: `columns[zone][i]` holds from `start + i * step` to the next; None: a gap."""

    start: datetime
    step: timedelta
    columns: Mapping[str, Sequence[float | None]]

    def mean(self, zone: str, begin: datetime, end: datetime) -> float | None:
        """Time-weighted mean over [begin, end); None outside of the trace and across a gap."""
        values, first, step = self.columns[zone], (begin - self.start) / _HOUR, self.step / _HOUR
        last = (end - self.start) / _HOUR
        return weighted_mean(values, first / step, last / step)


def weighted_mean(values: Sequence[float | None], begin: float, end: float) -> float | None:
    """Mean of steps from `begin` to `end`, both counted in steps from the first one's begin."""
    if begin < 0 or end > len(values) + 1e-9 or end <= begin:
        return None
    total, at = 0.0, begin
    while at < end - 1e-12:
        index = math.floor(at + 1e-9)
        until = min(end, index + 1.0)
        value = values[index]
        if value is None:
            return None
        total += value * (until - at)
        at = until
    return total / (end - begin)


Job = Mapping[str, Any]


@dataclass(frozen=True)
class Traces:
    """What was given. `jobs` by id, with the names of the result; `fleet` by kind, then by name."""

    carbon: Matrix | None = None
    jobs: Mapping[str, Job] | None = None
    fleet: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)


def read_traces(carbon: Path | None, jobs: Path | None, fleet: Iterable[Path]) -> Traces:
    """Read them. Raises BadTrace."""
    return Traces(
        None if carbon is None else read_matrix(carbon),
        None if jobs is None else read_jobs(jobs),
        read_fleet(fleet),
    )


def read_matrix(path: Path) -> Matrix:
    """`datetime_utc,ZONE,ZONE,...`, uniform. Raises BadTrace."""
    rows = _rows(path)
    if not rows or rows[0][:1] != [TIME_COLUMN] or len(rows) < 3:
        raise BadTrace(f"{path}: no carbon matrix: it begins with {TIME_COLUMN},ZONE,... and has two rows")
    times = [_time(row[0], f"{path} line {number}") for number, row in enumerate(rows[1:], 2)]
    step = times[1] - times[0]
    for index, time in enumerate(times):
        if step <= timedelta(0) or time != times[0] + index * step:
            raise BadTrace(f"{path} line {index + 2}: {rows[index + 1][0]} is off the uniform step of {step}")
    columns = {
        zone.strip(): [_cell(row, column) for row in rows[1:]]
        for column, zone in enumerate(rows[0])
        if column
    }
    return Matrix(times[0], step, columns)


def _cell(row: Sequence[str], column: int) -> float | None:
    try:
        value = float(row[column])
    except (IndexError, ValueError):
        return None
    return value if math.isfinite(value) else None


def read_jobs(path: Path) -> dict[str, Job]:
    """The jobs of a CSV, in the result's words. Raises BadTrace."""
    rows = _rows(path)
    found: dict[str, Job] = {}
    for number, row in enumerate(rows[1:], 2):
        cells = dict(zip((name.strip() for name in rows[0]), row, strict=False))
        try:
            job = _job(cells)
        except (KeyError, ValueError) as error:
            raise BadTrace(f"{path} line {number}: not a job: {error!r}") from error
        if cells["id"] in found:
            raise BadTrace(f"{path} line {number}: the job {cells['id']} is there twice")
        found[cells["id"]] = job
    return found


def _job(cells: Mapping[str, str]) -> Job:
    arrival, duration = float(cells["arrival_h"]), float(cells["duration_h"])
    return {
        "arrivalH": arrival,
        "durationH": duration,
        "accelerators": int(cells["accelerators"]),
        "kWPerAccelerator": float(cells["kw_per_accelerator"]),
        "deadlineH": arrival + duration + float(cells["slack_h"]),
        "home": cells["home"],
        "interruptible": cells["interruptible"].strip() == "1",
        "checkpointGB": float(cells["checkpoint_gb"]),
        "residency": [word for word in cells["residency"].split(";") if word],
    }


def read_fleet(paths: Iterable[Path]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """The specs of a fleet's resources, by kind and name. Raises BadTrace."""
    fleet: dict[str, dict[str, Mapping[str, Any]]] = {}
    for path in paths:
        try:
            documents = [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]
            for document in documents:
                fleet.setdefault(document["kind"], {})[document["metadata"]["name"]] = document["spec"]
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
            raise BadTrace(f"{path}: not a file of resources: {error!r}") from error
    return fleet


def _rows(path: Path) -> list[list[str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            return [row for row in csv.reader(handle) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadTrace(f"{path} cannot be read as text: {error}") from error


def _time(text: str, where: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadTrace(f"{where}: {text!r} is not a time; write 2022-03-14T00:00Z") from error
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
