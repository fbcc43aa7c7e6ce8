"""Real control planes for the integration tests, started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.fleet import FLEET, RATE
from voltaire.lab import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A hub and paris, virginia, california with 16 a100 each."""
    with Lab.up(FLEET, tmp_path_factory.mktemp("lab"), RATE) as running:
        yield running
