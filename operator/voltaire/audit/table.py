"""Tables of numbers over time, read from CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

_HOUR = timedelta(hours=1)


class BadTrace(ValueError):
    """A trace cannot be read; the message names the file, the place and the remedy."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """`columns[zone][i]` holds from `start + i * step` to the next; None: a gap."""

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


def table(path: Path) -> list[list[str]]:
    """The rows that hold anything. Raises BadTrace."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            return [row for row in csv.reader(handle) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadTrace(f"{path} cannot be read as text: {error}") from error


def moments(path: Path, rows: Sequence[Sequence[str]]) -> tuple[datetime, timedelta]:
    """Begin and step of the rows after the first, whose times come first and evenly. Raises BadTrace."""
    times = [_time(row[0], f"{path} line {number}") for number, row in enumerate(rows[1:], 2)]
    step = times[1] - times[0]
    for index, time in enumerate(times):
        if step <= timedelta(0) or time != times[0] + index * step:
            raise BadTrace(f"{path} line {index + 2}: {rows[index + 1][0]} is off the uniform step of {step}")
    return times[0], step


def cell(row: Sequence[str], column: int) -> float | None:
    """A number, or None for anything else."""
    try:
        value = float(row[column])
    except (IndexError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _time(text: str, where: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadTrace(f"{where}: {text!r} is not a time; write 2022-03-14T00:00Z") from error
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
