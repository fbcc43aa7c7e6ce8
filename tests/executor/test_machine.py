"""The safe step, rule by rule. Each test is named by the sentence it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from voltaire.api.actions import Observation, Outcome, Request, Result, Verb
from voltaire.api.aiworkload import AIWorkloadStatus
from voltaire.executor.machine import (
    Answer,
    Desire,
    Keep,
    Profile,
    Remove,
    Run,
    State,
    Step,
    Stop,
    durable,
    from_status,
    refers,
    step,
)
from voltaire.executor.progress import Work
from voltaire.executor.state import Copy, Saved

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AGO = NOW - timedelta(hours=2)
SERVER = Profile(exclusive=False, wanted=2)
HOURLY = Profile(work=Work(total_seconds=36000, interval=timedelta(hours=1)))


def seen(cluster: str, **fields: Any) -> Observation:
    """A live look at a member; with a uid or an epoch there is an object."""
    given = {"reachable": True, "live": True, "exists": "epoch" in fields} | fields
    if given["exists"]:
        given.setdefault("object_uid", f"uid-{cluster}")
    return Observation(cluster=cluster, **given)


def working(cluster: str, epoch: int, **fields: Any) -> Observation:
    return seen(cluster, **({"epoch": epoch, "pods": 2, "ready": 2, "started_at": AGO} | fields))


def suspended(cluster: str, epoch: int, **fields: Any) -> Observation:
    return seen(cluster, **({"epoch": epoch, "suspended": True} | fields))


def away(cluster: str) -> Observation:
    return Observation(cluster, reachable=False, live=True, message="no route")


def copy(cluster: str, epoch: int, *, started: bool = True) -> Copy:
    return Copy(cluster, epoch, AGO, f"uid-{cluster}", AGO if started else None)


def running(cluster: str = "paris", epoch: int = 1, **fields: Any) -> State:
    given = {"phase_since": AGO, "last_change": AGO} | fields
    return State(phase="Running", epoch=epoch, placement=copy(cluster, epoch), **given)


def at_rest(phase: Any = "Paused", cluster: str | None = "paris", epoch: int = 1, **fields: Any) -> State:
    saved = Saved(600.0, AGO, "paris")
    place = copy(cluster, epoch, started=False) if cluster else None
    given = {"checkpoint": saved, "last_change": AGO} | fields
    return State(phase=phase, epoch=epoch, placement=place, **given)


def placing(cluster: str = "paris", epoch: int = 1, **fields: Any) -> State:
    return State(phase="Placing", epoch=epoch, placement=Copy(cluster, epoch, AGO), **fields)


def go(state: State, desire: Desire, *observations: Observation, **options: Any) -> Step:
    options.setdefault("profile", Profile())
    return step(state, desire, {o.cluster: o for o in observations}, now=NOW, **options)


def asked(done: Step) -> tuple[Verb, str, int] | None:
    request = done.request
    return (request.verb, request.cluster, request.epoch) if request else None


def refused(verb: Verb, cluster: str, epoch: int, *, permanent: bool = True) -> Answer:
    return Answer(
        Request(verb, cluster, epoch), Outcome(reason="Forbidden", message="not here", permanent=permanent)
    )


class TestStarting:
    def test_a_start_gives_out_the_next_epoch_together_with_the_request(self) -> None:
        done = go(State(), Run("paris", "a100", 4.5), seen("paris"))
        assert asked(done) == (Verb.CREATE, "paris", 1)
        assert done.state.phase == "Placing"
        assert done.state.epoch == 1
        assert done.state.placement == Copy("paris", 1, NOW, None, None, "a100", 4.5)
        assert done.request is not None
        assert done.request.accelerator_type == "a100"

    def test_a_cluster_that_was_never_seen_is_looked_at_first(self) -> None:
        done = go(State(), Run("paris"))
        assert (done.request, done.needs_live) == (None, {"paris"})
        assert done.state == State()

    def test_nothing_is_announced_for_a_cluster_out_of_reach(self) -> None:
        done = go(State(), Run("paris"), away("paris"))
        assert (done.request, done.reason, done.blocked) == (None, "TargetUnreachable", True)
        assert done.state == State()

    @pytest.mark.parametrize("desire", [Stop(), Keep()])
    def test_without_a_place_to_go_a_pending_workload_stays_pending(self, desire: Desire) -> None:
        assert go(State(), desire, seen("paris")).state == State()

    def test_after_a_crash_before_the_request_the_same_request_is_made(self) -> None:
        assert asked(go(placing(), Run("paris"), seen("paris"))) == (Verb.CREATE, "paris", 1)

    def test_an_old_picture_is_no_reason_to_create_again(self) -> None:
        done = go(placing(), Run("paris"), seen("paris", live=False))
        assert (done.request, done.needs_live) == (None, {"paris"})

    def test_a_create_that_timed_out_is_recognised_by_its_epoch(self) -> None:
        timeout = refused(Verb.CREATE, "paris", 1, permanent=False)
        done = go(placing(), Run("paris"), seen("paris", epoch=1, pods=1), answer=timeout)
        assert (done.request, done.reason) == (None, "Starting")

    def test_it_runs_once_a_pod_is_ready(self) -> None:
        done = go(placing(), Run("paris"), working("paris", 1))
        assert done.state.phase == "Running"
        assert done.state.last_change == NOW
        assert done.state.placement is not None
        assert done.state.placement.started_at == AGO

    def test_pods_of_an_older_epoch_are_not_this_copy(self) -> None:
        done = go(placing(epoch=2), Run("paris"), working("paris", 1, live=False))
        assert done.state.phase == "Placing"
        assert done.needs_live == {"paris"}

    def test_older_pods_must_end_before_it_is_created(self) -> None:
        done = go(placing(epoch=2), Run("paris"), seen("paris", pods=1))
        assert (done.request, done.reason) == (None, "OldCopyEnding")

    def test_a_failed_attempt_is_repeated_and_says_why(self) -> None:
        answer = Answer(Request(Verb.CREATE, "paris", 1), Outcome(reason="Timeout", message="10 s"))
        done = go(placing(), Run("paris"), seen("paris"), answer=answer)
        assert asked(done) == (Verb.CREATE, "paris", 1)
        assert done.blocked
        assert "Timeout: 10 s" in done.message


class TestRefusal:
    def test_a_refused_create_excludes_the_cluster_once_nothing_is_there(self) -> None:
        done = go(placing(), Run("paris"), seen("paris"), answer=refused(Verb.CREATE, "paris", 1))
        assert done.exclude is not None
        assert (done.exclude.cluster, done.exclude.reason) == ("paris", "Forbidden")
        assert (done.state.phase, done.state.placement, done.state.epoch) == ("Pending", None, 1)

    def test_a_refusal_is_not_believed_without_a_live_look(self) -> None:
        answer = refused(Verb.CREATE, "paris", 1)
        done = go(placing(), Run("paris"), seen("paris", live=False), answer=answer)
        assert done.exclude is None
        assert done.needs_live == {"paris"}

    def test_a_refusal_of_another_epoch_means_nothing(self) -> None:
        done = go(placing(epoch=2), Run("paris"), seen("paris"), answer=refused(Verb.CREATE, "paris", 1))
        assert asked(done) == (Verb.CREATE, "paris", 2)

    def test_the_checkpoint_outlives_a_refusal(self) -> None:
        saved = Saved(600.0, AGO, "oslo")
        answer = refused(Verb.CREATE, "paris", 3)
        done = go(placing(epoch=3, checkpoint=saved), Run("paris"), seen("paris"), answer=answer)
        assert (done.state.phase, done.state.checkpoint) == ("Stopped", saved)

    def test_a_refused_resume_leaves_it_suspended_where_it_is(self) -> None:
        state = at_rest("Placing", epoch=2)
        answer = refused(Verb.RESUME, "paris", 2)
        done = go(state, Run("paris"), suspended("paris", 1), answer=answer)
        assert done.exclude is not None
        assert done.state.phase == "Stopped"
        assert done.state.placement is not None


class TestChangingCourseBeforeItRuns:
    def test_elsewhere_only_after_a_live_look_found_nothing(self) -> None:
        stale = go(placing(), Run("oslo"), seen("paris", live=False), seen("oslo"))
        assert (stale.request, stale.needs_live) == (None, {"paris"})
        done = go(placing(), Run("oslo"), seen("paris"), seen("oslo"))
        assert asked(done) == (Verb.CREATE, "oslo", 2)

    def test_what_is_there_already_is_stopped_first(self) -> None:
        done = go(placing(), Run("oslo"), seen("paris", epoch=1, pods=1), seen("oslo"))
        assert asked(done) == (Verb.SUSPEND, "paris", 1)
        assert (done.state.phase, done.state.target) == ("Draining", "oslo")

    def test_out_of_reach_nothing_can_be_proven(self) -> None:
        done = go(placing(), Run("oslo"), away("paris"), seen("oslo"))
        assert (done.request, done.reason, done.blocked) == (None, "TargetUnreachable", True)


class TestPausing:
    def test_a_pause_suspends_and_says_so_first(self) -> None:
        done = go(running(), Stop(), working("paris", 1))
        assert asked(done) == (Verb.SUSPEND, "paris", 1)
        assert (done.state.phase, done.state.pauses) == ("Draining", 0)

    def test_suspended_is_not_stopped(self) -> None:
        state = replace(running(), phase="Draining")
        done = go(state, Stop(), suspended("paris", 1, pods=1))
        assert (done.state.phase, done.request, done.reason) == ("Draining", None, "Stopping")

    def test_a_stop_is_confirmed_by_a_live_look_only(self) -> None:
        state = replace(running(), phase="Draining")
        done = go(state, Stop(), suspended("paris", 1, live=False))
        assert (done.state.phase, done.needs_live) == ("Draining", {"paris"})

    def test_a_pause_is_counted_when_it_is_confirmed(self) -> None:
        state = replace(running(), phase="Draining", phase_since=NOW - timedelta(minutes=1))
        done = go(state, Stop(), suspended("paris", 1))
        assert (done.state.phase, done.state.pauses, done.state.last_change) == ("Paused", 1, NOW)
        assert done.state.placement is not None
        assert done.state.placement.started_at is None

    def test_what_survives_counts_until_it_was_asked_to_stop(self) -> None:
        state = replace(running(), phase="Draining", phase_since=AGO + timedelta(minutes=90))
        done = go(state, Stop(), suspended("paris", 1), profile=HOURLY)
        assert done.state.checkpoint == Saved(3600.0, NOW, "paris")

    def test_a_pause_resumes_in_place_with_a_new_epoch(self) -> None:
        done = go(at_rest(), Run("paris"), suspended("paris", 1))
        assert asked(done) == (Verb.RESUME, "paris", 2)
        assert done.request is not None
        assert (done.request.object_uid, done.request.completed_seconds) == ("uid-paris", 600.0)
        assert (done.state.phase, done.state.migrations) == ("Placing", 0)

    def test_a_resumed_copy_that_runs_counts_no_migration(self) -> None:
        state = at_rest("Placing", epoch=2)
        done = go(state, Run("paris"), working("paris", 2))
        assert (done.state.phase, done.state.migrations) == ("Running", 0)

    def test_a_paused_workload_that_somebody_resumed_is_suspended_again(self) -> None:
        done = go(at_rest(), Stop(), working("paris", 1))
        assert asked(done) == (Verb.SUSPEND, "paris", 1)
        assert done.state.phase == "Paused"

    def test_a_pause_that_was_begun_is_completed_when_nobody_decides(self) -> None:
        done = go(replace(running(), phase="Draining"), Keep(), suspended("paris", 1))
        assert (done.state.phase, done.state.pauses) == ("Paused", 1)

    def test_it_may_stay_if_the_suspension_never_reached_it(self) -> None:
        done = go(replace(running(), phase="Draining"), Run("paris"), working("paris", 1))
        assert (done.state.phase, done.request) == ("Running", None)
        assert done.state.placement == running().placement


class TestMigrating:
    def test_a_move_stops_it_first(self) -> None:
        done = go(running(), Run("oslo"), working("paris", 1), seen("oslo"))
        assert asked(done) == (Verb.SUSPEND, "paris", 1)
        assert (done.state.phase, done.state.target) == ("Draining", "oslo")

    def test_nothing_stops_for_a_target_out_of_reach(self) -> None:
        done = go(running(), Run("oslo"), working("paris", 1), away("oslo"))
        assert (done.state, done.request, done.reason) == (running(), None, "TargetUnreachable")

    def test_once_stopped_the_old_object_is_deleted_by_uid(self) -> None:
        state = replace(running(), phase="Draining", target="oslo")
        done = go(state, Run("oslo"), suspended("paris", 1), seen("oslo"))
        assert asked(done) == (Verb.DELETE, "paris", 1)
        assert done.request is not None
        assert done.request.object_uid == "uid-paris"
        assert (done.state.phase, done.state.target) == ("Stopped", "oslo")

    @pytest.mark.parametrize(
        "there",
        [
            seen("paris", live=False),
            seen("paris", pods=1),
            suspended("paris", 1, deleting=True),
            away("paris"),
        ],
    )
    def test_nothing_is_created_before_the_old_copy_is_proven_gone(self, there: Observation) -> None:
        done = go(at_rest("Stopped", target="oslo"), Run("oslo"), there, seen("oslo"))
        assert done.request is None
        assert done.state.placement is not None

    def test_it_is_created_elsewhere_once_gone(self) -> None:
        done = go(at_rest("Stopped", target="oslo"), Run("oslo"), seen("paris"), seen("oslo"))
        assert asked(done) == (Verb.CREATE, "oslo", 2)
        assert done.request is not None
        assert done.request.completed_seconds == 600.0

    def test_without_a_decision_a_move_that_was_begun_is_completed(self) -> None:
        done = go(at_rest("Stopped", target="oslo"), Keep(), seen("paris"), seen("oslo"))
        assert asked(done) == (Verb.CREATE, "oslo", 2)

    def test_a_move_is_counted_when_it_runs_there(self) -> None:
        state = at_rest("Placing", "oslo", 2)
        done = go(state, Run("oslo"), working("oslo", 2))
        assert (done.state.migrations, done.state.last_change) == (1, NOW)
        assert go(done.state, Run("oslo"), working("oslo", 2)).state.migrations == 1

    def test_a_move_that_never_ran_there_is_not_counted(self) -> None:
        answer = refused(Verb.CREATE, "oslo", 2)
        done = go(at_rest("Placing", "oslo", 2), Run("oslo"), seen("oslo"), answer=answer)
        back = go(done.state, Run("paris"), seen("paris"))
        runs = go(back.state, Run("paris"), working("paris", 3))
        assert (runs.state.phase, runs.state.migrations) == ("Running", 0)


class TestLostClusters:
    def test_an_unreachable_source_blocks_the_move_visibly(self) -> None:
        done = go(running(), Run("oslo"), away("paris"), seen("oslo"))
        assert (done.request, done.reason, done.blocked) == (None, "SourceUnreachable", True)
        assert done.state == running()
        assert "no route" in done.message

    def test_being_lost_for_long_changes_nothing_without_consent(self) -> None:
        done = go(running(), Run("oslo"), away("paris"), seen("oslo"), lost={"paris": AGO})
        assert (done.request, done.reason) == (None, "SourceUnreachable")

    def test_with_consent_it_restarts_elsewhere_under_a_higher_epoch(self) -> None:
        profile = replace(HOURLY, restart_when_lost=True)
        lost = {"paris": AGO + timedelta(minutes=61)}
        done = go(running(), Run("oslo"), away("paris"), seen("oslo"), lost=lost, profile=profile)
        assert asked(done) == (Verb.CREATE, "oslo", 2)
        assert done.state.checkpoint == Saved(3600.0, NOW, "paris")
        assert [event.reason for event in done.events] == ["CopyAbandoned"]

    def test_consent_alone_is_not_enough_before_the_grace_is_over(self) -> None:
        profile = Profile(restart_when_lost=True)
        done = go(running(), Run("oslo"), away("paris"), seen("oslo"), profile=profile)
        assert (done.request, done.reason) == (None, "SourceUnreachable")

    def test_the_old_copy_is_removed_when_its_cluster_is_back(self) -> None:
        done = go(running("oslo", 2), Run("oslo"), working("oslo", 2), working("paris", 1))
        assert asked(done) == (Verb.DELETE, "paris", 1)
        assert done.state == running("oslo", 2)

    def test_it_goes_on_where_it_is_while_out_of_sight(self) -> None:
        done = go(running(), Run("paris"), away("paris"))
        assert (done.state, done.reason) == (running(), "ClusterUnreachable")


class TestBehindOurBack:
    def test_a_deleted_object_is_placed_again_with_what_survived(self) -> None:
        done = go(running(), Run("paris"), seen("paris"), profile=HOURLY)
        assert (done.state.phase, done.state.placement) == ("Stopped", None)
        assert done.state.checkpoint == Saved(7200.0, NOW, "paris")
        again = go(done.state, Run("paris"), seen("paris"))
        assert asked(again) == (Verb.CREATE, "paris", 2)

    def test_absence_in_an_old_picture_is_checked(self) -> None:
        done = go(running(), Run("paris"), seen("paris", live=False))
        assert (done.state, done.needs_live) == (running(), {"paris"})

    def test_a_suspension_by_somebody_is_waited_out_and_resumed(self) -> None:
        done = go(running(), Run("paris"), suspended("paris", 1, pods=1))
        assert (done.state.phase, done.request) == ("Draining", None)
        again = go(done.state, Run("paris"), suspended("paris", 1))
        assert asked(again) == (Verb.RESUME, "paris", 2)

    def test_a_higher_epoch_is_adopted_and_never_deleted(self) -> None:
        done = go(State(epoch=1), Run("paris"), seen("paris"), working("oslo", 7))
        assert done.request is None
        assert done.state.epoch == 7
        assert done.state.placement is not None
        assert (done.state.placement.cluster, done.state.placement.epoch) == ("oslo", 7)
        assert go(done.state, Run("oslo"), working("oslo", 7)).state.phase == "Running"

    def test_a_higher_epoch_in_its_own_place_is_adopted(self) -> None:
        done = go(running(), Run("paris"), working("paris", 4))
        assert (done.state.epoch, done.request) == (4, None)

    def test_nothing_is_adopted_or_removed_on_an_old_picture(self) -> None:
        done = go(at_rest(cluster=None), Run("paris"), seen("paris"), working("oslo", 7, live=False))
        assert (done.request, done.needs_live) == (None, {"oslo"})

    def test_an_older_copy_elsewhere_goes_before_anything_is_created(self) -> None:
        done = go(at_rest(cluster=None, epoch=3), Run("paris"), seen("paris"), suspended("oslo", 2))
        assert asked(done) == (Verb.DELETE, "oslo", 2)


class TestEnding:
    @pytest.mark.parametrize("result", list(Result))
    @pytest.mark.parametrize("phase", ["Placing", "Running", "Draining", "Paused"])
    def test_the_result_ends_it_in_any_phase(self, result: Result, phase: Any) -> None:
        state = replace(running(), phase=phase)
        ended = seen("paris", epoch=1, suspended=phase == "Draining", result=result, finished_at=AGO)
        done = go(state, Run("oslo"), ended, seen("oslo"))
        assert (done.state.phase, done.state.finished_at) == (result.value, AGO)
        assert done.request is None

    def test_an_end_is_believed_after_a_live_look(self) -> None:
        ended = seen("paris", epoch=1, live=False, result=Result.SUCCEEDED)
        done = go(running(), Run("paris"), ended)
        assert (done.state.phase, done.needs_live) == ("Running", {"paris"})

    def test_what_has_ended_stays_ended_and_in_place(self) -> None:
        state = replace(running(), phase="Succeeded", finished_at=AGO)
        done = go(state, Run("oslo"), seen("paris", epoch=1, result=Result.SUCCEEDED), seen("oslo"))
        assert (done.state, done.request) == (state, None)


class TestServing:
    def moving(self) -> State:
        return replace(placing("oslo", 2), previous=copy("paris", 1))

    def test_the_successor_is_announced_beside_the_old_copy(self) -> None:
        done = go(running(), Run("oslo"), working("paris", 1), seen("oslo"), profile=SERVER)
        assert asked(done) == (Verb.CREATE, "oslo", 2)
        assert done.state.previous == copy("paris", 1)

    def test_the_old_copy_serves_until_all_of_the_new_is_ready(self) -> None:
        half = working("oslo", 2, ready=1)
        done = go(self.moving(), Run("oslo"), working("paris", 1), half, profile=SERVER)
        assert (done.request, done.state.phase) == (None, "Placing")

    def test_then_it_is_counted_and_the_old_copy_goes(self) -> None:
        done = go(self.moving(), Run("oslo"), working("paris", 1), working("oslo", 2), profile=SERVER)
        assert asked(done) == (Verb.DELETE, "paris", 1)
        assert (done.state.phase, done.state.migrations) == ("Running", 1)
        after = go(done.state, Run("oslo"), seen("paris"), working("oslo", 2), profile=SERVER)
        assert (after.state.previous, after.state.migrations) == (None, 1)

    def test_the_old_copy_does_not_go_while_the_new_one_falters(self) -> None:
        state = replace(running("oslo", 2), previous=copy("paris", 1))
        for there in (working("oslo", 2, ready=1), working("oslo", 2, live=False)):
            done = go(state, Run("oslo"), working("paris", 1), there, profile=SERVER)
            assert done.request is None

    def test_an_old_copy_that_somebody_stopped_goes_at_once(self) -> None:
        state = replace(running("oslo", 2), previous=copy("paris", 1))
        done = go(state, Run("oslo"), suspended("paris", 1), suspended("oslo", 2), profile=SERVER)
        assert asked(done) == (Verb.DELETE, "paris", 1)

    def test_a_successor_that_is_refused_leaves_the_old_copy_serving(self) -> None:
        answer = refused(Verb.CREATE, "oslo", 2)
        done = go(
            self.moving(), Run("oslo"), working("paris", 1), seen("oslo"), profile=SERVER, answer=answer
        )
        assert done.exclude is not None
        assert (done.state.phase, done.state.placement) == ("Running", copy("paris", 1))
        assert done.state.epoch == 3

    def test_a_successor_that_is_not_wanted_any_more_is_removed(self) -> None:
        done = go(self.moving(), Run("paris"), working("paris", 1), working("oslo", 2), profile=SERVER)
        assert asked(done) == (Verb.DELETE, "oslo", 2)

    def test_if_the_new_copy_vanishes_the_old_one_takes_over(self) -> None:
        state = replace(running("oslo", 2, migrations=1), previous=copy("paris", 1))
        done = go(state, Run("oslo"), working("paris", 1), seen("oslo"), profile=SERVER)
        assert done.state.placement == copy("paris", 1)
        assert done.state.previous is None


class TestRemoval:
    REMOVE = Remove(NOW - timedelta(minutes=1))
    OVERDUE = Remove(NOW - timedelta(hours=1))

    def test_every_copy_is_deleted_and_proven_gone(self) -> None:
        state = replace(running("oslo", 2), previous=copy("paris", 1))
        first = go(state, self.REMOVE, working("oslo", 2), working("paris", 1))
        assert asked(first) == (Verb.DELETE, "oslo", 2)
        second = go(first.state, self.REMOVE, seen("oslo"), working("paris", 1))
        assert asked(second) == (Verb.DELETE, "paris", 1)
        last = go(second.state, self.REMOVE, seen("oslo"), seen("paris"))
        assert last.finished
        assert last.state.uncleaned == ()

    def test_what_was_never_placed_is_done_at_once(self) -> None:
        assert go(State(), self.REMOVE).finished

    def test_an_old_picture_does_not_release_it(self) -> None:
        done = go(running(), self.REMOVE, seen("paris", live=False))
        assert (done.finished, done.needs_live) == (False, {"paris"})

    def test_a_member_out_of_reach_holds_it_for_a_while(self) -> None:
        done = go(running(), self.REMOVE, away("paris"))
        assert (done.finished, done.reason, done.blocked) == (False, "CleanupBlocked", True)

    def test_and_not_longer(self) -> None:
        done = go(running(), self.OVERDUE, away("paris"))
        assert done.finished
        assert done.state.uncleaned == ("paris",)
        assert go(done.state, self.OVERDUE, away("paris")).finished

    def test_a_member_that_can_be_reached_is_cleaned_however_late(self) -> None:
        assert asked(go(running(), self.OVERDUE, working("paris", 1))) == (Verb.DELETE, "paris", 1)

    def test_an_object_that_does_not_go_does_not_hold_it_for_ever(self) -> None:
        done = go(running(), self.OVERDUE, working("paris", 1, deleting=True))
        assert (done.finished, done.state.uncleaned) == (True, ("paris",))

    def test_a_deletion_that_is_refused_does_not_hold_it_for_ever(self) -> None:
        answer = refused(Verb.DELETE, "paris", 1)
        assert not go(running(), self.REMOVE, working("paris", 1), answer=answer).finished
        done = go(running(), self.OVERDUE, working("paris", 1), answer=answer)
        assert (done.finished, done.state.uncleaned) == (True, ("paris",))

    def test_a_copy_nobody_knew_is_removed_too(self) -> None:
        assert asked(go(State(), self.REMOVE, working("oslo", 9))) == (Verb.DELETE, "oslo", 9)

    def test_a_finished_workload_is_removed_with_its_object(self) -> None:
        state = replace(running(), phase="Succeeded", finished_at=AGO)
        done = go(state, self.REMOVE, seen("paris", epoch=1, result=Result.SUCCEEDED))
        assert asked(done) == (Verb.DELETE, "paris", 1)
        assert done.state.phase == "Succeeded"


class TestMemory:
    @pytest.mark.parametrize(
        "state",
        [
            State(),
            running(migrations=3, pauses=2, target="oslo"),
            at_rest("Stopped", target="oslo"),
            replace(placing("oslo", 2), previous=copy("paris", 1)),
            replace(running(), phase="Failed", finished_at=NOW, uncleaned=("oslo",)),
        ],
    )
    def test_the_status_keeps_everything(self, state: State) -> None:
        wire = AIWorkloadStatus(**durable(state)).to_wire()
        assert from_status(AIWorkloadStatus.model_validate(wire)) == state

    def test_a_step_says_which_clusters_it_needs(self) -> None:
        state = replace(placing("oslo", 2), previous=copy("paris", 1))
        assert refers(state, "bern") == {"oslo", "paris", "bern"}
        assert refers(at_rest("Stopped", target="oslo")) == {"paris", "oslo"}

    def test_a_repeated_request_waits_for_a_picture_that_shows_the_first(self) -> None:
        first = go(running(), Stop(), working("paris", 1))
        assert first.request is not None
        again = go(
            first.state,
            Stop(),
            working("paris", 1, live=False),
            answer=Answer(first.request, Outcome("uid-paris")),
        )
        assert (again.request, again.needs_live) == (None, {"paris"})
