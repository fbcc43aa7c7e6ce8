"""What the checks and the result know of clusters, batteries and workloads: their specs, resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from voltaire.api.resources import AIWorkload, RegionalCluster


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """A member. `capacity`: accelerators by type; `accelerator_kw`: IT power of one at work, by type."""

    name: str
    zone: str
    pue: float
    host_overhead_kw: float
    capacity: Mapping[str, int]
    accelerator_kw: Mapping[str, float]
    jurisdictions: tuple[str, ...]
    batteries: tuple[str, ...]

    @property
    def accelerators(self) -> int:
        """All of them."""
        return sum(self.capacity.values())

    @property
    def mean_accelerator_kw(self) -> float | None:
        """IT power of one at work; the mean where types differ, None where a type does not say."""
        if not self.accelerator_kw or not self.accelerators or set(self.accelerator_kw) < set(self.capacity):
            return None
        total = sum(self.accelerator_kw[kind] * count for kind, count in self.capacity.items())
        return total / self.accelerators


@dataclass(frozen=True, slots=True)
class WorkloadFacts:
    """A workload as its user wrote it. `duration`: work at throughput 1; `arrival`: when it was applied."""

    uid: str
    name: str
    namespace: str
    type: str
    kind: str
    accelerators: int
    power_kw: float | None
    home_cluster: str | None
    residency: tuple[str, ...]
    disruption: str
    arrival: datetime | None = None
    earliest_start: datetime | None = None
    deadline: datetime | None = None
    deadline_required: bool = False
    duration: timedelta | None = None

    @property
    def finite(self) -> bool:
        """Whether it ends by itself."""
        return self.type != "Serving"

    @property
    def deadline_feasible(self) -> bool:
        """Whether an idle fleet could meet the deadline at throughput 1."""
        if self.deadline is None or self.duration is None or self.arrival is None:
            return False
        return max(self.arrival, self.earliest_start or self.arrival) + self.duration <= self.deadline


def cluster_facts(cluster: RegionalCluster, zone: str) -> ClusterFacts:
    """What is known of a member from its spec, and from its status where the spec leaves counts open."""
    spec = cluster.spec
    seen = {entry.type: entry.capacity for entry in cluster.status.accelerators}
    declared = {entry.type: entry.count for entry in spec.capacity.accelerators}
    capacity = {kind: seen.get(kind, 0) if count is None else count for kind, count in declared.items()}
    return ClusterFacts(
        name=cluster.metadata.name,
        zone=zone,
        pue=spec.power.pue,
        host_overhead_kw=spec.power.host_overhead_kw,
        capacity=capacity or seen,
        accelerator_kw={
            entry.type: entry.power_kw for entry in spec.capacity.accelerators if entry.power_kw is not None
        },
        jurisdictions=tuple(spec.jurisdictions),
        batteries=tuple(spec.batteries),
    )


def workload_facts(
    workload: AIWorkload, clusters: Mapping[str, ClusterFacts], arrival: datetime | None
) -> WorkloadFacts:
    """What is known of a workload; its power falls back on that of its home's accelerators."""
    spec, meta = workload.spec, workload.metadata
    accelerators = spec.profile.accelerators
    if accelerators is None:
        accelerators = manifest_accelerators(spec.manifest)
    power = spec.profile.power_kw
    home = clusters.get(spec.placement.home_cluster or "")
    if power is None and home is not None and home.mean_accelerator_kw is not None:
        power = home.mean_accelerator_kw * accelerators
    return WorkloadFacts(
        uid=meta.uid,
        name=meta.name,
        namespace=meta.namespace,
        type=spec.type,
        kind=str(spec.manifest.get("kind", "")),
        accelerators=accelerators,
        power_kw=power,
        home_cluster=spec.placement.home_cluster,
        residency=tuple(spec.placement.residency),
        disruption=spec.disruption.mode,
        arrival=arrival,
        earliest_start=spec.schedule.earliest_start,
        deadline=spec.schedule.deadline,
        deadline_required=spec.schedule.deadline_kind == "Required",
        duration=spec.profile.duration,
    )


def manifest_accelerators(manifest: Mapping[str, Any]) -> int:
    """Accelerators that all pods of a Job or Deployment ask for together."""
    spec = manifest.get("spec") or {}
    pods = spec.get("parallelism", spec.get("replicas", 1))
    return int(pods) * pod_accelerators((spec.get("template") or {}).get("spec") or {})


def pod_accelerators(pod_spec: Mapping[str, Any]) -> int:
    """Accelerators one pod asks for: extended resources (with a domain) of its containers."""
    total = 0
    for container in pod_spec.get("containers") or []:
        resources = container.get("resources") or {}
        asked = {**(resources.get("requests") or {}), **(resources.get("limits") or {})}
        total += sum(int(count) for name, count in asked.items() if "/" in name)
    return total
