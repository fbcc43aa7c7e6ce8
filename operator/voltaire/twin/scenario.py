"""What is played: a fleet, jobs, traces, the rules of the run. Every policy plays the same one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from voltaire.api.placementpolicy import PlacementPolicySpec
from voltaire.api.resources import Battery, PlacementPolicy, RegionalCluster
from voltaire.fleet.build import DEFAULT_POLICY, slot_start
from voltaire.twin.errors import JobsError, TraceTooShort, UnevenTrace
from voltaire.twin.fleet_file import FleetFile, read_fleet, read_objects
from voltaire.twin.forecast_kind import ForecastKind
from voltaire.twin.job import Job
from voltaire.twin.jobs_file import read_jobs
from voltaire.twin.prices import PriceFile, Prices, read_prices
from voltaire.twin.solar import solar_kw, with_solar
from voltaire.twin.trace import Floats, Trace, read_trace

HOUR = timedelta(hours=1)
PAST = timedelta(days=28)
"""How much of the trace before the start is known to the run as history, at most."""

TAIL_HOURS = 24.0
"""The run goes on so long after the last deadline, where the trace allows: what is late is still finished."""

WITHOUT_DEADLINE = 3.0
"""Work without a deadline is given so many times its duration, and TAIL_HOURS."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Slots are counted from `start`, which is a slot boundary; hours too. `jobs` are sorted by arrival.

    `intensity`: what occurred, g/kWh by zone id, from `past_slots` before the start to beyond the end as
    far as the trace goes. `solar_kw`: by battery, one value a slot of the run and of the horizon after it.
    `initial_soc`: what batteries hold at first, as a share of capacity; None: their reserve. `prices`: what
    a kWh costs in each slot of the run, by zone id, in `currency`, where that is known; nobody decides by it.
    `baseline_battery`: the rule that the baselines run batteries by; None: the one that they have.
    `announced_h`: work is known so many hours before it arrives.
    """

    fleet: FleetFile
    jobs: tuple[Job, ...]
    start: datetime
    slot: timedelta
    slots: int
    horizon: int
    intensity: Mapping[str, Floats]
    past_slots: int
    solar_kw: Mapping[str, Floats] = field(default_factory=dict)
    forecast: ForecastKind = field(default_factory=ForecastKind)
    seed: int = 0
    initial_soc: float | None = None
    sources: tuple[str, ...] = ()
    prices: Mapping[str, Floats] = field(default_factory=dict)
    currency: str | None = None
    baseline_battery: str | None = None
    announced_h: float = 0.0

    @property
    def clusters(self) -> Mapping[str, RegionalCluster]:
        """By name."""
        return self.fleet.clusters

    @property
    def batteries(self) -> Mapping[str, Battery]:
        """By name, those that stand at a site."""
        return {name: self.fleet.batteries[name] for c in self.clusters.values() for name in c.spec.batteries}

    @property
    def policies(self) -> Mapping[str, PlacementPolicy]:
        """PlacementPolicies by name."""
        return self.fleet.policies

    @property
    def slot_h(self) -> float:
        """Length of a slot, hours."""
        return self.slot / HOUR

    @property
    def hours(self) -> float:
        """Length of the run."""
        return self.slots * self.slot_h

    def zone(self, cluster: str) -> str:
        """Id of the grid zone that supplies a cluster."""
        return self.fleet.zone_of(cluster)

    def occurred(self, zone: str) -> Floats:
        """g/kWh in each slot of the run, (slots,)."""
        return self.intensity[zone][self.past_slots : self.past_slots + self.slots]

    def known_h(self, job: Job) -> float:
        """When the fleet hears of a job."""
        return max(0.0, job.arrival_h - self.announced_h)

    def time(self, hours: float) -> datetime:
        """The moment `hours` after the start."""
        return self.start + timedelta(hours=hours)


def default_policy(fleet: FleetFile) -> PlacementPolicySpec:
    """The policy that sets slot, horizon and the cost of migrations."""
    policy = fleet.policies.get(DEFAULT_POLICY)
    return policy.spec if policy else PlacementPolicySpec()


def load_scenario(
    fleet_files: Sequence[Path],
    jobs_file: Path | None,
    carbon_file: Path,
    *,
    start: datetime | None = None,
    hours: float | None = None,
    slot: timedelta | None = None,
    forecast: ForecastKind | None = None,
    seed: int = 0,
    solar_file: Path | None = None,
    initial_soc: float | None = None,
    price_files: Sequence[PriceFile] = (),
    baseline_battery: str | None = None,
    announced_h: float = 0.0,
) -> Scenario:
    """Read everything and check it. Without `jobs_file`, the fleet files' AIWorkloads are the jobs.

    Raises TwinError and its kinds (`errors`).
    """
    fleet = read_fleet(document for path in fleet_files for document in read_objects(path))
    zones = {fleet.zone_of(name) for name in fleet.clusters}
    trace = read_trace(carbon_file, zones)
    sun = read_trace(solar_file, with_solar(fleet), what="battery") if solar_file else None
    begin = trace.start if start is None else start
    jobs: list[Job] = []
    for path in [jobs_file] if jobs_file else fleet_files:
        jobs += read_jobs(path, fleet, begin)
    return build_scenario(
        fleet, jobs, trace, start=begin, hours=hours, slot=slot, forecast=forecast, seed=seed, solar=sun,
        initial_soc=initial_soc, prices=read_prices(price_files, zones), baseline_battery=baseline_battery,
        announced_h=announced_h,
    )  # fmt: skip


def build_scenario(
    fleet: FleetFile,
    jobs: Sequence[Job],
    trace: Trace,
    *,
    start: datetime,
    hours: float | None = None,
    slot: timedelta | None = None,
    forecast: ForecastKind | None = None,
    seed: int = 0,
    solar: Trace | None = None,
    initial_soc: float | None = None,
    prices: Prices | None = None,
    baseline_battery: str | None = None,
    announced_h: float = 0.0,
) -> Scenario:
    """A scenario of what was read. `hours`: jobs that arrive later are left out; the run itself goes on to
    the last deadline and TAIL_HOURS more, as far as the trace goes.

    Raises TraceTooShort where the trace ends before the last deadline, UnevenTrace for a start off the slots.
    """
    policy = default_policy(fleet)
    slot = slot or policy.slot
    if slot_start(start, slot) != start:
        raise UnevenTrace(
            f"the run starts at {start:%Y-%m-%dT%H:%M:%SZ}, which is no boundary of slots of {slot}"
        )
    in_time = (job for job in jobs if hours is None or job.arrival_h < hours)
    played = tuple(sorted(in_time, key=lambda job: (job.arrival_h, job.id)))
    if not played:
        within = "" if hours is None else f" in the first {hours:g} hours"
        raise JobsError(f"there is no job that arrives{within}: nothing to play")
    slots = _slots(played, hours, trace, start, slot)
    horizon = policy.horizon // slot
    past = int(min(PAST, max(timedelta(0), start - trace.start)) // slot)
    ahead = int(min((trace.end - start) // slot, slots + horizon))
    intensity = {name: trace.on_grid(name, start - past * slot, slot, past + ahead) for name in trace.values}
    covered = slots + horizon if solar is None else int(min((solar.end - start) // slot, slots + horizon))
    suns = solar_kw(fleet, solar, seed, start, slot, max(slots, covered))
    suns = {name: np.pad(kw, (0, slots + horizon - len(kw))) for name, kw in suns.items()}
    money = prices or Prices()
    paid = {name: money.per_kwh(name, start, slot, slots) for name in trace.values}
    return Scenario(
        fleet, played, start, slot, slots, horizon, intensity, past, suns, forecast or ForecastKind(), seed,
        initial_soc, (trace.source,), {name: each for name, each in paid.items() if each is not None},
        money.currency, baseline_battery, announced_h,
    )  # fmt: skip


def _slots(jobs: Sequence[Job], hours: float | None, trace: Trace, start: datetime, slot: timedelta) -> int:
    """Slots of the run: to the last deadline at least, TAIL_HOURS more at most."""
    last = max(_due(job) for job in jobs)
    last = max(last, hours or 0.0)
    need = math.ceil(last / (slot / HOUR) - 1e-9)
    there = (trace.end - start) // slot
    if start < trace.start or there < need:
        raise TraceTooShort(
            f"{trace.source} holds {trace.start:%Y-%m-%dT%H:%MZ} to {trace.end:%Y-%m-%dT%H:%MZ}; the run "
            f"from {start:%Y-%m-%dT%H:%MZ} needs {last:g} hours, to its last deadline: choose another "
            "--start, fewer --hours, or jobs with nearer deadlines"
        )
    return max(1, min(there, need + math.ceil(TAIL_HOURS / (slot / HOUR))))


def _due(job: Job) -> float:
    if job.deadline_h is not None:
        return max(job.deadline_h, job.start_h + job.duration_h)
    return job.start_h + WITHOUT_DEADLINE * job.duration_h
