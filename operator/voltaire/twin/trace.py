"""Series by name on one uniform grid, from a CSV: the carbon matrix, solar power, or prices."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voltaire.twin.errors import TraceError, TraceGap, TraceTooShort, UnevenTrace, UnknownName

Floats = NDArray[np.float64]
TIME_COLUMN = "datetime_utc"


@dataclass(frozen=True, slots=True)
class Trace:
    """`values[name][i]` holds in [start + i*step, start + (i+1)*step); every value is finite, and only
    prices may be negative."""

    source: str
    start: datetime
    step: timedelta
    values: Mapping[str, Floats]

    @property
    def end(self) -> datetime:
        """The first moment that is not covered."""
        return self.start + self.step * len(next(iter(self.values.values())))

    def on_grid(self, name: str, start: datetime, slot: timedelta, count: int) -> Floats:
        """Means over `count` slots from `start` on.

        Raises TraceTooShort for what is not covered, UnevenTrace where slots and steps do not fit together.
        """
        if start < self.start or start + count * slot > self.end:
            raise TraceTooShort(
                f"{self.source} holds {self.start:%Y-%m-%dT%H:%MZ} to {self.end:%Y-%m-%dT%H:%MZ}, the run "
                f"needs {start:%Y-%m-%dT%H:%MZ} to {start + count * slot:%Y-%m-%dT%H:%MZ}: choose another "
                "--start, fewer --hours, or jobs with nearer deadlines"
            )
        fine = min(slot, self.step)
        if slot % fine or self.step % fine or (start - self.start) % fine:
            raise UnevenTrace(
                f"{self.source} has steps of {self.step} from {self.start:%Y-%m-%dT%H:%MZ} on, which do not "
                f"fit slots of {slot} from {start:%Y-%m-%dT%H:%MZ} on: one must divide the other"
            )
        repeat, first = self.step // fine, (start - self.start) // fine
        each = slot // fine
        index = (first + np.arange(count * each)) // repeat
        return np.asarray(self.values[name][index].reshape(count, each).mean(axis=1))


def read_trace(path: Path, names: Iterable[str], *, what: str = "zone") -> Trace:
    """The named columns of a CSV `datetime_utc,NAME,NAME,...`, one row a step.

    Raises TraceError and its kinds, with the line, and UnknownName for a column that is not there.
    """
    return read_columns(path, TIME_COLUMN, lambda header: _columns(header, names, path, what))


def read_columns(
    path: Path,
    time_column: str,
    choose: Callable[[Sequence[str]], Mapping[str, int]],
    *,
    negative: bool = False,
) -> Trace:
    """Columns of a CSV whose first one is `time_column`: those that `choose` finds in its header.

    Raises TraceError and its kinds, with the line.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            rows = [row for row in csv.reader(handle) if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TraceError(f"{path} cannot be read as CSV: {error}") from error
    header = [name.strip() for name in (rows[0] if rows else [])]
    if not header or header[0] != time_column:
        raise TraceError(
            f"{path} does not begin with {time_column},NAME,NAME,...: its first line has {header[:1]}"
        )
    columns = choose(header)
    times = [_time(row[0], f"{path} line {line}") for line, row in enumerate(rows[1:], 2)]
    step = _step(times, path)
    values = {
        name: np.array(
            [_number(row, column, path, line, name, negative) for line, row in enumerate(rows[1:], 2)]
        )
        for name, column in columns.items()
    }
    return Trace(path.name, times[0], step, values)


def _columns(header: Sequence[str], names: Iterable[str], path: Path, what: str) -> dict[str, int]:
    wanted = sorted(set(names))
    twice = sorted({name for name in wanted if header.count(name) > 1})
    if twice:
        raise TraceError(f"{path} has the column {twice[0]} twice")
    missing = [name for name in wanted if name not in header]
    if missing:
        some = ", ".join(header[1:9]) + (", ..." if len(header) > 9 else "")
        raise UnknownName(
            f"{path} has no column for the {what} {', '.join(missing)}: it has {some or 'none'}"
        )
    return {name: header.index(name) for name in wanted}


def _time(text: str, where: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise TraceError(f"{where}: {text!r} is not a time; write 2022-03-14T00:00Z") from error
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _step(times: Sequence[datetime], path: Path) -> timedelta:
    if len(times) < 2:
        raise TraceTooShort(f"{path} has fewer than two rows: a trace needs a step")
    step = times[1] - times[0]
    if step <= timedelta(0):
        raise UnevenTrace(f"{path} line 3: its time does not come after the one before it: sort the rows")
    for line, time in enumerate(times, 2):
        due = times[0] + (line - 2) * step
        if time != due:
            raise UnevenTrace(
                f"{path} line {line}: {time:%Y-%m-%dT%H:%MZ} where {due:%Y-%m-%dT%H:%MZ} is due: the step "
                f"must be uniform ({step}), without missing or double rows"
            )
    return step


def _number(row: Sequence[str], column: int, path: Path, line: int, name: str, negative: bool) -> float:
    text = row[column].strip() if column < len(row) else ""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (value < 0 and not negative):
        due = "a number" if negative else "a number from 0 up"
        raise TraceGap(f"{path} line {line}: {name} is {text or 'empty'!r}, where {due} is due: fill the gap")
    return value
