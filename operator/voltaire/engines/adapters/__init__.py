"""Adapters: one for each kind a manifest may have, behind a registry.

Belongs here: what a kind's fields mean. Does not: requests to API servers, or what to do about what is seen.
A later kind is one more file and one more entry below, and an entry in `api.aiworkload`.
"""

from __future__ import annotations

from voltaire.engines.adapters.base import Adapter, Demand, Identity, Object, Problem, Seen
from voltaire.engines.adapters.checks import ROOT, object_name
from voltaire.engines.adapters.deployment import DeploymentAdapter
from voltaire.engines.adapters.job import JobAdapter

_ALL: tuple[Adapter, ...] = (JobAdapter(), DeploymentAdapter())
ADAPTERS: dict[tuple[str, str], Adapter] = {(each.api_version, each.kind): each for each in _ALL}


class UnsupportedKindError(Exception):
    """No adapter: the kind is not on the list, which also keeps out everything cluster-scoped."""


def adapter_for(manifest: Object) -> Adapter:
    """The adapter of a manifest's kind. Raises UnsupportedKindError naming the kinds there are."""
    api_version, kind = str(manifest.get("apiVersion")), str(manifest.get("kind"))
    adapter = ADAPTERS.get((api_version, kind))
    if adapter is None:
        known = ", ".join(f"{name} ({version})" for version, name in ADAPTERS)
        raise UnsupportedKindError(f"{kind} ({api_version}) cannot be run; use one of: {known}")
    return adapter


def manifest_problems(manifest: Object, namespace: str, workload_name: str) -> list[Problem]:
    """Everything that forbids running a manifest; empty when nothing does."""
    try:
        adapter = adapter_for(manifest)
    except UnsupportedKindError as error:
        return [Problem(f"{ROOT}.kind", str(error))]
    return adapter.validate(manifest, namespace, workload_name)


__all__ = [
    "ADAPTERS",
    "Adapter",
    "Demand",
    "Identity",
    "Problem",
    "Seen",
    "UnsupportedKindError",
    "adapter_for",
    "manifest_problems",
    "object_name",
]
