"""The status of an AIWorkload after a step: gathers what it says, lets the pure reducer say it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from voltaire.api.resources import AIWorkload
from voltaire.executor.desire import Wish
from voltaire.executor.progress import progress, work_done
from voltaire.executor.state import State
from voltaire.executor.status import Context, Figures, patch, reduce
from voltaire.executor.values import Step
from voltaire.fleet.build import policy_view
from voltaire.fleet.demand import Demand
from voltaire.fleet.picture import Picture
from voltaire.fleet.power import WITHOUT_ACCELERATOR_KW, accelerator_kw
from voltaire.ledger.counterfactual import counterfactual, saved_share, saved_text
from voltaire.ledger.receipts import Site, Stay, Transfer, advance, running_seconds, total
from voltaire.runtime.gather import arrival_of, work_of
from voltaire.runtime.shared import Shared

KNOWN = 0.999  # share of the energy whose intensity must be known before a saving is claimed


def render(
    shared: Shared,
    workload: AIWorkload,
    demand: Demand,
    made: Step,
    wanted: Wish,
    now: datetime,
    *,
    figures: bool,
) -> dict[str, Any] | None:
    """The status as a merge patch; None when it says nothing new."""
    planning, spec = shared.planning, workload.spec
    policy = policy_view(shared.picture, spec.placement.policy)
    decision = planning.current.decisions.get(workload.metadata.uid) if planning.current else None
    context = Context(
        generation=workload.metadata.generation,
        suspended=spec.suspend,
        acts=policy is None or policy.act,
        deadline=spec.schedule.deadline,
        demand=demand,
        decision=None if made.state.final else decision,
        refusal=_refusal(workload, demand, known_policy=policy is not None),
        vetoed=wanted.vetoed,
    )
    moved = _figures(shared, workload, demand, made.state, now) if figures else None
    return patch(workload.status, reduce(workload.status, made, context, moved, now))


def _refusal(workload: AIWorkload, demand: Demand, *, known_policy: bool) -> tuple[str, str] | None:
    if demand.problems:
        return "ManifestRefused", "; ".join(f"{field}: {message}" for field, message in demand.problems)
    if not known_policy:
        name = workload.spec.placement.policy
        return "PolicyMissing", f"spec.placement.policy names {name!r}: create that PlacementPolicy"
    return None


def _figures(shared: Shared, workload: AIWorkload, demand: Demand, state: State, now: datetime) -> Figures:
    status, spec = workload.status, workload.spec
    server, work = spec.type == "Serving", work_of(workload)
    copy = state.placement
    seen = shared.engine.cached(workload, copy.cluster) if copy else None
    receipts = advance(
        status.receipts, _stays(state), _ended(state, now), now, _sites(shared), _transfer(shared, workload)
    )
    bill = total(receipts)
    end = state.finished_at if state.final and state.finished_at else now
    done = running_seconds(receipts, end) if server else work_done(state, seen, end, work)
    at_home = _at_home(shared, workload, demand, done)
    known = at_home is not None and bill.quality > KNOWN  # missing grams would flatter the figure
    share = saved_share(bill.grams, at_home) if known and at_home is not None else None
    return Figures(
        progress=progress(state, seen, now, work, server=server),
        receipts=receipts,
        energy_kwh=bill.energy_kwh,
        grams=bill.grams,
        quality=bill.quality,
        counterfactual_grams=at_home,
        saved=saved_text(share),
    )


def _stays(state: State) -> list[Stay]:
    if state.final:
        return []
    copies = (copy for copy in (state.previous, state.placement) if copy is not None)
    return [
        Stay(copy.cluster, copy.epoch, copy.started_at, copy.power_kw or 0.0)
        for copy in copies
        if copy.started_at is not None
    ]


def _ended(state: State, now: datetime) -> datetime:
    """When a stay that runs no longer was proven gone."""
    if state.final:
        return state.finished_at or now
    return state.checkpoint.time if state.checkpoint is not None else now


def _sites(shared: Shared) -> dict[str, Site]:
    return {name: _site(shared, name) for name in shared.picture.clusters}


def _site(shared: Shared, name: str) -> Site:
    cluster = shared.picture.clusters[name]
    signal = shared.picture.signals.get(cluster.spec.grid_zone)
    history = signal.history if signal else None
    return Site(cluster.spec.power.pue, shared.record.supply(name, history))


def _transfer(shared: Shared, workload: AIWorkload) -> Transfer:
    policy = policy_view(shared.picture, workload.spec.placement.policy)
    per_gb = policy.kwh_per_gb if policy else 0.0
    return Transfer(workload.spec.disruption.checkpoint.size_gb, per_gb)


def _at_home(shared: Shared, workload: AIWorkload, demand: Demand, done: float) -> float | None:
    """Grams of the same work at home, on the home cluster's first type that can do it."""
    home = workload.spec.placement.home_cluster
    if home is None or home not in shared.picture.clusters:
        return None
    kind, speed = _home_type(shared.picture, workload, demand, home)
    power = workload.spec.profile.power_kw
    if power is None:
        power = _home_power_kw(shared.picture, demand, home, kind)
    arrival = arrival_of(workload, shared.clock)
    start = max(arrival, workload.spec.schedule.earliest_start or arrival)
    found = counterfactual(done, start, _site(shared, home), power, speed)
    return found.grams if found is not None and found.quality > KNOWN else None


def _home_type(picture: Picture, workload: AIWorkload, demand: Demand, home: str) -> tuple[str | None, float]:
    speeds = workload.spec.profile.throughput
    kinds = [entry.type for entry in picture.clusters[home].spec.capacity.accelerators]
    if demand.accelerators == 0 or not kinds:
        return None, 1.0
    if demand.accelerator_type in kinds:
        kinds = [demand.accelerator_type]
    best = max(kinds, key=lambda kind: speeds.get(kind, 1.0))
    return best, speeds.get(best, 1.0)


def _home_power_kw(picture: Picture, demand: Demand, home: str, kind: str | None) -> float:
    if kind is None:
        return (
            WITHOUT_ACCELERATOR_KW if demand.accelerators == 0 else demand.accelerators * accelerator_kw("")
        )
    declared = {e.type: e.power_kw for e in picture.clusters[home].spec.capacity.accelerators}
    each = declared.get(kind)
    return demand.accelerators * (accelerator_kw(kind) if each is None else each)
