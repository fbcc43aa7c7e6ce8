"""All checks of a demo result, in order."""

from __future__ import annotations

from voltaire.audit import shape
from voltaire.audit.demo.day import Day, Json, read
from voltaire.audit.demo.fields import RESULT
from voltaire.audit.demo.inputs import check_inputs
from voltaire.audit.demo.invariants import check_capacity, check_statement
from voltaire.audit.demo.invariants import check_workload as check_invariants
from voltaire.audit.demo.sites import check_battery, check_supply
from voltaire.audit.demo.totals import check_baseline, check_decisions, check_pauses, check_totals
from voltaire.audit.demo.workloads import check_counterfactual, check_placements, check_story
from voltaire.audit.findings import Ledger
from voltaire.audit.traces import Traces


def audit_demo(document: Json, traces: Traces) -> Ledger:
    """What is wrong with a demo result. A file whose fields are not complete is not computed with."""
    ledger = Ledger()
    shape.check(ledger, RESULT, document)
    if ledger.findings:
        return ledger
    day = read(ledger, document)
    check_inputs(ledger, day, document, traces)
    _sites(ledger, day, document)
    if ledger.findings:
        return ledger
    names = [(workload["namespace"], workload["name"]) for workload in document["workloads"]]
    ledger.holds("Twice", "workloads", len(set(names)) == len(names), names, "names of their own")
    for index, workload in enumerate(document["workloads"]):
        path = f"workloads[{index}]"
        check_invariants(ledger, day, workload, path)
        check_placements(ledger, day, workload, path)
        check_counterfactual(ledger, day, workload, path)
        check_story(ledger, day, workload, path)
    check_capacity(ledger, day, document["workloads"])
    check_statement(ledger, document["invariants"])
    check_pauses(ledger, document)
    check_decisions(ledger, day, document)
    check_baseline(ledger, day, document)
    check_totals(ledger, document)
    return ledger


def _sites(ledger: Ledger, day: Day, document: Json) -> None:
    batteries, supplies = document["batteries"], document["siteIntensity"]
    stated, needed = [entry["cluster"] for entry in supplies], [entry["cluster"] for entry in batteries]
    ledger.fact("EachOnce", "siteIntensity", sorted(stated), sorted(needed))
    for index, battery in enumerate(batteries):
        path, place = f"batteries[{index}]", battery["cluster"]
        if ledger.holds("UnknownCluster", path, place in day.clusters, place, list(day.clusters)):
            check_battery(ledger, day, battery, path)
            for other, supply in enumerate(supplies):
                if supply["cluster"] == place:
                    check_supply(ledger, day, battery, supply, f"siteIntensity[{other}]")
