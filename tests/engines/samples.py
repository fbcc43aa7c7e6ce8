"""Manifests, pods and nodes as an API server knows them."""

from __future__ import annotations

from typing import Any

from voltaire.api.labels import EPOCH, WORKLOAD_UID

Object = dict[str, Any]
UID = "3a0c3a5e-0000-4000-8000-000000000001"


def job(pods: int = 2, gpus: int = 4, **spec: Any) -> Object:
    container: Object = {"name": "main", "image": "example/train:1"}
    if gpus:
        container["resources"] = {"limits": {"nvidia.com/gpu": str(gpus)}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "train", "labels": {"team": "a"}},
        "spec": {
            "parallelism": pods,
            "completions": pods,
            "template": {"spec": {"restartPolicy": "Never", "containers": [container]}},
            **spec,
        },
    }


def deployment(replicas: int = 2, **spec: Any) -> Object:
    labels = {"app": "serve"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "serve"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "main", "image": "example/serve:1"}]},
            },
            **spec,
        },
    }


def pod(
    phase: str = "Running",
    *,
    name: str = "p",
    node: str | None = "n",
    gpus: int = 0,
    uid: str | None = UID,
    epoch: int = 1,
    ready: bool = True,
    deleting: bool = False,
    start: str | None = "2030-01-01T00:00:00Z",
    report: str | None = None,
) -> Object:
    resources = {"requests": {"nvidia.com/gpu": str(gpus)}} if gpus else {}
    metadata: Object = {"name": name, "namespace": "ai", "uid": f"uid-{name}", "resourceVersion": "1"}
    if uid:
        metadata["labels"] = {WORKLOAD_UID: uid, EPOCH: str(epoch)}
    if deleting:
        metadata["deletionTimestamp"] = "2030-01-01T00:01:00Z"
    status: Object = {
        "phase": phase,
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        "containerStatuses": [{"name": "main", "state": {}}],
    }
    if start:
        status["startTime"] = start
    if report is not None:
        status["containerStatuses"] = [{"name": "main", "state": {"terminated": {"message": report}}}]
    spec = {"nodeName": node, "containers": [{"name": "main", "resources": resources}]}
    return {"metadata": metadata, "spec": spec, "status": status}


def node(name: str = "n", kind: str | None = "a100", gpus: int = 8, **spec: Any) -> Object:
    return {
        "metadata": {"name": name, "labels": {"nvidia.com/gpu.product": kind} if kind else {}},
        "spec": spec,
        "status": {
            "allocatable": {"cpu": "64", "nvidia.com/gpu": str(gpus)},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }
