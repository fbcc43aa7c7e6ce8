"""The input files that a result was made of, read anew. What a file leaves out is not compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from voltaire.audit.prices import Prices, read_prices
from voltaire.audit.table import BadTrace, Matrix, cell, moments, table

TIME_COLUMN = "datetime_utc"


Job = Mapping[str, Any]


@dataclass(frozen=True)
class Traces:
    """What was given. `carbon`: g/kWh; `jobs` by id, with the names of the result; `fleet` by kind, then by
    name; `prices` None: no files of prices."""

    carbon: Matrix | None = None
    jobs: Mapping[str, Job] | None = None
    fleet: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    prices: Prices | None = None


def read_traces(
    carbon: Path | None, jobs: Path | None, fleet: Iterable[Path], prices: Iterable[str] = ()
) -> Traces:
    """Read them; `prices`: `[ZONE=]FILE` each. Raises BadTrace."""
    priced = tuple(prices)
    return Traces(
        None if carbon is None else read_matrix(carbon),
        None if jobs is None else read_jobs(jobs),
        read_fleet(fleet),
        read_prices(priced) if priced else None,
    )


def read_matrix(path: Path) -> Matrix:
    """`datetime_utc,ZONE,ZONE,...`, uniform. Raises BadTrace."""
    rows = table(path)
    if not rows or rows[0][:1] != [TIME_COLUMN] or len(rows) < 3:
        raise BadTrace(f"{path}: no carbon matrix: it begins with {TIME_COLUMN},ZONE,... and has two rows")
    start, step = moments(path, rows)
    columns = {
        zone.strip(): [cell(row, column) for row in rows[1:]] for column, zone in enumerate(rows[0]) if column
    }
    return Matrix(start, step, columns)


def read_jobs(path: Path) -> dict[str, Job]:
    """The jobs of a CSV, in the result's words. Raises BadTrace."""
    rows = table(path)
    found: dict[str, Job] = {}
    for number, row in enumerate(rows[1:], 2):
        cells = dict(zip((name.strip() for name in rows[0]), row, strict=False))
        try:
            job = _job(cells)
        except (KeyError, ValueError) as error:
            raise BadTrace(f"{path} line {number}: not a job: {error!r}") from error
        if cells["id"] in found:
            raise BadTrace(f"{path} line {number}: the job {cells['id']} is there twice")
        found[cells["id"]] = job
    return found


def _job(cells: Mapping[str, str]) -> Job:
    arrival, duration = float(cells["arrival_h"]), float(cells["duration_h"])
    return {
        "arrivalH": arrival,
        "durationH": duration,
        "accelerators": int(cells["accelerators"]),
        "kWPerAccelerator": float(cells["kw_per_accelerator"]),
        "deadlineH": arrival + duration + float(cells["slack_h"]),
        "home": cells["home"],
        "interruptible": cells["interruptible"].strip() == "1",
        "checkpointGB": float(cells["checkpoint_gb"]),
        "residency": [word for word in cells["residency"].split(";") if word],
    }


def read_fleet(paths: Iterable[Path]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """The specs of a fleet's resources, by kind and name. Raises BadTrace."""
    fleet: dict[str, dict[str, Mapping[str, Any]]] = {}
    for path in paths:
        try:
            documents = [one for one in yaml.safe_load_all(path.read_text(encoding="utf-8")) if one]
            for document in documents:
                fleet.setdefault(document["kind"], {})[document["metadata"]["name"]] = document["spec"]
        except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
            raise BadTrace(f"{path}: not a file of resources: {error!r}") from error
    return fleet
