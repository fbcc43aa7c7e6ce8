"""The fleet of these tests, and the workloads they apply: what a user would write."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from voltaire.api.base import API_VERSION

PARIS, VIRGINIA, CALIFORNIA = "paris", "virginia", "california"
ZONES = {PARIS: "FR", VIRGINIA: "US-MIDA-PJM", CALIFORNIA: "US-CAL-CISO"}
JURISDICTIONS = {PARIS: ["EU", "FR"], VIRGINIA: ["US", "US-VA"], CALIFORNIA: ["US", "US-CA"]}
NAMESPACE = "ai"
BYSTANDERS = "research"
SYSTEM = "voltaire-system"
CLUSTER_LABEL = "example.org/cluster"
Body = dict[str, Any]


def resource(kind: str, name: str, spec: Body, namespace: str = "", **meta: Any) -> Body:
    """An object of ours."""
    where = {"namespace": namespace} if namespace else {}
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, **where, **meta},
        "spec": spec,
    }


def zone(cluster: str) -> Body:
    """The GridZone of a member: one ConfigMap, asked as often as the operator's clock allows."""
    source = {"configMap": {"name": f"carbon-{cluster}", "namespace": SYSTEM}}
    spec = {"zone": ZONES[cluster], "sources": [source], "refresh": "1s", "staleAfter": "2h"}
    return resource("GridZone", f"{cluster}-grid", spec)


def cluster(name: str) -> Body:
    """A member: alike but for its name, its grid and its jurisdictions."""
    spec = {
        "region": name,
        "jurisdictions": JURISDICTIONS[name],
        "gridZone": f"{name}-grid",
        "connection": {
            "kubeconfigSecretRef": {"name": f"{name}-kubeconfig", "namespace": SYSTEM, "key": "kubeconfig"}
        },
        "capacity": {"accelerators": [{"type": "a100", "count": 16, "powerKW": 0.5}]},
        "power": {"pue": 1.2},
    }
    return resource("RegionalCluster", name, spec, labels={CLUSTER_LABEL: name})


def policy(name: str, *, mode: str = "Auto", residence: str = "0s", saving: float = 0.05) -> Body:
    """A policy that is eager to move, in the shortest slots there are."""
    spec = {
        "mode": mode,
        "hysteresis": {"minimumSaving": saving, "minimumResidence": residence},
        "budget": {"perHour": 1000, "concurrent": 100},
        "slot": "5m",
        "horizon": "24h",
    }
    return resource("PlacementPolicy", name, spec)


def pod_template(
    *, gpus: int, run_time: str | None, stop_time: str = "6s", labels: Body | None = None
) -> Body:
    """One container; how long its program runs is the lab's business."""
    notes = {"lab.voltaire.dev/stop-time": stop_time}
    if run_time is not None:
        notes["lab.voltaire.dev/run-time"] = run_time
    container: Body = {"name": "main", "image": "python:3.11-slim"}
    if gpus:
        container["resources"] = {"limits": {"nvidia.com/gpu": str(gpus)}}
    return {
        "metadata": {"annotations": notes, "labels": labels or {}},
        "spec": {"containers": [container]},
    }


def job(
    *, gpus: int = 2, pods: int = 1, run_time: str | None = "10h", stop_time: str = "6s", **spec: Any
) -> Body:
    """A Job of `pods` pods with `gpus` accelerators each."""
    template = pod_template(gpus=gpus, run_time=run_time, stop_time=stop_time)
    template["spec"]["restartPolicy"] = "Never"
    given = {
        "parallelism": pods,
        "completions": pods,
        "backoffLimit": 0,
        "podReplacementPolicy": "Failed",
        "template": template,
    }
    return {"apiVersion": "batch/v1", "kind": "Job", "spec": {**given, **spec}}


def server(name: str, *, replicas: int = 2) -> Body:
    """A Deployment of pods with one accelerator each."""
    labels = {"app": name}
    template = pod_template(gpus=1, run_time=None, labels=labels)
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}


def workload(
    name: str,
    manifest: Body,
    *,
    kind: str = "Training",
    duration: str | None = "10h",
    mode: str = "Migrate",
    only: tuple[str, ...] = (),
    residency: tuple[str, ...] = (),
    policy: str | None = None,
    checkpoint: Body | None = None,
    disruption: Body | None = None,
    deadline: datetime | None = None,
    required: bool = True,
    namespace: str = NAMESPACE,
) -> Body:
    """An AIWorkload; `only`: the clusters its selector admits."""
    placement: Body = {"homeCluster": VIRGINIA, "residency": list(residency)}
    if only:
        wanted = {"key": CLUSTER_LABEL, "operator": "In", "values": list(only)}
        placement["clusterSelector"] = {"matchExpressions": [wanted]}
    if policy is not None:
        placement["policy"] = policy
    saves = {"onTermination": True, "sizeGB": 1, "restoreTime": "30s"} if checkpoint is None else checkpoint
    spec: Body = {
        "type": kind,
        "manifest": manifest,
        "placement": placement,
        "disruption": {"mode": mode, "checkpoint": saves, **(disruption or {})},
    }
    if kind != "Serving" and duration is not None:
        spec["profile"] = {"duration": duration}
    if deadline is not None:
        spec["schedule"] = {
            "deadline": f"{deadline:%Y-%m-%dT%H:%M:%SZ}",
            "deadlineKind": "Required" if required else "Preferred",
        }
    return resource("AIWorkload", name, spec, namespace)


def bystanders() -> list[Body]:
    """Work that nothing in any test concerns: one in each member, for as long as the tests run."""
    return [
        workload(
            f"bystander-{name}",
            job(gpus=1, run_time=None),
            duration="500h",
            mode="Never",
            only=(name,),
            namespace=BYSTANDERS,
        )
        for name in ZONES
    ]
