"""All checks of a twin result, in order: later ones rest on what earlier ones have established."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from voltaire.audit import shape
from voltaire.audit.findings import Ledger
from voltaire.audit.traces import Traces
from voltaire.audit.twin.batteries import check_battery
from voltaire.audit.twin.case import Case, Json, Run, read, runs_of
from voltaire.audit.twin.energy import check_cluster, complete
from voltaire.audit.twin.fields import RESULT
from voltaire.audit.twin.inputs import check_inputs
from voltaire.audit.twin.occupancy import check_limits, demand
from voltaire.audit.twin.receipts import check_attributed, check_extras, check_receipt
from voltaire.audit.twin.summary import check_bound, check_summary, stored_change
from voltaire.audit.twin.timelines import check_timeline


def audit_twin(document: Json, traces: Traces) -> Ledger:
    """What is wrong with a twin result. One whose fields or lists are not complete is not computed with."""
    ledger = Ledger()
    shape.check(ledger, RESULT, document)
    if ledger.findings:
        return ledger
    case = read(ledger, document)
    _references(ledger, case, document)
    if ledger.findings:
        return ledger
    check_inputs(ledger, case, document, traces)
    whole = True
    for name, policy in document["policies"].items():
        whole = _policy(ledger, case, policy, f"policies.{name}") and whole
    if whole:
        check_bound(ledger, case, document["policies"])
    return ledger


def _references(ledger: Ledger, case: Case, document: Json) -> None:
    """Lists as long as the run, and names that exist."""
    ledger.holds("Empty", "policies", bool(document["policies"]), "none", "at least one")
    for index, cluster in enumerate(document["clusters"]):
        ledger.fact("Length", f"clusters[{index}].gramsPerKWh", len(cluster["gramsPerKWh"]), case.slots)
        if cluster.get("pricePerKWh") is not None:
            path = f"clusters[{index}].pricePerKWh"
            shape.check(ledger, shape.Many(shape.NUMBER), cluster["pricePerKWh"], path)
            if isinstance(cluster["pricePerKWh"], list):
                ledger.fact("Length", path, len(cluster["pricePerKWh"]), case.slots)
    priced = any(cluster.get("pricePerKWh") is not None for cluster in document["clusters"])
    currency = document.get("currency")
    ledger.holds("Currency", "currency", (currency is not None) == priced, currency, "with prices only")
    for index, battery in enumerate(document["batteries"]):
        path = f"batteries[{index}]"
        ledger.fact("Length", f"{path}.solarKWh", len(battery["solarKWh"]), case.slots)
        there = battery["cluster"]
        ledger.holds("UnknownCluster", f"{path}.cluster", there in case.clusters, there, list(case.clusters))
    for index, job in enumerate(document["jobs"]):
        home = job["home"]
        known = home is None or home in case.clusters
        ledger.holds("UnknownCluster", f"jobs[{index}].home", known, home, list(case.clusters))


def _policy(ledger: Ledger, case: Case, policy: Json, path: str) -> bool:
    """One policy; False where it is too incomplete to be computed with."""
    if not complete(ledger, case, policy, path):
        return False
    before = len(ledger.findings)
    timelines = {timeline["id"]: runs_of(timeline) for timeline in policy["timelines"]}
    for index, timeline in enumerate(policy["timelines"]):
        check_timeline(ledger, case, timeline, f"{path}.timelines[{index}]")
    if any(run.cluster not in case.clusters for runs in timelines.values() for run in runs):
        return False
    needed = demand(case, timelines)
    batteries = {entry["name"]: entry for entry in policy["batteries"]}
    for index, entry in enumerate(policy["clusters"]):
        check_limits(ledger, case, entry["name"], needed[entry["name"]], f"{path}.clusters[{index}]")
    for index, entry in enumerate(policy["batteries"]):
        check_battery(ledger, case, entry, f"{path}.batteries[{index}]")
    broken = len(ledger.findings) - before
    for index, entry in enumerate(policy["clusters"]):
        where = f"{path}.clusters[{index}]"
        check_cluster(ledger, case, entry, needed[entry["name"]], batteries, where)
        if entry.get("attributedGrams"):
            check_attributed(ledger, case, entry, batteries, where)
    _receipts(ledger, case, policy, timelines, path)
    check_summary(ledger, case, policy, timelines, broken, f"{path}.summary")
    check_extras(ledger, case, policy, stored_change(case, policy), f"{path}.summary")
    return True


def _receipts(
    ledger: Ledger, case: Case, policy: Json, timelines: Mapping[str, Sequence[Run]], path: str
) -> None:
    clusters = {entry["name"]: entry for entry in policy["clusters"]}
    if all(entry.get("attributedGrams") for entry in clusters.values()):
        for index, row in enumerate(policy["timelines"]):
            runs = timelines[row["id"]]
            check_receipt(ledger, case, row, runs, clusters, f"{path}.timelines[{index}]")
