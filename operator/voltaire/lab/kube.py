"""A few synchronous requests to a lab cluster's API server, as its administrator."""

from __future__ import annotations

import json
import ssl
from http.client import HTTPException, HTTPSConnection
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from voltaire.lab.cluster import LabCluster
from voltaire.lab.errors import LabError

UNREACHABLE = 0
"""The status of a request that got no answer."""


class AdminClient:
    """One kept-alive connection; `request` never raises for what the server or the network does."""

    def __init__(self, cluster: LabCluster, timeout_seconds: float = 5.0) -> None:
        context = ssl.create_default_context(cafile=str(cluster.ca_pem_path))
        context.load_cert_chain(cluster.admin_certificate, cluster.admin_key)
        address = urlsplit(cluster.server_url)
        self._name = cluster.name
        self._connection = HTTPSConnection(
            address.hostname or "", address.port, context=context, timeout=timeout_seconds
        )

    def request(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """The HTTP status (`UNREACHABLE` without an answer) and the decoded body."""
        data = None if body is None else json.dumps(body)
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        # A connection kept alive may have ended with the server that was there before: reading again is safe.
        reused = self._connection.sock is not None
        status, answer = self._once(method, path, data, headers)
        if status == UNREACHABLE and reused and method == "GET" and "timed out" not in answer:
            status, answer = self._once(method, path, data, headers)
        return status, answer

    def _once(self, method: str, path: str, data: str | None, headers: dict[str, str]) -> tuple[int, Any]:
        try:
            self._connection.request(method, path, data, headers)
            response = self._connection.getresponse()
            text = response.read().decode()
        except (OSError, HTTPException) as error:
            self._connection.close()
            return UNREACHABLE, str(error)
        is_json = response.headers.get_content_type() == "application/json"
        return response.status, json.loads(text) if is_json else text

    def get(self, path: str) -> Any:
        """The decoded body. Raises LabError unless the answer is a success."""
        return self._expect("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Create something. Raises LabError unless the answer is a success."""
        return self._expect("POST", path, body)

    def _expect(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        status, answer = self.request(method, path, body)
        if not 200 <= status < 300:
            why = answer.get("message", answer) if isinstance(answer, dict) else answer
            raise LabError(f"cluster {self._name}: {method} {path} answered {status or 'nothing'}: {why}")
        return answer

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
