"""The baselines that look at the present only, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.planner.worlds import HOUR, NOW, cluster, hourly, running, stopped, workload, world
from voltaire.api.values import Series
from voltaire.fleet.snapshot import ClusterView, PolicyView, Snapshot, WorkloadView
from voltaire.planner.plan import Action, Decision
from voltaire.twin.baselines import baseline

DIRTY, CLEAN, MIDDLE = (cluster(n, hourly(g)) for n, g in (("dirty", 500), ("green", 50), ("middle", 200)))
FULL = running("other", on="dirty", accelerators=16, mode="Never")


def decide(
    name: str, clusters: list[ClusterView], *work: WorkloadView, past: dict[str, Series] | None = None
) -> Decision:
    """What becomes of the first workload."""
    made = baseline(name).plan(world(clusters, list(work)), NOW, past or {})
    return made.decisions[work[0].uid]


def constant(zone: str, grams: float, hours: int = 240) -> dict[str, Series]:
    return {zone: Series(NOW - hours * HOUR, HOUR, (grams,) * hours)}


# carbon-agnostic


def test_carbon_agnostic_starts_at_home_however_dirty_it_is() -> None:
    found = decide("carbon-agnostic", [DIRTY, CLEAN], workload(home="dirty"))
    assert (found.action, found.cluster, found.accelerator_type) == (Action.START, "dirty", "a100")


def test_carbon_agnostic_takes_the_first_by_name_with_room_when_home_is_full() -> None:
    assert decide("carbon-agnostic", [MIDDLE, DIRTY, CLEAN], workload(home="dirty"), FULL).cluster == "green"


def test_carbon_agnostic_without_a_home_takes_the_first_by_name() -> None:
    assert decide("carbon-agnostic", [MIDDLE, DIRTY, CLEAN], workload()).cluster == "dirty"


def test_carbon_agnostic_waits_where_nothing_has_room_and_never_moves() -> None:
    assert decide("carbon-agnostic", [DIRTY], workload(home="dirty"), FULL).action is Action.WAIT
    assert decide("carbon-agnostic", [DIRTY, CLEAN], running(on="dirty")).action is Action.STAY


def test_unknown_intensity_stops_nobody_from_starting_on_arrival() -> None:
    for name in ("carbon-agnostic", "lowest-mean-stay", "greedy-now", "threshold", "lets-wait-awhile"):
        assert decide(name, [cluster("a", None)], workload(home="a")).action is Action.START, name


# lowest-mean-stay


def test_lowest_mean_counts_the_past_and_not_the_present() -> None:
    past = constant("MIDDLE", 30) | constant("GREEN", 90)
    assert decide("lowest-mean-stay", [MIDDLE, CLEAN], workload(), past=past).cluster == "middle"


def test_lowest_mean_takes_the_forecast_while_less_than_a_day_is_known() -> None:
    past = constant("MIDDLE", 30, hours=3)
    assert decide("lowest-mean-stay", [MIDDLE, CLEAN], workload(), past=past).cluster == "green"


def test_lowest_mean_takes_the_next_best_when_the_best_is_full_and_stays_there() -> None:
    full = running("other", on="green", accelerators=16)
    assert (
        decide("lowest-mean-stay", [DIRTY, MIDDLE, CLEAN], workload(home="dirty"), full).cluster == "middle"
    )
    assert decide("lowest-mean-stay", [DIRTY, CLEAN], running(on="dirty")).action is Action.STAY


def test_lowest_mean_weighs_what_a_cluster_adds_to_its_grid() -> None:
    # 200 x 1.0 < 150 x 1.5.
    wasteful = cluster("wasteful", hourly(150), pue=1.5)
    assert decide("lowest-mean-stay", [MIDDLE, wasteful], workload()).cluster == "middle"


# greedy


def test_greedy_moves_to_the_lowest_intensity_now() -> None:
    found = decide("greedy-now", [DIRTY, MIDDLE, CLEAN], running(on="dirty"))
    assert (found.action, found.cluster) == (Action.MIGRATE, "green")


def test_greedy_looks_at_this_hour_only() -> None:
    fleeting = cluster("fleeting", hourly(10, 900))
    assert decide("greedy-now", [CLEAN, fleeting], running(on="green")).cluster == "fleeting"


def test_greedy_stays_among_equals_and_where_it_may_not_move() -> None:
    same = cluster("same", hourly(500))
    assert decide("greedy-now", [DIRTY, same], running(on="dirty")).action is Action.STAY
    for fields in ({"mode": "Suspend"}, {"mode": "Never"}, {"migrations_left": 0}):
        assert decide("greedy-now", [DIRTY, CLEAN], running(on="dirty", **fields)).action is Action.STAY


def test_greedy_moves_once_a_slot_at_most() -> None:
    fresh = running(on="dirty", last_change=NOW, minimum_residence=timedelta(0))
    assert decide("greedy-now", [DIRTY, CLEAN], fresh).action is Action.STAY


def test_greedy_moves_only_while_the_deadline_leaves_time_for_it() -> None:
    # 2 h of work left, and 1 h for 450 GB at 450 GB/h.
    heavy = running(on="dirty", checkpoint_gb=450.0, deadline=NOW + 3 * HOUR)
    assert decide("greedy-now", [DIRTY, CLEAN], heavy).action is Action.MIGRATE
    late = replace(heavy, deadline=NOW + 2.9 * HOUR)
    assert decide("greedy-now", [DIRTY, CLEAN], late).action is Action.STAY


def test_payback_moves_only_what_pays_for_its_move() -> None:
    # Staying: 4 kW x 2 h x 500 = 4000 g. Moving: (2 h + 1 h of transfer) x 4 kW x 50 = 600 g, and 27 kWh of
    # transfer at the mean of 500 and 50: 7425 g.
    heavy = running(on="dirty", checkpoint_gb=450.0)
    assert decide("greedy-now", [DIRTY, CLEAN], heavy).action is Action.MIGRATE
    assert decide("greedy-payback", [DIRTY, CLEAN], heavy).action is Action.STAY
    # 50 GB: 3 kWh x 275 = 825 g, 2.11 h x 4 kW x 50 = 422 g.
    light = replace(heavy, checkpoint_gb=50.0)
    assert decide("greedy-payback", [DIRTY, CLEAN], light).action is Action.MIGRATE


def test_payback_counts_lost_work_and_time() -> None:
    # 100 g/h saved over 2 h: 4 kW x 2 h x (60-50) = 80 g; an hour lost costs 4 kW x 1 h x 50 = 200 g.
    near = cluster("near", hourly(60))
    free = PolicyView(kwh_per_gb=0.0)
    assert decide("greedy-payback", [near, CLEAN], running(on="near", policy=free)).action is Action.MIGRATE
    lossy = running(on="near", policy=free, at_risk_seconds=3600.0)
    assert decide("greedy-payback", [near, CLEAN], lossy).action is Action.STAY


# threshold


def day(now: float, *later: float) -> ClusterView:
    return cluster("home", hourly(now, *later))


def test_threshold_pauses_above_the_thirtieth_percentile_of_the_next_day() -> None:
    # 24 hours: one at 300, seven at 100, sixteen at 400. The 30th percentile is 300 - just within.
    below = day(300, *[100] * 7, *[400] * 16)
    above = day(301, *[100] * 7, *[200] * 16)
    relaxed = running(on="home", deadline=NOW + 40 * HOUR)
    assert decide("threshold", [below], relaxed).action is Action.STAY
    assert decide("threshold", [above], relaxed).action is Action.PAUSE


def test_threshold_waits_at_home_though_another_cluster_is_clean() -> None:
    work = workload(home="home", deadline=NOW + 40 * HOUR)
    found = decide("threshold", [day(400, *[100] * 23), CLEAN], work)
    assert found.action is Action.WAIT


def test_threshold_runs_through_once_its_slack_has_run_out() -> None:
    dirty_now = day(400, *[100] * 23)
    # 2 h of work: with 2 h 15 min left it may wait for one more slot, with 2 h 14 min not.
    for minutes, action in ((135, Action.WAIT), (134, Action.START)):
        work = workload(home="home", deadline=NOW + timedelta(minutes=minutes))
        assert decide("threshold", [dirty_now], work).action is action
    for minutes, action in ((135, Action.PAUSE), (134, Action.STAY)):
        work = running(on="home", deadline=NOW + timedelta(minutes=minutes))
        assert decide("threshold", [dirty_now], work).action is action


def test_threshold_does_not_stop_what_a_restart_would_make_late() -> None:
    fields = {"deadline": NOW + timedelta(minutes=150), "restore_seconds": 600.0, "at_risk_seconds": 600.0}
    assert decide("threshold", [day(400, *[100] * 23)], running(on="home", **fields)).action is Action.STAY


def test_threshold_goes_on_where_its_checkpoint_lies() -> None:
    work = stopped(data="green", home="dirty", mode="Migrate")
    assert decide("threshold", [DIRTY, CLEAN], work).cluster == "green"


# what holds for all of them


def test_a_gang_whose_slack_has_run_out_keeps_later_ones_from_its_place() -> None:
    gang = workload("gang", accelerators=16, home="dirty")
    soon = NOW + timedelta(seconds=1)
    small = workload("small", accelerators=1, home="dirty", arrival=soon, earliest_start=NOW)
    busy = running("other", on="dirty", accelerators=8, mode="Never")
    for deadline, action in ((2 * HOUR, Action.WAIT), (9 * HOUR, Action.START)):
        work = [replace(gang, deadline=NOW + deadline), small, busy]
        made = baseline("carbon-agnostic").plan(_only(DIRTY, *work), NOW, {})
        assert made.decisions["gang"].action is Action.WAIT
        assert made.decisions["small"].action is action


def test_what_has_run_out_of_slack_goes_where_there_is_room_before_it_has_begun() -> None:
    due = {"home": "dirty", "deadline": NOW + 2 * HOUR, "mode": "Migrate"}
    for name in ("threshold", "lets-wait-awhile", "gaia", "carbonscaler"):
        assert decide(name, [DIRTY, CLEAN], workload(**due), FULL).cluster == "green", name
        assert decide(name, [DIRTY, CLEAN], stopped(data="dirty", **due), FULL).action is Action.WAIT, name


def test_first_come_is_first_served() -> None:
    early = workload("z", accelerators=16, arrival=NOW - HOUR, home="dirty")
    late = workload("a", accelerators=16, home="dirty")
    made = baseline("carbon-agnostic").plan(_only(DIRTY, late, early), NOW, {})
    assert made.decisions["z"].action is Action.START
    assert made.decisions["a"].action is Action.WAIT


def test_a_power_limit_is_room_as_well() -> None:
    limited = cluster("a", hourly(100), limit_kw=10.0, host_overhead_kw=3.0)
    made = baseline("carbon-agnostic").plan(_only(limited, workload("a"), workload("b")), NOW, {})
    assert [made.decisions[uid].action for uid in "ab"] == [Action.START, Action.WAIT]


def test_what_is_in_transition_or_unreachable_is_left_alone() -> None:
    gone = replace(DIRTY, reachable=False)
    assert decide("greedy-now", [gone, CLEAN], running(on="dirty")).action is Action.STAY
    assert decide("greedy-now", [DIRTY, CLEAN], running(on="dirty", movable=False)).action is Action.STAY


def test_nothing_starts_before_its_earliest_start() -> None:
    assert decide("carbon-agnostic", [DIRTY], workload(earliest_start=NOW + HOUR)).action is Action.WAIT


def _only(view: ClusterView, *work: WorkloadView) -> Snapshot:
    return world([view], list(work))
