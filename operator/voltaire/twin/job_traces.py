"""The shape of recorded jobs: how wide, how long, and when in the week they arrive.

Three layouts are told apart by their columns: Philly (`timestamp,duration,num_gpus`, seconds), Alibaba PAI
(`arrival_time,length,cpus`, hours) and Alibaba GPU pods (`num_gpu,creation_time,deletion_time`, seconds).
Rows that ran no accelerator or no time say nothing and are passed over.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import numpy as np

from voltaire.twin.errors import JobsError
from voltaire.twin.trace import Floats

WEEK_HOURS = 168.0
Row = Mapping[str, str]
Reader = Callable[[Row], tuple[float, float, float]]


def read_shapes(path: Path) -> Floats:
    """Rows of (gang, hours, hour of the week), (jobs, 3). Raises JobsError."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle)
            read = _reader(set(reader.fieldnames or ()), path)
            rows = [found for row in reader if (found := _sound(read, row)) is not None]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise JobsError(f"{path} cannot be read as CSV: {error}") from error
    if not rows:
        raise JobsError(f"{path} holds no job that ran: no gang of at least 1 for more than no time")
    return np.array(rows)


def _reader(columns: set[str], path: Path) -> Reader:
    for wanted, read in _LAYOUTS.items():
        if set(wanted) <= columns:
            return read
    known = "; ".join(",".join(wanted) for wanted in _LAYOUTS)
    raise JobsError(f"{path} is no job trace that is known: its columns must hold one of: {known}")


def _sound(read: Reader, row: Row) -> tuple[float, float, float] | None:
    try:
        gang, hours, week = read(row)
    except (ValueError, TypeError):
        return None
    sound = math.isfinite(hours) and math.isfinite(week) and gang >= 1 and hours > 0
    return (gang, hours, week % WEEK_HOURS) if sound else None


def _philly(row: Row) -> tuple[float, float, float]:
    time = datetime.fromisoformat(row["timestamp"])
    hour = time.weekday() * 24.0 + time.hour + time.minute / 60.0 + time.second / 3600.0
    return float(row["num_gpus"]), float(row["duration"]) / 3600.0, hour


def _pai(row: Row) -> tuple[float, float, float]:
    return float(row["cpus"]), float(row["length"]), float(row["arrival_time"])


def _pods(row: Row) -> tuple[float, float, float]:
    begin, end = float(row["creation_time"]) / 3600.0, float(row["deletion_time"]) / 3600.0
    return float(row["num_gpu"]), end - begin, begin


_LAYOUTS: Mapping[tuple[str, ...], Reader] = {
    ("timestamp", "duration", "num_gpus"): _philly,
    ("arrival_time", "length", "cpus"): _pai,
    ("num_gpu", "creation_time", "deletion_time"): _pods,
}
