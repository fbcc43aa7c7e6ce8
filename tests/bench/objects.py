"""What the bench applies: a fleet of three members with static grids, and many small Jobs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from voltaire.api.base import API_VERSION
from voltaire.demo.install import NAMESPACE as SYSTEM
from voltaire.lab import Fleet, Member
from voltaire.lab.fleet import Accelerators

Object = dict[str, Any]
OPERATED, RAW = "bench", "bench-raw"
TYPE, RESOURCE = "a100", "nvidia.com/gpu"
# With a deadline that leaves an hour, nothing waits for a cleaner time or for room where it is cleanest.
GRIDS = {"paris": 50.0, "virginia": 60.0, "california": 55.0}
START = datetime(2026, 1, 1, 0, 1, tzinfo=UTC)
"""What the operator's clock shows at first: the bench is over before the next slot begins."""
RUN_HOURS = 6
DEADLINE = START + timedelta(hours=RUN_HOURS + 2)
KINDS_OF_JOBS = 50
"""Workloads differ in duration by so many steps of a minute: a plan cannot be made once for all of them."""


def fleet(accelerators: int, per_node: int) -> Fleet:
    """The members of the lab."""
    offered = (Accelerators(TYPE, RESOURCE, accelerators),)
    return Fleet(tuple(Member(name, name, offered, per_node) for name in GRIDS))


def _ours(kind: str, name: str, spec: Object, namespace: str = "") -> Object:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def zones() -> list[Object]:
    """A GridZone for each member."""
    return [
        _ours("GridZone", name, {"zone": name.upper(), "sources": [{"static": {"gramsPerKWh": grams}}]})
        for name, grams in GRIDS.items()
    ]


def clusters() -> list[Object]:
    """A RegionalCluster for each member."""
    return [
        _ours(
            "RegionalCluster",
            name,
            {
                "region": name,
                "jurisdictions": ["EU" if name == "paris" else "US"],
                "gridZone": name,
                "connection": {
                    "kubeconfigSecretRef": {
                        "name": f"{name}-kubeconfig",
                        "namespace": SYSTEM,
                        "key": "kubeconfig",
                    }
                },
                "capacity": {"accelerators": [{"type": TYPE, "powerKW": 0.5}]},
                "power": {"pue": 1.2},
            },
        )
        for name in GRIDS
    ]


def policy() -> Object:
    """The policy of the samples."""
    return _ours("PlacementPolicy", "default", {"mode": "Auto", "slot": "15m", "horizon": "48h"})


def namespaces() -> list[Object]:
    """Where the operator's workloads lie, and those of the plain client."""
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in (OPERATED, RAW)]


def job(index: int) -> Object:
    """One pod with one accelerator that runs for longer than any bench."""
    limits = {"limits": {RESOURCE: "1"}}
    container = {"name": "work", "image": "python:3.11-slim", "command": ["work"], "resources": limits}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "spec": {
            "backoffLimit": 0,
            "template": {
                "metadata": {"annotations": {"lab.voltaire.dev/run-time": _duration(index)}},
                "spec": {"restartPolicy": "Never", "containers": [container]},
            },
        },
    }


def _duration(index: int) -> str:
    return f"{RUN_HOURS}h{1 + index % KINDS_OF_JOBS}m"


def workload(namespace: str, name: str, index: int) -> Object:
    """An AIWorkload that may move."""
    spec = {
        "type": "Training",
        "profile": {"duration": _duration(index)},
        "disruption": {
            "mode": "Migrate",
            "checkpoint": {"onTermination": True, "interval": "30m", "sizeGB": 2},
        },
        "schedule": {"deadline": f"{DEADLINE:%Y-%m-%dT%H:%M:%SZ}", "deadlineKind": "Required"},
        "placement": {"homeCluster": "virginia"},
        "manifest": job(index),
    }
    return _ours("AIWorkload", name, spec, namespace)
