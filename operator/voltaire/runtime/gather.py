"""The first leg: from the picture to the frozen snapshot that the planner gets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from voltaire.api.actions import Observation
from voltaire.api.resources import AIWorkload
from voltaire.clock import Clock
from voltaire.engines.adapters import adapter_for, manifest_problems
from voltaire.executor.progress import Work, at_risk_seconds, remaining_seconds
from voltaire.executor.state import AT_REST, FINAL, State, from_status
from voltaire.executor.values import Profile
from voltaire.fleet.build import cluster_view, fleet_policy, policy_view, slot_start
from voltaire.fleet.demand import Demand
from voltaire.fleet.picture import Picture
from voltaire.fleet.snapshot import ClusterView, PolicyView, Snapshot, WorkloadView

HOUR = timedelta(hours=1)
Look = Callable[[AIWorkload, str], Observation]


def demand_of(workload: AIWorkload) -> Demand:
    """What a workload asks for: its profile, and for what that leaves out its manifest."""
    manifest, meta = workload.spec.manifest, workload.metadata
    problems = tuple(
        (problem.field, problem.message) for problem in manifest_problems(manifest, meta.namespace, meta.name)
    )
    if problems:
        return Demand(problems=problems)
    adapter = adapter_for(manifest)
    asked = adapter.demand(manifest)
    declared = workload.spec.profile.accelerators
    return Demand(
        accelerators=asked.accelerators if declared is None else declared,
        accelerator_type=asked.accelerator_type,
        resource=asked.resource,
        replicas=asked.pods,
        amendments=adapter.amendments(manifest),
    )


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


def gather(picture: Picture, look: Look, clock: Clock, now: datetime) -> Snapshot:
    """Everything a plan may rest on, frozen. `look` reads the watches, it asks nobody."""
    policy = fleet_policy(picture)
    start, slots = slot_start(now, policy.slot), policy.horizon // policy.slot
    clusters = {
        name: cluster_view(picture, name, now, start, policy.slot, slots) for name in sorted(picture.clusters)
    }
    workloads = {}
    for uid in sorted(picture.workloads):
        view = _workload(picture, uid, look, clock, now, clusters)
        if view is not None:
            workloads[uid] = view
    picture.migrations[:] = [time for time in picture.migrations if now - time < HOUR]
    return Snapshot(
        time=now,
        start=start,
        slot=policy.slot,
        slots=slots,
        clusters=clusters,
        workloads=workloads,
        migrations_recent=len(picture.migrations),
        migrations_active=sum(
            1
            for workload in picture.workloads.values()
            if workload.status.target is not None and workload.status.phase not in FINAL
        ),
    )


def _workload(
    picture: Picture,
    uid: str,
    look: Look,
    clock: Clock,
    now: datetime,
    clusters: Mapping[str, ClusterView],
) -> WorkloadView | None:
    """The planner's view; None for what is not to be planned (done, deleted, suspended, refused)."""
    workload, demand = picture.workloads[uid], picture.demands[uid]
    spec, status, meta = workload.spec, workload.status, workload.metadata
    policy = policy_view(picture, spec.placement.policy)
    state = from_status(status)
    stopped = spec.suspend and state.phase in AT_REST
    if policy is None or demand.problems or state.final or meta.deletion_timestamp or stopped:
        return None
    arrival = arrival_of(workload, clock)
    seen = look(workload, state.placement.cluster) if state.placement else None
    work = work_of(workload)
    server = spec.type == "Serving"
    return WorkloadView(
        uid=uid,
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
        movable=_movable(state, picture.excluded.get(uid, {})) and not spec.suspend,
        last_change=state.last_change,
        policy=policy,
        excluded={name: why for name, (why, until) in picture.excluded.get(uid, {}).items() if until > now},
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
