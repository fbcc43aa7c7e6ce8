"""Pod templates: what they ask for, and the marks Voltaire puts on them and on the object."""

from __future__ import annotations

import copy
from typing import Any

from voltaire.api.actions import Request
from voltaire.api.labels import (
    ACCELERATOR_TYPE_LABEL,
    COMPLETED_SECONDS,
    DEFAULT_ACCELERATOR_RESOURCE,
    EPOCH,
    MANAGED_BY,
    MANAGER,
    WORKLOAD,
    WORKLOAD_UID,
)
from voltaire.engines.adapters.base import Demand, Identity, Object
from voltaire.engines.adapters.checks import object_name
from voltaire.engines.adapters.shape import items, mapping, path

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def quantity(value: Any) -> int:
    """A count of devices as a container asks for it (`4` or `"4"`); 0 for anything else."""
    text = str(value)
    return int(text) if text.isdecimal() else 0


def pod_requests(pod_spec: Any) -> dict[str, int]:
    """Extended resources (those with a domain) that one pod takes: its containers together, or its greediest
    init container if that is more (sidecars count as containers).

    https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
    """
    total: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in items(path(pod_spec, "initContainers")):
        wanted = _extended(container)
        if container.get("restartPolicy") == "Always":
            _add(total, wanted)
        for name, count in wanted.items():
            peak[name] = max(peak.get(name, 0), count)
    for container in items(path(pod_spec, "containers")):
        _add(total, _extended(container))
    names = sorted(total.keys() | peak.keys())
    return {name: max(total.get(name, 0), peak.get(name, 0)) for name in names}


def _extended(container: Object) -> dict[str, int]:
    resources = mapping(container.get("resources"))
    merged = {**mapping(resources.get("limits")), **mapping(resources.get("requests"))}
    counts = {name: quantity(value) for name, value in merged.items() if "/" in str(name)}
    return {name: count for name, count in counts.items() if count}


def _add(total: dict[str, int], more: dict[str, int]) -> None:
    for name, count in more.items():
        total[name] = total.get(name, 0) + count


def template_demand(template: Any, pods: int) -> Demand:
    """Demand of `pods` pods of one template. Of several extended resources the usual one counts, else the
    first by name."""
    requests = pod_requests(path(template, "spec"))
    usual = DEFAULT_ACCELERATOR_RESOURCE
    resource = usual if usual in requests or not requests else next(iter(requests))
    wanted = path(template, "spec", "nodeSelector", ACCELERATOR_TYPE_LABEL)
    return Demand(
        accelerators=pods * requests.get(resource, 0),
        resource=resource,
        pods=pods,
        accelerator_type=wanted if isinstance(wanted, str) and wanted else None,
    )


def marks(identity: Identity, epoch: int) -> dict[str, str]:
    """The labels by which an object and its pods are known as a workload's, and as which copy."""
    return {WORKLOAD_UID: identity.uid, EPOCH: str(epoch), MANAGED_BY: MANAGER}


def completed(seconds: float) -> str:
    """Whole seconds, rounded down: work is rather done twice than not at all."""
    return str(int(seconds))


def stamped(manifest: Object, identity: Identity, request: Request) -> dict[str, Any]:
    """A copy of the manifest, named and marked, in the workload's namespace, on the planned accelerators.

    Only apiVersion, kind, spec, labels and annotations of the manifest survive.
    """
    metadata = mapping(manifest.get("metadata"))
    workload = f"{identity.namespace}/{identity.name}"
    labels = marks(identity, request.epoch)
    annotations = {k: v for k, v in mapping(metadata.get("annotations")).items() if k != _LAST_APPLIED}
    body: dict[str, Any] = {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": {
            "name": object_name(manifest, identity.name),
            "namespace": identity.namespace,
            "labels": {**mapping(metadata.get("labels")), **labels},
            "annotations": {**annotations, WORKLOAD: workload},
        },
        "spec": copy.deepcopy(dict(mapping(manifest.get("spec")))),
    }
    template = body["spec"]["template"]
    own = {WORKLOAD: workload, COMPLETED_SECONDS: completed(request.completed_seconds)}
    inner = template["metadata"] = dict(mapping(template.get("metadata")))
    inner["labels"] = {**mapping(inner.get("labels")), **labels}
    inner["annotations"] = {**mapping(inner.get("annotations")), **own}
    if request.accelerator_type is not None:
        selector = template["spec"]["nodeSelector"] = dict(mapping(template["spec"].get("nodeSelector")))
        selector.setdefault(ACCELERATOR_TYPE_LABEL, request.accelerator_type)
    return body


def renewal(request: Request) -> dict[str, Any]:
    """The part of a merge patch that marks an object and its pods-to-come as a new copy."""
    labels = {EPOCH: str(request.epoch)}
    annotations = {COMPLETED_SECONDS: completed(request.completed_seconds)}
    return {
        "metadata": {"labels": labels},
        "spec": {"template": {"metadata": {"labels": labels, "annotations": annotations}}},
    }
