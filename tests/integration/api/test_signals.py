"""Signals from a real API server: the exporter's ConfigMap, Secrets that rotate, the check of a cluster."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.integration.server import Server
from tests.signals.builders import StandingClock, em_documents, zone_spec
from tests.signals.carbon.corruption.server import Server as Provider
from tests.signals.carbon.corruption.server import response
from tests.signals.carbon.harness import AVERAGE, MARGINAL
from voltaire.cli.main import main
from voltaire.runtime.hub import Hub, connect
from voltaire.signals.build import SignalDeps, build_zone_watcher
from voltaire.signals.zone import ZoneWatcher

FIVE = timedelta(minutes=5)
MAPS, SECRETS = "/api/v1/namespaces/kube-system/configmaps", "/api/v1/namespaces/default/secrets"
EXPORTER = {"azureExporter": {"behind": "WattTime", "name": "carbon-intensity"}}


@pytest.fixture
async def hub(server: Server) -> AsyncIterator[Hub]:
    kube = await connect(Path(server.cluster.admin_kubeconfig))
    yield Hub(kube, "test")
    await kube.close()


def exported(value: float, now: datetime, message: str = "") -> dict[str, Any]:
    """The ConfigMap as the exporter writes it: immutable, the forecast of a day in `binaryData`."""
    points = [
        {"location": "US-NW-BPAT", "timestamp": f"{now + i * FIVE:%Y-%m-%dT%H:%M:%SZ}", "duration": 5,
         "value": value + i % 3}
        for i in range(-12, 276)
    ]  # fmt: skip
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "carbon-intensity"},
        "immutable": True,
        "data": {
            "lastHeartbeatTime": f"{now:%Y-%m-%d %H:%M:%S}.041158869 +0000 UTC m=+10.861427049",
            "message": message,
            "numOfRecords": str(len(points)),
            "forecastDateTime": f"{now:%Y-%m-%d %H:%M:%S} +0000 UTC",
        },
        "binaryData": {"data": base64.b64encode(json.dumps(points).encode()).decode()},
    }


def watcher(hub: Hub, clock: StandingClock, source: dict[str, Any], basis: dict[str, str]) -> ZoneWatcher:
    async def read_secret(namespace: str, name: str, key: str) -> str:
        return (await hub.secret_value(namespace, name, key)).decode()

    deps = SignalDeps(clock, read_secret, hub.config_map, allow_private_urls=True)
    return build_zone_watcher(zone_spec([source], basis=basis), deps)


async def test_the_exporters_config_map_is_read_through_its_deletions(server: Server, hub: Hub) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    clock = StandingClock(now)
    watched = watcher(hub, clock, EXPORTER, MARGINAL)
    assert (await watched.poll()).reason == "Unreadable"
    assert server.request("POST", MAPS, exported(400, now)).code == 201
    first = await watched.poll(force=True)
    assert (first.grams_per_kwh, first.reason) == (400, "Observed")
    # It is immutable: the exporter deletes it and makes another.
    changed = server.request("PUT", f"{MAPS}/carbon-intensity", exported(410, now))
    assert changed.code == 422
    server.request("DELETE", f"{MAPS}/carbon-intensity")
    clock.time += FIVE
    gone = await watched.poll(force=True)
    assert (gone.grams_per_kwh, gone.fresh) == (401, True)
    assert "what it said at" in gone.sources[0].message
    assert server.request("POST", MAPS, exported(410, now)).code == 201
    assert (await watched.poll(force=True)).grams_per_kwh == 411
    server.request("DELETE", f"{MAPS}/carbon-intensity")
    server.request("POST", MAPS, exported(420, now, message="the API said 500"))
    clock.time += FIVE
    failed = await watched.poll(force=True)
    assert not failed.sources[0].healthy
    assert failed.grams_per_kwh != 422
    server.request("DELETE", f"{MAPS}/carbon-intensity")


def secret(value: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "em"},
        "data": {"token": base64.b64encode(value.encode()).decode()},
    }


async def test_a_key_is_read_anew_when_it_is_rotated(server: Server, hub: Hub) -> None:
    clock = StandingClock()
    valid = "first-key-aaaa"
    seen: list[bytes] = []

    def answer(target: str) -> bytes:
        end = target.partition("?")[0].rsplit("/", 1)[1]
        return response(json.dumps(em_documents(now=clock.time)[end]).encode())

    class Checking(Provider):
        async def _serve(self, reader: Any, writer: Any) -> None:
            head = await reader.readuntil(b"\r\n\r\n")
            seen.append(head)
            good = f"auth-token: {valid}".encode() in head
            body = answer(head.split(b" ", 2)[1].decode()) if good else response(b'{"error":"no"}', "401 No")
            writer.write(body)
            await writer.drain()
            writer.close()

    assert server.request("POST", SECRETS, secret(valid)).code == 201
    ref = {"name": "em", "namespace": "default", "key": "token"}
    async with Checking(answer) as provider:
        source = {"electricityMaps": {"secretRef": ref, "url": f"{provider.url}/v3"}}
        watched = watcher(hub, clock, source, AVERAGE)
        assert (await watched.poll()).grams_per_kwh == 55
        valid = "second-key-bbbb"
        clock.time += FIVE
        refused = await watched.poll(force=True)
        assert refused.sources[0].reason == "Unauthorized"
        assert "first-key" not in str(refused)
        server.request("PUT", f"{SECRETS}/em", secret(valid))
        clock.time += FIVE
        renewed = await watched.poll(force=True)
    assert (renewed.grams_per_kwh, renewed.sources[0].healthy) == (55, True)
    server.request("DELETE", f"{SECRETS}/em")


def test_a_cluster_is_checked_with_the_rights_of_who_asks(server: Server) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    server.request("POST", MAPS, exported(400, now))
    zone = {
        "apiVersion": "voltaire.dev/v1alpha1",
        "kind": "GridZone",
        "metadata": {"name": "checked"},
        "spec": {"zone": "US-NW-BPAT", "basis": MARGINAL, "sources": [EXPORTER]},
    }
    assert server.create(zone, keep=True).code == 201
    config = str(server.cluster.admin_kubeconfig)
    answer = CliRunner().invoke(main, ["signals", "check", "--json", "--kubeconfig", config])
    assert answer.exit_code == 0, answer.output
    (found,) = (z for z in json.loads(answer.stdout)["zones"] if z["name"] == "checked")
    assert 400 <= found["sources"][0]["gramsPerKWh"] <= 402
    server.request("DELETE", f"{MAPS}/carbon-intensity")
    answer = CliRunner().invoke(main, ["signals", "check", "--kubeconfig", config])
    assert answer.exit_code == 1
    assert "GridZone checked: Unknown" in answer.stdout
    server.delete("GridZone", "checked")
