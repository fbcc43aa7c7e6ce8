"""Whether the intensity that a demo result states is that of the trace, and its fleet that of the files."""

from __future__ import annotations

from datetime import timedelta

from voltaire.audit.demo.day import Day, Json
from voltaire.audit.findings import Ledger
from voltaire.audit.resources import check_batteries, check_clusters, check_workload
from voltaire.audit.traces import Traces


def check_inputs(ledger: Ledger, day: Day, document: Json, traces: Traces) -> None:
    """Compare with whatever was given."""
    _covered(ledger, day, document)
    if traces.carbon is not None:
        for index, entry in enumerate(document["intensity"]):
            path, zone = f"intensity[{index}].gramsPerKWh", entry["zone"]
            known = zone in traces.carbon.columns
            if ledger.holds("UnknownZone", path, known, zone, "a column of the carbon trace"):
                begin = day.begin + timedelta(hours=day.grids[zone].start)
                step = timedelta(minutes=entry["stepMinutes"])
                occurred = [
                    traces.carbon.mean(zone, begin + i * step, begin + (i + 1) * step)
                    for i in range(len(entry["gramsPerKWh"]))
                ]
                ledger.series("Intensity", path, entry["gramsPerKWh"], occurred)
    if traces.fleet:
        check_clusters(ledger, document["clusters"], traces.fleet)
        check_batteries(ledger, document["batteries"], traces.fleet, 0.0)
        given = traces.fleet.get("AIWorkload", {})
        for index, workload in enumerate(document["workloads"]):
            if workload["name"] in given:
                check_workload(ledger, workload, given[workload["name"]], f"workloads[{index}]")


def _covered(ledger: Ledger, day: Day, document: Json) -> None:
    """Intensity is stated for each cluster's zone, over the whole day."""
    for index, cluster in enumerate(document["clusters"]):
        zone = cluster["zone"]
        ledger.holds("UnknownZone", f"clusters[{index}].zone", zone in day.grids, zone, list(day.grids))
    for index, entry in enumerate(document["intensity"]):
        grid = day.grids[entry["zone"]]
        ends = grid.start + grid.step * len(grid.values)
        whole = -grid.step < grid.start <= 1e-9 and day.end - 1e-9 <= ends < day.end + grid.step
        ledger.holds("Covered", f"intensity[{index}]", whole, (grid.start, ends), (0.0, day.end), "hours")
