"""The published tables and the traces that they are recomputed from. They are not ours to ship: they lie
beside the clone, and where they do not, the test says so."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

DATA = Path(__file__).parents[4] / "shared" / "data"
TABLES, TRACE = DATA / "eurosys24_reference", DATA / "carbon" / "carbon_intensity_123zones_2022H1_hourly.csv"
START = datetime(2022, 1, 1, tzinfo=UTC)
GROUPS = ("Asia", "Americas", "Global", "Europe", "Oceania")

Floats = NDArray[np.float64]


def rows(path: Path) -> list[list[str]]:
    """A CSV file with its header; skips the test that asks, with the reason, where it is absent."""
    if not path.exists():
        pytest.skip(f"needs published tables and traces that are not ours to ship: {path} does not exist")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def table(name: str) -> dict[str, dict[str, float]]:
    """A published table: row label -> column -> value, empty cells left out."""
    head, *lines = rows(TABLES / f"{name}.csv")
    return {
        line[0]: {column: float(value) for column, value in zip(head[1:], line[1:], strict=True) if value}
        for line in lines
    }


def members(group: str) -> list[str]:
    """The zones of one of the GROUPS."""
    head, *lines = rows(TABLES / "name_stats.csv")
    return [line[0] for line in lines if group == "Global" or line[head.index(group)] == "1"]


def yearly_means() -> dict[str, float]:
    """g/kWh by zone, mean of 2022."""
    return {zone: columns["2022"] for zone, columns in table("zone_mean_2020_2022").items()}


@cache
def trace() -> tuple[tuple[str, ...], Floats]:
    """Zones, and g/kWh (hours, zones) of January to June 2022."""
    head, *lines = rows(TRACE)
    return tuple(head[1:]), np.array([[float(value) for value in line[1:]] for line in lines])


def hourly(zones: list[str]) -> Floats:
    """g/kWh (hours, zones) of some zones."""
    names, values = trace()
    return values[:, [names.index(zone) for zone in zones]]
