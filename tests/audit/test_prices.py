"""The cost of a run, recomputed; prices held against their files. All by tampering."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.twin.sweep import world
from voltaire.audit import Traces, audit, read_traces
from voltaire.cli.main import main
from voltaire.twin.play import play
from voltaire.twin.prices import price_file
from voltaire.twin.result import to_json
from voltaire.twin.scenario import load_scenario

Json = dict[str, Any]
HEADER = "Datetime (UTC),Datetime (Local),Price (USD/MWh)"
START = datetime.fromisoformat("2022-02-01T00:00:00Z")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = world.write(tmp_path_factory.mktemp("priced"))
    for zone, swing in (("FR", 60), ("US-X", 20)):
        hours = [START + timedelta(hours=hour) for hour in range(-24, 96)]
        rows = [f"{t:%Y-%m-%d %H:%M:%S}+00:00,-,{10 + swing * (t.hour % 5 - 2)}" for t in hours]
        (made / f"{zone}_electricity_prices_2022.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    return made


def files(folder: Path) -> list[str]:
    return [str(path) for path in sorted(folder.glob("*_electricity_prices_2022.csv"))]


@pytest.fixture(scope="module")
def result(folder: Path) -> Json:
    scenario = load_scenario(
        [folder / "fleet.yaml"], folder / "jobs.csv", folder / "carbon.csv", start=START,
        price_files=[price_file(file) for file in files(folder)],
    )  # fmt: skip
    document: Json = json.loads(to_json(play(scenario, ["carbon-agnostic"])))
    return document


def traces(folder: Path) -> Traces:
    return read_traces(folder / "carbon.csv", folder / "jobs.csv", [folder / "fleet.yaml"], files(folder))


def found(document: Json, against: Traces | None = None) -> set[tuple[str, str]]:
    return {(finding.name, finding.path) for finding in audit(document, against or Traces()).findings}


def test_a_run_with_prices_agrees_with_itself_and_with_its_files(result: Json, folder: Path) -> None:
    policy = result["policies"]["carbon-agnostic"]
    assert policy["summary"]["cost"] > 0
    assert any(paid < 0 for cluster in policy["clusters"] for paid in cluster["cost"])
    assert found(result) == set()
    assert found(result, traces(folder)) == set()


def test_a_tampered_total_is_found(result: Json) -> None:
    for wrong in (result["policies"]["carbon-agnostic"]["summary"]["cost"] * 0.999, None):
        altered = copy.deepcopy(result)
        altered["policies"]["carbon-agnostic"]["summary"]["cost"] = wrong
        assert found(altered) == {("Cost", "policies.carbon-agnostic.summary.cost")}


@pytest.mark.parametrize("slot", [0, 7])
def test_a_tampered_slot_of_a_site_is_found(result: Json, slot: int) -> None:
    altered = copy.deepcopy(result)
    altered["policies"]["carbon-agnostic"]["clusters"][1]["cost"][slot] += 0.01
    where = f"policies.carbon-agnostic.clusters[1].cost[{slot}]"
    assert found(altered) == {("Cost", where)}


def test_energy_that_was_moved_to_a_cheaper_hour_does_not_fit_the_cost(result: Json) -> None:
    altered = copy.deepcopy(result)
    altered["clusters"][0]["pricePerKWh"][3] -= 0.05
    names = found(altered)
    assert ("Cost", "policies.carbon-agnostic.summary.cost") in names
    assert ("Cost", "policies.carbon-agnostic.clusters[0].cost[3]") in names


def test_prices_that_were_made_up_with_their_cost_are_found_by_the_files(result: Json, folder: Path) -> None:
    altered = copy.deepcopy(result)
    policy = altered["policies"]["carbon-agnostic"]
    for head, site in zip(altered["clusters"], policy["clusters"], strict=True):
        head["pricePerKWh"] = [price / 2 for price in head["pricePerKWh"]]
        site["cost"] = [paid / 2 for paid in site["cost"]]
    policy["summary"]["cost"] /= 2
    assert found(altered) == set()
    assert {name for name, _ in found(altered, traces(folder))} == {"Price"}


def test_a_currency_and_prices_that_are_left_out_are_found_by_the_files(result: Json, folder: Path) -> None:
    altered = copy.deepcopy(result) | {"currency": "EUR"}
    assert found(altered, traces(folder)) == {("Currency", "currency")}
    altered = copy.deepcopy(result)
    altered["clusters"][0]["pricePerKWh"] = None
    altered["policies"]["carbon-agnostic"]["clusters"][0]["cost"] = None
    altered["policies"]["carbon-agnostic"]["summary"]["cost"] = None
    assert found(altered) == set()
    assert found(altered, traces(folder)) == {("Priced", "clusters[0].pricePerKWh")}


@pytest.mark.parametrize("wrong", [[1.0], "dear", ["dear"], {"a": 1}])
def test_a_series_that_is_no_series_is_named(result: Json, wrong: object) -> None:
    altered = copy.deepcopy(result)
    altered["clusters"][0]["pricePerKWh"] = wrong
    assert any(path.startswith("clusters[0].pricePerKWh") for _, path in found(altered))
    altered = copy.deepcopy(result)
    altered["policies"]["carbon-agnostic"]["clusters"][0]["cost"] = wrong
    where = "policies.carbon-agnostic.clusters[0].cost"
    assert any(path.startswith(where) for _, path in found(altered))


def test_the_command_takes_the_files_of_prices(result: Json, folder: Path, tmp_path: Path) -> None:
    def call(document: Json) -> tuple[int, str]:
        (tmp_path / "result.json").write_text(json.dumps(document))
        options = [word for file in files(folder) for word in ("--prices", file)]
        done = CliRunner().invoke(main, ["audit", f"{tmp_path}/result.json", *options])
        return done.exit_code, done.output

    assert call(result)[0] == 0
    altered = copy.deepcopy(result)
    altered["policies"]["carbon-agnostic"]["summary"]["cost"] += 1
    code, said = call(altered)
    assert code == 1
    assert "Cost at policies.carbon-agnostic.summary.cost" in said


def test_a_file_that_holds_no_prices_cannot_be_read(result: Json, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(result))
    for file in (f"FR={folder}/carbon.csv", f"{folder}/carbon.csv"):
        done = CliRunner().invoke(main, ["audit", f"{tmp_path}/r.json", "--prices", file])
        assert done.exit_code == 2
        assert "carbon.csv" in done.output
