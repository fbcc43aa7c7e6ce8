from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from voltaire.api.values import Series
from voltaire.demo import trace
from voltaire.demo.errors import TraceError

START = datetime(2022, 3, 14, tzinfo=UTC)
DAY = timedelta(hours=24)


def matrix(path: Path, *, days: int = 3, first: datetime = START - timedelta(days=1)) -> list[str]:
    """An hourly matrix of FR and PJM around the start; returns its lines."""
    lines = ["datetime_utc,FR,US-MIDA-PJM"]
    for hour in range(24 * days):
        lines.append(f"{first + timedelta(hours=hour):%Y-%m-%dT%H:%MZ},{50 + hour},{400 + hour}")
    path.write_text("\n".join(lines) + "\n")
    return lines


def read(path: Path, zones: tuple[str, ...] = ("FR",), start: datetime = START) -> trace.Day:
    return trace.read_matrix(path, zones, start, DAY)


def test_a_matrix_gives_the_window_around_the_day(tmp_path: Path) -> None:
    matrix(tmp_path / "m.csv", days=30, first=START - timedelta(days=15))
    series = read(tmp_path / "m.csv").zones["FR"]
    assert series.start == START - trace.BEFORE
    assert series.end == START + trace.AFTER
    assert series.at(START) == 50 + 15 * 24


def test_zero_is_a_value(tmp_path: Path) -> None:
    lines = matrix(tmp_path / "m.csv")
    lines[25] = lines[25].replace(",74,", ",0,")
    (tmp_path / "m.csv").write_text("\n".join(lines))
    assert read(tmp_path / "m.csv").zones["FR"].at(START) == 0


def test_a_gap_outside_the_day_stays_a_gap(tmp_path: Path) -> None:
    lines = matrix(tmp_path / "m.csv")
    del lines[3]
    (tmp_path / "m.csv").write_text("\n".join(lines))
    assert read(tmp_path / "m.csv").zones["FR"].at(START - timedelta(hours=22)) is None


@pytest.mark.parametrize("bad", ["", "nan", "-3", "1e9", "n/a"])
def test_an_unbelievable_value_inside_the_day_is_refused_by_zone_and_time(tmp_path: Path, bad: str) -> None:
    lines = matrix(tmp_path / "m.csv")
    lines[30] = lines[30].replace(",79,", f",{bad},")
    (tmp_path / "m.csv").write_text("\n".join(lines))
    with pytest.raises(TraceError, match=r"FR has no believable value at 2022-03-14T05:00Z.*fill the gap"):
        read(tmp_path / "m.csv")


def test_a_missing_zone_is_named_with_what_there_is(tmp_path: Path) -> None:
    matrix(tmp_path / "m.csv")
    with pytest.raises(TraceError, match=r"no column for US-CAL-CISO \(it has FR, US-MIDA-PJM\)"):
        read(tmp_path / "m.csv", ("FR", "US-CAL-CISO"))


@pytest.mark.parametrize("start", [START - timedelta(days=40), START + timedelta(days=40)])
def test_a_start_outside_the_data_is_refused_with_its_span(tmp_path: Path, start: datetime) -> None:
    matrix(tmp_path / "m.csv")
    with pytest.raises(TraceError, match="it holds 2022-03-13 to 2022-03-15; choose --start in there"):
        read(tmp_path / "m.csv", start=start)


def test_a_day_that_the_data_does_not_finish_is_refused(tmp_path: Path) -> None:
    matrix(tmp_path / "m.csv")
    with pytest.raises(TraceError, match="ends at 2022-03-16T00:00Z, before the day is over"):
        read(tmp_path / "m.csv", start=START + timedelta(hours=30))


def test_unsorted_rows_are_refused_by_line(tmp_path: Path) -> None:
    lines = matrix(tmp_path / "m.csv")
    lines[5], lines[6] = lines[6], lines[5]
    (tmp_path / "m.csv").write_text("\n".join(lines))
    with pytest.raises(TraceError, match=r"line 7: .* sort the rows"):
        read(tmp_path / "m.csv")


def test_a_row_off_the_grid_is_refused(tmp_path: Path) -> None:
    lines = matrix(tmp_path / "m.csv")
    lines.insert(8, lines[7].replace(":00Z", ":25Z"))
    (tmp_path / "m.csv").write_text("\n".join(lines))
    with pytest.raises(TraceError, match="off the grid"):
        read(tmp_path / "m.csv")


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "datetime_utc,FR\nyesterday,5\n"])
def test_what_is_no_matrix_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(TraceError, match=r"not a carbon matrix|is not a time"):
        read(tmp_path / "m.csv")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(TraceError, match="cannot be read as text"):
        read(tmp_path / "m.csv")


def test_the_built_in_day_does_not_invent_zones() -> None:
    with pytest.raises(TraceError, match="not DE: give a matrix"):
        trace.modelled(["FR", "DE"], START)


def test_a_configmap_series_leaves_gaps_out() -> None:
    series = Series(START, timedelta(hours=1), (1.5, None, 0.0))
    assert trace.series_csv("FR", series) == "datetime_utc,FR\n2022-03-14T00:00Z,1.5\n2022-03-14T02:00Z,0\n"


def test_a_series_that_no_configmap_holds_is_refused() -> None:
    series = Series(START, timedelta(minutes=1), (123.456,) * 60_000)
    with pytest.raises(TraceError, match="use a coarser step"):
        trace.series_csv("FR", series)
