"""Whether a run kept the world's rules, read from its timelines alone. It always should."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from voltaire.twin.job import Job
from voltaire.twin.result import RunRow, Timeline
from voltaire.twin.scenario import Scenario

TINY = 1e-6


def count_violations(scenario: Scenario, timelines: Iterable[Timeline]) -> int:
    """How often a job ran twice at once, too early, where it may not, in pieces though it must not be
    stopped, elsewhere before its checkpoint could be there; and how often a cluster held more than it has."""
    jobs = {job.id: job for job in scenario.jobs}
    held: dict[str, list[tuple[float, int]]] = defaultdict(list)
    found = 0
    for timeline in timelines:
        job = jobs[timeline.id]
        found += _of_job(scenario, job, timeline.runs)
        for begin, end, cluster, kind in timeline.runs:
            if kind != "Transfer":
                held[cluster] += [(begin, job.accelerators), (end, -job.accelerators)]
    return found + sum(_overfull(scenario, cluster, changes) for cluster, changes in held.items())


def _of_job(scenario: Scenario, job: Job, runs: tuple[RunRow, ...]) -> int:
    found, at = 0, None
    before, travelled = -1.0, 0.0
    for begin, end, cluster, kind in runs:
        found += begin < max(before, job.start_h) - TINY or end < begin
        before = end
        if kind == "Transfer":
            travelled = end - begin
            continue
        areas = scenario.clusters[cluster].spec.jurisdictions
        found += bool(job.residency) and not job.residency.intersection(areas)
        found += at is not None and not job.interruptible
        if at is not None and at != cluster:
            found += travelled < _transfer_h(scenario, job) - TINY
        at, travelled = cluster, 0.0
    return found


def _transfer_h(scenario: Scenario, job: Job) -> float:
    policy = scenario.policies.get(job.policy or "default")
    rate = policy.spec.migration.gb_per_hour if policy else 450.0
    return job.checkpoint_gb / rate


def _overfull(scenario: Scenario, cluster: str, changes: list[tuple[float, int]]) -> int:
    """Moments at which more was held than there is. What ends makes room for what begins then."""
    capacity = sum(entry.count or 0 for entry in scenario.clusters[cluster].spec.capacity.accelerators)
    held = found = 0
    for _, change in sorted((round(time, 7), change) for time, change in changes):
        held += change
        found += change > 0 and held > capacity
    return found
