"""Every rule across fields, with something it takes and something it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.examples import DEPLOYMENT, JOB, READINGS, changed, example
from tests.api.schema import nodes, root
from tests.integration.server import Server
from voltaire.api.resources import KINDS

pytestmark = pytest.mark.lab

LONG = "a" * 53

# kind, variant of the example, changes that are taken, changes that are refused, what the refusal says
Case = tuple[str, int, dict[str, Any], dict[str, Any], str]
POD = {"apiVersion": "v1", "kind": "Pod", "spec": {}}
RULES: dict[str, Case] = {
    "a kind not allowed": (
        "AIWorkload", 0, {"manifest": JOB}, {"manifest": POD},
        "spec.manifest: Invalid value: manifest must be one of: Job (batch/v1), Deployment (apps/v1)",
    ),
    "a server that is a Job": (
        "AIWorkload", 1, {"manifest": DEPLOYMENT}, {"manifest": JOB},
        "spec.type: Invalid value: type Serving takes Deployment (apps/v1); Training and BatchInference take",
    ),
    "training that is a Deployment": (
        "AIWorkload", 0, {"type": "BatchInference"}, {"manifest": DEPLOYMENT},
        "spec.type: Invalid value: type Serving takes Deployment (apps/v1)",
    ),
    "a manifest's name too long": (
        "AIWorkload", 0, {"manifest.metadata.name": LONG[:52]}, {"manifest.metadata.name": LONG},
        "manifest.metadata.name must have at most 52 characters",
    ),
    "a manifest's name that is none": (
        "AIWorkload", 0, {"manifest.metadata.name": "a.b-c"}, {"manifest.metadata.name": "A_b"},
        "spec.manifest.metadata.name: Invalid value",
    ),
    "a server with a deadline": (
        "AIWorkload", 1, {"schedule": {}}, {"schedule": {"deadline": "2030-01-01T00:00:00Z"}},
        "spec.schedule: Invalid value: a Serving workload has no deadline",
    ),
    "a deadline before the start": (
        "AIWorkload", 0, {"schedule.deadline": "2030-01-01T00:00:01Z"},
        {"schedule.deadline": "2030-01-01T00:00:00Z"},
        "spec.schedule: Invalid value: deadline must come after earliestStart",
    ),
    "a deadline before the start, in another zone": (
        "AIWorkload", 0, {"schedule.deadline": "2030-01-01T00:30:00-01:00"},
        {"schedule.deadline": "2030-01-01T00:30:00+01:00"}, "deadline must come after earliestStart",
    ),
    "a required deadline that is absent": (
        "AIWorkload", 0, {"schedule": {"deadlineKind": "Preferred"}},
        {"schedule": {"deadlineKind": "Required"}},
        "spec.schedule: Invalid value: deadlineKind Required needs a deadline",
    ),
    "work of no duration": (
        "AIWorkload", 0, {"profile.duration": "1s"}, {"profile.duration": "0s"},
        "spec.profile: Invalid value: duration must be at least 1s",
    ),
    "checkpoints without a pause": (
        "AIWorkload", 0, {"disruption.checkpoint.interval": "1s"}, {"disruption.checkpoint.interval": "10ms"},
        "spec.disruption.checkpoint: Invalid value: interval must be at least 1s",
    ),
    "throughput of something odd": (
        "AIWorkload", 0, {"profile.throughput": {"h100": 2}}, {"profile.throughput": {"h 100": 2}},
        "spec.profile.throughput: Invalid value: keys must match",
    ),
    "two sources in one": (
        "GridZone", 0, {"sources": [{"csv": {"file": "a.csv"}}], "crossCheck": ...},
        {"sources": [{"csv": {"file": "a.csv"}, "static": {"gramsPerKWh": 1}}], "crossCheck": ...},
        "spec.sources[0]: Invalid value: set exactly one of static, configMap, csv, electricityMaps",
    ),
    "an empty source": (
        "GridZone", 0, {"sources": [{"static": {"gramsPerKWh": 0}}], "crossCheck": ...},
        {"sources": [{}], "crossCheck": ...},
        "spec.sources[0]: Invalid value: set exactly one of static, configMap, csv, electricityMaps",
    ),
    "a region and a place of WattTime": (
        "GridZone", 1, {"sources.0.wattTime.region": "PJM_DC"},
        {"sources.0.wattTime.location": {"latitude": 1, "longitude": 1}},
        "spec.sources[0].wattTime: Invalid value: set exactly one of region, location",
    ),
    "a region and a postcode of NESO": (
        "GridZone", 1, {"sources.1.neso.regionId": 1}, {"sources.1.neso.postcode": "RG41"},
        "spec.sources[1].neso: Invalid value: set at most one of regionId, postcode",
    ),
    "a step of Prometheus that is too short": (
        "GridZone", 2, {"sources.4.prometheus.step": "1m"}, {"sources.4.prometheus.step": "59s"},
        "spec.sources[4].prometheus: Invalid value: step must be at least 1m",
    ),
    "a step of Prometheus that is too long": (
        "GridZone", 2, {"sources.4.prometheus.step": "24h"}, {"sources.4.prometheus.step": "25h"},
        "spec.sources[4].prometheus: Invalid value: step must be at most 24h",
    ),
    "more past of Prometheus than is remembered": (
        "GridZone", 2, {"sources.4.prometheus.history": "192h"}, {"sources.4.prometheus.history": "193h"},
        "spec.sources[4].prometheus: Invalid value: history must be at most 192h",
    ),
    "a file outside the trace folder": (
        "GridZone", 0, {"sources.2.csv.file": "a/b.csv"}, {"sources.2.csv.file": "a/../../etc/passwd"},
        "spec.sources[2].csv: Invalid value: file stays inside the trace folder: leave out '..'",
    ),
    "a cross-check with nobody": (
        "GridZone", 0, {}, {"sources": [{"static": {"gramsPerKWh": 1}}]},
        "spec: Invalid value: crossCheck needs a second source: add one, or leave crossCheck out",
    ),
    "an empty plausible range": (
        "GridZone", 0, {"plausible": {"minGramsPerKWh": 1, "maxGramsPerKWh": 2}},
        {"plausible": {"minGramsPerKWh": 2, "maxGramsPerKWh": 2}},
        "spec.plausible: Invalid value: minGramsPerKWh must be below maxGramsPerKWh",
    ),
    "a plausible range that the default empties": (
        "GridZone", 0, {"plausible": {"minGramsPerKWh": 1499}}, {"plausible": {"minGramsPerKWh": 1500}},
        "minGramsPerKWh must be below maxGramsPerKWh",
    ),
    "a zone stale before it is refreshed": (
        "GridZone", 0, {"staleAfter": "5m"}, {"staleAfter": "4m"},
        "staleAfter must not be shorter than refresh",
    ),
    "a zone refreshed all the time": (
        "GridZone", 0, {"refresh": "1s"}, {"refresh": "0s"}, "refresh must be at least 1s",
    ),
    "a battery read in two ways": (
        "Battery", 0, {"telemetry.refresh": "2m"}, {"telemetry.http": READINGS},
        "spec.telemetry: Invalid value: set exactly one of prometheus, http, openEMS, sunSpec, mqtt, victron",
    ),
    "a battery not read at all": (
        "Battery", 1, {"telemetry.refresh": "2m"}, {"telemetry.http": ...},
        "spec.telemetry: Invalid value: set exactly one of prometheus, http, openEMS, sunSpec, mqtt, victron",
    ),
    "a password without a name": (
        "Battery", 4, {"telemetry.mqtt.username": "a"}, {"telemetry.mqtt.username": ...},
        "spec.telemetry.mqtt: Invalid value: passwordRef needs username",
    ),
    "an authority without TLS": (
        "Battery", 4, {"telemetry.mqtt.tls": False, "telemetry.mqtt.caRef": ...},
        {"telemetry.mqtt.tls": False},
        "spec.telemetry.mqtt: Invalid value: caRef needs tls: true",
    ),
    "a GX device's password without a name": (
        "Battery", 5, {"telemetry.victron.passwordRef": ..., "telemetry.victron.username": ...},
        {"telemetry.victron.username": ...},
        "spec.telemetry.victron: Invalid value: passwordRef needs username",
    ),
    "a GX device's authority without TLS": (
        "Battery", 5, {"telemetry.victron.tls": False, "telemetry.victron.caRef": ...},
        {"telemetry.victron.tls": False},
        "spec.telemetry.victron: Invalid value: caRef needs tls: true",
    ),
    "control of nothing": (
        "Battery", 2, {"control.openEMS.ess": "ess1"}, {"control.openEMS": ...},
        "spec.control: Invalid value: mode Control needs one of sunSpec, openEMS, mqtt, victron",
    ),
    "control of two interfaces": (
        "Battery", 2, {"control.mode": "Recommend"}, {"control.sunSpec": {"host": "10.0.0.5"}},
        "spec.control: Invalid value: set at most one of sunSpec, openEMS, mqtt, victron",
    ),
    "power without control": (
        "Battery", 2, {"control.power": True}, {"control.power": True, "control.mode": "Recommend"},
        "spec.control: Invalid value: power: true needs mode Control",
    ),
    "power of a GX device": (
        "Battery", 5, {"control.power": False}, {"control.power": True},
        "power: true is not possible with victron",
    ),
    "power without a topic": (
        "Battery", 1, {"control.mqtt.power": ...}, {"control.mqtt.power": ..., "control.mqtt.document": ...},
        "power: true needs mqtt.power or mqtt.document",
    ),
    "a plan published while observing": (
        "Battery", 0, {"control.mode": "Recommend"}, {"control.mode": "Observe"},
        "spec.control: Invalid value: publish needs mode Recommend or Control",
    ),
    "a plan published with a password alone": (
        "Battery", 0, {"control.publish.username": "a"}, {"control.publish.username": ...},
        "spec.control.publish: Invalid value: passwordRef needs username",
    ),
    "a plan published to an authority without TLS": (
        "Battery", 0, {"control.publish.tls": False, "control.publish.caRef": ...},
        {"control.publish.tls": False},
        "spec.control.publish: Invalid value: caRef needs tls: true",
    ),
    "written all the time": (
        "Battery", 0, {"control.refresh": "5s"}, {"control.refresh": "4s"},
        "spec.control: Invalid value: refresh must be at least 5s",
    ),
    "reverted before it is written again": (
        "Battery", 0, {"control.revertAfter": "40s"}, {"control.revertAfter": "39s"},
        "spec.control: Invalid value: revertAfter must be at least twice refresh",
    ),
    "reverted too late": (
        "Battery", 0, {"control.revertAfter": "1h"}, {"control.revertAfter": "61m"},
        "spec.control: Invalid value: revertAfter must be at most 1h",
    ),
    "written later than OpenEMS forgets": (
        "Battery", 2, {"control.refresh": "50s"}, {"control.refresh": "51s"},
        "refresh must be at most 50s with openEMS",
    ),
    "topics that take nothing": (
        "Battery", 1,
        {"control.mqtt.reserve": ..., "control.mqtt.maxCharge": ..., "control.mqtt.maxDischarge": ...},
        {
            "control.mqtt.reserve": ...,
            "control.mqtt.maxCharge": ...,
            "control.mqtt.maxDischarge": ...,
            "control.mqtt.document": ...,
        },
        "set at least one of reserve, maxCharge, maxDischarge, document",
    ),
    "written with a password alone": (
        "Battery", 1, {"control.mqtt.username": "a"}, {"control.mqtt.username": ...},
        "spec.control.mqtt: Invalid value: passwordRef needs username",
    ),
    "written to an authority without TLS": (
        "Battery", 1, {"control.mqtt.tls": False, "control.mqtt.caRef": ...}, {"control.mqtt.tls": False},
        "spec.control.mqtt: Invalid value: caRef needs tls: true",
    ),
    "a GX device written with a password alone": (
        "Battery", 5, {"control.victron.username": "a"}, {"control.victron.username": ...},
        "spec.control.victron: Invalid value: passwordRef needs username",
    ),
    "a GX device written to an authority without TLS": (
        "Battery", 5, {"control.victron.tls": False, "control.victron.caRef": ...},
        {"control.victron.tls": False},
        "spec.control.victron: Invalid value: caRef needs tls: true",
    ),
    "a battery refreshed all the time": (
        "Battery", 0, {"telemetry.refresh": "1s"}, {"telemetry.refresh": "1ms"},
        "refresh must be at least 1s",
    ),
    "a battery stale before it is refreshed": (
        "Battery", 0, {"telemetry.staleAfter": "1m"}, {"telemetry.staleAfter": "59s"},
        "staleAfter must not be shorter than refresh",
    ),
    "a member reached in two ways": (
        "RegionalCluster", 0, {"connection.inCluster": False}, {"connection.inCluster": True},
        "spec.connection: Invalid value: set exactly one of kubeconfigSecretRef and inCluster: true",
    ),
    "a member not reached at all": (
        "RegionalCluster", 1, {"connection": {"inCluster": True}}, {"connection": {}},
        "spec.connection: Invalid value: set exactly one of kubeconfigSecretRef and inCluster: true",
    ),
    "a slot too short": (
        "PlacementPolicy", 0, {"slot": "5m"}, {"slot": "299s"}, "slot must lie between 5m and 60m",
    ),
    "a slot too long": (
        "PlacementPolicy", 0, {"slot": "1h"}, {"slot": "1h1s"}, "slot must lie between 5m and 60m",
    ),
    "a horizon too short": (
        "PlacementPolicy", 0, {"horizon": "24h"}, {"horizon": "23h59m"},
        "horizon must lie between 24h and 168h",
    ),
    "a horizon too long": (
        "PlacementPolicy", 0, {"horizon": "168h"}, {"horizon": "169h"},
        "horizon must lie between 24h and 168h",
    ),
    "an accelerator type twice": (
        "RegionalCluster", 0, {"capacity.accelerators": [{"type": "a100"}, {"type": "h100"}]},
        {"capacity.accelerators": [{"type": "a100"}, {"type": "a100"}]}, "Duplicate value",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RULES.values(), ids=RULES)
def test_a_rule_takes_one_and_refuses_the_other(server: Server, case: Case) -> None:
    kind, variant, good, bad, message = case
    taken = server.create(example(kind, variant=variant, changes=good))
    assert taken.code == 201, taken.message
    refused = server.create(example(kind, variant=variant, changes=bad))
    assert refused.code == 422
    assert message in refused.message


def test_a_name_too_long_for_pods_is_refused_unless_the_manifest_has_its_own(server: Server) -> None:
    body = example("AIWorkload", name=LONG, changes={"manifest.metadata": ...})
    refused = server.create(body)
    assert refused.code == 422
    assert "metadata.name must have at most 52 characters" in refused.message
    assert server.create(example("AIWorkload", name=LONG)).code == 201
    assert (
        server.create(example("AIWorkload", name=LONG[:52], changes={"manifest.metadata": ...})).code == 201
    )


def test_every_rule_has_a_case() -> None:
    tested = [case[4] for case in RULES.values()]
    elsewhere = ("manifest cannot change", "metadata.name must have at most 52")
    for kind in KINDS.values():
        for path, node in nodes(root(kind)):
            for rule in node.get("x-kubernetes-validations", []):
                message = rule["message"]
                assert message.startswith(elsewhere) or any(
                    message.startswith(text.split("Invalid value: ")[-1]) for text in tested
                ), f"{kind.kind} {path}: {message}"


@pytest.mark.parametrize(
    "changes",
    [
        {"manifest.spec.template.spec.containers.0.image": "train:2"},
        {"manifest.spec.template.spec.containers.0.env": [{"name": "A", "value": "b"}]},
        {"manifest.spec.backoffLimit": 3},
        {"manifest.metadata.labels.team": "b"},
        {"manifest.metadata": ...},
    ],
    ids=["image", "env", "a new field", "label", "metadata"],
)
def test_a_change_anywhere_in_the_manifest_is_refused(
    server: Server, stored: dict[str, Any], changes: dict[str, Any]
) -> None:
    answer = server.replace(stored | {"spec": changed(stored["spec"], changes)})
    assert answer.code == 422
    assert "spec.manifest: Invalid value: manifest cannot change" in answer.message


def test_everything_else_may_change(server: Server, stored: dict[str, Any]) -> None:
    changes = {"suspend": True, "profile": {}, "disruption.mode": "Never", "placement.residency": ["US"]}
    answer = server.replace(stored | {"spec": changed(stored["spec"], changes)})
    assert answer.code == 200, answer.message
