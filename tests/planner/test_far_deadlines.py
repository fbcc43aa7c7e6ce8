"""Work that is not done within the horizon, and deadlines within a slot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.planner.worlds import HOUR, NOW, cluster, hourly, plan, running, workload, world
from voltaire.fleet.snapshot import PolicyView
from voltaire.planner.plan import Action, Decision

DAY = 24 * HOUR
SWING = hourly(*[*[400] * 14, 300, 250, 200, 150, 100, 100, 150, 200, 250, 300] * 2)
"""Two days, each cleanest between 16:00 and 22:00 hours from its beginning."""


def hours_planned(decision: Decision) -> float:
    return sum((s.end - s.start) / HOUR for s in decision.segments)


def decided(days: int, hours: float) -> Decision:
    """What is planned for so much work, due in so many days."""
    keen, due = PolicyView(minimum_saving=0.0), NOW + days * DAY
    long = workload(remaining_seconds=hours * 3600.0, deadline=due, deadline_required=True, policy=keen)
    return plan(world([cluster("x", SWING)], [long]), NOW).decisions["w"]


def test_long_work_with_much_time_waits_for_the_cleanest_hours() -> None:
    got = decided(days=14, hours=48)
    assert got.action is Action.WAIT
    assert hours_planned(got) == pytest.approx(10, abs=2.5)
    assert [(s.start - NOW) % DAY >= 15 * HOUR for s in got.segments] == [True, True]


def test_with_less_time_it_works_through_hours_that_are_dirtier() -> None:
    assert hours_planned(decided(days=4, hours=80)) > 40


def test_what_cannot_be_left_is_not() -> None:
    got = decided(days=3, hours=70)
    assert got.action is Action.START
    assert not got.late
    assert hours_planned(got) >= 46


def test_a_deadline_within_a_slot_is_planned_for_to_the_second() -> None:
    """Two that may not be stopped share a site one after the other: there is time for both to the minute."""
    due = NOW + timedelta(hours=2, minutes=5)
    first = workload("a", remaining_seconds=3600.0, mode="Never", deadline=NOW + HOUR, deadline_required=True)
    after = workload("b", remaining_seconds=3900.0, mode="Never", deadline=due, deadline_required=True)
    full = cluster("x", hourly(100), capacity={"a100": 4})
    decisions = plan(world([full], [first, after]), NOW).decisions
    assert [decisions[uid].late for uid in "ab"] == [False, False]
    assert decisions["b"].next_start == NOW + HOUR
    assert decisions["b"].finish == due


@pytest.mark.parametrize("hours", [24, 240])
def test_what_a_pause_must_save_does_not_grow_beyond_a_day_of_work(hours: float) -> None:
    """Both pause over the same dirty hours: 6 x 300 g each kW, against 5 % of a day or of what remains."""
    dirty = cluster("x", hourly(*[400] * 6, *[100] * 42))
    long = running(on="x", remaining_seconds=hours * 3600.0)
    assert plan(world([dirty], [long]), NOW).decisions["w"].action is Action.PAUSE
    least = replace(long, policy=replace(long.policy, minimum_saving_grams=1e6))
    assert plan(world([dirty], [least]), NOW).decisions["w"].action is Action.STAY
