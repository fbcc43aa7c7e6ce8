"""What is wanted of a workload, given a plan that may be older than the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.api.examples import example
from tests.planner.worlds import NOW, cluster, hourly, running, workload, world
from voltaire.api.resources import AIWORKLOAD, REGIONALCLUSTER
from voltaire.executor.desire import wish
from voltaire.executor.state import Copy, State
from voltaire.executor.values import Desire, Keep, Run, Stop
from voltaire.fleet.demand import Demand
from voltaire.fleet.picture import MemberView, Picture
from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.plan import Action, Decision

PARIS = Copy(cluster="paris", epoch=3, since=NOW)


def wanted(view: WorkloadView, state: State, action: Action, picture: Picture | None = None) -> Desire:
    """What a plan made of `view`, with that action at paris, makes the machine want in `state`."""
    resource: Any = AIWORKLOAD.parse(example("AIWorkload"))
    decision = Decision("w", action, "paris", "a100", "Reason", "A sentence.")
    snapshot = world([cluster("paris", hourly(50))], [view])
    return wish(
        resource, Demand(4, "a100"), state, decision, snapshot, picture or Picture(), NOW, None
    ).desire


@pytest.mark.parametrize("phase", ["Draining", "Stopped", "Paused"])
def test_a_plan_made_while_it_drained_does_not_start_it_again(phase: Any) -> None:
    """Such a plan leaves it where it was only because it may not decide about it."""
    draining = running(on="paris", phase="Draining", movable=False)
    assert wanted(draining, State(phase=phase, epoch=3, placement=PARIS), Action.STAY) == Keep()


@pytest.mark.parametrize("phase", ["Draining", "Stopped"])
def test_a_plan_made_while_it_moved_still_knows_type_and_power(phase: Any) -> None:
    """Without them the new copy would be billed nothing."""
    moving = running(on="paris", phase="Draining", movable=False)
    state = State(phase=phase, epoch=3, placement=replace(PARIS, cluster="virginia"), target="paris")
    desire = wanted(moving, state, Action.STAY)
    assert isinstance(desire, Run)
    assert (desire.cluster, desire.accelerator_type) == ("paris", "a100")
    assert desire.power_kw


def test_a_plan_made_while_it_ran_is_followed() -> None:
    state = State(phase="Running", epoch=3, placement=PARIS)
    assert isinstance(wanted(running(on="paris"), state, Action.STAY), Run)
    assert isinstance(wanted(running(on="paris"), state, Action.PAUSE), Stop)


def test_what_never_started_and_shall_wait_is_kept() -> None:
    assert wanted(workload(), State(), Action.WAIT) == Keep()


@pytest.fixture
def open_paris() -> Picture:
    """Paris takes work."""
    body = example("RegionalCluster")
    body["metadata"]["name"], body["spec"]["suspend"] = "paris", False
    picture = Picture()
    picture.clusters["paris"] = REGIONALCLUSTER.parse(body)
    picture.members["paris"] = MemberView(True, "", "", capacity={"a100": 16})
    return picture


@pytest.mark.parametrize("phase", ["Placing", "Running"])
def test_a_start_planned_before_it_was_placed_elsewhere_does_not_move_it(
    phase: Any, open_paris: Picture
) -> None:
    start = (workload(), Action.START)
    assert isinstance(wanted(start[0], State(), start[1], open_paris), Run)
    here = State(phase=phase, epoch=1, placement=replace(PARIS, epoch=1))
    assert isinstance(wanted(start[0], here, start[1], open_paris), Run)
    elsewhere = State(phase=phase, epoch=1, placement=replace(PARIS, epoch=1, cluster="virginia"))
    assert wanted(start[0], elsewhere, start[1], open_paris) == Keep()
