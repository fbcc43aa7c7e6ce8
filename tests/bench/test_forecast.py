"""The forecaster's bench, on a matrix small enough to know."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.bench import forecast
from tests.forecast.signals import noisy

START = datetime(2022, 1, 1, tzinfo=UTC)


@pytest.fixture
def matrix(tmp_path: Path) -> Path:
    """Two zones, 40 days."""
    columns = [noisy(40 * 24, seed) for seed in (1, 2)]
    rows = [
        f"{START + timedelta(hours=hour):%Y-%m-%dT%H:%MZ},{a},{b}"
        for hour, (a, b) in enumerate(zip(*columns, strict=True))
    ]
    path = tmp_path / "matrix.csv"
    path.write_text("\n".join(["datetime_utc,AA,BB", *rows]) + "\n", encoding="utf-8")
    return path


def test_it_judges_every_zone_asked_for(matrix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert forecast.main(["--carbon", str(matrix), "--zones", "AA,BB", "--days", "30"]) == 0
    output = capsys.readouterr().out
    assert "| AA |" in output
    figures = json.loads(output.splitlines()[-1])
    assert figures["zones"] == 2
    assert figures["meanError"]["ours"] < figures["meanError"]["persistence"]


def test_a_zone_that_is_not_there_is_named(matrix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        forecast.main(["--carbon", str(matrix), "--zones", "AA,XX"])
    assert "has no zone XX" in capsys.readouterr().err


def test_the_seven_day_blend_begins_at_the_level_and_ends_at_the_usual_day() -> None:
    day = 100.0 + np.arange(24.0)
    values = np.tile(day, 9)
    values[-1] += 50.0
    said = forecast.blend(values, len(values) - 1)
    assert said[0] == pytest.approx(day[0] + 50.0 * np.exp(-1 / 12))
    # At 24 hours the latest such hour is the unusual one itself: a seventh of it is in the mean.
    assert said[23] == pytest.approx(day[23] + 50.0 / 7 + 50.0 * np.exp(-2), abs=7.2)
