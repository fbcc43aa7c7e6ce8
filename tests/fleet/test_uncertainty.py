"""A forecast's error by lead time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.planner.worlds import cluster, hourly
from voltaire.fleet.snapshot import ClusterView
from voltaire.fleet.uncertainty import error_at


def view(error: Any) -> ClusterView:
    return replace(cluster("x", hourly(100)), forecast_error=error)


@pytest.mark.parametrize("error", [None, ()])
def test_what_is_not_tracked_is_no_error(error: object) -> None:
    assert error_at(view(error), 5.0) == 0.0


@pytest.mark.parametrize(("lead", "share"), [(-1.0, 0.0), (0.0, 0.0), (0.5, 0.05), (1.0, 0.1), (30.0, 0.1)])
def test_one_share_holds_for_every_lead_but_what_is_observed_now(lead: float, share: float) -> None:
    assert error_at(view(0.1), lead) == pytest.approx(share)


@pytest.mark.parametrize(
    ("lead", "share"), [(0.0, 0.0), (0.5, 0.05), (1.0, 0.1), (1.5, 0.15), (2.0, 0.2), (3.0, 0.4), (99.0, 0.4)]
)
def test_shares_by_lead_hour_are_joined_by_lines_and_the_last_holds(lead: float, share: float) -> None:
    assert error_at(view((0.1, 0.2, 0.4)), lead) == pytest.approx(share)
