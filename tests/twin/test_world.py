"""What the world does, and what it does not let a policy do."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.twin.scenes import (
    HOUR,
    Scripted,
    battery,
    cluster,
    fleet,
    job,
    placement_policy,
    played,
    scenario,
    with_battery,
)
from tests.twin.scenes import START as SCENE_START
from voltaire.planner.plan import Action
from voltaire.twin.world import World

START, PAUSE, MIGRATE = Action.START, Action.PAUSE, Action.MIGRATE
TWO = fleet(cluster("a", jurisdictions=["EU"]), cluster("b", jurisdictions=["US"]))
GRAMS = {"a": [100.0], "b": [50.0]}


def at(hours: float) -> datetime:
    return SCENE_START + hours * HOUR


def runs(world: World, name: str = "j") -> list[tuple[float, float, str, str]]:
    return [(round(a, 6), round(b, 6), c, kind) for a, b, c, kind in world.states[name].runs]


def test_a_job_runs_in_one_piece_and_is_billed_at_what_occurred() -> None:
    scene = scenario(TWO, [job(arrival_h=0.5)], {"a": [100, 200, 300], "b": [1]})
    world = played(scene, Scripted({0.5: [("j", START, "a")]}))
    assert runs(world) == [(0.5, 2.5, "a", "Run")]
    assert world.sites["a"].it[:3] == pytest.approx([2.0, 4.0, 2.0])
    assert sum(world.sites["a"].grams) == pytest.approx(2 * 100 + 4 * 200 + 2 * 300)


def test_the_policy_is_asked_at_slots_and_once_for_what_arrives_together() -> None:
    policy = Scripted({})
    jobs = [job("j", arrival_h=1.25), job("k", arrival_h=1.25), job("l", arrival_h=3.0)]
    played(scenario(TWO, jobs, GRAMS), policy)
    assert policy.asked[:3] == [1.25, 2.0, 3.0]
    assert set(policy.snapshots[0].workloads) == {"j", "k"}


def test_room_that_comes_free_within_a_slot_is_used_at_once() -> None:
    jobs = [job("j", accelerators=12, duration_h=0.25), job("k", accelerators=5)]
    both = [("j", START, "a"), ("k", START, "a")]
    world = played(scenario(TWO, jobs, GRAMS), Scripted({0.0: both, 0.25: both}))
    assert runs(world, "k") == [(0.25, 2.25, "a", "Run")]


def test_the_policy_is_asked_when_its_plan_wants_to_start_something() -> None:
    policy = Scripted({1.5: [("j", START, "a")]}, next_start={"j": 1.5})
    world = played(scenario(TWO, [job()], GRAMS), policy)
    assert runs(world) == [(1.5, 3.5, "a", "Run")]
    assert policy.asked[:4] == [0.0, 1.0, 1.5, 2.0]


def test_a_gang_that_does_not_fit_waits() -> None:
    jobs = [job("j", accelerators=12), job("k", accelerators=5)]
    both = [("j", START, "a"), ("k", START, "a")]
    world = played(scenario(TWO, jobs, GRAMS), Scripted({0.0: both, 1.0: both, 2.0: both}))
    assert runs(world, "j") == [(0.0, 2.0, "a", "Run")]
    assert runs(world, "k") == [(2.0, 4.0, "a", "Run")]
    assert world.record.refused == 2


def test_the_power_limit_counts_facility_power() -> None:
    tight = fleet(cluster("a", pue=1.5, limitKW=11.9))
    jobs = [job("j"), job("k")]
    both = [("j", START, "a"), ("k", START, "a")]
    world = played(scenario(tight, jobs, {"a": [100]}), Scripted({0.0: both}))
    assert (runs(world, "j"), runs(world, "k")) == ([(0.0, 2.0, "a", "Run")], [])


def test_data_stay_in_their_jurisdiction() -> None:
    bound = job(residency=frozenset({"US"}))
    world = played(scenario(TWO, [bound], GRAMS), Scripted({0.0: [("j", START, "a")]}))
    assert runs(world) == []
    assert world.record.refused == 1


def test_nothing_starts_before_it_may() -> None:
    later = job(earliest_h=2.0)
    say = {hour: [("j", START, "a")] for hour in (0.0, 1.0, 2.0)}
    assert runs(played(scenario(TWO, [later], GRAMS), Scripted(say))) == [(2.0, 4.0, "a", "Run")]


def test_announced_work_is_known_before_and_starts_when_it_arrives() -> None:
    policy = Scripted({3.25: [("j", START, "a")]})
    world = played(scenario(TWO, [job(arrival_h=3.25)], GRAMS, announced_h=2.0), policy)
    assert runs(world) == [(3.25, 5.25, "a", "Run")]
    assert policy.asked[:4] == [1.25, 2.0, 3.0, 3.25]
    seen = policy.snapshots[0].workloads["j"]
    assert (seen.arrival, seen.earliest_start) == (at(1.25), at(3.25))


def test_announced_work_is_refused_before_it_arrives() -> None:
    say = Scripted({2.0: [("j", START, "a")]})
    world = played(scenario(TWO, [job(arrival_h=3.25)], GRAMS, announced_h=36.0), say)
    assert (runs(world), world.record.refused) == ([], 1)


def test_what_may_not_be_stopped_runs_through() -> None:
    rigid = job(mode="Never")
    say = {0.0: [("j", START, "a")], 1.0: [("j", PAUSE, None)]}
    world = played(scenario(TWO, [rigid], GRAMS), Scripted(say))
    assert runs(world) == [(0.0, 2.0, "a", "Run")]


def test_what_may_only_pause_does_not_move() -> None:
    fixed = job(mode="Suspend")
    say = {0.0: [("j", START, "a")], 1.0: [("j", MIGRATE, "b")]}
    assert runs(played(scenario(TWO, [fixed], GRAMS), Scripted(say))) == [(0.0, 2.0, "a", "Run")]


def test_a_pause_loses_nothing_that_is_saved_at_the_stop_and_costs_a_restart() -> None:
    say = {0.0: [("j", START, "a")], 1.0: [("j", PAUSE, None)], 3.0: [("j", START, "a")]}
    world = played(scenario(TWO, [job()], GRAMS), Scripted(say))
    assert runs(world) == [(0, 1, "a", "Run"), (3, 3.1, "a", "Restart"), (3.1, 4.1, "a", "Run")]
    assert world.sites["a"].it[3] == pytest.approx(4.0)


def test_a_stop_away_from_a_checkpoint_loses_what_came_after_it() -> None:
    saver = job(on_termination=False, interval_h=0.4)
    say = {0.0: [("j", START, "a")], 1.0: [("j", PAUSE, None)], 3.0: [("j", START, "a")]}
    world = played(scenario(TWO, [saver], GRAMS), Scripted(say))
    assert world.states["j"].lost_h == pytest.approx(0.2)
    assert runs(world)[-1] == (3.1, 4.3, "a", "Run")


def test_a_move_takes_its_transfer_and_its_restart_and_both_ends_pay() -> None:
    heavy = job(checkpoint_gb=150.0, duration_h=3.0)
    say = {0.0: [("j", START, "a")], 1.0: [("j", MIGRATE, "b")]}
    world = played(scenario(TWO, [heavy], GRAMS), Scripted(say))
    assert runs(world) == [
        (0, 1, "a", "Run"),
        (1, 2.5, "b", "Transfer"),
        (2.5, 2.6, "b", "Restart"),
        (2.6, 4.6, "b", "Run"),
    ]
    assert (world.sites["a"].transfer[1], world.sites["b"].transfer[2]) == pytest.approx((7.5, 7.5))
    assert (world.states["j"].migrations, world.record.gb_moved) == (1, 150.0)


def test_a_transfer_holds_nothing_and_waits_where_it_finds_no_room() -> None:
    jobs = [job("j", checkpoint_gb=50.0), job("k", accelerators=16, arrival_h=1.2, duration_h=1.0)]
    say = {
        0.0: [("j", START, "a")],
        1.0: [("j", MIGRATE, "b")],
        1.2: [("k", START, "b")],
        3.0: [("j", START, "b")],
    }
    world = played(scenario(TWO, jobs, GRAMS), Scripted(say))
    assert runs(world, "k") == [(1.2, 2.2, "b", "Run")]
    assert runs(world)[1:] == [(1, 1.5, "b", "Transfer"), (3, 3.1, "b", "Restart"), (3.1, 4.1, "b", "Run")]


def test_minimum_residence_holds_against_a_policy() -> None:
    slow = fleet(cluster("a"), cluster("b"), placement_policy(hysteresis={"minimumResidence": "2h"}))
    say = {
        0.0: [("j", START, "a")],
        1.0: [("j", PAUSE, None)],
        2.0: [("j", PAUSE, None)],
    }
    world = played(scenario(slow, [job(duration_h=5.0)], GRAMS), Scripted(say))
    assert runs(world) == [(0, 2, "a", "Run")]


def test_the_last_migration_that_is_allowed_is_the_last() -> None:
    once = job(duration_h=9.0, maximum_migrations=1)
    say = {0.0: [("j", START, "a")], 1.0: [("j", MIGRATE, "b")], 4.0: [("j", MIGRATE, "a")]}
    world = played(scenario(TWO, [once], GRAMS), Scripted(say))
    assert {cluster for _, _, cluster, _ in runs(world)[1:]} == {"b"}


def test_speed_is_that_of_the_accelerators() -> None:
    fast = job(throughput={"h100": 2.0})
    world = played(scenario(TWO, [fast], GRAMS), Scripted({0.0: [("j", START, "a")]}))
    assert runs(world) == [(0.0, 1.0, "a", "Run")]


def site(**spec: float) -> World:
    """8 kW of load for two hours behind a battery that is told to charge, then to discharge all."""
    found = fleet(with_battery(cluster("a"), "pack"), battery("pack", **spec))
    policy = Scripted({2.0: [("j", START, "a")]}, {"pack": (-10.0, -10.0, 30.0, 30.0)})
    work = job(accelerators=8, power_kw=8.0, arrival_h=2.0, deadline_h=6.0)
    return played(scenario(found, [work], {"a": [100, 200, 300]}), policy)


def test_a_battery_gives_no_more_than_the_load_wants_and_keeps_its_reserve() -> None:
    world = site()
    pack = world.sites["a"].storages[0]
    assert pack.charge_grid[:2] == [10.0, 10.0]
    assert pack.discharge[:2] == [0.0, 0.0]
    assert pack.discharge[2:4] == pytest.approx([8.0, 8.0])
    assert pack.soc[3] == pytest.approx(10 + 20 * 0.95 - 16 / 0.9)
    assert world.sites["a"].grid[2:4] == pytest.approx([0.0, 0.0])


def test_a_battery_stops_at_its_limits() -> None:
    pack = site(maxChargeKW=4, maxDischargeKW=3).sites["a"].storages[0]
    assert pack.charge_grid[:2] == [4.0, 4.0]
    assert pack.discharge[2:4] == [3.0, 3.0]
    full = site(capacityKWh=15).sites["a"].storages[0]
    assert full.soc[1] == pytest.approx(15.0)


def test_stored_energy_carries_what_it_was_charged_with() -> None:
    pack = site().sites["a"].storages[0]
    first = (10 * (100 / 0.95) + 10 * 100) / (10 + 9.5)
    second = (19.5 * first + 10 * 200) / 29.0
    assert pack.stored[:3] == pytest.approx([first, second, second])


def test_the_sun_serves_the_load_first_and_charges_what_is_left_over() -> None:
    found = fleet(
        with_battery(cluster("a", hostOverheadKW=2.0), "pack"), battery("pack", solar={"peakKW": 50})
    )
    policy = Scripted({}, {"pack": (0.0,) * 10 + (-25.0,) + (0.0,) * 37})
    world = played(scenario(found, [job()], {"a": [100]}), policy)
    pack, a = world.sites["a"].storages[0], world.sites["a"]
    sun = float(world.scenario.solar_kw["pack"][10])
    assert 2.0 < sun < 27.0
    before = float(world.scenario.solar_kw["pack"][9])
    assert (a.solar[9], a.grid[9]) == (
        pytest.approx(before),
        0.0,
    )  # nobody asked for it, but it would be lost
    assert pack.charge_solar[9] == pytest.approx(before - 2.0)
    assert a.solar[10] == pytest.approx(sun)
    assert pack.charge_solar[10] == pytest.approx(sun - 2.0)
    assert a.grid[10] == pack.charge_grid[10] == pytest.approx(27.0 - sun)
