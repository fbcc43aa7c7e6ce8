"""An API server as the tests of the API see it: any request, and the answer as it is."""

from __future__ import annotations

import json
import ssl
import subprocess
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from voltaire.api.base import API_VERSION
from voltaire.api.resources import KINDS
from voltaire.lab import LabCluster
from voltaire.lab.assets import locate

REPOSITORY = Path(__file__).parents[2]
NAMESPACE = "default"


@dataclass(frozen=True)
class Answer:
    """Status code, decoded body, and warnings."""

    code: int
    body: Any
    warnings: str

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))


class Server:
    """Requests to one cluster as its administrator."""

    def __init__(self, cluster: LabCluster) -> None:
        self.cluster = cluster
        context = ssl.create_default_context(cafile=str(cluster.ca_pem_path))
        context.load_cert_chain(cluster.admin_certificate, cluster.admin_key)
        address = urlsplit(cluster.server_url)
        self._connection = HTTPSConnection(address.hostname or "", address.port, context=context, timeout=30)

    def close(self) -> None:
        self._connection.close()

    def request(
        self, method: str, path: str, body: Any = None, content: str = "application/json", **query: str
    ) -> Answer:
        target = f"{path}?{urlencode(query)}" if query else path
        data = None if body is None else json.dumps(body)
        self._connection.request(method, target, data, {"Content-Type": content})
        response = self._connection.getresponse()
        warnings = ", ".join(response.headers.get_all("Warning") or [])
        return Answer(response.status, json.loads(response.read()), warnings)

    def create(self, body: dict[str, Any], *, keep: bool = False) -> Answer:
        """Create an object of ours as kubectl does; without `keep`, everything but the storing is done."""
        dry = {} if keep else {"dryRun": "All"}
        return self.request("POST", collection(body["kind"]), body, fieldValidation="Strict", **dry)

    def replace(self, body: dict[str, Any]) -> Answer:
        path = f"{collection(body['kind'])}/{body['metadata']['name']}"
        return self.request("PUT", path, body, fieldValidation="Strict", dryRun="All")

    def delete(self, kind: str, name: str) -> None:
        self.request("DELETE", f"{collection(kind)}/{name}")

    def kubectl(self, *arguments: str, standard_input: str | None = None) -> subprocess.CompletedProcess[str]:
        program = locate("kubectl")
        assert program is not None
        return subprocess.run(
            [program, "--kubeconfig", self.cluster.admin_kubeconfig, *arguments],
            input=standard_input,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def run(self, *arguments: str) -> str:
        """kubectl's output, when it succeeded."""
        done = self.kubectl(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


def collection(kind: str) -> str:
    """The path of all objects of a kind, in the namespace `default` where there are any."""
    scope = f"/namespaces/{NAMESPACE}" if KINDS[kind].namespaced else ""
    return f"/apis/{API_VERSION}{scope}/{KINDS[kind].plural}"


def documents(text: str) -> list[dict[str, Any]]:
    """The objects in a YAML stream."""
    return [document for document in yaml.safe_load_all(text) if document]
