"""Which workloads have an end."""

from __future__ import annotations

from voltaire.fleet.snapshot import WorkloadView


def is_lasting(workload: WorkloadView) -> bool:
    """Whether it has no known end: servers, and work of unknown duration."""
    return workload.type == "Serving" or workload.remaining_seconds is None
