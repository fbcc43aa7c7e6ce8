import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.audit import made
from voltaire.cli.audit import audit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made.traces(tmp_path)
    (tmp_path / "result.json").write_text(json.dumps(made.document()))
    return tmp_path


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(audit, [str(folder / "result.json"), *arguments])


def test_a_valid_file_with_its_traces_exits_with_zero(folder: Path) -> None:
    inputs = ["--carbon", f"{folder}/carbon.csv", "--jobs", f"{folder}/jobs.csv"]
    result = run(folder, *inputs, "--fleet", f"{folder}/fleet.yaml")
    assert result.exit_code == 0
    assert "figures and facts checked, all agree" in result.output


def test_a_tampered_file_says_which_figure_and_exits_with_one(folder: Path) -> None:
    document = made.document()
    document["policies"]["clairvoyant"]["summary"]["grams"] -= 100.0
    (folder / "result.json").write_text(json.dumps(document))
    result = run(folder)
    assert result.exit_code == 1
    assert "TotalGrams at policies.clairvoyant.summary.grams: stated" in result.output
    found = json.loads(run(folder, "--json").output)
    assert found["disagree"] == 1
    finding = found["findings"][0]
    assert finding["recomputed"] - finding["stated"] == pytest.approx(100.0)


def test_no_more_findings_are_printed_than_asked_for(folder: Path) -> None:
    document = made.document()
    document["clusters"][0]["gramsPerKWh"] = [1.0] * made.SLOTS
    (folder / "result.json").write_text(json.dumps(document))
    result = run(folder, "--most", "2")
    assert result.output.count("Grams at") == 2
    assert "more: see them with --most" in result.output


@pytest.mark.parametrize(
    ("text", "expected"),
    [("{", "is not JSON"), ("[]", "neither a result of"), ('{"a": 1}', "neither a result of")],
)
def test_what_is_no_result_exits_with_two(folder: Path, text: str, expected: str) -> None:
    (folder / "result.json").write_text(text)
    result = run(folder)
    assert result.exit_code == 2
    assert expected in result.output


@pytest.mark.parametrize(
    ("option", "name", "text", "expected"),
    [
        ("--carbon", "carbon.csv", "hello\n", "no carbon matrix"),
        ("--carbon", "carbon.csv", "datetime_utc,FR\nnow,1\nthen,2\n", "is not a time"),
        ("--carbon", "carbon.csv",
         "datetime_utc,FR\n2022-01-01T00:00Z,1\n2022-01-01T01:00Z,2\n2022-01-01T03:00Z,2\n", "uniform step"),
        ("--jobs", "jobs.csv", "id,arrival_h\na,0\n", "not a job"),
        ("--fleet", "fleet.yaml", "- just a list\n", "not a file of resources"),
        ("--fleet", "fleet.yaml", "a: [\n", "not a file of resources"),
    ],
)  # fmt: skip
def test_a_trace_that_cannot_be_read_is_named(
    folder: Path, option: str, name: str, text: str, expected: str
) -> None:
    (folder / name).write_text(text)
    result = run(folder, option, str(folder / name))
    assert result.exit_code == 2
    assert expected in result.output
    assert name in result.output
