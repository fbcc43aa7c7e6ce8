"""Carbon intensity written as CSV, read strictly.

Two layouts are understood:

- the matrix: `datetime_utc,ZONE,ZONE,...` (or `datetime_utc,value` for a single zone), times with a zone
  (`2022-03-14T05:00Z`);
- the export of Electricity Maps: one row per zone and time, times without a zone in a column that says UTC.
  Both spellings of its headers are known: `Zone Id` with `(LCA)`, and `Zone id` with `(Life cycle)`.

A row holds from its time to the next; the step is the smallest distance of two rows, and rows that are
missing are gaps. An empty cell is a gap, a cell that is no believable number is refused and a gap. Times
that are unsorted, duplicated, off the grid or without a zone refuse the whole table: nothing in it can be
placed in time with confidence.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from voltaire.api.values import Series
from voltaire.signals.carbon.samples import HOUR, absurdity
from voltaire.signals.errors import Malformed, NoData, SignalError, WrongBasis, WrongZone
from voltaire.signals.numbers import parse_number, shown

MAX_STEPS = 1_000_000
MIN_STEP, MAX_STEP = timedelta(minutes=1), timedelta(days=1)
_MATRIX_TIME = "datetime_utc"
_EXPORT_TIME = "datetime (utc)"
_EXPORT_ZONE = "zone id"
_EXPORT_VALUE = {
    "direct": ("carbon intensity gco2eq/kwh (direct)",),
    "lifecycle": ("carbon intensity gco2eq/kwh (lca)", "carbon intensity gco2eq/kwh (life cycle)"),
}
_EXPORT_ESTIMATED = "data estimated"
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?"
)


@dataclass(frozen=True, slots=True)
class Table:
    """One zone's column: `series` with None for gaps; `refused` says for an index what was wrong with its
    value; `estimated` holds the indices that the table itself calls estimates. `boundary_known`: the table
    says which boundary its values have, so it is not merely what the spec declares.
    """

    series: Series
    refused: dict[int, str]
    estimated: frozenset[int]
    boundary_known: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the zone. `value` is None in a gap or when refused; `line` counts from 1."""

    line: int
    time: datetime
    value: float | None
    refusal: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where things stand in a row; -1 where there is no such column."""

    time: int
    value: int
    zone: int = -1
    estimated: int = -1

    @property
    def export(self) -> bool:
        """Whether this is the layout of Electricity Maps' export."""
        return self.zone >= 0


def parse_table(lines: Iterable[str], zone: str, boundary: str) -> Table:
    """Read one zone out of CSV lines, streaming. `boundary`: lifecycle or direct, which of the columns of an
    export is read. Raises DataError naming the line and the remedy, and nothing else."""
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, None)
        if not header or not any(cell.strip() for cell in header):
            raise NoData(f"the file is empty: it begins with the header {_MATRIX_TIME},{zone}")
        columns = _columns(header, zone, boundary)
        rows = list(_rows(reader, columns, len(header), zone))
    except csv.Error as error:
        raise Malformed(f"line {reader.line_num}: not CSV: {error}") from None
    except UnicodeDecodeError:
        raise Malformed(f"after line {reader.line_num}: not UTF-8 text") from None
    if not rows:
        raise NoData(f"there is a header but no row for {zone}")
    return _on_grid(rows, columns.export)


def _columns(header: Sequence[str], zone: str, boundary: str) -> _Columns:
    """Find the layout and the columns."""
    names = [cell.strip() for cell in header]
    names[0] = names[0].removeprefix("\ufeff")
    folded = [name.casefold().replace("₂", "2") for name in names]
    if folded[0] == _EXPORT_TIME:
        return _export_columns(folded, boundary)
    if folded[0] != _MATRIX_TIME:
        raise Malformed(
            f"the first column is {shown(names[0])}: it must be {_MATRIX_TIME}, "
            "or Datetime (UTC) as Electricity Maps exports it"
        )
    wanted = zone if zone in names[1:] else "value"
    places = [index for index, name in enumerate(names) if index and name == wanted]
    if not places:
        raise WrongZone(f"there is no column {zone}{near(zone, names[1:])}")
    if len(places) > 1:
        raise Malformed(f"the column {wanted} is there {len(places)} times: keep one")
    return _Columns(0, places[0])


def _export_columns(folded: Sequence[str], boundary: str) -> _Columns:
    """The columns of an export of Electricity Maps."""
    value = next((folded.index(name) for name in _EXPORT_VALUE[boundary] if name in folded), -1)
    if _EXPORT_ZONE not in folded:
        raise Malformed("an export of Electricity Maps has a column Zone Id, this one has none")
    if value < 0:
        raise WrongBasis(f"there is no column with {boundary} intensity: change basis.boundary or the file")
    estimated = folded.index(_EXPORT_ESTIMATED) if _EXPORT_ESTIMATED in folded else -1
    return _Columns(0, value, folded.index(_EXPORT_ZONE), estimated)


