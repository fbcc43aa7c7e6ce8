"""`voltaire twin run` and `voltaire twin jobs`, as a person types them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from tests.twin.checker import check
from tests.twin.scenes import START, cluster, placement_policy, zone
from tests.twin.sweep import world
from voltaire.cli.main import main
from voltaire.twin.fleet_file import read_fleet, read_objects

EXAMPLES = Path(__file__).parents[2] / "examples" / "fleets"
LIMITS = {"a": 4, "b": 4, "c": 12}


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A fleet of two, three days of carbon, and jobs made for them."""
    documents = [cluster("a"), cluster("b"), zone("a"), zone("b"), placement_policy()]
    (tmp_path / "fleet.yaml").write_text(yaml.safe_dump_all(documents))
    times = (f"{START + k * timedelta(hours=1):%Y-%m-%dT%H:%MZ}" for k in range(96))
    rows = (f"{time},{100 + k % 24},{200 - k % 24}" for k, time in enumerate(times))
    (tmp_path / "carbon.csv").write_text("\n".join(["datetime_utc,A,B", *rows]))
    done = call(
        "jobs", "--fleet", f"{tmp_path}/fleet.yaml", "--hours", "20", "--count", "12", "--load", "0.4",
        "--out", f"{tmp_path}/jobs.csv",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    fleet, carbon = f"{tmp_path}/fleet.yaml", f"{tmp_path}/carbon.csv"
    return ["run", "--fleet", fleet, "--jobs", f"{tmp_path}/jobs.csv", "--carbon", carbon]


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["twin", *arguments])


def test_a_run_writes_a_table_a_file_and_a_page(files: list[str], tmp_path: Path) -> None:
    names = ["--policy", "carbon-agnostic", "--policy", "clairvoyant"]
    out = ["--json", f"{tmp_path}/out.json", "--html", f"{tmp_path}/out.html"]
    done = call(*files, *names, *out)
    assert done.exit_code == 0, done.output
    assert "clairvoyant" in done.stdout
    assert "100.0%" in done.stdout
    result = json.loads((tmp_path / "out.json").read_text())
    assert (result["version"], result["start"]) == (1, "2026-03-02T00:00:00Z")
    assert list(result["policies"]) == ["carbon-agnostic", "clairvoyant"]
    check(result)
    assert "clairvoyant" in (tmp_path / "out.html").read_text()


def test_without_a_terminal_lines_say_how_far_each_policy_is(files: list[str]) -> None:
    done = call(*files, "--policy", "carbon-agnostic", "--policy", "greedy-now")
    told = [line.split() for line in done.stderr.splitlines()]
    assert [words[0] for words in told] == ["carbon-agnostic:"] * 10 + ["greedy-now:"] * 10
    shares = [int(words[1].rstrip("%")) for words in told[:10]]
    assert shares == sorted(shares)
    assert (shares[0] < 20, shares[-1]) == (True, 100)


def test_the_table_counts_what_batteries_hold_as_compare_does(tmp_path: Path) -> None:
    world.write(tmp_path)
    files = [word for name in ("fleet.yaml", "jobs.csv", "carbon.csv")
             for word in (f"--{name.partition('.')[0]}", f"{tmp_path}/{name}")]  # fmt: skip
    out = ["--json", f"{tmp_path}/out.json", "--start", "2022-02-01", "--baseline-battery", "running-mean"]
    done = call("run", *files, "--policy", "carbon-agnostic", "--policy", "lowest-mean-stay", *out)
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "out.json").read_text())
    assert result["baselineBattery"] == "running-mean"
    summaries = {name: played["summary"] for name, played in result["policies"].items()}
    counted = {name: (s["grams"] - s["storedChangeGrams"]) / 1000 for name, s in summaries.items()}
    home, stay = counted["carbon-agnostic"], counted["lowest-mean-stay"]
    shown = [line.split() for line in done.stdout.splitlines() if line.split()[:1] in ([n] for n in counted)]
    assert abs(summaries["lowest-mean-stay"]["storedChangeGrams"]) > 100
    assert [row[0] for row in shown] == sorted(counted, key=lambda name: counted[name])
    assert {row[0]: row[1] for row in shown} == {name: f"{kg:,.1f}" for name, kg in counted.items()}
    assert next(row[2] for row in shown if row[0] == "lowest-mean-stay") == f"{1 - stay / home:.1%}"


