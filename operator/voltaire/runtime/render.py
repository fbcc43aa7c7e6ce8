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
from voltaire.fleet.build import UNKNOWN_MEMBER, capacity, policy_view
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
        status.receipts,
        _stays(shared.picture, workload, demand, state),
        _ended(state, now),
        now,
        _sites(shared, workload, state),
        _transfer(shared, workload),
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


def _stays(picture: Picture, workload: AIWorkload, demand: Demand, state: State) -> list[Stay]:
    if state.final:
        return []
    stays = []
    for copy in (state.previous, state.placement):
        if copy is None or copy.started_at is None:
            continue
        power = copy.power_kw  # unknown for a copy that was adopted, or begun on an older plan's word
        if power is None:
            power = _work_there(picture, workload, demand, copy.cluster, copy.accelerator_type)[0]
        stays.append(Stay(copy.cluster, copy.epoch, copy.started_at, power))
    return stays


def _ended(state: State, now: datetime) -> datetime:
    """When a stay that runs no longer was proven gone."""
    if state.final:
        return state.finished_at or now
    return state.checkpoint.time if state.checkpoint is not None else now


def _sites(shared: Shared, workload: AIWorkload, state: State) -> dict[str, Site]:
    """The sites that a bill needs now: where it runs, and where it last did."""
    names = {receipt.cluster for receipt in workload.status.receipts[-2:]}
    names |= {copy.cluster for copy in (state.placement, state.previous) if copy is not None}
    return {name: _site(shared, name) for name in names if name in shared.picture.clusters}


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
    power, speed = _work_there(shared.picture, workload, demand, home, None)
    arrival = arrival_of(workload, shared.clock)
    start = max(arrival, workload.spec.schedule.earliest_start or arrival)
    found = counterfactual(done, start, _site(shared, home), power, speed)
    return found.grams if found is not None and found.quality > KNOWN else None


def _work_there(
    picture: Picture, workload: AIWorkload, demand: Demand, name: str, kind: str | None
) -> tuple[float, float]:
    """IT power in kW and relative speed of a workload in a cluster, on a type, or on the fastest there."""
    speeds, declared_kw = workload.spec.profile.throughput, workload.spec.profile.power_kw
    cluster = picture.clusters.get(name)
    if demand.accelerators == 0 or cluster is None:
        return WITHOUT_ACCELERATOR_KW if declared_kw is None else declared_kw, 1.0
    kinds = list(capacity(cluster, picture.members.get(name, UNKNOWN_MEMBER)))
    if kind is None and demand.accelerator_type in kinds:
        kind = demand.accelerator_type
    if kind is None:
        kind = max(kinds, key=lambda each: speeds.get(each, 1.0), default="")
    each_kw = {entry.type: entry.power_kw for entry in cluster.spec.capacity.accelerators}.get(kind)
    gang_kw = demand.accelerators * (accelerator_kw(kind) if each_kw is None else each_kw)
    return gang_kw if declared_kw is None else declared_kw, speeds.get(kind, 1.0)