def near(zone: str, names: Iterable[str]) -> str:
    """A hint at names that the zone may have been meant to be."""
    known = {name.casefold(): name for name in names if name}
    close = difflib.get_close_matches(zone.casefold(), known, n=4, cutoff=0.5)
    hints = [known[name] for name in close] or sorted(known.values())[:4]
    return f"; near: {', '.join(shown(name).strip(chr(39)) for name in hints)}" if hints else ""


def _rows(reader: Iterator[list[str]], columns: _Columns, width: int, zone: str) -> Iterator[_Row]:
    """The zone's rows. `reader` is a csv.reader, whose `line_num` names the line."""
    others: dict[str, None] = {}
    found = False
    for cells in reader:
        if not cells:
            continue
        line: int = reader.line_num  # type: ignore[attr-defined]
        if len(cells) != width:
            raise Malformed(f"line {line}: {len(cells)} cells where the header has {width}: cut off?")
        if columns.export and cells[columns.zone].strip() != zone:
            if len(others) < 1000:
                others[cells[columns.zone].strip()] = None
            continue
        found = True
        yield _row(line, cells, columns)
    if others and not found:
        raise WrongZone(f"there is no row of zone {zone}{near(zone, others)}")


def _row(line: int, cells: Sequence[str], columns: _Columns) -> _Row:
    """One row; a value that is not believed becomes None with its refusal."""
    try:
        time = parse_time(cells[columns.time], naive_is_utc=columns.export)
    except Malformed as error:
        raise Malformed(f"line {line}: {error}") from None
    estimated = columns.estimated >= 0 and cells[columns.estimated].strip().casefold() == "true"
    text = cells[columns.value]
    if not text.strip():
        return _Row(line, time, None, "", estimated)
    try:
        value = parse_number(text)
        refusal = absurdity(value)
    except SignalError as error:
        value, refusal = 0.0, str(error)
    if refusal:
        return _Row(line, time, None, f"line {line}: {refusal}", estimated)
    return _Row(line, time, value, "", estimated)


def parse_time(text: str, *, naive_is_utc: bool = False) -> datetime:
    """A time on a whole minute, in UTC. Raises Malformed for one without a zone (unless the column itself
    says UTC), for other spellings, and for years that no grid data has."""
    text = text.strip()
    match = _TIME.fullmatch(text)
    if match is None:
        raise Malformed(f"{shown(text)} is not a time: write 2022-03-14T05:00Z")
    if match[2] is None and not naive_is_utc:
        raise Malformed(f"{shown(text)} has no time zone: write {match[1].replace(' ', 'T')}Z")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{shown(text)} is not a time that exists") from None
    if not 1990 <= time.year <= 2200:
        raise Malformed(f"{shown(text)} is not a year that grid data has")
    time = (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    if time.second or time.microsecond:
        raise Malformed(f"{shown(text)} is not on a whole minute")
    return time


def _on_grid(rows: Sequence[_Row], boundary_known: bool) -> Table:
    """Lay the rows on a uniform grid."""
    step = _step(rows)
    start = rows[0].time
    count = (rows[-1].time - start) // step + 1
    if count > MAX_STEPS:
        raise Malformed(f"{count} steps of {step} are more than {MAX_STEPS}: shorten the file")
    values: list[float | None] = [None] * count
    refused: dict[int, str] = {}
    estimated: set[int] = set()
    for row in rows:
        index, rest = divmod(row.time - start, step)
        if rest:
            raise Malformed(f"line {row.line}: {row.time:%Y-%m-%dT%H:%MZ} is not on the grid of {step}")
        values[index] = row.value
        if row.refusal:
            refused[index] = row.refusal
        if row.estimated:
            estimated.add(index)
    return Table(Series(start, step, tuple(values)), refused, frozenset(estimated), boundary_known)


def _step(rows: Sequence[_Row]) -> timedelta:
    """The smallest distance of two rows; an hour for a single row."""
    step = MAX_STEP if len(rows) > 1 else HOUR
    for earlier, later in pairwise(rows):
        distance = later.time - earlier.time
        if distance <= timedelta(0):
            what = "is there twice" if not distance else "is earlier than the row before: sort the file"
            raise Malformed(f"line {later.line}: {later.time:%Y-%m-%dT%H:%MZ} {what}")
        step = min(step, distance)
    if step < MIN_STEP:
        raise Malformed(f"the step is {step}: at least {MIN_STEP}")
    return step
