"""Play a scenario with policies and write down what happened."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from math import fsum, isfinite

import numpy as np

from voltaire.api.values import Series
from voltaire.ledger.counterfactual import counterfactual
from voltaire.ledger.energy import Bill, bill
from voltaire.ledger.receipts import Site as Account
from voltaire.twin.forecasts import Forecasts
from voltaire.twin.head import head, home_power_kw
from voltaire.twin.job import Job
from voltaire.twin.registry import make_policy
from voltaire.twin.result import PolicyResult, Summary, Timeline, TwinResult
from voltaire.twin.scenario import Scenario
from voltaire.twin.sites import Site, open_sites
from voltaire.twin.state import JobState
from voltaire.twin.violations import count_violations
from voltaire.twin.world import World

Progress = Callable[[str, int], None]


def play(scenario: Scenario, names: Iterable[str], progress: Progress | None = None) -> TwinResult:
    """Every named policy on the same scenario. `progress` is told (policy, slots done).

    Raises UnknownName for a policy that is not there.
    """
    forecasts = Forecasts(scenario)
    played = {name: play_one(scenario, name, progress, forecasts) for name in names}
    return head(scenario, played)


def play_one(
    scenario: Scenario, name: str, progress: Progress | None = None, forecasts: Forecasts | None = None
) -> PolicyResult:
    """One policy. `forecasts` of the same scenario may be shared. `Summary.seconds` is CPU time."""
    began = time.process_time()
    policy = make_policy(name, scenario)
    world = World(scenario, policy, forecasts or Forecasts(scenario))
    world.run(None if progress is None else lambda slots: progress(name, slots))
    bound = getattr(policy, "lower_bound_grams", None)
    return _result(scenario, world, bound, began)


def _result(scenario: Scenario, world: World, bound: float | None, began: float) -> PolicyResult:
    accounts = {name: _account(scenario, site) for name, site in world.sites.items()}
    timelines = tuple(_timeline(scenario, state, accounts) for state in world.states.values())
    clusters = tuple(site.series() for site in world.sites.values())
    batteries = tuple(s.series() for site in world.sites.values() for s in site.storages)
    violations = count_violations(scenario, timelines)
    summary = _summary(scenario, world, timelines, bound, violations, time.process_time() - began)
    return PolicyResult(summary, timelines, clusters, batteries)


def _account(scenario: Scenario, site: Site) -> Account:
    """What the site's energy carried in each slot: the mean of grid, sun and battery at stored intensity."""
    facility, grams = np.array(site.facility), np.array(site.attributed)
    mean = np.divide(grams, facility, out=np.zeros_like(grams), where=facility > 0)
    return Account(site.pue, Series(scenario.start, scenario.slot, tuple(mean.tolist())))


def _timeline(scenario: Scenario, state: JobState, accounts: Mapping[str, Account]) -> Timeline:
    job, total = state.job, Bill()
    for (begin, end, cluster, _), kw in zip(state.runs, state.powers, strict=True):
        account = accounts[cluster]
        if kw > 0:
            total += bill(kw * account.pue, account.supply, scenario.time(begin), scenario.time(end))
    due = job.deadline_h
    missed = due is not None and (state.done_h is None or state.done_h > due + 1e-6)
    return Timeline(
        job.id, tuple(state.runs), state.done_h, missed, state.lost_h, total.energy_kwh, total.grams,
        _at_home(scenario, job),
    )  # fmt: skip


def _at_home(scenario: Scenario, job: Job) -> float | None:
    """What it would have emitted at home from its arrival on; None without a home or where that is not known
    so far ahead."""
    if job.home is None:
        return None
    cluster, past = scenario.clusters[job.home].spec, scenario.past_slots
    values = scenario.intensity[scenario.zone(job.home)][past:]
    supply = Series(scenario.start, scenario.slot, tuple(values.tolist()))
    found = counterfactual(
        job.duration_h * 3600.0, scenario.time(job.arrival_h), Account(cluster.power.pue, supply),
        home_power_kw(scenario, job),
    )  # fmt: skip
    return None if found is None or found.unknown_kwh > 1e-6 else found.grams


def _summary(
    scenario: Scenario, world: World, timelines: tuple[Timeline, ...], bound: float | None, violations: int,
    seconds: float,
) -> Summary:  # fmt: skip
    sites, record = world.sites.values(), world.record
    storages = [storage for site in sites for storage in site.storages]
    grams = fsum(g for site in sites for g in site.grams)
    it = {name: fsum(site.it) for name, site in world.sites.items()}
    home = [t.counterfactualGrams for t in timelines]
    gaps = record.gaps if bound is None else [max(0.0, grams - bound) / bound] if bound > 0 else []
    return Summary(
        grams=grams,
        gridKWh=fsum(x for site in sites for x in site.grid),
        facilityKWh=fsum(x for site in sites for x in site.facility),
        itKWh=fsum(it.values()),
        cost=_cost(world),
        litres=_litres(scenario, it),
        missed=sum(t.missed for t in timelines),
        violations=violations,
        migrations=sum(state.migrations for state in world.states.values()),
        gbMoved=record.gb_moved,
        planSecondsP50=_share(record.plan_seconds, 50),
        planSecondsP95=_share(record.plan_seconds, 95),
        gapP50=_share(gaps, 50),
        gapP95=_share(gaps, 95),
        lowerBoundGrams=bound,
        unfinished=sum(t.doneH is None for t in timelines),
        pauses=sum(state.pauses for state in world.states.values()),
        refused=record.refused,
        plans=len(record.plan_seconds),
        storedChangeGrams=fsum(s.held_grams for s in storages) - initial_grams(scenario),
        solarGrams=_solar_grams(scenario, world),
        wearGrams=fsum(d * s.spec.wear_grams_per_kwh for s in storages for d in s.discharge),
        counterfactualGrams=None if None in home else fsum(g for g in home if g is not None),
        seconds=seconds,
    )


def _share(values: list[float], percent: float) -> float | None:
    finite = [value for value in values if isfinite(value)]
    return float(np.percentile(finite, percent)) if finite else None


def _litres(scenario: Scenario, it_kwh: Mapping[str, float]) -> float | None:
    """Water, where every site that used energy says how much it takes."""
    wue = {name: scenario.clusters[name].spec.power.wue for name, used in it_kwh.items() if used > 0}
    if None in wue.values():
        return None
    return fsum(it_kwh[name] * litres for name, litres in wue.items() if litres is not None)


def _cost(world: World) -> float | None:
    """Grid energy at its price; None unless every site's price is known."""
    sites = world.sites.values()
    if any(site.price is None for site in sites):
        return None
    return fsum(paid for site in sites for paid in site.cost)


def _solar_grams(scenario: Scenario, world: World) -> float:
    """Life-cycle grams of the solar energy that was used."""
    total = 0.0
    for name, site in world.sites.items():
        suns = [scenario.fleet.batteries[b].spec.solar for b in scenario.clusters[name].spec.batteries]
        rate = max((sun.grams_per_kwh for sun in suns if sun is not None), default=0.0)
        total += rate * fsum(site.solar)
    return total


def initial_grams(scenario: Scenario) -> float:
    """What the batteries hold at first, g."""
    return fsum(s.held_grams for site in open_sites(scenario).values() for s in site.storages)
