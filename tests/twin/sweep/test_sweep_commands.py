import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.twin.sweep import world
from voltaire.cli.main import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.write(tmp_path_factory.mktemp("world"))


def run(folder: Path, command: str, *arguments: str) -> Result:
    files = ["--fleet", f"{folder}/fleet.yaml", "--carbon", f"{folder}/carbon.csv"]
    return CliRunner().invoke(main, ["twin", command, *files, *arguments])


def test_compare_writes_table_json_and_page_and_goes_on_from_its_state(folder: Path, tmp_path: Path) -> None:
    out = ["--json", f"{tmp_path}/c.json", "--html", f"{tmp_path}/c.html", "--state", f"{tmp_path}/s.jsonl"]
    given = [
        "--jobs",
        f"{folder}/jobs.csv",
        "--weeks",
        "2",
        "--policies",
        "lowest-mean-stay,greedy-now",
        *out,
    ]
    result = run(folder, "compare", *given)
    assert result.exit_code == 0, result.output
    assert "of clairvoyant" in result.output
    document = json.loads((tmp_path / "c.json").read_text())
    names = {row["name"] for row in document["policies"]}
    assert names == {"carbon-agnostic", "clairvoyant", "lowest-mean-stay", "greedy-now"}
    assert all(row["violations"] == 0 and row["weeks"] == 2 for row in document["policies"])
    best = next(row for row in document["policies"] if row["name"] == "clairvoyant")
    assert best["share"]["mean"] == pytest.approx(1.0)
    assert "4 policies over 2 start weeks" in (tmp_path / "c.html").read_text()
    lines = (tmp_path / "s.jsonl").read_text().splitlines()
    assert len(lines) == 8
    assert run(folder, "compare", *given).exit_code == 0
    assert (tmp_path / "s.jsonl").read_text().splitlines() == lines


def test_compare_says_what_it_costs_and_which_prices_are_missing(folder: Path, tmp_path: Path) -> None:
    write_prices(tmp_path)
    given = ["--jobs", f"{folder}/jobs.csv", "--weeks", "1", "--policies", "lowest-mean-stay", "--prices"]
    both = [
        f"{tmp_path}/FR_electricity_prices_2022.csv",
        "--prices",
        f"US-X={tmp_path}/FR_electricity_prices_2022.csv",
    ]
    result = run(folder, "compare", *given, *both, "--json", f"{tmp_path}/c.json")
    assert result.exit_code == 0, result.output
    assert "cost USD" in result.output
    document = json.loads((tmp_path / "c.json").read_text())
    for row in document["policies"]:
        (played,) = (one for one in document["runs"] if one["policy"] == row["name"])
        assert row["cost"]["mean"] == pytest.approx(played["gridKWh"] * 0.05)
    result = run(folder, "compare", *given, both[0])
    assert "No cost: there are no prices of US-X. Give --prices ZONE=FILE." in result.output


def test_the_baselines_run_their_batteries_by_the_rule_that_is_named(folder: Path, tmp_path: Path) -> None:
    given = ["--jobs", f"{folder}/jobs.csv", "--weeks", "1", "--policies", "lowest-mean-stay"]
    delivered = {}
    for rule in ("idle", "self-consumption", "running-mean"):
        out = ["--json", f"{tmp_path}/{rule}.json", "--baseline-battery", rule]
        assert run(folder, "compare", *given, *out).exit_code == 0
        document = json.loads((tmp_path / f"{rule}.json").read_text())
        assert document["baselineBattery"] == rule
        runs = {one["policy"]: sum(one["dischargedKWh"].values()) for one in document["runs"]}
        delivered[rule] = (runs["lowest-mean-stay"], runs["clairvoyant"])
    assert len({mine for mine, _ in delivered.values()}) == 3
    assert len({best for _, best in delivered.values()}) == 1


def write_prices(folder: Path) -> None:
    """50 USD a MWh in every hour of the trace."""
    times = (world.START + timedelta(hours=hour) for hour in range(world.DAYS * 24))
    rows = (f"{time:%Y-%m-%d %H:%M:%S}+00:00,-,50" for time in times)
    header = "Datetime (UTC),Datetime (Local),Price (USD/MWh)"
    (folder / "FR_electricity_prices_2022.csv").write_text("\n".join([header, *rows]))


def test_size_battery_says_what_each_size_saves_with_wear(folder: Path, tmp_path: Path) -> None:
    given = ["--jobs", f"{folder}/jobs.csv", "--weeks", "1", "--capacity-kwh", "20", "--site", "south"]
    write_prices(tmp_path)
    file = f"{tmp_path}/FR_electricity_prices_2022.csv"
    priced = ["--prices", file, "--prices", f"US-X={file}", "--baseline-battery", "idle"]
    out = ["--policy", "voltaire", "--json", f"{tmp_path}/b.json"]
    result = run(folder, "size-battery", *given, *priced, *out)
    assert result.exit_code == 0, result.output
    assert "saved USD/a" in result.output
    document = json.loads((tmp_path / "b.json").read_text())
    assert (document["currency"], document["baselineBattery"]) == ("USD", "idle")
    nothing, twenty = document["rows"]
    assert nothing["costSaved"]["mean"] == 0
    assert twenty["costSaved"]["mean"] != 0
    assert nothing["capacityKWh"] == 0
    assert nothing["gramsSaved"]["mean"] == 0
    assert twenty["cycles"]["mean"] > 0
    assert twenty["wearGrams"]["mean"] > 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--load", "0.5", "--jobs", "fleet.yaml"], "choose one"),
        (["--count", "3"], "give --load"),
        (["--load", "0.5", "--policies", "wishful"], "there is no policy wishful"),
        (["--load", "0.2", "--count", "3", "--weeks", "500"], "choose fewer --weeks"),
        (
            ["--load", "0.2", "--count", "3", "--weeks", "1", "--dask", "tcp://127.0.0.1:1"],
            "no Dask scheduler",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_cannot_be_done_is_said(folder: Path, arguments: list[str], expected: str) -> None:
    full = [f"{folder}/{part}" if part.endswith(".yaml") else part for part in arguments]
    result = run(folder, "compare", *full)
    assert result.exit_code != 0
    assert expected in result.output


def test_sizes_that_are_none_are_refused(folder: Path) -> None:
    result = run(folder, "size-battery", "--capacity-kwh", "big")
    assert result.exit_code == 2
    assert "write 0,1000,4000" in result.output