def test_prices_say_what_a_run_costs_and_which_are_missing(files: list[str], tmp_path: Path) -> None:
    times = (START + k * timedelta(hours=1) for k in range(96))
    rows = [f"{time:%Y-%m-%d %H:%M:%S}+00:00,-,{k % 7 - 2}" for k, time in enumerate(times)]
    prices = tmp_path / "A_electricity_prices_2026.csv"
    prices.write_text("\n".join(["Datetime (UTC),Datetime (Local),Price (EUR/MWh)", *rows]))
    given = [*files, "--policy", "carbon-agnostic", "--json", f"{tmp_path}/out.json", "--prices"]
    done = call(*given, f"{prices}")
    assert done.exit_code == 0, done.output
    assert "No cost: there are no prices of B. Give --prices ZONE=FILE." in done.stdout
    assert (
        json.loads((tmp_path / "out.json").read_text())["policies"]["carbon-agnostic"]["summary"]["cost"]
        is None
    )
    done = call(*given, f"{prices}", "--prices", f"B={prices}")
    assert done.exit_code == 0, done.output
    result = json.loads((tmp_path / "out.json").read_text())
    assert "cost EUR" in done.stdout
    paid = 0.0
    for cluster_ in result["policies"]["carbon-agnostic"]["clusters"]:
        paid += sum(kwh * (k % 7 - 2) / 1000 for k, kwh in enumerate(cluster_["gridKWh"]))
    assert result["policies"]["carbon-agnostic"]["summary"]["cost"] == pytest.approx(paid)
    assert CliRunner().invoke(main, ["audit", f"{tmp_path}/out.json"]).exit_code == 0


def test_jobs_that_arrive_later_are_left_out(files: list[str], tmp_path: Path) -> None:
    done = call(*files, "--policy", "carbon-agnostic", "--hours", "10", "--json", f"{tmp_path}/out.json")
    assert done.exit_code == 0, done.output
    jobs = json.loads((tmp_path / "out.json").read_text())["jobs"]
    assert 0 < len(jobs) < 12
    assert max(job["arrivalH"] for job in jobs) < 10


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--policy", "hope"], "there is no policy hope"),
        (["--start", "2026-03-04T00:00Z"], "TraceTooShort"),
        (["--start", "noon"], "is not a time"),
        (["--forecast", "guess"], "write perfect, none or dayahead:0.08"),
        (["--prices", "prices.csv"], "does not say whose prices it holds"),
        (["--prices", "A=prices.csv"], "there is no file prices.csv"),
        (["--baseline-battery", "hope"], "'hope' is not one of 'idle', 'self-consumption'"),
        (["--slot", "1 hour"], "a duration is written like 90m"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(files: list[str], options: list[str], words: str) -> None:
    done = call(*files, *options)
    assert done.exit_code != 0
    assert words in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize("name", LIMITS)
def test_the_example_fleets_are_what_one_applies(name: str) -> None:
    found = read_fleet(read_objects(EXAMPLES / f"{name}.yaml"))
    assert 4 <= len(found.clusters) <= LIMITS[name]
    zones = {found.zone_of(cluster) for cluster in found.clusters}
    assert ("FR" in zones) == (name != "b")
    sites = [c for c in found.clusters.values() if c.spec.batteries]
    assert len(sites) * 2 == len(found.clusters)
    for site in sites:
        pack = found.batteries[site.spec.batteries[0]].spec
        assert pack.capacity_kwh / pack.max_discharge_kw == 4.0
    assert any(b.spec.solar for b in found.batteries.values())
    assert not all(b.spec.solar for b in found.batteries.values())
