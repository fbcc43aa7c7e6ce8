"""Trace files and ConfigMap series: the folder, the cache, the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from tests.signals.builders import HOUR, NOW, matrix
from tests.signals.test_table import NEW_EXPORT
from voltaire.api.gridzone import Basis, ConfigMapSource
from voltaire.signals.carbon import trace
from voltaire.signals.carbon.config_map import ConfigMapSeries
from voltaire.signals.carbon.trace import Trace, TraceFolder
from voltaire.signals.errors import (
    DataError,
    Malformed,
    NoData,
    SignalError,
    TraceRefused,
    Unreadable,
    WrongBasis,
    WrongZone,
)


def source(root: Path | None, file: str = "t.csv", basis: Basis | None = None) -> Trace:
    return Trace("csv[0]", TraceFolder(root), file, "FR", basis or Basis())


async def test_rows_until_now_are_history_and_later_ones_the_forecast(tmp_path: Path) -> None:
    start = NOW.replace(minute=0) - HOUR
    (tmp_path / "t.csv").write_text(matrix([1, 2, 3, "nan", 5], start=start))
    answer = await source(tmp_path).fetch(NOW)
    assert [sample.grams_per_kwh for sample in answer.past] == [1, 2]
    assert [sample.grams_per_kwh for sample in answer.forecast] == [3, None, 5]
    assert answer.past[-1].start <= NOW < answer.past[-1].end
    assert "not a finite number" in answer.forecast[1].refusal


async def test_a_row_that_begins_now_is_history(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(matrix([1, 2, 3]))
    answer = await source(tmp_path).fetch(NOW.replace(minute=0) + HOUR)
    assert [sample.grams_per_kwh for sample in answer.past] == [1, 2]


async def test_a_long_trace_tells_the_days_around_now(tmp_path: Path) -> None:
    start = NOW.replace(minute=0) - timedelta(days=30)
    (tmp_path / "t.csv").write_text(matrix(list(range(60 * 24)), start=start))
    answer = await source(tmp_path).fetch(NOW)
    assert answer.past[0].start <= NOW - timedelta(days=8) < answer.past[0].end
    assert answer.past[-1].grams_per_kwh == 30 * 24
    assert answer.forecast[-1].end >= NOW + timedelta(days=8)


async def test_outside_the_trace_there_is_no_data(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(matrix([1, 2]))
    with pytest.raises(NoData, match="begins at"):
        await source(tmp_path).fetch(NOW - timedelta(days=1))
    with pytest.raises(NoData, match="ends at"):
        await source(tmp_path).fetch(NOW + timedelta(days=9))


async def test_an_export_cannot_serve_a_marginal_zone(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(NEW_EXPORT)
    with pytest.raises(WrongBasis, match="marginal"):
        await source(tmp_path, basis=Basis(signal="marginal")).fetch(NOW)


@pytest.mark.parametrize(
    "file", ["../secret.csv", "link.csv", "folder/link.csv", "missing.csv", "folder", "t\0.csv"]
)
async def test_nothing_outside_the_folder_is_read(tmp_path: Path, file: str) -> None:
    root = tmp_path / "traces"
    (root / "folder").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text(matrix([1, 2]))
    (root / "link.csv").symlink_to(tmp_path / "secret.csv")
    (root / "folder" / "link.csv").symlink_to("../../secret.csv")
    with pytest.raises(TraceRefused):
        await source(root, file).fetch(NOW)


async def test_a_link_that_stays_inside_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text(matrix([1, 2]))
    (tmp_path / "t.csv").symlink_to("real.csv")
    assert (await source(tmp_path).fetch(NOW)).past[0].grams_per_kwh == 1


async def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(TraceRefused, match="regular"):
        await source(tmp_path).fetch(NOW)


async def test_without_a_folder_traces_are_refused() -> None:
    with pytest.raises(TraceRefused, match="no trace folder"):
        await source(None).fetch(NOW)


async def test_huge_files_and_lines_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.csv").write_text("x" * 100_000)
    with pytest.raises(Malformed, match="a line has more"):
        await source(tmp_path).fetch(NOW)
    monkeypatch.setattr(trace, "MAX_FILE_BYTES", 1000)
    with pytest.raises(TraceRefused, match="MiB"):
        await source(tmp_path).fetch(NOW)


async def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    monkeypatch.setattr(
        trace, "read_table", lambda *args, real=trace.read_table: reads.append(args) or real(*args)
    )
    path = tmp_path / "t.csv"
    path.write_text(matrix([1, 2]))
    asked = source(tmp_path)
    assert (await asked.fetch(NOW)).past[0].grams_per_kwh == 1
    assert (await asked.fetch(NOW)).past[0].grams_per_kwh == 1
    assert len(reads) == 1
    path.write_text(matrix([9, 2]))
    os.utime(path, ns=(1, 1))
    assert (await asked.fetch(NOW)).past[0].grams_per_kwh == 9
    assert len(reads) == 2


def test_half_a_year_of_123_zones_is_read_in_less_than_a_second(tmp_path: Path) -> None:
    zones = [f"Z{i}" for i in range(122)] + ["FR"]
    row = ",".join("123.45" for _ in zones)
    start = NOW.replace(minute=0)
    path = tmp_path / "t.csv"
    lines = (f"{start + i * HOUR:%Y-%m-%dT%H:%MZ},{row}" for i in range(4344))
    path.write_text("\n".join(["datetime_utc," + ",".join(zones), *lines]))
    begun = time.process_time()
    table = trace.read_table(path, "FR", "lifecycle")
    assert time.process_time() - begun < 1.0
    assert table.series.values == (123.45,) * 4344


def config_map(data: Mapping[str, str] | Exception, key: str = "series.csv") -> ConfigMapSeries:
    async def read(namespace: str, name: str) -> Mapping[str, str]:
        assert (namespace, name) == ("carbon", "fr")
        if isinstance(data, Exception):
            raise data
        return data

    return ConfigMapSeries(
        "configMap[0]", ConfigMapSource(name="fr", namespace="carbon", key=key), "FR", Basis(), read
    )


async def test_a_config_map_series_is_read_and_follows_changes() -> None:
    data = {"series.csv": "datetime_utc,FR\n2026-03-14T05:00Z,12\n2026-03-14T06:00Z,13\n"}
    asked = config_map(data)
    answer = await asked.fetch(NOW)
    assert (answer.past[0].grams_per_kwh, answer.forecast[0].grams_per_kwh) == (12, 13)
    data["series.csv"] = data["series.csv"].replace(",12", ",14")
    assert (await asked.fetch(NOW)).past[0].grams_per_kwh == 14


@pytest.mark.parametrize(
    ("data", "error", "named"),
    [
        (PermissionError("token abc"), Unreadable, "carbon/fr cannot be read: PermissionError$"),
        ({}, Unreadable, "no key series.csv"),
        ({"serie.csv": "x"}, Unreadable, "near: serie.csv"),
        ({"series.csv": ""}, NoData, "empty"),
        ({"series.csv": "x" * (1 << 20) + "y"}, TraceRefused, "1 MiB"),
        ({"series.csv": "datetime_utc,DE\n2026-03-14T05:00Z,1\n"}, WrongZone, "near: DE"),
        ({"series.csv": "datetime_utc,FR\n2026-03-14T05:00,1\n"}, Malformed, "time zone"),
    ],
)
async def test_a_bad_config_map_is_refused_by_name(
    data: Mapping[str, str] | Exception, error: type[SignalError], named: str
) -> None:
    with pytest.raises(error, match=named):
        await config_map(data).fetch(NOW)


async def test_an_error_in_a_file_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("datetime_utc,FR\nyesterday,1\n")
    with pytest.raises(DataError, match=r"t\.csv: line 2"):
        await source(tmp_path).fetch(NOW)
