"""The audit on what the twin really writes."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.audit.tamper import altered, leaves, other, written
from tests.twin.sweep import world
from voltaire.audit import Traces, audit, read_traces
from voltaire.twin.forecast_kind import parse_forecast
from voltaire.twin.play import play
from voltaire.twin.report import render
from voltaire.twin.result import TwinResult, to_json
from voltaire.twin.scenario import load_scenario

Json = dict[str, Any]
POLICIES = ("carbon-agnostic", "greedy-now", "voltaire", "clairvoyant")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.write(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def traces(folder: Path) -> Traces:
    return read_traces(folder / "carbon.csv", folder / "jobs.csv", [folder / "fleet.yaml"])


@pytest.fixture(scope="module")
def played(folder: Path) -> TwinResult:
    scenario = load_scenario(
        [folder / "fleet.yaml"],
        folder / "jobs.csv",
        folder / "carbon.csv",
        start=datetime.fromisoformat("2022-02-01T00:00:00Z"),
        forecast=parse_forecast("dayahead:0.08"),
    )
    return play(scenario, POLICIES)


@pytest.fixture(scope="module")
def result(played: TwinResult) -> Json:
    document: Json = json.loads(to_json(played))
    return document


def test_the_result_has_its_page_without_a_detour_by_json(played: TwinResult) -> None:
    assert "Figures here are those of <b>voltaire</b>" in render(played.as_dict())


def test_every_figure_of_every_policy_agrees(result: Json, traces: Traces) -> None:
    ledger = audit(result, traces)
    assert ledger.findings == []
    assert ledger.checked > 3000
    assert result["policies"]["greedy-now"]["summary"]["migrations"] > 0
    assert sum(sum(b["dischargeKWh"]) for b in result["policies"]["voltaire"]["batteries"]) > 0


# Beside labels, timings and gaps: what is counted on the way, and sun that nobody could use.
UNCHECKABLE = {
    "voltaireVersion", "seed", "announcedH", "baselineBattery", "planSecondsP50", "planSecondsP95", "gapP50",
    "gapP95", "seconds", "plans", "refused", "pauses", "solarKWh[*]", "solarGrams", "clusters[*].wue",
    "mode", "restartH",
}  # fmt: skip


def test_altered_leaves_are_caught(result: Json, traces: Traces) -> None:
    missed = set()
    for index, (path, _) in enumerate(leaves(result)):
        series = isinstance(path[-1], int)
        if series and index % 7:
            continue  # of the long series every seventh slot
        if not audit(altered(result, path, other), traces).findings:
            missed.add(written(path))
    missed = {path for path in missed if not any(path.endswith(name) for name in UNCHECKABLE)}
    assert missed == set()
