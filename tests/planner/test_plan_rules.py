"""Each rule of planning, told by a small fleet."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.planner.worlds import (
    AVERAGE,
    HOUR,
    NOW,
    SLOT,
    battery,
    cluster,
    hourly,
    plan,
    running,
    stopped,
    workload,
    world,
)
from voltaire.api.aiworkload import LabelSelector, SelectorRequirement
from voltaire.api.gridzone import Basis
from voltaire.fleet.basis import NOTHING_KNOWN, key_of, mixed
from voltaire.fleet.snapshot import ClusterView, PolicyView, WorkloadView
from voltaire.planner.plan import Action, Decision

PARIS = cluster("paris", hourly(30), jurisdictions=frozenset({"EU", "FR"}))
VIRGINIA = cluster("virginia", hourly(400), jurisdictions=frozenset({"US"}))
CLEAN_AT_NIGHT = hourly(*[400] * 6, *[40] * 6, 400)


def decide(
    clusters: list[ClusterView], *workloads: WorkloadView, of: str = "w", **fields: object
) -> Decision:
    return plan(world(clusters, list(workloads), **fields), NOW).decisions[of]


def outcome(decision: Decision) -> tuple[Action, str | None, str]:
    return decision.action, decision.cluster, decision.reason


class TestWhere:
    def test_fresh_work_starts_at_once_where_it_is_cleanest(self) -> None:
        got = decide([PARIS, VIRGINIA], workload())
        assert outcome(got) == (Action.START, "paris", "BestPlace")
        assert got.accelerator_type == "a100"
        assert got.grams == pytest.approx(4 * 1.0 * 2 * 30)
        assert got.finish == NOW + 2 * HOUR
        assert [(c.cluster, c.grams) for c in got.candidates] == [("paris", 240.0), ("virginia", 3200.0)]
        assert "paris: 30 g/kWh against 400 in virginia" in got.message

    def test_power_usage_effectiveness_counts(self) -> None:
        a, b = cluster("a", hourly(100), pue=2.0), cluster("b", hourly(150), pue=1.1)
        assert decide([a, b], workload()).cluster == "b"

    def test_zero_intensity_is_the_best_of_all(self) -> None:
        assert decide([PARIS, cluster("iceland", hourly(0))], workload()).cluster == "iceland"

    def test_residency_beats_carbon(self) -> None:
        got = decide([PARIS, VIRGINIA], workload(residency=frozenset({"US"})))
        assert outcome(got)[:2] == (Action.START, "virginia")
        assert [c.rejected for c in got.candidates] == [None, "residency: wants US, has EU, FR"]

    @pytest.mark.parametrize(
        "selector",
        [
            LabelSelector(match_labels={"region": "virginia"}),
            LabelSelector(
                match_expressions=[SelectorRequirement(key="region", operator="NotIn", values=["paris"])]
            ),
        ],
    )
    def test_the_selector_beats_carbon(self, selector: LabelSelector) -> None:
        assert decide([PARIS, VIRGINIA], workload(selector=selector)).cluster == "virginia"

    @pytest.mark.parametrize(
        "fields",
        [
            {"namespaces": frozenset({"other"})},
            {"unavailable": "suspended by its administrator"},
            {"reachable": False},
            {"capacity": {"a100": 2}},
            {"limit_kw": 3.0},
        ],
        ids=lambda fields: next(iter(fields)),
    )
    def test_a_cluster_that_may_not_or_cannot_be_used_is_passed_over(self, fields: dict[str, object]) -> None:
        paris = cluster("paris", hourly(30), **fields)
        got = decide([paris, VIRGINIA], workload())
        assert got.cluster == "virginia"
        assert got.candidates[-1].cluster == "paris"
        assert got.candidates[-1].rejected

    def test_an_excluded_cluster_is_passed_over_and_named(self) -> None:
        got = decide([PARIS, VIRGINIA], workload(excluded={"paris": "namespace team is missing"}))
        assert got.cluster == "virginia"
        assert got.candidates[-1].rejected == "excluded: namespace team is missing"

    def test_throughput_decides_between_accelerator_types(self) -> None:
        both = cluster(
            "both", hourly(100), capacity={"a100": 8, "h100": 8}, accelerator_kw={"a100": 0.5, "h100": 0.9}
        )
        got = decide([both], workload(throughput={"h100": 3.0}))
        assert got.accelerator_type == "h100"
        assert got.finish == NOW + timedelta(seconds=2400)
        assert decide([both], workload(throughput={"h100": 0.0})).accelerator_type == "a100"


class TestCapacity:
    def test_what_does_not_fit_in_the_best_place_goes_to_the_next(self) -> None:
        week = [workload(f"w{i}", accelerators=8, mode="Never", deadline=NOW + 2 * HOUR) for i in range(3)]
        made = plan(world([PARIS, VIRGINIA], week), NOW)
        assert sorted(str(d.cluster) for d in made.decisions.values()) == ["paris", "paris", "virginia"]

    def test_what_must_wait_for_room_says_until_when(self) -> None:
        busy = running("busy", on="paris", accelerators=16, mode="Never")
        got = decide([PARIS], busy, workload())
        assert outcome(got) == (Action.WAIT, None, "WaitingForCapacity")
        assert got.next_start == NOW + 2 * HOUR
        assert got.grams == pytest.approx(240)

    def test_a_full_cluster_is_rejected_with_the_hour_it_has_room(self) -> None:
        busy = running("busy", on="paris", accelerators=16, mode="Never", remaining_seconds=4 * 3600.0)
        got = decide(
            [PARIS, VIRGINIA], busy, workload(deadline=NOW + 3 * HOUR, deadline_required=True, mode="Never")
        )
        assert got.cluster == "virginia"
        assert "paris" in got.candidates[-1].cluster
        assert got.candidates[-1].rejected == "deadline: finishes 18:00 at the earliest"

    def test_the_power_limit_holds_across_workloads(self) -> None:
        tight = cluster("paris", hourly(30), limit_kw=6.0)
        two = [workload(uid, deadline=NOW + 3 * HOUR, mode="Never") for uid in ("a", "b")]
        made = plan(world([tight, VIRGINIA], two), NOW)
        assert sorted(str(d.cluster) for d in made.decisions.values()) == ["paris", "virginia"]

    def test_what_is_in_transition_keeps_its_room(self) -> None:
        moving = running("moving", on="paris", accelerators=16, movable=False, phase="Placing")
        made = plan(world([PARIS, VIRGINIA], [moving, workload(deadline=NOW + 2 * HOUR)]), NOW).decisions
        assert outcome(made["moving"]) == (Action.STAY, "paris", "InTransition")
        assert made["w"].cluster == "virginia"

    def test_what_is_never_disrupted_does_not_make_room_for_a_more_urgent_one(self) -> None:
        small = running("small", on="paris", accelerators=2, mode="Never")
        urgent = workload(accelerators=16, deadline=NOW + 2 * HOUR, deadline_required=True)
        made = plan(world([PARIS], [small, urgent]), NOW).decisions
        assert outcome(made["small"])[:2] == (Action.STAY, "paris")
        assert made["w"].late

    def test_what_may_be_paused_makes_room_for_a_required_deadline(self) -> None:
        small = running("small", on="paris", accelerators=2, mode="Suspend")
        urgent = workload(accelerators=16, deadline=NOW + 2 * HOUR, deadline_required=True)
        made = plan(world([PARIS], [small, urgent]), NOW).decisions
        assert outcome(made["small"]) == (Action.PAUSE, "paris", "MakingRoom")
        assert outcome(made["w"])[:2] == (Action.START, "paris")
        assert not made["w"].late

    def test_nobody_makes_room_for_what_can_wait(self) -> None:
        small = running("small", on="paris", accelerators=2)
        large = workload(accelerators=16, deadline=NOW + 8 * HOUR, deadline_required=True)
        made = plan(world([PARIS], [small, large]), NOW).decisions
        assert outcome(made["small"])[:2] == (Action.STAY, "paris")
        assert made["w"].next_start == NOW + 2 * HOUR


class TestWhen:
    def test_it_waits_for_a_cleaner_hour(self) -> None:
        got = decide([cluster("paris", CLEAN_AT_NIGHT)], workload())
        assert outcome(got) == (Action.WAIT, None, "WaitingForCleaner")
        assert got.next_start == NOW + 6 * HOUR
        assert got.message.startswith("Waiting for 18:00: paris: 40 g/kWh against 400 now")

    def test_it_does_not_wait_for_a_trifle(self) -> None:
        got = decide([cluster("paris", hourly(*[400] * 20, 398))], workload())
        assert got.action is Action.START

    def test_a_required_deadline_beats_a_cleaner_hour(self) -> None:
        got = decide(
            [cluster("paris", CLEAN_AT_NIGHT)], workload(deadline=NOW + 4 * HOUR, deadline_required=True)
        )
        assert got.finish is not None
        assert got.finish <= NOW + 4 * HOUR
        assert not got.late

    def test_a_preferred_deadline_gives_way_when_carbon_outweighs_its_price(self) -> None:
        deadline = NOW + 5 * HOUR
        free = PolicyView(lateness_grams_per_hour=100.0)
        dear = PolicyView(lateness_grams_per_hour=5000.0)
        place = [cluster("paris", CLEAN_AT_NIGHT)]
        late = decide(place, workload(deadline=deadline, policy=free))
        assert late.late
        assert late.next_start == NOW + 6 * HOUR
        assert not decide(place, workload(deadline=deadline, policy=dear)).late

    def test_an_impossible_deadline_is_said_at_once_and_met_as_early_as_possible(self) -> None:
        got = decide([PARIS, VIRGINIA], workload(deadline=NOW + HOUR, deadline_required=True))
        assert outcome(got) == (Action.START, "paris", "DeadlineImpossible")
        assert got.late
        assert got.finish == NOW + 2 * HOUR
        assert "Cannot finish by 13:00" in got.message

    def test_an_impossible_deadline_goes_to_whichever_is_free_first_not_cleanest(self) -> None:
        busy = running("busy", on="paris", accelerators=16, mode="Never")
        got = decide([PARIS, VIRGINIA], busy, workload(deadline=NOW + HOUR, deadline_required=True))
        assert outcome(got) == (Action.START, "virginia", "DeadlineImpossible")

    def test_it_does_not_start_early(self) -> None:
        got = decide([PARIS], workload(earliest_start=NOW + timedelta(minutes=50)))
        assert outcome(got) == (Action.WAIT, None, "WaitingForEarliestStart")
        assert got.next_start == NOW + timedelta(minutes=50)

    def test_it_does_not_start_early_within_the_slot_either(self) -> None:
        soon = NOW + timedelta(minutes=8)
        got = decide([PARIS], workload(earliest_start=soon))
        assert outcome(got) == (Action.WAIT, None, "WaitingForEarliestStart")
        assert (got.next_start, got.finish) == (soon, soon + 2 * HOUR)

    @pytest.mark.parametrize("minutes", [8, 37, 50])
    def test_what_only_fits_between_the_slots_has_those_it_touches_to_itself(self, minutes: int) -> None:
        begin = NOW + timedelta(minutes=minutes)
        tight = workload(
            accelerators=16, earliest_start=begin, deadline=begin + timedelta(minutes=122),
            deadline_required=True,
        )  # fmt: skip
        other = workload("other", accelerators=16, deadline=begin + 6 * HOUR, deadline_required=True)
        got = plan(world([PARIS], [tight, other]), NOW).decisions
        assert (got["w"].next_start, got["w"].finish, got["w"].late) == (begin, begin + 2 * HOUR, False)
        assert got["other"].segments[-1].end <= NOW + timedelta(minutes=minutes) or (
            got["other"].segments[0].start >= begin + 2 * HOUR
        )

    def test_ten_minutes_of_work_fit_into_a_slot_of_fifteen(self) -> None:
        got = decide(
            [PARIS],
            workload(remaining_seconds=600.0, deadline=NOW + timedelta(minutes=11), deadline_required=True),
        )
        assert outcome(got)[:2] == (Action.START, "paris")
        assert got.finish == NOW + timedelta(minutes=10)
        assert not got.late

    def test_planning_in_the_middle_of_a_slot_counts_from_now(self) -> None:
        now = NOW + timedelta(minutes=7)
        got = plan(world([PARIS], [workload()], now), now).decisions["w"]
        assert got.segments[0].start == now
        assert got.finish == now + 2 * HOUR

    @pytest.mark.parametrize("hours", [2, 12, 40, 100])
    def test_a_plan_made_seconds_into_a_slot_still_starts_in_it(self, hours: int) -> None:
        now = NOW + timedelta(seconds=5)
        job = workload(remaining_seconds=hours * 3600.0)
        assert plan(world([PARIS], [job], now), now).decisions["w"].action is Action.START

    def test_work_longer_than_the_horizon_starts_within_it(self) -> None:
        got = decide(
            [PARIS],
            workload(
                remaining_seconds=60 * 3600.0, deadline=NOW + timedelta(hours=80), deadline_required=True
            ),
        )
        assert got.action is Action.START
        assert got.finish == NOW + timedelta(hours=60)
        assert not got.late

    def test_work_without_deadline_is_not_put_off_for_ever(self) -> None:
        falling = hourly(*[500 - 5 * hour for hour in range(48)])
        old = workload(arrival=NOW - timedelta(hours=40), earliest_start=NOW - timedelta(hours=40))
        assert decide([cluster("paris", falling)], old).action is Action.START

    def test_work_of_unknown_duration_is_never_delayed(self) -> None:
        clean_later = [cluster("paris", CLEAN_AT_NIGHT), cluster("virginia", hourly(390))]
        got = decide(clean_later, workload(remaining_seconds=None))
        assert outcome(got) == (Action.START, "paris", "DurationUnknown")
        assert "profile.duration" in got.message
        assert got.finish is None


class TestModes:
    def test_never_stays_whatever_it_emits(self) -> None:
        got = decide([PARIS, VIRGINIA], running(on="virginia", mode="Never"))
        assert outcome(got) == (Action.STAY, "virginia", "NeverDisrupted")

    def test_never_runs_in_one_piece(self) -> None:
        teeth = hourly(*[10, 500] * 24)
        got = decide([cluster("paris", teeth)], workload(mode="Never", remaining_seconds=3 * 3600.0))
        assert len(got.segments) == 1

    def test_suspend_pauses_in_place_and_resumes_there(self) -> None:
        teeth = hourly(20, *[900] * 4, 20)
        got = decide([cluster("here", teeth), PARIS], running(on="here", mode="Suspend"))
        assert {segment.cluster for segment in got.segments} == {"here"}
        assert len(got.segments) == 2
        now = decide([cluster("here", CLEAN_AT_NIGHT), PARIS], running(on="here", mode="Suspend"))
        assert outcome(now) == (Action.PAUSE, "here", "WaitingForCleaner")
        assert now.next_start == NOW + 6 * HOUR

    def test_suspended_work_resumes_only_where_its_checkpoint_lies(self) -> None:
        got = decide([PARIS, VIRGINIA], stopped(data="virginia", mode="Suspend"))
        assert outcome(got)[:2] == (Action.START, "virginia")
        assert got.candidates[-1].rejected == "disruption: it stays in virginia"

    def test_migrate_moves_when_it_pays(self) -> None:
        got = decide([PARIS, VIRGINIA], running(on="virginia", checkpoint_gb=50.0, restore_seconds=180.0))
        assert outcome(got) == (Action.MIGRATE, "paris", "CleanerElsewhere")
        assert "against 400 here; saves" in got.message

    @pytest.mark.parametrize(("steady", "where"), [(300, "virginia"), (320, "paris")])
    def test_a_server_runs_where_the_horizon_is_cleanest_and_is_never_paused(
        self, steady: int, where: str
    ) -> None:
        paris = cluster("paris", hourly(*([*[400] * 6, *[40] * 6, *[400] * 12] * 2)))  # 310 on average
        server = workload(type="Serving", remaining_seconds=None)
        got = decide([paris, cluster("virginia", hourly(steady))], server)
        assert outcome(got) == (Action.START, where, "AlwaysRuns")
        kept = decide(
            [cluster("here", hourly(900))], running(on="here", type="Serving", remaining_seconds=None)
        )
        assert kept.action is Action.STAY

    def test_a_server_moves_only_in_mode_migrate(self) -> None:
        for mode, action in (("Migrate", Action.MIGRATE), ("Suspend", Action.STAY), ("Never", Action.STAY)):
            server = running(on="virginia", type="Serving", remaining_seconds=None, mode=mode)
            assert decide([PARIS, VIRGINIA], server).action is action


class TestPayback:
    def test_lost_work_outweighs_a_small_saving(self) -> None:
        near = [cluster("here", hourly(100)), cluster("there", hourly(85))]
        assert decide(near, running(on="here")).action is Action.MIGRATE
        got = decide(near, running(on="here", at_risk_seconds=1800.0))
        assert outcome(got) == (Action.STAY, "here", "BestHere")

    def test_the_energy_of_a_large_checkpoint_outweighs_a_small_saving(self) -> None:
        near = [cluster("here", hourly(100)), cluster("there", hourly(70))]
        assert decide(near, running(on="here", checkpoint_gb=1.0)).action is Action.MIGRATE
        assert decide(near, running(on="here", checkpoint_gb=200.0)).action is Action.STAY

    def test_too_little_is_left_to_pay_for_a_restore(self) -> None:
        busy = running(on="virginia", remaining_seconds=600.0, restore_seconds=900.0)
        assert decide([cluster("near", hourly(250)), VIRGINIA], busy).action is Action.STAY

    def test_a_saving_within_the_hysteresis_changes_nothing(self) -> None:
        got = decide([cluster("here", hourly(100)), cluster("there", hourly(97))], running(on="here"))
        assert outcome(got) == (Action.STAY, "here", "NotWorthMoving")

    def test_forecasts_that_were_wrong_ask_for_more(self) -> None:
        here, there = cluster("here", hourly(100)), cluster("there", hourly(90))
        assert decide([here, there], running(on="here")).action is Action.MIGRATE
        vague = cluster("there", hourly(90), forecast_error=0.2)
        assert decide([here, vague], running(on="here")).action is Action.STAY

    def test_the_least_saving_in_grams_is_asked_too(self) -> None:
        greedy = PolicyView(minimum_saving_grams=1e5)
        assert decide([PARIS, VIRGINIA], running(on="virginia", policy=greedy)).action is Action.STAY


class TestStability:
    def test_nothing_changes_before_the_minimum_residence(self) -> None:
        young = running(on="virginia", last_change=NOW - timedelta(minutes=10))
        got = decide([PARIS, VIRGINIA], young)
        assert outcome(got) == (Action.STAY, "virginia", "MinimumResidence")
        assert "until 12:20" in got.message

    def test_no_migrations_left_means_it_stays(self) -> None:
        assert decide([PARIS, VIRGINIA], running(on="virginia", migrations_left=0)).action is Action.STAY

    @pytest.mark.parametrize("counts", [{"migrations_recent": 60}, {"migrations_active": 20}])
    def test_the_migration_budget_of_the_fleet_holds(self, counts: dict[str, int]) -> None:
        got = decide([PARIS, VIRGINIA], running(on="virginia"), **counts)
        assert outcome(got) == (Action.STAY, "virginia", "MigrationBudgetUsed")

    def test_no_more_migrations_begin_in_one_plan_than_the_budget_leaves(self) -> None:
        moving = [running(f"r{i}", on="virginia", accelerators=1) for i in range(6)]
        made = plan(world([PARIS, VIRGINIA], moving, migrations_recent=58), NOW).decisions.values()
        assert sum(d.action is Action.MIGRATE for d in made) == 2

    def test_the_same_snapshot_gives_the_same_plan(self) -> None:
        many = [
            workload(f"w{i}", accelerators=1 + i % 4, remaining_seconds=600.0 * (i + 1)) for i in range(12)
        ]
        clusters = [cluster("paris", CLEAN_AT_NIGHT), VIRGINIA]
        assert plan(world(clusters, many), NOW) == plan(world(clusters, list(reversed(many))), NOW)

    def test_alternating_signals_do_not_make_it_flap(self) -> None:
        """Every slot the other place is said to be the better one for good."""
        changes, at, since, left = 0, "a", NOW - HOUR, 100
        for step in range(48):
            now = NOW + step * SLOT
            low, high = hourly(100), hourly(300)
            a, b = (low, high) if step % 2 else (high, low)
            fields = {
                "last_change": since, "migrations_left": left,
                "remaining_seconds": 24 * 3600.0 - step * 900, "checkpoint_gb": 10.0,
            }  # fmt: skip
            job = running(on=at, **fields)
            snapshot = world([cluster("a", a), cluster("b", b)], [job], now, start=now)
            got = plan(snapshot, now).decisions["w"]
            if got.action is Action.MIGRATE:
                changes, at, since, left = changes + 1, str(got.cluster), now, left - 1
        assert changes <= 48 * SLOT / timedelta(minutes=30)

    def test_noise_below_the_hysteresis_changes_nothing_ever(self) -> None:
        for step in range(24):
            wobble = 4.0 if step % 2 else -4.0
            clusters = [cluster("a", hourly(200 + wobble)), cluster("b", hourly(200 - wobble))]
            assert decide(clusters, running(on="a", remaining_seconds=24 * 3600.0)).action is Action.STAY


class TestLeaving:
    def test_what_runs_on_a_draining_cluster_moves_even_to_a_dirtier_one(self) -> None:
        closing = cluster("paris", hourly(30), unavailable="suspended", draining=True)
        got = decide([closing, VIRGINIA], running(on="paris"))
        assert outcome(got) == (Action.MIGRATE, "virginia", "ClusterDraining")

    def test_what_may_not_move_finishes_on_a_draining_cluster(self) -> None:
        closing = cluster("paris", hourly(30), unavailable="suspended", draining=True)
        assert decide([closing, VIRGINIA], running(on="paris", mode="Suspend")).action is Action.STAY

    def test_what_runs_on_a_lost_cluster_is_left_alone(self) -> None:
        lost = cluster("virginia", hourly(400), reachable=False, unavailable="not reachable")
        assert outcome(decide([PARIS, lost], running(on="virginia"))) == (
            Action.STAY,
            "virginia",
            "ClusterUnreachable",
        )

    def test_a_checkpoint_in_a_lost_cluster_is_waited_for(self) -> None:
        lost = cluster("virginia", hourly(400), reachable=False, unavailable="not reachable")
        got = decide([PARIS, lost], stopped(data="virginia"))
        assert outcome(got) == (Action.WAIT, None, "ClusterUnavailable")
        assert "virginia" in got.message

    def test_a_cluster_that_is_gone_is_named(self) -> None:
        got = decide([PARIS], running(on="atlantis"))
        assert outcome(got) == (Action.STAY, "atlantis", "ClusterMissing")


class TestUnknownIntensity:
    def test_an_unknown_cluster_is_not_chosen_for_carbon(self) -> None:
        got = decide([cluster("dark", None), VIRGINIA], workload())
        assert got.cluster == "virginia"
        assert got.candidates[-1].rejected == "intensity: unknown"

    def test_a_required_deadline_may_force_an_unknown_cluster(self) -> None:
        busy = running("busy", on="virginia", accelerators=16, mode="Never")
        got = decide(
            [cluster("dark", None), VIRGINIA],
            busy,
            workload(deadline=NOW + 2 * HOUR, deadline_required=True),
        )
        assert outcome(got) == (Action.START, "dark", "IntensityUnknown")
        assert got.grams is None

    def test_what_runs_where_nothing_is_known_stays(self) -> None:
        assert outcome(decide([cluster("dark", None), PARIS], running(on="dark"))) == (
            Action.STAY,
            "dark",
            "IntensityUnknown",
        )

    @pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0])
    def test_an_absurd_value_makes_a_series_unknown(self, bad: float) -> None:
        odd = cluster("odd", (bad, *hourly(1)[1:]))
        assert decide([odd, VIRGINIA], workload()).cluster == "virginia"

    def test_a_cluster_of_another_basis_is_not_ranked_with_the_majority(self) -> None:
        marginal = cluster("odd", hourly(1), basis=Basis(signal="marginal"))
        assert decide([marginal, PARIS, VIRGINIA], workload()).cluster == "paris"

    def test_without_any_signal_everything_stays_and_waits(self) -> None:
        dark = [cluster("a", None), cluster("b", None)]
        made = plan(world(dark, [running("r", on="a"), workload("w")]), NOW).decisions
        assert outcome(made["r"]) == (Action.STAY, "a", "SignalsStale")
        assert outcome(made["w"]) == (Action.WAIT, None, "SignalsStale")
        assert made["w"].message.startswith(NOTHING_KNOWN)

    def test_what_waits_in_a_frozen_fleet_is_told_the_remedy(self) -> None:
        odd = cluster("virginia", hourly(400), basis=Basis(signal="marginal"), zone="US-MIDA-PJM")
        got = decide([PARIS, odd], workload())
        assert outcome(got) == (Action.WAIT, None, "MixedBasis")
        assert "To align them, give all GridZones one basis in spec.basis" in got.message

    def test_without_any_signal_required_deadlines_go_the_earliest_first(self) -> None:
        dark = [cluster("a", None, capacity={"a100": 4})]
        first, second = (
            workload(uid, deadline=NOW + hours * HOUR, deadline_required=True, remaining_seconds=3600.0)
            for uid, hours in (("z", 1), ("y", 2))
        )
        made = plan(world(dark, [second, first]), NOW).decisions
        assert made["z"].action is Action.START
        assert (made["y"].action, made["y"].next_start) == (Action.WAIT, NOW + HOUR)
        assert not made["y"].late

    def test_two_bases_of_equal_weight_freeze_the_fleet_and_are_named(self) -> None:
        odd = cluster("virginia", hourly(400), basis=Basis(signal="marginal"), zone="US-MIDA-PJM")
        got = decide([PARIS, odd], running(on="virginia"))
        assert outcome(got) == (Action.STAY, "virginia", "MixedBasis")
        both = {"PARIS": key_of(AVERAGE), "US-MIDA-PJM": key_of(Basis(signal="marginal"))}
        assert got.message == mixed(both, None)
        assert odd.basis != AVERAGE


class TestBattery:
    def test_a_battery_with_clean_energy_makes_a_dirty_site_the_best(self) -> None:
        sunny = cluster("california", hourly(500), batteries=(battery(energy_kwh=100.0),))
        got = decide([sunny, cluster("virginia", hourly(200))], workload())
        assert outcome(got)[:2] == (Action.START, "california")
        assert got.grams == pytest.approx(4 * 2 * 50)

    def test_a_battery_at_its_reserve_gives_nothing(self) -> None:
        empty = cluster("california", hourly(500), batteries=(battery(energy_kwh=20.0, reserve_kwh=20.0),))
        assert decide([empty, cluster("virginia", hourly(200))], workload()).cluster == "virginia"

    def test_stored_energy_worse_than_the_grid_is_not_used(self) -> None:
        dirty = cluster("california", hourly(300), batteries=(battery(stored_grams_per_kwh=400.0),))
        got = decide([dirty], workload())
        assert got.grams == pytest.approx(4 * 2 * 300)

    def test_the_schedule_discharges_into_the_load_it_planned(self) -> None:
        sunny = cluster("california", hourly(500), batteries=(battery(energy_kwh=100.0),))
        made = plan(world([sunny], [workload()]), NOW)
        assert made.batteries["pack"][:9] == (*(4.0,) * 8, 0.0)
        assert len(made.batteries["pack"]) == 192

    def test_the_second_workload_pays_for_what_the_first_leaves(self) -> None:
        small = cluster("california", hourly(500), batteries=(battery(energy_kwh=8.0, max_discharge_kw=4.0),))
        two = [workload(uid, deadline=NOW + 2 * HOUR, mode="Never") for uid in ("a", "b")]
        made = plan(world([small], two), NOW).decisions
        total = sum(decision.grams or 0.0 for decision in made.values())
        assert total == pytest.approx(8 * 50 + 8 * 500)


class TestNoClusterFits:
    def test_too_large_names_the_field_and_the_largest(self) -> None:
        got = decide(
            [PARIS, cluster("virginia", hourly(400), capacity={"a100": 32})], workload(accelerators=64)
        )
        assert outcome(got) == (Action.WAIT, None, "NoClusterFits")
        assert "Needs 64 a100 at once; the largest allowed cluster virginia has 32" in got.message
        assert "profile.accelerators" in got.message

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"residency": frozenset({"MARS"})}, "placement.residency"),
            ({"selector": LabelSelector(match_labels={"no": "where"})}, "placement.clusterSelector"),
            ({"throughput": {"a100": 0.0}}, "profile.throughput"),
        ],
    )
    def test_each_rule_names_its_field(self, fields: dict[str, object], field: str) -> None:
        got = decide([PARIS, VIRGINIA], workload(**fields))
        assert got.reason == "NoClusterFits"
        assert field in got.message
        assert len(got.candidates) == 2

    def test_an_empty_fleet_says_so(self) -> None:
        assert decide([], workload()).message == "There is no RegionalCluster yet: add one."

    def test_a_passing_obstacle_is_not_called_impossible(self) -> None:
        away = cluster("paris", hourly(30), reachable=False, unavailable="not reachable: timeout")
        got = decide([away], workload())
        assert outcome(got) == (Action.WAIT, None, "ClusterUnavailable")


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        plan(world([PARIS], []), NOW.replace(tzinfo=None))


def test_a_snapshot_that_is_over_is_refused() -> None:
    with pytest.raises(ValueError, match="ended before"):
        plan(world([PARIS], []), NOW + timedelta(hours=49))
