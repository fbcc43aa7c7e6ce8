"""Real control planes for the integration tests, started once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from voltaire.lab import Fleet, Lab, Member
from voltaire.lab.fleet import Accelerators

RATE = 60.0
"""Lab seconds per real second."""


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A hub and paris, virginia, california with 16 a100 each; a lab minute is a real second."""
    regions = {"paris": "eu-west-3", "virginia": "us-east-1", "california": "us-west-1"}
    a100 = (Accelerators("a100", "nvidia.com/gpu", 16),)
    fleet = Fleet(tuple(Member(name, region, a100) for name, region in regions.items()))
    with Lab.up(fleet, tmp_path_factory.mktemp("lab"), RATE) as running:
        yield running
