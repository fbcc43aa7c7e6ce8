"""What goes into an AIWorkload's status after a step."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from voltaire.api.aiworkload import AIWorkloadStatus
from voltaire.api.conditions import Finding, in_progress, merge, ready, stalled
from voltaire.api.resources import AIWorkload
from voltaire.executor.desire import Wish
from voltaire.executor.progress import progress
from voltaire.executor.state import durable
from voltaire.executor.values import Step
from voltaire.fleet.demand import Demand
from voltaire.runtime.gather import work_of
from voltaire.runtime.shared import Shared


def render(
    shared: Shared,
    workload: AIWorkload,
    demand: Demand,
    made: Step,
    wanted: Wish,
    now: datetime,
    *,
    figures: bool,
) -> dict[str, Any] | None:
    """The status as a merge patch; None when it says nothing new."""
    before = workload.status
    seen = shared.engine.cached(workload, made.state.placement.cluster) if made.state.placement else None
    told: tuple[Finding, ...]
    if demand.problems:
        told = stalled("ManifestRefused", "; ".join(f"{f}: {m}" for f, m in demand.problems))
    elif made.state.phase == "Running":
        told = ready(made.reason, made.message)
    elif made.state.phase == "Succeeded":
        told = ready("Succeeded", made.message)
    else:
        told = in_progress(made.reason, made.message)
    fields = before.model_dump() | durable(made.state)
    fields["observed_generation"] = workload.metadata.generation
    if figures:
        fields["progress"] = progress(
            made.state, seen, now, work_of(workload), server=workload.spec.type == "Serving"
        )
    fields["conditions"] = merge(before.conditions, told, now=now, generation=workload.metadata.generation)
    after = AIWorkloadStatus.model_validate(fields)
    if after == before:
        return None
    wire = after.to_wire()
    return {key: wire.get(key) for key in {**before.to_wire(), **wire}}
