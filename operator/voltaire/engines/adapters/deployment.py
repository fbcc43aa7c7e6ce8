"""apps/v1 Deployment: serves until it is deleted, stops by having no replicas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voltaire.api.actions import Request
from voltaire.engines.adapters.base import Demand, FromWall, Identity, Object, Patch, Problem, Seen
from voltaire.engines.adapters.checks import ROOT, common_problems, count_problem
from voltaire.engines.adapters.pods import alive, at_work, started_at, trouble
from voltaire.engines.adapters.shape import condition, holds, mapping, path, whole
from voltaire.engines.adapters.template import renewal, stamped, template_demand


class DeploymentAdapter:
    """A server of `spec.replicas` pods. It has no result: it never finishes by itself."""

    api_version = "apps/v1"
    kind = "Deployment"
    plural = "deployments"

    def validate(self, manifest: Object, namespace: str, name: str) -> list[Problem]:
        found = common_problems(manifest, namespace, name) + count_problem(manifest, "replicas")
        if path(manifest, "spec", "paused"):
            found.append(Problem(f"{ROOT}.spec.paused", "remove it: a paused Deployment starts no pods"))
        return found

    def demand(self, manifest: Object) -> Demand:
        return template_demand(path(manifest, "spec", "template"), _replicas(manifest))

    def amendments(self, manifest: Object) -> tuple[str, ...]:  # noqa: ARG002 (other kinds need it)
        return ()

    def prepare(self, manifest: Object, identity: Identity, request: Request) -> dict[str, Any]:
        return stamped(manifest, identity, request)

    def suspend_patch(self) -> Patch:
        return {"spec": {"replicas": 0}}

    def resume_patch(self, manifest: Object, request: Request) -> Patch:
        patch = renewal(request)
        patch["spec"]["replicas"] = _replicas(manifest)
        return patch

    def observe(self, body: Object, pods: Sequence[Object], from_wall: FromWall) -> Seen:
        spec, status = mapping(body.get("spec")), mapping(body.get("status"))
        generation = whole(path(body, "metadata", "generation"), 0)
        acknowledged = whole(status.get("observedGeneration"), -1) >= generation
        counted = whole(status.get("replicas"), 0)
        return Seen(
            suspended=spec.get("replicas") == 0 and acknowledged and counted == 0,
            pods=max(counted, sum(map(alive, pods))),
            ready=sum(map(at_work, pods)),
            started_at=started_at(pods, from_wall),
            message=_failure(body) or trouble(pods),
        )


def _replicas(manifest: Object) -> int:
    return whole(path(manifest, "spec", "replicas"), 1)


def _failure(body: Object) -> str:
    """Why pods cannot even be made: a quota, Pod Security, a missing service account."""
    if not holds(body, "ReplicaFailure"):
        return ""
    failure = condition(body, "ReplicaFailure")
    return f"{failure.get('reason', 'ReplicaFailure')}: {failure.get('message', '')}"
