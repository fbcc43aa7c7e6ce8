"""A plan is made at any moment, seldom just when a slot begins: what has nothing to wait for starts now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.planner.worlds import NOW, cluster, hourly, plan, stopped, workload, world
from voltaire.planner.plan import Action


@pytest.mark.parametrize("seconds", [1, 18, 500, 899])
@pytest.mark.parametrize("hours", [2, 10, 40])
def test_nothing_waits_for_the_next_slot_for_its_own_sake(hours: int, seconds: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    flat = [cluster("a", hourly(50)), cluster("b", hourly(300))]
    work = [
        workload("fresh", remaining_seconds=hours * 3600.0),
        stopped("paused", data="a", remaining_seconds=hours * 3600.0, restore_seconds=30.0),
    ]
    decisions = plan(world(flat, work, time=now), now).decisions
    assert {uid: decision.action for uid, decision in decisions.items()} == {
        "fresh": Action.START,
        "paused": Action.START,
    }


def test_what_is_left_of_a_dirty_slot_is_waited_for() -> None:
    now = NOW + timedelta(minutes=14)
    dirty_until_the_next_slot = (500.0, *[50.0] * 191)
    fleet = [cluster("a", dirty_until_the_next_slot)]
    decision = plan(world(fleet, [workload(remaining_seconds=40 * 3600.0)], time=now), now).decisions["w"]
    assert decision.action is Action.WAIT
    assert decision.next_start is not None
    assert NOW + timedelta(minutes=15) <= decision.next_start < NOW + timedelta(minutes=30)
