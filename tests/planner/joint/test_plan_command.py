"""`voltaire plan` on the example."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from voltaire.cli.main import main

EXAMPLE = Path(__file__).parents[3] / "examples" / "problems" / "small.json"


@pytest.mark.parametrize("how", [[], ["--exact"]])
def test_it_prints_a_plan_with_its_gap(how: list[str]) -> None:
    done = CliRunner().invoke(
        main, ["plan", "--problem", str(EXAMPLE), "--seconds", "30" if how else "1", *how]
    )
    assert done.exit_code == 0, done.output
    assert "train-large" in done.output
    assert "above the optimum" in done.output


def test_the_optimum_of_the_example_lies_between_bound_and_plan() -> None:
    plans = []
    for how in ([], ["--exact"]):
        done = CliRunner().invoke(
            main, ["plan", "--problem", str(EXAMPLE), "--seconds", "60" if how else "2", "--json", *how]
        )
        plans.append(json.loads(done.output))
    ours, best = plans
    assert best["grams"] <= ours["grams"] <= best["grams"] * (1 + ours["gap"] + 1e-6)
    assert ours["boundGrams"] <= best["grams"] * (1 + 1e-6)


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('{"version": 1, "slots": 1, "slot_hours": 1, "clusters": []}')
    done = CliRunner().invoke(main, ["plan", "--problem", str(bad)])
    assert done.exit_code == 1
    assert "EmptyFleet" in done.output
