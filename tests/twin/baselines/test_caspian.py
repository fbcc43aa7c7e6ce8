"""Caspian's linear program and its rounding, on instances small enough to see through."""

from __future__ import annotations

from datetime import timedelta

from tests.planner.worlds import HOUR, NOW, cluster, hourly, running, workload, world
from voltaire.fleet.snapshot import ClusterView, WorkloadView
from voltaire.planner.plan import Action, Decision
from voltaire.twin.baselines import baseline


def decide(clusters: list[ClusterView], *work: WorkloadView) -> dict[str, Decision]:
    return dict(baseline("caspian").plan(world(clusters, list(work)), NOW, {}).decisions)


def free(uid: str, hours: float, due: float, **fields: object) -> WorkloadView:
    return workload(uid, remaining_seconds=hours * 3600.0, deadline=NOW + due * HOUR, **fields)


def test_it_places_in_the_cleanest_cluster() -> None:
    found = decide([cluster("a", hourly(400)), cluster("b", hourly(100))], free("w", 2, 10))["w"]
    assert (found.action, found.cluster) == (Action.START, "b")


def test_it_shares_the_cleanest_cluster_out_and_gives_the_rest_the_next() -> None:
    clusters = [cluster("a", hourly(400)), cluster("b", hourly(100))]
    found = decide(clusters, *(free(f"w{i}", 24, 24, accelerators=8) for i in range(4)))
    assert sorted(str(d.cluster) for d in found.values()) == ["a", "a", "b", "b"]


def test_it_waits_for_an_hour_that_is_much_cleaner() -> None:
    assert decide([cluster("a", hourly(900, 900, 10, 900))], free("w", 1, 20))["w"].action is Action.WAIT


def test_it_moves_what_runs_as_if_moving_were_free() -> None:
    clusters = [cluster("a", hourly(400)), cluster("b", hourly(100))]
    heavy = running("w", on="a", checkpoint_gb=5000.0, deadline=NOW + 50 * HOUR)
    found = decide(clusters, heavy)["w"]
    assert (found.action, found.cluster) == (Action.MIGRATE, "b")


def test_it_leaves_what_may_not_be_stopped_and_counts_its_room() -> None:
    clusters = [cluster("a", hourly(400)), cluster("b", hourly(100))]
    fixed = running("fixed", on="b", mode="Never", accelerators=16, remaining_seconds=72 * 3600.0)
    found = decide(clusters, fixed, free("w", 2, 4))
    assert found["fixed"].action is Action.STAY
    assert found["w"].cluster == "a"


def test_residency_leaves_it_no_column_elsewhere() -> None:
    clusters = [
        cluster("a", hourly(400), jurisdictions=frozenset({"EU"})),
        cluster("b", hourly(100), jurisdictions=frozenset({"US"})),
    ]
    assert decide(clusters, free("w", 2, 3, residency=frozenset({"EU"})))["w"].cluster == "a"


def test_what_arrives_between_two_rounds_waits_for_the_next_unless_its_slack_runs_out() -> None:
    clusters = [cluster("a", hourly(400)), cluster("b", hourly(100))]
    policy = baseline("caspian")
    policy.plan(world(clusters, []), NOW, {})
    later = NOW + timedelta(minutes=20)
    work = [free("relaxed", 2, 10, home="a", arrival=later), free("tight", 2, 2.4, home="a", arrival=later)]
    made = policy.plan(world(clusters, work, later), later, {})
    assert made.decisions["relaxed"].action is Action.WAIT
    assert (made.decisions["tight"].action, made.decisions["tight"].cluster) == (Action.START, "a")
    made = policy.plan(world(clusters, work, NOW + HOUR), NOW + HOUR, {})
    assert made.decisions["relaxed"].cluster == "b"


def test_zero_intensity_is_the_cleanest_of_all() -> None:
    found = decide([cluster("a", hourly(10)), cluster("b", hourly(0))], free("w", 2, 10))["w"]
    assert found.cluster == "b"


def test_an_empty_fleet_and_no_work_are_no_error() -> None:
    assert decide([], free("w", 1, 5))["w"].action is Action.WAIT
    assert decide([cluster("a", hourly(10))]) == {}
