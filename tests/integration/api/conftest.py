"""The hub's API server, which has our CRDs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.examples import example
from tests.integration.server import REPOSITORY, Server
from voltaire.api.resources import KINDS
from voltaire.lab import Lab


@pytest.fixture(scope="session")
def server(lab: Lab) -> Iterator[Server]:
    found = Server(lab.hub)
    found.run("apply", "--server-side", "-k", str(REPOSITORY / "manifests" / "crds"))
    found.run(
        "wait",
        "--for=condition=Established",
        "--timeout=60s",
        *(f"crd/{kind.plural}.voltaire.dev" for kind in KINDS.values()),
    )
    yield found
    found.close()


@pytest.fixture
def stored(server: Server) -> Iterator[dict[str, Any]]:
    """An AIWorkload with every field set, stored for the length of a test."""
    answer = server.create(example("AIWorkload", name="stored"), keep=True)
    assert answer.code == 201, answer.message
    yield answer.body
    server.delete("AIWorkload", "stored")
