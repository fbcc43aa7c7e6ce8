import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.audit.tamper import altered, containers, leaves, other, without_last, written
from tests.demo.builders import END, START, at, clusters, played, receipt, status
from voltaire.audit import Traces, audit, read_traces
from voltaire.demo import day
from voltaire.demo.decisions import Decision
from voltaire.demo.result import build

Json = dict[str, Any]
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def result() -> Json:
    """The played day of the demo's own tests, with a true counterfactual for each workload."""
    run = played()
    statuses = {}
    for uid, before in run.evidence.statuses.items():
        facts = run.evidence.workloads[uid]
        hours = sum((one.end - one.start) / HOUR for one in before.receipts if one.end)
        hours = facts.duration / HOUR if facts.finite and facts.duration else hours
        grams = receipt(facts, "virginia", 1, 0.0, hours)["grams"]
        finished = None if before.finished_at is None else (before.finished_at - START) / HOUR
        receipts = [one.model_dump(by_alias=True) for one in before.receipts]
        changes = {"phase": before.phase, "counterfactualGrams": grams}
        statuses[uid] = status(facts, receipts, finished, **changes)
    document: Json = json.loads(
        json.dumps(build(replace(run, evidence=replace(run.evidence, statuses=statuses))))
    )
    return document


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Traces:
    path = tmp_path_factory.mktemp("traces") / "carbon.csv"
    series = {zone: day.series(zone, START, END) for zone in day.ZONES}
    rows = ["datetime_utc," + ",".join(series)]
    for index in range(48):
        time = START + index * HOUR / 2
        rows.append(f"{time:%Y-%m-%dT%H:%MZ}," + ",".join(str(one.values[index]) for one in series.values()))
    path.write_text("\n".join(rows) + "\n")
    fleet = path.parent / "fleet.yaml"
    fleet.write_text(yaml.safe_dump_all(resources()))
    return read_traces(path, None, [fleet])


def resources() -> list[Json]:
    """What the played day's clusters, battery and workloads were made of."""
    found = [("Battery", "site", {"capacityKWh": 40, "maxChargeKW": 10, "solar": {"peakKW": 15}})]
    for name, one in clusters().items():
        found.append(("GridZone", one.zone.lower(), {"zone": one.zone}))
        accelerators = [{"type": kind, "count": count} for kind, count in one.capacity.items()]
        spec = {
            "gridZone": one.zone.lower(),
            "jurisdictions": list(one.jurisdictions),
            "power": {"pue": one.pue, "hostOverheadKW": one.host_overhead_kw},
            "capacity": {"accelerators": accelerators},
            "batteries": list(one.batteries),
        }
        found.append(("RegionalCluster", name, spec))
    for facts in played().evidence.workloads.values():
        spec = {
            "type": facts.type,
            "manifest": {"kind": facts.kind},
            "placement": {"homeCluster": facts.home_cluster},
            "profile": {"accelerators": facts.accelerators, "duration": "10h"},
            "schedule": {"deadline": f"{facts.deadline:%Y-%m-%dT%H:%M:%SZ}", "deadlineKind": "Required"}
            if facts.deadline
            else {},
        }
        found.append(("AIWorkload", facts.name, spec))
    return [{"kind": kind, "metadata": {"name": name}, "spec": spec} for kind, name, spec in found]


def names(document: Json, traces: Traces | None = None) -> set[str]:
    return {finding.name for finding in audit(document, traces or Traces()).findings}


def test_a_valid_result_agrees(result: Json, traces: Traces) -> None:
    ledger = audit(result, traces)
    assert ledger.findings == []
    assert ledger.checked > 1000


# Words for people and the identity of pods; when the operator announced something; sun that nobody could use;
# the pace of the play, which sets a tolerance; and a deadline's kind where there is no deadline.
UNCHECKABLE = {
    "carbonSource", "secondsPerHour", "decisions[*].message", "decisions[*].reason", "decisions[*].time",
    "workloads[*].name", "workloads[*].namespace", "workloads[*].why", "workloads[*].deadlineRequired",
    "workloads[*].intervals[*].podUIDs[*]", "batteries[*].series[*].solarKW",
}  # fmt: skip


