"""CSV with carbon intensity: what is read, what becomes a gap, what refuses the whole table."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import HOUR, NOW, matrix
from voltaire.signals.carbon.table import Table, parse_table, parse_time
from voltaire.signals.errors import DataError, Malformed, NoData, WrongBasis, WrongZone

NEW_EXPORT = (
    "Datetime (UTC),Country,Zone Name,Zone Id,Carbon Intensity gCO₂eq/kWh (direct),"
    "Carbon Intensity gCO₂eq/kWh (LCA),Data Source,Data Estimated\n"
    "2026-03-14 05:00:00,France,France,FR,20.5,40.25,tso,false\n"
    "2026-03-14 05:00:00,Spain,Spain,ES,120,150,tso,false\n"
    "2026-03-14 06:00:00,France,France,FR,0,0,tso,true\n"
)
OLD_EXPORT = (
    "\ufeffDatetime (UTC),Country,Zone name,Zone id,Carbon intensity gCO2eq/kWh (direct),"
    "Carbon intensity gCO₂eq/kWh (Life cycle),Carbon-free energy percentage (CFE%)\n"
    "2026-03-14 05:00:00,France,France,FR,20.5,40.25,99\n"
)


def read(text: str, zone: str = "FR", boundary: str = "lifecycle") -> Table:
    return parse_table(io.StringIO(text, newline=""), zone, boundary)


def test_a_matrix_gives_the_zones_own_column() -> None:
    table = read(matrix([10, 20.5, 0]))
    assert table.series.values == (10.0, 20.5, 0.0)
    assert (table.series.start, table.series.step) == (NOW.replace(minute=0), HOUR)
    assert not table.boundary_known


def test_a_single_series_may_call_its_column_value() -> None:
    assert read("datetime_utc,value\n2026-03-14T05:00Z,12\n").series.values == (12.0,)


def test_a_zone_column_wins_over_value() -> None:
    assert read("datetime_utc,value,FR\n2026-03-14T05:00Z,1,2\n").series.values == (2.0,)


@pytest.mark.parametrize(("boundary", "first"), [("lifecycle", 40.25), ("direct", 20.5)])
def test_an_export_gives_the_boundary_asked_for(boundary: str, first: float) -> None:
    table = read(NEW_EXPORT, boundary=boundary)
    assert table.series.values == (first, 0.0)
    assert table.estimated == {1}
    assert table.boundary_known


def test_older_headers_of_the_export_and_a_byte_order_mark_are_known() -> None:
    assert read(OLD_EXPORT).series.values == (40.25,)
    assert read(OLD_EXPORT, boundary="direct").series.values == (20.5,)


def test_missing_rows_and_empty_cells_are_gaps_without_a_refusal() -> None:
    start = NOW.replace(minute=0)
    lines = matrix([1, "", 3, 4, 5]).splitlines()
    del lines[4]
    table = read("\n".join(lines))
    assert table.series.values == (1.0, None, 3.0, None, 5.0)
    assert table.series.at(start + 3 * HOUR) is None
    assert table.refused == {}


@pytest.mark.parametrize(
    ("cell", "named"),
    [
        ("NaN", "not a finite number"),
        ("nan", "not a finite number"),
        ("inf", "not a finite number"),
        ("-Infinity", "not a finite number"),
        ("null", "not a finite number"),
        ("1e999", "not a finite number"),
        ("-3", "negative"),
        ("-0.001", "negative"),
        ("99999", "absurd"),
        ("5000.1", "absurd"),
        ("abc", "not a number"),
        ("1_000", "not a number"),
        ("٤٢", "not a number"),
        ("12 g", "not a number"),
        ("0x10", "not a number"),
        ("12;5", "not a number"),
        ("--5", "not a number"),
    ],
)
def test_a_cell_that_is_no_believable_number_becomes_a_gap_and_says_why(cell: str, named: str) -> None:
    table = read(matrix([10, cell, 30]))
    assert table.series.values == (10.0, None, 30.0)
    assert "line 3" in table.refused[1]
    assert named in table.refused[1]


@pytest.mark.parametrize(
    ("text", "error", "named"),
    [
        ("", NoData, "empty"),
        ("\n\n", NoData, "empty"),
        ("datetime_utc,FR\n", NoData, "no row"),
        ("time,FR\n2026-03-14T05:00Z,1\n", Malformed, "datetime_utc"),
        (matrix([1], zone="FRA"), WrongZone, "near: FRA"),
        (matrix([1], zone="fr"), WrongZone, "near: fr"),
        ("datetime_utc,FR,FR\n2026-03-14T05:00Z,1,2\n", Malformed, "2 times"),
        ("datetime_utc,FR\n2026-03-14T05:00Z\n", Malformed, "line 2: 1 cells"),
        ("datetime_utc,FR\n2026-03-14T05:00Z,1,2\n", Malformed, "line 2: 3 cells"),
        ("datetime_utc,FR\n2026-03-14T06:00Z,1\n2026-03-14T05:00Z,2\n", Malformed, "line 3.*sort"),
        ("datetime_utc,FR\n2026-03-14T05:00Z,1\n2026-03-14T05:00Z,2\n", Malformed, "line 3.*twice"),
        ("datetime_utc,FR\n2026-03-14T05:00,1\n", Malformed, "no time zone.*05:00Z"),
        ("datetime_utc,FR\n14/03/2026 05:00,1\n", Malformed, "not a time"),
        ("datetime_utc,FR\n2026-03-14,1\n", Malformed, "not a time"),
        ("datetime_utc,FR\n2026-02-30T05:00Z,1\n", Malformed, "not a time that exists"),
        ("datetime_utc,FR\n0001-01-01T00:00Z,1\n", Malformed, "year"),
        ("datetime_utc,FR\n2026-03-14T05:00:30Z,1\n", Malformed, "whole minute"),
        ("datetime_utc,FR\n1773464400,1\n", Malformed, "not a time"),
        (
            "datetime_utc,FR\n2026-03-14T05:00Z,1\n2026-03-14T06:00Z,2\n2026-03-14T07:20Z,3\n",
            Malformed,
            "line 4.*grid",
        ),
        (
            "datetime_utc,FR\n1990-01-01T00:00Z,1\n1990-01-01T00:01Z,2\n2190-01-01T00:00Z,3\n",
            Malformed,
            "steps",
        ),
        ('datetime_utc,FR\n2026-03-14T05:00Z,"1\n', Malformed, "not CSV"),
        (NEW_EXPORT.replace("Zone Id", "Area"), Malformed, "Zone Id"),
        (NEW_EXPORT.replace("(LCA)", "(other)"), WrongBasis, "lifecycle"),
        (NEW_EXPORT.replace(",FR,", ",DE,"), WrongZone, "no row of zone FR"),
    ],
)
def test_a_table_that_cannot_be_placed_in_time_or_zone_is_refused(
    text: str, error: type[DataError], named: str
) -> None:
    with pytest.raises(error, match=f"(?s){named}"):
        read(text)


def test_a_wrong_zone_names_the_near_ones() -> None:
    with pytest.raises(WrongZone, match=r"near: .*US-MIDA-PJM"):
        read("datetime_utc,DE,US-MIDA-PJM,US-CAL-CISO\n2026-03-14T05:00Z,1,2,3\n", zone="US-MID-PJM")


def test_offsets_are_brought_to_utc() -> None:
    assert parse_time("2026-03-14T07:30+02:00") == datetime(2026, 3, 14, 5, 30, tzinfo=UTC)


def test_steps_of_five_minutes_are_read() -> None:
    assert read(matrix([1, 2, 3], step=timedelta(minutes=5))).series.step == timedelta(minutes=5)


def test_text_that_is_not_utf_8_is_refused() -> None:
    lines = io.TextIOWrapper(io.BytesIO(b"datetime_utc,FR\n2026-03-14T05:00Z,\xff\xfe\n"), encoding="utf-8")
    with pytest.raises(Malformed, match="UTF-8"):
        parse_table(lines, "FR", "lifecycle")


@given(st.binary(max_size=400))
def test_fuzzed_bytes_raise_only_data_errors(content: bytes) -> None:
    lines = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline="")
    with pytest.raises(DataError):
        parse_table(lines, "FR", "lifecycle")


CELLS = st.one_of(
    st.floats().map(str),
    st.integers().map(str),
    st.text(max_size=6),
    st.sampled_from(["", "NaN", "2026-03-14T05:00Z"]),
)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=6))
def test_fuzzed_rows_never_give_a_value_no_grid_can_have(rows: list[list[str]]) -> None:
    text = "datetime_utc,FR\n2026-03-14T05:00Z,5\n" + "\n".join(",".join(cells) for cells in rows)
    try:
        table = read(text)
    except DataError:
        return
    assert all(value is None or 0 <= value <= 5000 for value in table.series.values)


@given(st.lists(st.none() | st.floats(0, 5000), min_size=2, max_size=50))
def test_what_is_written_is_read_back(values: list[float | None]) -> None:
    table = read(matrix(["" if value is None else repr(value) for value in values]))
    assert table.series.values == tuple(values)
