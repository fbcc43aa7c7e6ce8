from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from voltaire.cli.demo import demo

MANIFESTS = Path(__file__).parents[2] / "manifests"
HEADER = "datetime_utc,FR,US-MIDA-PJM,US-CAL-CISO"


def run(*arguments: str) -> Result:
    """Only refusals are tried here: none of them starts anything."""
    return CliRunner().invoke(demo, ["--manifests", str(MANIFESTS), *arguments])


def csv(path: Path, header: str = HEADER) -> str:
    """A matrix of two days."""
    times = (datetime(2022, 3, 14, tzinfo=UTC) + timedelta(hours=hour) for hour in range(48))
    rows = [f"{time:%Y-%m-%dT%H:%MZ},50,400,200" for time in times]
    path.write_text("\n".join([header, *rows]) + "\n")
    return str(path)


def test_a_zone_that_the_matrix_lacks(tmp_path: Path) -> None:
    path = csv(tmp_path / "m.csv", HEADER.replace("US-CAL-CISO", "DE"))
    result = run("--carbon", path, "--start", "2022-03-14")
    assert result.exit_code == 1
    assert "has no column for US-CAL-CISO (it has FR, US-MIDA-PJM, DE)" in result.output


def test_a_start_outside_the_data(tmp_path: Path) -> None:
    result = run("--carbon", csv(tmp_path / "m.csv"), "--start", "2023-01-01")
    assert result.exit_code == 1
    assert "it holds 2022-03-14 to 2022-03-15; choose --start in there" in result.output


def test_a_day_that_is_longer_than_the_data(tmp_path: Path) -> None:
    result = run("--carbon", csv(tmp_path / "m.csv"), "--start", "2022-03-15T12:00Z")
    assert result.exit_code == 1
    assert "before the day is over" in result.output


def test_real_data_without_a_day(tmp_path: Path) -> None:
    result = run("--carbon", csv(tmp_path / "m.csv"))
    assert result.exit_code == 1
    assert "--start 2022-03-14" in result.output


def test_a_file_that_is_no_matrix(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("hello\n")
    result = run("--carbon", str(tmp_path / "m.csv"), "--start", "2022-03-14")
    assert result.exit_code == 1
    assert "is not a carbon matrix" in result.output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--start", "tomorrow"], "write 2022-03-14"),
        (["--carbon", "/nowhere.csv"], "does not exist"),
        (["--seconds-per-hour", "0"], "not in the range"),
        (["--hours", "0"], "not in the range"),
    ],
)
def test_bad_arguments_are_refused_with_the_remedy(arguments: list[str], expected: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert expected in result.output


def test_manifests_that_are_not_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(demo, ["--manifests", str(tmp_path)])
    assert result.exit_code == 1
    assert "name them with --manifests" in result.output
