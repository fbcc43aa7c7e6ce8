"""A plan is made at any moment, seldom just when a slot begins: what has nothing to wait for starts now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.planner.worlds import HOUR, NOW, cluster, hourly, stopped, workload, world
from voltaire.planner import plan
from voltaire.planner.plan import Action

JUST_AFTER = NOW + timedelta(seconds=18)


@pytest.mark.parametrize("hours", [2, 10, 40])
def test_nothing_waits_for_the_next_slot_for_its_own_sake(hours: int) -> None:
    flat = [cluster("a", hourly(50)), cluster("b", hourly(300))]
    work = [
        workload("fresh", remaining_seconds=hours * 3600.0),
        stopped("paused", data="a", remaining_seconds=hours * 3600.0, restore_seconds=30.0),
    ]
    decisions = plan(world(flat, work, NOW, time=JUST_AFTER), JUST_AFTER).decisions
    assert {uid: decision.action for uid, decision in decisions.items()} == {
        "fresh": Action.START,
        "paused": Action.START,
    }
    assert all(decision.finish is not None for decision in decisions.values())
    assert HOUR * hours <= decisions["fresh"].finish - JUST_AFTER  # type: ignore[operator]
