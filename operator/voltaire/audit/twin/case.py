"""A twin result's header and timelines as values. The shape has been checked before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from voltaire.audit.findings import ROUNDING, Ledger

Json = Mapping[str, Any]
# Times of a timeline are hours with six decimals or more.
HOURS = 2 * ROUNDING


@dataclass(frozen=True, slots=True)
class Run:
    """One stretch of a timeline, hours from the start. `kind`: Run, Restart or Transfer."""

    start: float
    end: float
    cluster: str
    kind: str

    @property
    def hours(self) -> float:
        """How long it lasts."""
        return self.end - self.start


@dataclass(frozen=True)
class Case:
    """What all policies share."""

    start: datetime
    slot_hours: float
    slots: int
    clusters: Mapping[str, Json]
    batteries: Mapping[str, Json]
    jobs: Mapping[str, Json]
    kwh_per_gb: float
    gb_per_hour: float
    restart_h: float

    @property
    def hours(self) -> float:
        """Length of the simulated time."""
        return self.slots * self.slot_hours

    def slot(self, index: int) -> tuple[datetime, datetime]:
        """Begin and end of a slot."""
        length = timedelta(hours=self.slot_hours)
        return self.start + index * length, self.start + (index + 1) * length

    def beside(self, cluster: str) -> list[str]:
        """The batteries of a cluster."""
        return [name for name, battery in self.batteries.items() if battery["cluster"] == cluster]


def read(ledger: Ledger, document: Json) -> Case:
    """The header. Names that occur twice are findings."""
    migration = document["migration"]
    return Case(
        start=datetime.fromisoformat(document["start"]),
        slot_hours=document["slotMinutes"] / 60,
        slots=int(document["slots"]),
        clusters=by_name(ledger, document["clusters"], "clusters"),
        batteries=by_name(ledger, document["batteries"], "batteries"),
        jobs=by_name(ledger, document["jobs"], "jobs", "id"),
        kwh_per_gb=migration["kWhPerGB"],
        gb_per_hour=migration["gbPerHour"],
        restart_h=migration["restartH"],
    )


def by_name(ledger: Ledger, entries: Sequence[Json], path: str, key: str = "name") -> dict[str, Json]:
    """Entries by their names; a name that is there twice is a finding."""
    found: dict[str, Json] = {}
    for index, entry in enumerate(entries):
        ledger.holds(
            "Twice", f"{path}[{index}].{key}", entry[key] not in found, entry[key], "a name of its own"
        )
        found[entry[key]] = entry
    return found


def runs_of(timeline: Json) -> list[Run]:
    """A timeline's stretches."""
    return [Run(*stretch) for stretch in timeline["runs"]]
