"""A day of carbon intensity for the demo, from a CSV matrix or from the built-in model."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from voltaire.api.values import Series
from voltaire.demo import day
from voltaire.demo.errors import TraceError

TIME_COLUMN = "datetime_utc"
BEFORE = timedelta(days=8)
AFTER = timedelta(days=4)
HIGHEST_BELIEVED = 3000.0
MAXIMUM_CONFIGMAP_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Day:
    """What is played: one series per zone around [start, start + hours), and where it is from."""

    source: str
    start: datetime
    zones: Mapping[str, Series]


def modelled(zones: Iterable[str], start: datetime) -> Day:
    """The built-in day. Raises TraceError for a zone the model does not have."""
    wanted = sorted(set(zones))
    missing = [zone for zone in wanted if zone not in day.ZONES]
    if missing:
        raise TraceError(
            f"the built-in day models {', '.join(day.ZONES)}, not {', '.join(missing)}: give a matrix that "
            "has them with --carbon"
        )
    span = (start - BEFORE, start + AFTER)
    return Day(day.SOURCE, start, {zone: day.series(zone, *span) for zone in wanted})


def read_matrix(path: Path, zones: Iterable[str], start: datetime, length: timedelta) -> Day:
    """The window around `start` of a matrix (datetime_utc,ZONE,ZONE,...).

    Inside [start, start + length) every wanted value must be there and believable; around it, what is missing
    stays a gap. Raises TraceError with the row and the remedy.
    """
    wanted = sorted(set(zones))
    try:
        with path.open(newline="", encoding="utf-8-sig") as handle:
            rows = csv.reader(handle)
            columns = _columns(next(rows, []), wanted, path)
            table = _window(rows, columns, start, path)
    except (OSError, UnicodeDecodeError) as error:
        raise TraceError(f"the carbon matrix {path} cannot be read as text: {error}") from error
    step = _step(table, path, start)
    _check_covered(table, step, start, length, path)
    values = _grid(table, step, wanted)
    for zone in wanted:
        _check_believable(zone, values[zone], start, length, path)
    first = table[0][0]
    return Day(path.name, start, {zone: Series(first, step, values[zone].values) for zone in wanted})


def _columns(header: Sequence[str], wanted: Sequence[str], path: Path) -> dict[str, int]:
    names = [name.strip() for name in header]
    if not names or names[0] != TIME_COLUMN:
        raise TraceError(
            f"{path} is not a carbon matrix: its first line must read {TIME_COLUMN},ZONE,ZONE,... "
            f"and begins with {(names or [''])[0]!r}"
        )
    missing = [zone for zone in wanted if zone not in names]
    if missing:
        some = ", ".join(names[1:9]) + (", ..." if len(names) > 9 else "")
        raise TraceError(
            f"{path} has no column for {', '.join(missing)} (it has {some}): add the column, or name a zone "
            "that is there in the GridZone samples"
        )
    return {zone: names.index(zone) for zone in wanted}


def _window(
    rows: Iterable[Sequence[str]], columns: Mapping[str, int], start: datetime, path: Path
) -> list[tuple[datetime, dict[str, float | None]]]:
    """The rows around the day, and the very first and last times for the messages."""
    table: list[tuple[datetime, dict[str, float | None]]] = []
    first: datetime | None = None
    last: datetime | None = None
    for number, row in enumerate(rows, 2):
        if not row:
            continue
        time = _time(row[0], f"{path} line {number}")
        if last is not None and time <= last:
            raise TraceError(
                f"{path} line {number}: {row[0]} does not come after the row before it: sort the rows"
            )
        first, last = first or time, time
        if start - BEFORE <= time < start + AFTER:
            table.append((time, {zone: _number(row, column) for zone, column in columns.items()}))
    if not table or not (table[0][0] <= start <= table[-1][0]):
        span = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}" if first and last else "nothing"
        raise TraceError(
            f"{path} does not cover {start:%Y-%m-%dT%H:%MZ}: it holds {span}; choose --start in there"
        )
    return table


def _time(text: str, where: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise TraceError(f"{where}: {text!r} is not a time; write 2022-03-14T00:00Z") from error
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _number(row: Sequence[str], column: int) -> float | None:
    """A believable value or None: a gap is told apart only inside the day."""
    try:
        value = float(row[column])
    except (IndexError, ValueError):
        return None
    return value if math.isfinite(value) and 0 <= value <= HIGHEST_BELIEVED else None


def _step(table: Sequence[tuple[datetime, object]], path: Path, start: datetime) -> timedelta:
    if len(table) < 2:
        raise TraceError(f"{path} has one row around {start:%Y-%m-%d}: a day needs at least 24 hours of rows")
    return min(b[0] - a[0] for a, b in pairwise(table))


def _check_covered(
    table: Sequence[tuple[datetime, object]], step: timedelta, start: datetime, length: timedelta, path: Path
) -> None:
    end = table[-1][0] + step
    if end < start + length:
        raise TraceError(
            f"{path} ends at {end:%Y-%m-%dT%H:%MZ}, before the day is over: choose --start at least "
            f"{length.total_seconds() / 3600:g} hours earlier than that, or fewer --hours"
        )


def _grid(
    table: Sequence[tuple[datetime, Mapping[str, float | None]]], step: timedelta, zones: Sequence[str]
) -> dict[str, Series]:
    first = table[0][0]
    count = (table[-1][0] - first) // step + 1
    values: dict[str, list[float | None]] = {zone: [None] * count for zone in zones}
    for time, row in table:
        index, rest = divmod(time - first, step)
        if rest:
            raise TraceError(
                f"the row of {time:%Y-%m-%dT%H:%MZ} is off the grid of {step}: use a uniform step"
            )
        for zone in zones:
            values[zone][index] = row[zone]
    return {zone: Series(first, step, tuple(values[zone])) for zone in zones}


def _check_believable(zone: str, series: Series, start: datetime, length: timedelta, path: Path) -> None:
    time = start
    while time < start + length:
        if series.at(time) is None:
            raise TraceError(
                f"{path}: {zone} has no believable value at {time:%Y-%m-%dT%H:%MZ} (a number from 0 to "
                f"{HIGHEST_BELIEVED:g}): fill the gap, or choose another --start"
            )
        time += series.step


def series_csv(zone: str, series: Series) -> str:
    """The CSV that a GridZone's configMap source reads: `datetime_utc,ZONE`, gaps left out.

    Raises TraceError when it does not fit into a ConfigMap.
    """
    out = io.StringIO()
    out.write(f"{TIME_COLUMN},{zone}\n")
    for index, value in enumerate(series.values):
        if value is not None:
            out.write(f"{series.start + index * series.step:%Y-%m-%dT%H:%MZ},{value:g}\n")
    text = out.getvalue()
    if len(text) >= MAXIMUM_CONFIGMAP_BYTES:
        raise TraceError(
            f"the series of {zone} has {len(text)} bytes, a ConfigMap holds 1 MiB: use a coarser step"
        )
    return text
