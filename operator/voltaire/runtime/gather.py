"""The first leg: from the picture to the frozen snapshot that the planner gets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from voltaire.api.actions import Observation
from voltaire.api.resources import AIWorkload
from voltaire.clock import Clock
from voltaire.executor.progress import Work, at_risk_seconds, remaining_seconds
from voltaire.executor.state import AT_REST, FINAL, State, from_status
from voltaire.executor.values import Profile
from voltaire.fleet.build import cluster_view, fleet_policy, policy_view, slot_start
from voltaire.fleet.demand import Demand
from voltaire.fleet.picture import Picture
from voltaire.fleet.snapshot import ClusterView, PolicyView, Snapshot, WorkloadView

HOUR = timedelta(hours=1)
BREATH = 50  # workloads in a row, some milliseconds' work
Look = Callable[[AIWorkload, str], Observation]


def work_of(workload: AIWorkload) -> Work:
    """What the work is and how it saves itself."""
    profile, checkpoint = workload.spec.profile, workload.spec.disruption.checkpoint
    return Work(
        total_seconds=profile.duration.total_seconds() if profile.duration else None,
        throughput=profile.throughput,
        restore=checkpoint.restore_time,
        interval=checkpoint.interval,
        on_termination=checkpoint.on_termination,
    )


def profile_of(workload: AIWorkload, demand: Demand, *, cleanup: timedelta) -> Profile:
    """What the state machine must know. `cleanup`: how long a member may hold up a deletion."""
    spec = workload.spec
    return Profile(
        exclusive=spec.type != "Serving",
        wanted=demand.replicas,
        restart_when_lost=spec.disruption.on_cluster_lost == "RestartElsewhere",
        cleanup_timeout=cleanup,
        work=work_of(workload),
    )


def arrival_of(workload: AIWorkload, clock: Clock) -> datetime:
    """When it was applied, by the operator's clock."""
    created = workload.metadata.creation_timestamp
    return clock.from_wall(created) if created else clock.now()


async def gather(picture: Picture, look: Look, clock: Clock, now: datetime) -> Snapshot:
    """Everything a plan may rest on, frozen. `look` reads the watches, it asks nobody.

    The picture is read at one moment; turning thousands of its workloads into views then lets others have
    the event loop in between.
    """
    policy = fleet_policy(picture)
    start, slots = slot_start(now, policy.slot), policy.horizon // policy.slot
    clusters = {
        name: cluster_view(picture, name, start, policy.slot, slots) for name in sorted(picture.clusters)
    }
    known = _known(picture)
    picture.migrations[:] = [time for time in picture.migrations if now - time < HOUR]
    recent = len(picture.migrations)
    workloads = {}
    for number, one in enumerate(known, 1):
        view = _workload(one, look, clock, now, clusters)
        if view is not None:
            workloads[view.uid] = view
        if number % BREATH == 0:
            await asyncio.sleep(0)
    return Snapshot(
        time=now,
        start=start,
        slot=policy.slot,
        slots=slots,
        clusters=clusters,
        workloads=workloads,
        migrations_recent=recent,
        migrations_active=sum(
            1
            for one in known
            if one.workload.status.target is not None and one.workload.status.phase not in FINAL
        ),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What the picture holds of a workload; `policy` None: it names one that is not there."""

    workload: AIWorkload
    demand: Demand
    policy: PolicyView | None
    excluded: Mapping[str, tuple[str, datetime]]


def _known(picture: Picture) -> list[_Known]:
    """All workloads by uid. The models are frozen: what is taken here stays as it is."""
    policies = {name: policy_view(picture, name) for name in (None, *picture.policies)}
    return [
        _Known(
            workload,
            picture.demands[uid],
            policies.get(workload.spec.placement.policy),
            dict(picture.excluded.get(uid, {})),
        )
        for uid, workload in sorted(picture.workloads.items())
    ]


def _workload(
    known: _Known, look: Look, clock: Clock, now: datetime, clusters: Mapping[str, ClusterView]
) -> WorkloadView | None:
    """The planner's view; None for what is not to be planned (done, deleted, suspended, refused)."""
    workload, demand, policy = known.workload, known.demand, known.policy
    spec, status, meta = workload.spec, workload.status, workload.metadata
    state = from_status(status)
    stopped = spec.suspend and state.phase in AT_REST
    if policy is None or demand.problems or state.final or meta.deletion_timestamp or stopped:
        return None
    arrival = arrival_of(workload, clock)
    seen = look(workload, state.placement.cluster) if state.placement else None
    work = work_of(workload)
    server = spec.type == "Serving"
    return WorkloadView(
        uid=meta.uid,
        key=workload.key,
        namespace=meta.namespace,
        type=spec.type,
        phase=state.phase,
        accelerators=demand.accelerators,
        power_kw=spec.profile.power_kw,
        throughput=_throughput(workload, demand, clusters),
        remaining_seconds=None if server else remaining_seconds(state, seen, now, work),
        arrival=arrival,
        earliest_start=max(arrival, spec.schedule.earliest_start or arrival),
        deadline=spec.schedule.deadline,
        deadline_required=spec.schedule.deadline_kind == "Required",
        residency=frozenset(spec.placement.residency),
        selector=spec.placement.cluster_selector,
        home=spec.placement.home_cluster,
        mode=spec.disruption.mode,
        checkpoint_gb=spec.disruption.checkpoint.size_gb,
        restore_seconds=spec.disruption.checkpoint.restore_time.total_seconds(),
        at_risk_seconds=0.0 if server else at_risk_seconds(state, seen, now, work),
        minimum_residence=_residence(workload, policy),
        migrations_left=max(0, spec.disruption.maximum_migrations - status.migrations),
        cluster=_where(state),
        accelerator_type=state.placement.accelerator_type if state.placement else None,
        data_cluster=_data(state),
        running=state.phase == "Running",
        movable=_movable(state, known.excluded) and not spec.suspend,
        last_change=state.last_change,
        policy=policy,
        excluded={name: why for name, (why, until) in known.excluded.items() if until > now},
    )


def _residence(workload: AIWorkload, policy: PolicyView) -> timedelta:
    own = workload.spec.disruption.minimum_residence
    return policy.minimum_residence if own is None else own


def _movable(state: State, excluded: Mapping[str, object]) -> bool:
    """Not in a transition; one that waits in vain for its pods may turn elsewhere."""
    if state.phase == "Placing":
        return state.placement is not None and state.placement.cluster in excluded
    return state.phase != "Draining"


def _where(state: State) -> str | None:
    """Where it takes capacity, now or in a moment."""
    if state.target is not None:
        return state.target
    return state.placement.cluster if state.placement and state.phase != "Paused" else None


def _data(state: State) -> str | None:
    """Where its checkpoint (or its suspended object) lies while it is stopped."""
    if state.placement is not None:
        return state.placement.cluster
    return state.checkpoint.cluster if state.checkpoint else None


def _throughput(
    workload: AIWorkload, demand: Demand, clusters: Mapping[str, ClusterView]
) -> Mapping[str, float]:
    """Relative speed by type; 0 for every type but the one that the manifest insists on."""
    declared = workload.spec.profile.throughput
    if demand.accelerator_type is None:
        return declared
    kinds = {kind for cluster in clusters.values() for kind in cluster.capacity}
    only = {demand.accelerator_type: declared.get(demand.accelerator_type, 1.0)}
    return dict.fromkeys(kinds, 0.0) | only
