"""`voltaire signals check`: each source is tried from here, and no key is ever shown."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from voltaire.cli.main import main
from voltaire.cli.signals_inputs import given

KEY = "s3cret-key-1234"
HOUR = timedelta(hours=1)


class Provider(BaseHTTPRequestHandler):
    """Electricity Maps, Prometheus and an EMS in one."""

    def do_GET(self) -> None:
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        if "/carbon-intensity/" in self.path and self.headers.get("auth-token") != KEY:
            self._send(401, {"error": f"the token {self.headers.get('auth-token')} is wrong"})
        elif "/latest" in self.path:
            self._send(200, {"zone": "FR", **_point(hour)})
        elif "/history" in self.path:
            self._send(200, {"zone": "FR", "history": [_point(hour - i * HOUR) for i in range(1, 25)]})
        elif "/forecast" in self.path:
            self._send(200, {"zone": "FR", "forecast": [_point(hour + i * HOUR) for i in range(25)]})
        elif "/state" in self.path:
            self._send(200, {"battery": {"soc": 62, "power": -4000}})
        else:
            self._send(200, {"status": "success", "data": {"resultType": "vector", "result": []}})

    def _send(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


def _point(time: datetime) -> dict[str, Any]:
    return {"carbonIntensity": 50 + time.hour % 7, "datetime": f"{time:%Y-%m-%dT%H:%M:%S}.000Z"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def zone(name: str, *sources: dict[str, Any], **spec: Any) -> dict[str, Any]:
    spec = {"zone": "FR", "sources": list(sources), **spec}
    return {
        "apiVersion": "voltaire.dev/v1alpha1",
        "kind": "GridZone",
        "metadata": {"name": name},
        "spec": spec,
    }


def maps(url: str) -> dict[str, Any]:
    ref = {"name": "em", "namespace": "voltaire-system", "key": "token"}
    return {"electricityMaps": {"secretRef": ref, "url": f"{url}/v3"}}


def battery(url: str) -> dict[str, Any]:
    readings = {
        "soc": {"query": "battery.soc", "unit": "Percent"},
        "power": {"query": "battery.power", "unit": "W", "positive": "Discharge"},
    }
    spec = {
        "capacityKWh": 100,
        "maxChargeKW": 50,
        "maxDischargeKW": 50,
        "telemetry": {"http": {"url": f"{url}/state", **readings}},
    }
    return {"apiVersion": "voltaire.dev/v1alpha1", "kind": "Battery", "metadata": {"name": "a"}, "spec": spec}


def check(folder: Path, objects: list[dict[str, Any]], *arguments: str, **environment: str) -> Result:
    file = folder / "signals.yaml"
    file.write_text(yaml.safe_dump_all(objects))
    return CliRunner().invoke(main, ["signals", "check", str(file), *arguments], env=environment)


STATIC = {"static": {"gramsPerKWh": 60}}


def test_every_source_is_tried_and_told(tmp_path: Path, url: str) -> None:
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n")
    empty = {"prometheus": {"url": url, "query": "carbon"}}
    objects = [zone("fr", maps(url), empty, STATIC), battery(url)]
    answer = check(tmp_path, objects, "--json", "--secret", f"em={key}")
    assert answer.exit_code == 0, answer.output
    report = json.loads(answer.stdout)
    first, second, third = report["zones"][0]["sources"]
    assert 50 <= first["gramsPerKWh"] <= 56
    assert (first["error"], first["historyValues"], third["gramsPerKWh"]) == (None, 25, 60)
    assert 0 <= first["ageSeconds"] < 3600
    assert datetime.fromisoformat(first["forecastUntil"]) - datetime.now(UTC) > 20 * HOUR
    assert (second["gramsPerKWh"], second["error"]) == (None, "NoData")
    assert report["zones"][0]["basis"]["boundary"] == "lifecycle"
    assert (report["batteries"][0]["soc"], report["batteries"][0]["powerKW"]) == (0.62, -4)
    assert report["unknown"] == []


def test_a_zone_that_would_be_unknown_fails_the_command_and_is_named(tmp_path: Path, url: str) -> None:
    objects = [zone("fr", maps(url)), zone("de", STATIC, zone="DE")]
    answer = check(tmp_path, objects, "--secret", f"em={tmp_path / 'none'}")
    assert answer.exit_code == 1
    assert "GridZone fr: Unknown" in answer.stdout
    assert "cannot be read: FileNotFoundError" in answer.stdout
    assert "good" in answer.stdout


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_key_is_never_shown(tmp_path: Path, url: str, arguments: tuple[str, ...]) -> None:
    wrong = f"{KEY}-wrong"
    answer = check(tmp_path, [zone("fr", maps(url))], *arguments, SIGNAL_SECRET_EM_TOKEN=wrong)
    assert answer.exit_code == 1
    assert "the key is wrong" in answer.stdout
    assert KEY not in answer.output


def test_secrets_and_config_maps_of_the_file_are_used(tmp_path: Path, url: str) -> None:
    meta = {"name": "em", "namespace": "voltaire-system"}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": meta,
        "data": {"token": base64.b64encode(KEY.encode()).decode()},
    }
    rows = [f"{datetime.now(UTC) + i * HOUR:%Y-%m-%dT%H}:00Z,{70 + i}" for i in range(3)]
    series = "\n".join(["datetime_utc,FR", *rows])
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "fr", "namespace": "x"},
        "data": {"series.csv": series},
    }
    objects = [zone("fr", maps(url), {"configMap": {"name": "fr", "namespace": "x"}}), secret, config_map]
    answer = check(tmp_path, objects, "--json")
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout)["zones"][0]["sources"][1]["gramsPerKWh"] == 70


def test_a_trace_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    (tmp_path / "t.csv").write_text(
        f"datetime_utc,FR\n{now - HOUR:%Y-%m-%dT%H}:00Z,1\n{now:%Y-%m-%dT%H}:00Z,44\n"
    )
    answer = check(tmp_path, [zone("fr", {"csv": {"file": "t.csv"}}, basis={"boundary": "direct"})], "--json")
    assert json.loads(answer.stdout)["zones"][0]["sources"][0]["gramsPerKWh"] == 44


def test_zones_of_another_basis_are_named_with_what_follows(tmp_path: Path) -> None:
    objects = [zone("a", STATIC), zone("b", STATIC), zone("gb", STATIC, basis={"boundary": "direct"})]
    answer = check(tmp_path, objects)
    assert answer.exit_code == 0
    assert "gb: MixedBasis: average direct consumption-based" in answer.stdout


def test_private_addresses_can_be_left_refused(tmp_path: Path, url: str) -> None:
    answer = check(tmp_path, [battery(url)], "--no-private-urls")
    assert answer.exit_code == 1
    assert "UrlRefused" in answer.stdout


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ([], "neither a GridZone nor a Battery"),
        ([{"kind": "GridZone", "metadata": {"name": "x"}, "spec": {}}], "GridZone x"),
    ],
)
def test_nothing_to_check_or_not_readable_is_a_usage_error(
    tmp_path: Path, objects: list[dict[str, Any]], said: str
) -> None:
    answer = check(tmp_path, objects)
    assert answer.exit_code == 2
    assert said in answer.output


def test_without_a_cluster_the_remedy_is_named(tmp_path: Path) -> None:
    config = tmp_path / "none"
    config.write_text("{}")
    answer = CliRunner().invoke(main, ["signals", "check", "--kubeconfig", str(config)])
    assert answer.exit_code == 2
    assert "name a FILE" in answer.output


@pytest.mark.parametrize("text", ["em", "em=", "=x", "a/b/c/d=x", "a//b=x"])
def test_a_secret_that_is_written_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write"):
        given(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("em=k", ("", "em", "")),
        ("em/token=k", ("", "em", "token")),
        ("ns/em/token=a=b", ("ns", "em", "token")),
    ],
)
def test_a_secret_is_named_in_three_ways(text: str, parts: tuple[str, str, str]) -> None:
    found = given(text)
    assert (found.namespace, found.name, found.key) == parts
    assert str(found.path) == text.partition("=")[2]
