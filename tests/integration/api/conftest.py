"""The hub's API server, which has our CRDs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.examples import example
from tests.integration.server import Server
from voltaire.lab import LabCluster


@pytest.fixture(scope="session")
def server(hub: LabCluster) -> Iterator[Server]:
    found = Server(hub)
    yield found
    found.close()


@pytest.fixture
def stored(server: Server) -> Iterator[dict[str, Any]]:
    """An AIWorkload with every field set, stored for the length of a test."""
    answer = server.create(example("AIWorkload", name="stored"), keep=True)
    assert answer.code == 201, answer.message
    yield answer.body
    server.delete("AIWorkload", "stored")
