"""The five kinds as users meet them: what the server takes, fills in and shows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.examples import JOB, SPECS, example
from tests.integration.server import NAMESPACE, Server, collection
from voltaire.api.resources import KINDS

pytestmark = pytest.mark.lab

VARIANTS = [(kind, index) for kind, specs in SPECS.items() for index in range(len(specs))]


@pytest.mark.parametrize("kind", KINDS)
def test_the_crd_is_established_and_structural(server: Server, kind: str) -> None:
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{KINDS[kind].plural}.voltaire.dev"
    conditions = server.request("GET", path).body["status"]["conditions"]
    found = {condition["type"]: condition["status"] for condition in conditions}
    assert found == {"NamesAccepted": "True", "Established": "True"}


@pytest.mark.parametrize(("kind", "variant"), VARIANTS)
def test_takes_an_object_with_every_field(server: Server, kind: str, variant: int) -> None:
    answer = server.create(example(kind, variant=variant))
    assert answer.code == 201, answer.message
    KINDS[kind].parse(answer.body)


MINIMAL: dict[str, dict[str, Any]] = {
    "AIWorkload": {"type": "Training", "manifest": JOB},
    "RegionalCluster": {"region": "r", "gridZone": "fr", "connection": {"inCluster": True}},
    "GridZone": {"zone": "FR", "sources": [{"static": {"gramsPerKWh": 50}}]},
    "Battery": {
        "capacityKWh": 40,
        "maxChargeKW": 10,
        "maxDischargeKW": 10,
        "telemetry": {"http": {"url": "https://a.example", "soc": {"query": "soc"}}},
    },
    "PlacementPolicy": {},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_server_fills_in_what_the_model_would(server: Server, kind: str) -> None:
    body = example(kind) | {"spec": MINIMAL[kind]}
    answer = server.create(body)
    assert answer.code == 201, answer.message
    assert KINDS[kind].parse(answer.body).spec == KINDS[kind].parse(body).spec
    model = KINDS[kind].spec.model_validate(MINIMAL[kind])
    scalars = {key: value for key, value in model.to_wire().items() if isinstance(value, str | int | float)}
    assert scalars.items() <= answer.body["spec"].items()


def test_nested_defaults_are_visible(server: Server) -> None:
    spec = server.create(example("AIWorkload") | {"spec": MINIMAL["AIWorkload"]}).body["spec"]
    assert spec["schedule"] == {"deadlineKind": "Preferred"}
    assert spec["disruption"]["checkpoint"] == {"onTermination": False, "sizeGB": 0, "restoreTime": "3m"}
    spec = server.create(example("GridZone") | {"spec": MINIMAL["GridZone"]}).body["spec"]
    assert spec["plausible"] == {"minGramsPerKWh": 0, "maxGramsPerKWh": 1500}
    assert (spec["refresh"], spec["staleAfter"]) == ("5m", "2h")


def test_status_is_written_apart_from_spec(server: Server, stored: dict[str, Any]) -> None:
    path = f"{collection('AIWorkload')}/stored"
    merge = "application/merge-patch+json"
    both = {"spec": {"suspend": True}, "status": {"phase": "Running", "migrations": 2}}
    by_status = server.request("PATCH", f"{path}/status", both, merge).body
    assert by_status["status"]["phase"] == "Running"
    assert by_status["spec"]["suspend"] is False
    assert by_status["metadata"]["generation"] == 1
    by_spec = server.request("PATCH", path, both | {"status": {"phase": "Failed"}}, merge).body
    assert by_spec["status"]["phase"] == "Running"
    assert by_spec["spec"]["suspend"] is True
    assert by_spec["metadata"]["generation"] == 2
    refused = server.request("PATCH", f"{path}/status", {"status": {"phase": "Dancing"}}, merge)
    assert refused.code == 422
    assert "status.phase: Unsupported value" in refused.message


COLUMNS = {
    "aiworkloads": "NAME TYPE PHASE CLUSTER DONE% MOVES SAVED DEADLINE REASON AGE",
    "regionalclusters": ("NAME REGION ZONE G/KWH EFFECTIVE ACCELERATORS BATTERY WORKLOADS READY REASON AGE"),
    "gridzones": "NAME ZONE G/KWH SOURCE OBSERVED READY REASON AGE",
    "batteries": "NAME CAPACITY SOC KW SOLAR STORED-G/KWH READY REASON AGE",
    "placementpolicies": "NAME MODE SLOT HORIZON READY AGE",
}


@pytest.mark.parametrize("kind", KINDS)
def test_kubectl_shows_the_columns(server: Server, kind: str) -> None:
    assert server.create(example(kind, name="shown"), keep=True).code == 201
    try:
        for word in (KINDS[kind].plural, KINDS[kind].short[0]):
            head, *rows = server.run("get", word, "-n", NAMESPACE).splitlines()
            assert " ".join(head.split()) == COLUMNS[KINDS[kind].plural]
            assert any(row.startswith("shown ") for row in rows)
        assert "/shown" in server.run("get", "voltaire", "-n", NAMESPACE, "-o", "name")
    finally:
        server.delete(kind, "shown")


def test_kubectl_explains_every_kind(server: Server) -> None:
    text = server.run("explain", "aiworkload.spec.disruption.checkpoint")
    assert "What survives a stop." in text
    assert "restoreTime" in text
