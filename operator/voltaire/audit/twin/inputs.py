"""Whether a result's header is what its input files say."""

from __future__ import annotations

from collections.abc import Mapping

from voltaire.audit.findings import Ledger
from voltaire.audit.resources import check_batteries, check_clusters, check_migration
from voltaire.audit.traces import Matrix, Traces
from voltaire.audit.twin.case import Case, Json


def check_inputs(ledger: Ledger, case: Case, document: Json, traces: Traces) -> None:
    """Compare with whatever was given."""
    if traces.carbon is not None:
        for index, cluster in enumerate(document["clusters"]):
            _intensity(ledger, case, cluster, traces.carbon, f"clusters[{index}].gramsPerKWh")
    if traces.jobs is not None:
        _jobs(ledger, document, traces.jobs)
    if traces.fleet:
        check_clusters(ledger, document["clusters"], traces.fleet)
        check_batteries(ledger, document["batteries"], traces.fleet, case.slot_hours)
        check_migration(ledger, document["migration"], traces.fleet)


def _intensity(ledger: Ledger, case: Case, cluster: Json, carbon: Matrix, path: str) -> None:
    zone = cluster["zone"]
    if not ledger.holds("UnknownZone", path, zone in carbon.columns, zone, "a column of the carbon trace"):
        return
    occurred = [carbon.mean(zone, *case.slot(slot)) for slot in range(case.slots)]
    ledger.series("Intensity", path, cluster["gramsPerKWh"], occurred)


def _jobs(ledger: Ledger, document: Json, given: Mapping[str, Json]) -> None:
    stated = {job["id"] for job in document["jobs"]}
    end = document["slots"] * document["slotMinutes"] / 60
    due = {name for name, job in given.items() if job["arrivalH"] < end}
    ledger.holds("EachOnce", "jobs", due <= stated <= set(given), len(stated), len(due), "jobs of the trace")
    for index, job in enumerate(document["jobs"]):
        for name, value in given.get(job["id"], {}).items():
            path, one = f"jobs[{index}].{name}", job[name]
            if isinstance(value, float):
                ledger.figure("Job", path, one, value)
            elif isinstance(value, list):
                ledger.fact("Job", path, sorted(one), sorted(value))
            else:
                ledger.fact("Job", path, one, value)
