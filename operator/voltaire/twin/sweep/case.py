"""One run of a sweep as plain data: everything that its result depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from voltaire.twin.baselines.batteries import DEFAULT_RULE

# What these do is the same whatever they are told of the future.
UNTOLD = frozenset({"carbon-agnostic", "clairvoyant"})

# These plan their batteries.
_OWN_BATTERIES = frozenset({"voltaire", "clairvoyant"})


@dataclass(frozen=True, slots=True)
class Workload:
    """The jobs of a case: a file, or jobs made from a seed and a load (`voltaire twin jobs`) over `hours`."""

    file: str | None = None
    load: float | None = None
    count: int | None = None
    trace: str | None = None
    hours: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Store:
    """The battery that is put beside a cluster in place of what is there: capacity, and the hours in which it
    empties at full power."""

    cluster: str
    capacity_kwh: float
    hours: float
    wear_grams_per_kwh: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """`start` in RFC 3339, `forecast` as on the command line. `contents`: digest of all files' contents, so
    that a changed file is another case and a moved one is not. `prices`: (zone, file). `announced_h`: as in
    `Scenario`."""

    policy: str
    start: str
    fleet: tuple[str, ...]
    carbon: str
    jobs: Workload
    forecast: str = "perfect"
    seed: int = 0
    solar: str | None = None
    store: Store | None = None
    contents: str = ""
    prices: tuple[tuple[str, str], ...] = ()
    baseline_battery: str = DEFAULT_RULE
    announced_h: float = 0.0

    @property
    def key(self) -> str:
        """A name for what the result depends on, the same in every process and on every machine."""
        forecast = "any" if self.policy in UNTOLD else self.forecast
        plain = asdict(replace(self, fleet=(), carbon="", solar=None, forecast=forecast))
        plain["version"] = version("voltaire")
        plain["prices"] = [zone for zone, _ in self.prices]
        plain["baseline_battery"] = None if self.policy in _OWN_BATTERIES else self.baseline_battery
        plain["jobs"] |= {"file": self.jobs.file is not None, "trace": self.jobs.trace is not None}
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:24]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for files."""
        return asdict(self)


def digest(paths: Iterable[Path | None]) -> str:
    """Of the contents of files, and of the YAML files of folders."""
    found = hashlib.sha256()
    for path in paths:
        files = sorted(path.glob("*.yaml")) if path is not None and path.is_dir() else [path]
        for file in files:
            found.update(b"-" if file is None else hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()
