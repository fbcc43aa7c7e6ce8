"""The whole future known: the world does exactly what the joint solution says, and nobody beats its bound."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.scenes import battery, cluster, fleet, job, played, scenario, with_battery
from voltaire.twin.clairvoyant import Clairvoyant
from voltaire.twin.job import Job
from voltaire.twin.play import play
from voltaire.twin.scenario import Scenario
from voltaire.twin.whole_run import idle_grams, whole_problem
from voltaire.twin.world import World

FLEET = fleet(with_battery(cluster("a", hostOverheadKW=2.0), "pack"), cluster("b", pue=1.3), battery("pack"))


def total(world: World) -> float:
    return sum(sum(site.grams) for site in world.sites.values())


@st.composite
def aligned(draw: st.DrawFn) -> Scenario:
    """Whole hours, no restart, whole-hour transfers: nothing is rounded. All fit side by side."""

    def one(i: int) -> Job:
        arrival, duration = draw(st.integers(0, 12)), draw(st.integers(1, 5))
        return job(
            f"j{i}", arrival_h=float(arrival), duration_h=float(duration), restart_h=0.0, home="b",
            deadline_h=float(arrival + duration + draw(st.integers(0, 12))),
            checkpoint_gb=draw(st.sampled_from([0.0, 100.0])),
            mode=draw(st.sampled_from(["Never", "Suspend", "Migrate"])),
        )  # fmt: skip

    jobs = [one(i) for i in range(draw(st.integers(1, 4)))]
    grams = {name: [float(draw(st.integers(1, 600))) for _ in range(48)] for name in ("a", "b")}
    return scenario(FLEET, jobs, grams)


@settings(max_examples=15, deadline=None)
@given(scene=aligned())
def test_the_world_emits_what_the_solution_says(scene: Scenario) -> None:
    policy = Clairvoyant("clairvoyant", scene)
    world = played(scene, policy)
    assert policy.solution is not None
    assert world.record.refused == 0
    said = policy.solution.grams + idle_grams(policy.problem)
    assert total(world) == pytest.approx(said, rel=1e-6)


@settings(max_examples=10, deadline=None)
@given(scene=aligned())
def test_nobody_who_meets_the_deadlines_emits_less_than_the_bound(scene: Scenario) -> None:
    result = play(scene, ["clairvoyant", "voltaire", "carbon-agnostic", "greedy-now", "threshold"])
    bound = result.policies["clairvoyant"].summary.lowerBoundGrams
    assert bound is not None
    for name, one in result.policies.items():
        if one.summary.missed == 0:
            assert one.summary.grams >= bound * (1 - 1e-9), name


def test_an_optimum_that_can_be_seen_is_found() -> None:
    jobs = [job("j", duration_h=2.0, deadline_h=8.0, mode="Migrate", checkpoint_gb=0.0, restart_h=0.0)]
    two = fleet(cluster("a"), cluster("b"))
    scene = scenario(two, jobs, {"a": [900, 900, 10, 900, 900], "b": [900, 900, 900, 900, 20, 900]})
    world = played(scene, Clairvoyant("clairvoyant", scene))
    assert total(world) == pytest.approx(4 * 10 + 4 * 20)
    assert world.states["j"].migrations == 1


def test_a_job_without_room_between_slots_starts_on_arrival() -> None:
    tight = job("j", arrival_h=0.5, duration_h=1.2, deadline_h=1.9)
    scene = scenario(fleet(cluster("a")), [tight], {"a": [100]})
    world = played(scene, Clairvoyant("clairvoyant", scene))
    assert world.states["j"].done_h == pytest.approx(1.7)


def test_what_cannot_be_in_time_is_still_done() -> None:
    """Three gangs that fill the cluster, all due when only one can be done."""
    jobs = [job(f"j{i}", accelerators=16, power_kw=16.0, deadline_h=2.0) for i in range(3)]
    scene = scenario(fleet(cluster("a")), jobs, {"a": [100]})
    world = played(scene, Clairvoyant("clairvoyant", scene))
    assert sorted(state.done_h or -1.0 for state in world.states.values()) == pytest.approx([2.0, 4.0, 6.0])


def test_the_bound_reading_is_never_tighter_than_the_plan_reading() -> None:
    scene = scenario(FLEET, [job(arrival_h=0.4, deadline_h=9.7)], {"a": [100], "b": [50]})
    plan, bound = (whole_problem(scene, reading).workloads[0] for reading in ("plan", "bound"))
    assert bound.earliest_hours <= plan.earliest_hours
    assert (bound.deadline_hours or 0) >= (plan.deadline_hours or 0)
    assert bound.restore_hours <= plan.restore_hours