def test_every_altered_leaf_is_caught_but_words(result: Json, traces: Traces) -> None:
    small = _short(result)
    assert audit(small, traces).findings == []
    missed = {
        written(path) for path, _ in leaves(small) if not audit(altered(small, path, other), traces).findings
    }
    assert missed == UNCHECKABLE


def _short(result: Json) -> Json:
    """With a tenth of the battery's points: they are alike."""
    small: Json = json.loads(json.dumps(result))
    for entry in (*small["batteries"], *small["siteIntensity"]):
        entry["series"] = entry["series"][:40]
    return small


def test_every_list_that_lacks_its_last_entry_is_caught(result: Json, traces: Traces) -> None:
    small = _short(result)
    missed = {
        written(path)
        for path, _ in containers(small)
        if path and not audit(altered(small, path, without_last), traces).findings
    }
    # Of the decisions only the pauses are figures elsewhere.
    assert missed == {"decisions"}


@pytest.mark.parametrize(
    ("path", "change", "expected"),
    [
        (("workloads", 2, "intervals", 1, "start"), lambda _: "2025-03-20T04:00:00Z", "AtMostOneCopy"),
        (("workloads", 2, "intervals", 1, "epoch"), lambda _: 1, "EpochsGrow"),
        (("workloads", 2, "residency"), lambda _: ["EU"], "Residency"),
        (("workloads", 2, "disruption"), lambda _: "Suspend", "DisruptionRespected"),
        (("workloads", 2, "disruption"), lambda _: "Never", "DisruptionRespected"),
        (("workloads", 2, "deadline"), lambda _: "2025-03-20T10:00:00Z", "RequiredDeadlines"),
        (("workloads", 2, "placements", 0, "end"), lambda _: "2025-03-20T06:00:00Z", "PlacementsAgree"),
        (("workloads", 2, "earliestStart"), lambda _: "2025-03-20T01:00:00Z", "NotBeforeEarliestStart"),
        (("workloads", 2, "counterfactualGrams"), lambda it: it * 1.02, "Counterfactual"),
        (("clusters", 0, "capacity", "a100"), lambda _: 9, "Capacity"),
        (("totals", "savedFraction"), lambda it: it + 0.01, "Total"),
        (("totals", "missedDeadlines"), lambda _: 1, "MissedDeadlines"),
        (("batteries", 0, "series", 50, "socKWh"), lambda it: it + 0.01, "StateOfCharge"),
        (("batteries", 0, "series", 50, "gridKW"), lambda it: it + 0.01, "EnergyBalance"),
        (("siteIntensity", 0, "series", 50, "gramsPerKWh"), lambda it: it + 1, "SiteIntensity"),
    ],
)
def test_a_broken_fact_has_its_name(
    result: Json, path: tuple[str | int, ...], change: Callable[[Any], Any], expected: str
) -> None:
    assert expected in names(altered(result, path, change))


def test_an_admitted_violation_is_a_finding(result: Json) -> None:
    violation = {"name": "NoOrphans", "workload": "ai/x", "time": "2025-03-20T01:00:00Z", "detail": "a pod"}
    assert "Violation" in names(altered(result, ("invariants", "violations"), lambda _: [violation]))


def test_a_pause_is_counted_from_what_the_hub_announced(result: Json) -> None:
    run = played()
    pause = Decision(at(5), "train-llm", "Pause", "paris", None, "Wait", "later")
    document = json.loads(json.dumps(build(replace(run, decisions=[pause]))))
    assert "Pauses" in names(document)


def test_intensity_is_compared_with_the_trace(result: Json, tmp_path: Path) -> None:
    path = tmp_path / "carbon.csv"
    rows = [f"{START + i * HOUR:%Y-%m-%dT%H:%MZ},1,2,3" for i in range(24)]
    path.write_text("\n".join(["datetime_utc,FR,US-CAL-CISO,US-MIDA-PJM", *rows]) + "\n")
    assert names(result, read_traces(path, None, [])) == {"Intensity"}
