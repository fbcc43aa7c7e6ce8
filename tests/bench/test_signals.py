"""The bench itself, small: what it asserts is what the operator promises."""

from __future__ import annotations

from tests.bench.signals import KINDS, LIMIT, run


def test_a_zone_asks_once_a_step_at_most_and_costs_little() -> None:
    found = run(zones=2 * len(KINDS), steps=16)
    assert found["zonesKnownAtLeast"] == found["zones"] == 22
    assert found["mostRequestsOfAZoneInAStep"] == 1
    assert 0 < found["requestsPerZoneAndStep"] < 1
    # Of 200 zones, from the 22 that were measured.
    assert found["shareOfCore"] * 200 / found["zones"] < LIMIT
