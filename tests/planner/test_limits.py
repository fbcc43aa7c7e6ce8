"""What keeps a workload from something cleaner is named, with the price of the room it lacks."""

from __future__ import annotations

import re

from tests.planner.worlds import HOUR, NOW, battery, cluster, hourly, plan, running, workload, world
from voltaire.fleet.snapshot import ClusterView, WorkloadView
from voltaire.planner.plan import Decision, Limit

PARIS = cluster("paris", hourly(30), jurisdictions=frozenset({"EU"}))
VIRGINIA = cluster("virginia", hourly(400), jurisdictions=frozenset({"US"}))


def decide(clusters: list[ClusterView], *workloads: WorkloadView) -> Decision:
    return plan(world(clusters, list(workloads)), NOW).decisions["w"]


def test_a_full_cluster_is_named_with_what_its_room_is_worth() -> None:
    two_hours = {"accelerators": 12, "deadline": NOW + 3 * HOUR, "deadline_required": True, "mode": "Never"}
    both = [workload("a", **two_hours), workload("w", **two_hours)]
    made = plan(world([PARIS, VIRGINIA], both), NOW).decisions
    away = next(d for d in made.values() if d.cluster == "virginia")
    assert away.limit is Limit.CAPACITY
    found = re.search(
        r"paris is taken \(12 of 16 a100 in use until 14:00\): its room is worth (\d+) g/kWh", away.message
    )
    assert found, away.message
    assert 0 <= int(found[1]) <= 370, "what the other place costs more bounds what room is worth"
    assert away.candidates[-1].cluster == "paris"
    assert away.candidates[-1].grams is None


def test_a_power_limit_is_told_from_a_lack_of_accelerators() -> None:
    tight = cluster("paris", hourly(30), limit_kw=6.0)
    busy = running("busy", on="paris", mode="Never", remaining_seconds=6 * 3600.0)
    got = decide([tight, VIRGINIA], busy, workload(deadline=NOW + 3 * HOUR, deadline_required=True))
    assert (got.cluster, got.limit) == ("virginia", Limit.POWER)
    assert "the limit of 6 kW is used up until 18:00" in got.message


def test_residency_is_named_with_what_it_costs() -> None:
    got = decide([PARIS, VIRGINIA], workload(residency=frozenset({"US"})))
    assert (got.cluster, got.limit) == ("virginia", Limit.RESIDENCY)
    assert "paris would be cleaner (30 g/kWh): residency: wants US" in got.message


def test_a_deadline_that_comes_before_the_clean_hours_is_named() -> None:
    later = cluster("paris", hourly(*[400] * 8, 40))
    got = decide([later], workload(deadline=NOW + 5 * HOUR, deadline_required=True))
    assert got.limit is Limit.DEADLINE
    assert decide([later], workload(deadline=NOW + 20 * HOUR, deadline_required=True)).limit is None


def test_a_battery_that_makes_its_site_the_better_one_is_named() -> None:
    sunny = cluster("california", hourly(500), batteries=(battery(energy_kwh=100.0),))
    got = decide([sunny, cluster("virginia", hourly(200))], workload())
    assert (got.cluster, got.limit) == ("california", Limit.BATTERY)


def test_nothing_is_named_where_nothing_is_in_the_way() -> None:
    got = decide([PARIS, VIRGINIA], workload())
    assert got.limit is None
    assert all(c.price_grams == 0 for c in got.candidates)
