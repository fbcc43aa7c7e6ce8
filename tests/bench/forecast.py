"""How good the own forecaster is: `python -m tests.bench.forecast --carbon FILE`.

Plays hours of a carbon matrix: at each, every forecaster says what the next 48 hours bring, knowing what
occurred up to then. The error is the mean absolute error at a lead as a share of the zone's mean. Beside
ours: persistence (the level stays) and the seven-day blend (the mean of the same hour on seven days, plus
today's difference from it, fading with 12 hours). Milliseconds are CPU time.

`--zones held-out` takes every zone of the matrix that had no part in finding the general weights.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voltaire.api.values import Series
from voltaire.forecast import Forecaster

Floats = NDArray[np.float64]
HOUR = timedelta(hours=1)
LEADS = 48
SHOWN = (1, 2, 3, 6, 12, 18, 24, 30, 36, 48)
FADE_HOURS = 12.0
FORECASTERS = ("persistence", "seven-day blend", "ours")
NAMED = ("FR", "DE", "US-MIDA-PJM", "US-CAL-CISO", "US-NY-NYIS", "US-TEX-ERCO", "GB")
# The zones whose January to March 2022 gave the general weights.
_FITTED = """
AT AU-QLD AU-TAS AU-WA BE BR-CS CA-ON CH CY DK-BHM DK-DK2 ES GB-NIR HR IE IN-MH IN-WE IT-CSO IT-SAR IT-SO
JP-TK LT LV NO-NO1 NO-NO3 NO-NO5 PA PL RO SE-SE2 SE-SE4 SI TR US-CAL-BANC US-CAL-TIDC US-CAR-CPLW US-CAR-SC
US-CENT-SPA US-FLA-FMPP US-FLA-FPL US-FLA-JEA US-FLA-TEC US-MIDW-AECI US-MIDW-MISO US-NW-BPAT US-NW-DOPD
US-NW-GRID US-NW-NEVP US-NW-PACE US-NW-PGE US-NW-PSEI US-NW-WACM US-SW-AZPS US-SW-PNM US-SW-TEPC US-TEN-TVA
ZA
"""
FITTED = frozenset(_FITTED.split())


@dataclass(frozen=True)
class Judged:
    """One zone: errors by forecaster and lead (3, LEADS), as shares of the mean; CPU milliseconds a step."""

    zone: str
    errors: Floats
    learn_ms: float
    predict_ms: float


def read(path: Path) -> tuple[datetime, dict[str, Floats]]:
    """Start and hourly values by zone."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    values = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows[1:]])
    start = datetime.fromisoformat(rows[1][0].replace("Z", "+00:00")).astimezone(UTC)
    return start, {zone: values[:, place] for place, zone in enumerate(rows[0][1:])}


def blend(values: Floats, now: int) -> Floats:
    """The seven-day blend of the LEADS hours after `now`."""
    ahead = np.arange(1, LEADS + 1)
    latest = now + ahead - -(-ahead // 24) * 24
    days = np.arange(7) * 24
    usual = values[latest[:, None] - days].mean(axis=1)
    today = values[now] - values[now - 24 - days].mean()
    return np.asarray(np.maximum(0.0, usual + today * np.exp(-ahead / FADE_HOURS)))


def judge(zone: str, values: Floats, start: datetime, begin: int) -> Judged:
    """Play a zone from hour `begin` on; what is before teaches."""
    ours = Forecaster()
    errors, learning, predicting = np.zeros((3, LEADS)), 0.0, 0.0
    moments = range(begin, len(values) - LEADS)
    for now in moments:
        first = 0 if now == begin else now - 48
        told = Series(start + first * HOUR, HOUR, tuple(values[first : now + 1].tolist()))
        before = time.process_time()
        ours.learn(told)
        between = time.process_time()
        said = ours.predict(start + (now + 1) * HOUR, HOUR, LEADS)
        predicting += time.process_time() - between
        learning += 0.0 if now == begin else between - before
        truth = values[now + 1 : now + 1 + LEADS]
        for place, expected in enumerate((values[now], blend(values, now), said)):
            errors[place] += np.abs(expected - truth)
    mean = values[begin:].mean()
    steps = len(moments)
    return Judged(zone, errors / steps / mean, 1e3 * learning / steps, 1e3 * predicting / steps)


def table(judged: list[Judged]) -> str:
    """Markdown: errors by lead over all zones, and means over all leads by zone."""
    every = np.mean([one.errors for one in judged], axis=0)
    head = "| lead, h | " + " | ".join(str(lead) for lead in SHOWN) + " | mean 1..48 |"
    lines = [head, "|---" * (len(SHOWN) + 2) + "|"]
    for name, errors in zip(FORECASTERS, every, strict=True):
        cells = [f"{100 * errors[lead - 1]:.1f}" for lead in SHOWN] + [f"{100 * errors.mean():.2f}"]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    lines += ["", "| zone | " + " | ".join(FORECASTERS) + " |", "|---" * 4 + "|"]
    for one in judged:
        lines.append(
            f"| {one.zone} | " + " | ".join(f"{100 * e:.2f}" for e in one.errors.mean(axis=1)) + " |"
        )
    return "\n".join(lines)


def summary(judged: list[Judged]) -> dict[str, object]:
    """The figures that matter."""
    means = np.array([one.errors.mean(axis=1) for one in judged])
    ratio = means[:, 2] / np.maximum(means[:, :2].min(axis=1), 1e-12)
    worst = int(ratio.argmax())
    return {
        "zones": len(judged),
        "meanError": dict(zip(FORECASTERS, (round(float(m), 5) for m in means.mean(axis=0)), strict=True)),
        "zonesWorseThanTheBetter": int((ratio > 1.0).sum()),
        "worst": {"zone": judged[worst].zone, "ratio": round(float(ratio[worst]), 3)},
        "learnMilliseconds": round(float(np.mean([one.learn_ms for one in judged])), 3),
        "predictMilliseconds": round(float(np.mean([one.predict_ms for one in judged])), 3),
    }


def main(arguments: list[str] | None = None) -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--carbon", type=Path, required=True, help="a matrix of hourly carbon intensity")
    parser.add_argument("--zones", default=",".join(NAMED), help="names, or held-out")
    parser.add_argument("--days", type=int, default=90, help="days that teach before the judging begins")
    parser.add_argument("--json", action="store_true", help="the summary alone, as JSON")
    options = parser.parse_args(arguments)
    start, values = read(options.carbon)
    zones = [zone for zone in values if zone not in FITTED and np.nanstd(values[zone]) > 1e-6]
    if options.zones != "held-out":
        zones = options.zones.split(",")
        if missing := [zone for zone in zones if zone not in values]:
            parser.error(f"{options.carbon.name} has no zone {', '.join(missing)}")
    judged = [judge(zone, values[zone], start, options.days * 24) for zone in zones]
    figures = summary(judged)
    print(json.dumps(figures) if options.json else f"{table(judged)}\n\n{json.dumps(figures)}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
