"""batch/v1 Job: runs to completion, can be suspended and resumed in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voltaire.api.actions import Request, Result
from voltaire.engines.adapters.base import Demand, FromWall, Identity, Object, Patch, Problem, Seen
from voltaire.engines.adapters.checks import ROOT, common_problems, count_problem
from voltaire.engines.adapters.pods import alive, at_work, started_at, trouble
from voltaire.engines.adapters.shape import condition, holds, mapping, path, wall_time, whole
from voltaire.engines.adapters.template import renewal, stamped, template_demand

_CONTROLLER = "kubernetes.io/job-controller"


class JobAdapter:
    """The Job controller's own semantics, made safe for at most one copy."""

    api_version = "batch/v1"
    kind = "Job"
    plural = "jobs"

    def validate(self, manifest: Object, namespace: str, name: str) -> list[Problem]:
        spec = mapping(manifest.get("spec"))
        found = common_problems(manifest, namespace, name)
        found += count_problem(manifest, "parallelism") + count_problem(manifest, "completions")
        for field in ("selector", "manualSelector"):
            if spec.get(field):
                message = "remove it: a Job that picks its own pods could adopt another copy's"
                found.append(Problem(f"{ROOT}.spec.{field}", message))
        if spec.get("managedBy") not in (None, _CONTROLLER):
            message = "remove it: Voltaire relies on the Job controller of Kubernetes itself"
            found.append(Problem(f"{ROOT}.spec.managedBy", message))
        return found

    def demand(self, manifest: Object) -> Demand:
        spec = mapping(manifest.get("spec"))
        parallelism = whole(spec.get("parallelism"), 1)
        completions = whole(spec.get("completions"), parallelism)
        return template_demand(spec.get("template"), min(parallelism, completions))

    def amendments(self, manifest: Object) -> tuple[str, ...]:
        return tuple(_make_safe(dict(mapping(manifest.get("spec")))))

    def prepare(self, manifest: Object, identity: Identity, request: Request) -> dict[str, Any]:
        body = stamped(manifest, identity, request)
        _make_safe(body["spec"])
        return body

    def suspend_patch(self) -> Patch:
        return {"spec": {"suspend": True}}

    def resume_patch(self, manifest: Object, request: Request) -> Patch:  # noqa: ARG002 (other kinds need it)
        patch = renewal(request)
        patch["spec"]["suspend"] = False
        return patch

    def observe(self, body: Object, pods: Sequence[Object], from_wall: FromWall) -> Seen:
        spec, status = mapping(body.get("spec")), mapping(body.get("status"))
        counted = whole(status.get("active"), 0) + whole(status.get("terminating"), 0)
        wanted = spec.get("completions")
        result = _result(body)
        end = condition(body, "Complete" if result is Result.SUCCEEDED else "Failed")
        finished = wall_time(status.get("completionTime")) or wall_time(end.get("lastTransitionTime"))
        return Seen(
            suspended=spec.get("suspend") is True and holds(body, "Suspended"),
            pods=max(counted, sum(map(alive, pods))),
            ready=sum(map(at_work, pods)),
            started_at=started_at(pods, from_wall),
            result=result,
            finished_at=from_wall(finished) if result and finished else None,
            completions=(whole(status.get("succeeded"), 0), whole(wanted, 1)) if wanted else None,
            message=_message(body, result) or trouble(pods),
        )


def _make_safe(spec: dict[str, Any]) -> list[str]:
    """Change what could run two copies of a pod at once, or hide how a Job ended; say what was changed.

    With `podReplacementPolicy: Failed` a pod is replaced only when it is fully over, so neither retries nor
    resuming overlap: https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-replacement-policy
    """
    changed = []
    if spec.get("podReplacementPolicy") != "Failed":
        was = spec.get("podReplacementPolicy")
        spec["podReplacementPolicy"] = "Failed"
        changed.append(
            f"spec.podReplacementPolicy set to Failed ({f'was {was}' if was else 'was absent'}): "
            "a retry or a resumed pod must not overlap the one before"
        )
    if spec.pop("ttlSecondsAfterFinished", None) is not None:
        changed.append("spec.ttlSecondsAfterFinished removed: the Job must stay until its result was seen")
    if spec.pop("suspend", None):
        changed.append("spec.suspend removed: Voltaire decides when it runs; the AIWorkload has its own")
    return changed


def _result(body: Object) -> Result | None:
    if holds(body, "Complete"):
        return Result.SUCCEEDED
    return Result.FAILED if holds(body, "Failed") else None


def _message(body: Object, result: Result | None) -> str:
    if result is not Result.FAILED:
        return ""
    end = condition(body, "Failed")
    retries = path(body, "spec", "backoffLimit")
    limit = f" (backoffLimit {retries})" if end.get("reason") == "BackoffLimitExceeded" else ""
    return f"{end.get('reason', 'Failed')}: {end.get('message', '')}{limit}"
