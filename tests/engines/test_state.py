"""Losing a member takes two failures in a row; the time of the first is what counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from voltaire.engines.state import Connectivity, Health, MemberSettings

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SETTINGS = MemberSettings()


def reachable() -> Health:
    health = Health(SETTINGS)
    health.recovered()
    return health


def test_one_failure_is_not_a_loss_and_the_next_answer_forgets_it() -> None:
    health = reachable()
    health.failed("Unreachable", "timed out", NOW)
    assert health.connectivity is Connectivity.REACHABLE
    health.answered()
    health.failed("Unreachable", "timed out", NOW + timedelta(hours=1))
    assert health.connectivity is Connectivity.REACHABLE


def test_two_failures_are_a_loss_since_the_first() -> None:
    health = reachable()
    for minute in range(5):
        health.failed("Unreachable", f"failure {minute}", NOW + timedelta(minutes=minute))
    assert health.lost
    assert (health.lost_since, health.message) == (NOW, "failure 4")


def test_certain_failure_needs_no_second() -> None:
    health = reachable()
    health.failed("WatchStale", "silent", NOW, certain=True)
    assert health.lost_since == NOW


def test_member_that_never_answered_is_lost_at_once() -> None:
    health = Health(SETTINGS)
    assert health.connectivity is Connectivity.CONNECTING
    health.failed("Unreachable", "refused", NOW)
    assert health.lost


def test_first_loss_is_kept_until_everything_is_fresh_again() -> None:
    health = reachable()
    health.failed("Unreachable", "refused", NOW, certain=True)
    health.answered()
    health.explain("Synchronising", "reading")
    assert (health.lost, health.reason) == (True, "Unreachable")
    health.failed("Forbidden", "cannot list nodes", NOW + timedelta(hours=1), certain=True)
    assert health.lost_since == NOW
    health.recovered()
    assert (health.connectivity, health.lost_since, health.reason) == (Connectivity.REACHABLE, None, "")


def test_loss_before_new_credentials_is_remembered() -> None:
    health = Health(SETTINGS, lost_since=NOW)
    health.failed("Unreachable", "refused", NOW + timedelta(hours=1))
    assert health.lost_since == NOW


def test_waits_grow_to_a_cap_and_start_anew_after_an_answer() -> None:
    health = reachable()
    assert health.wait_seconds() == SETTINGS.probe_every
    waits = []
    for _ in range(200):
        health.failed("Unreachable", "refused", NOW)
        waits.append(health.wait_seconds())
    assert all(0.5 <= wait <= 60 for wait in waits)
    assert waits[0] <= 1.0
    assert min(waits[10:]) >= 30
    assert len(set(waits[10:])) > 100, "jitter keeps many operators from asking together"
    health.answered()
    assert health.wait_seconds() == SETTINGS.probe_every
