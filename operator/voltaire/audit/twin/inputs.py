"""Whether a result's header is what its input files say."""

from __future__ import annotations

from collections.abc import Mapping

from voltaire.audit.findings import Ledger
from voltaire.audit.prices import Prices, per_kwh
from voltaire.audit.resources import check_batteries, check_clusters, check_migration
from voltaire.audit.table import Matrix
from voltaire.audit.traces import Traces
from voltaire.audit.twin.case import Case, Json


def check_inputs(ledger: Ledger, case: Case, document: Json, traces: Traces) -> None:
    """Compare with whatever was given."""
    if traces.carbon is not None:
        for index, cluster in enumerate(document["clusters"]):
            _intensity(ledger, case, cluster, traces.carbon, f"clusters[{index}].gramsPerKWh")
    if traces.prices is not None:
        _prices(ledger, case, document, traces.prices)
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


def _prices(ledger: Ledger, case: Case, document: Json, given: Prices) -> None:
    """Prices of the zones that have a file; the rest have none, and then no cost either."""
    slots = [case.slot(slot) for slot in range(case.slots)]
    for index, cluster in enumerate(document["clusters"]):
        path, stated, zone = f"clusters[{index}].pricePerKWh", cluster.get("pricePerKWh"), cluster["zone"]
        if ledger.fact("Priced", path, stated is not None, zone in given.zones) and stated is not None:
            ledger.series("Price", path, stated, per_kwh(given.zones[zone], zone, slots))
    if any(cluster.get("pricePerKWh") is not None for cluster in document["clusters"]):
        ledger.fact("Currency", "currency", {document.get("currency")}, given.currencies)


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
