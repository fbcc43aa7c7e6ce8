"""What an AIWorkload demands: its profile, and for what that leaves out its manifest."""

from __future__ import annotations

from voltaire.api.resources import AIWorkload
from voltaire.engines.adapters import adapter_for, manifest_problems
from voltaire.fleet.demand import Demand


def demand_of(workload: AIWorkload) -> Demand:
    """What it asks for, or with `problems` what forbids running it."""
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
