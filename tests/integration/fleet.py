"""The fleet of the integration tests' labs."""

from __future__ import annotations

from voltaire.lab import Fleet, Member
from voltaire.lab.fleet import Accelerators

RATE = 60.0
"""Lab seconds per real second: a lab minute is a real second."""

_REGIONS = {"paris": "eu-west-3", "virginia": "us-east-1", "california": "us-west-1"}
FLEET = Fleet(
    tuple(
        Member(name, region, (Accelerators("a100", "nvidia.com/gpu", 16),))
        for name, region in _REGIONS.items()
    )
)
