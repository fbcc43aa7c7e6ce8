"""The result file of the twin, version 1: the values that its readers share. Field names are the file's own.

Hours count from `start`; energy is in kWh by slot, as the docs page `reference/twin-result.md` says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

VERSION = 1
RunKind = Literal["Run", "Restart", "Transfer"]
RunRow = tuple[float, float, str, RunKind]


@dataclass(frozen=True, slots=True)
class Summary:
    """One policy in figures; None where unknown. `grams` is grid energy times intensity, all of it.

    `storedChangeGrams`: what the batteries hold at the end over what they held at first. `solarGrams` and
    `wearGrams` stand beside and are in no other sum. `refused`: decisions that capacity or rules did not
    allow.
    """

    grams: float
    gridKWh: float
    facilityKWh: float
    itKWh: float
    cost: float | None
    litres: float | None
    missed: int
    violations: int
    migrations: int
    gbMoved: float
    planSecondsP50: float | None
    planSecondsP95: float | None
    gapP50: float | None
    gapP95: float | None
    lowerBoundGrams: float | None
    unfinished: int = 0
    pauses: int = 0
    refused: int = 0
    plans: int = 0
    storedChangeGrams: float = 0.0
    solarGrams: float = 0.0
    wearGrams: float = 0.0
    counterfactualGrams: float | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where a job was: `runs` are (startH, endH, cluster, kind), a Transfer's cluster is its destination.
    `grams` and `energyKWh`: its receipts; `counterfactualGrams`: at home, from its arrival on."""

    id: str
    runs: tuple[RunRow, ...]
    doneH: float | None
    missed: bool
    lostH: float = 0.0
    energyKWh: float | None = None
    grams: float | None = None
    counterfactualGrams: float | None = None


@dataclass(frozen=True, slots=True)
class ClusterSeries:
    """A cluster by slot. `batteryKWh`: delivered to the site. `transferKWh`: the network's share of
    facilityKWh. `attributedGrams`: grams with battery energy counted when it is used, at what it was stored
    with. `cost`: gridKWh at its price; None where that is not known."""

    name: str
    itKWh: tuple[float, ...]
    facilityKWh: tuple[float, ...]
    gridKWh: tuple[float, ...]
    solarUsedKWh: tuple[float, ...]
    batteryKWh: tuple[float, ...]
    grams: tuple[float, ...]
    transferKWh: tuple[float, ...] = ()
    attributedGrams: tuple[float, ...] = ()
    cost: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class BatterySeries:
    """A battery by slot. Charge before its loss, discharge after it; soc and stored intensity at the end."""

    name: str
    chargeGridKWh: tuple[float, ...]
    chargeSolarKWh: tuple[float, ...]
    dischargeKWh: tuple[float, ...]
    socKWh: tuple[float, ...]
    storedGramsPerKWh: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """What one policy did."""

    summary: Summary
    timelines: tuple[Timeline, ...]
    clusters: tuple[ClusterSeries, ...]
    batteries: tuple[BatterySeries, ...]


@dataclass(frozen=True, slots=True)
class TwinResult:
    """The whole file. `clusters`, `batteries` and `jobs` are rows of plain values."""

    start: str
    slotMinutes: float
    slots: int
    forecast: str
    seed: int
    voltaireVersion: str
    clusters: tuple[Mapping[str, Any], ...]
    batteries: tuple[Mapping[str, Any], ...]
    jobs: tuple[Mapping[str, Any], ...]
    migration: Mapping[str, float]
    currency: str | None = None
    baselineBattery: str | None = None
    announcedH: float = 0.0
    policies: Mapping[str, PolicyResult] = field(default_factory=dict)
    version: int = VERSION

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        body = asdict(self)
        return {"version": body.pop("version"), **body}


def to_json(result: TwinResult) -> str:
    """The file. Raises ValueError for a number that JSON cannot hold."""
    return json.dumps(result.as_dict(), allow_nan=False)
