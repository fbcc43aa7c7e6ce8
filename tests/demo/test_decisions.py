from typing import Any

from tests.demo.builders import START
from voltaire.api.aiworkload import AIWorkloadStatus
from voltaire.demo.decisions import DecisionLog


def at_phase(phase: str, cluster: str | None = None, epoch: int = 1, **more: Any) -> AIWorkloadStatus:
    fields: dict[str, Any] = {"phase": phase, "why": {"reason": "R", "message": "because"}, **more}
    if cluster:
        fields["placement"] = {"cluster": cluster, "epoch": epoch, "since": START}
    return AIWorkloadStatus.model_validate(fields)


def story(*statuses: AIWorkloadStatus) -> list[tuple[str, str | None, str | None]]:
    log = DecisionLog()
    for status in statuses:
        log.see("u", "w", status, START)
    return [(decision.action, decision.origin, decision.target) for decision in log.decisions]


def test_waiting_starting_and_finishing() -> None:
    told = story(
        AIWorkloadStatus(),
        at_phase("Pending"),
        at_phase("Pending"),
        at_phase("Placing", "paris"),
        at_phase("Running", "paris"),
        at_phase("Succeeded", "paris"),
        at_phase("Succeeded", "paris"),
    )
    assert told == [("Wait", None, None), ("Start", None, "paris"), ("Finish", "paris", None)]


def test_a_move_is_told_once() -> None:
    told = story(
        at_phase("Running", "paris"),
        at_phase("Draining", "paris", target="california"),
        at_phase("Stopped", target="california"),
        at_phase("Placing", "california", 2),
        at_phase("Running", "california", 2),
    )
    moves = [one for one in told if one[0] == "Migrate"]
    assert moves == [("Migrate", "paris", "california")]


def test_a_move_too_quick_to_be_seen_draining_is_told_too() -> None:
    told = story(at_phase("Running", "paris"), at_phase("Running", "california", 2))
    assert told == [("Start", None, "paris"), ("Migrate", "paris", "california")]


def test_a_pause_and_its_end() -> None:
    told = story(
        at_phase("Running", "paris"),
        at_phase("Draining", "paris"),
        at_phase("Paused"),
        at_phase("Placing", "paris", 2),
    )
    assert told[1] == ("Pause", "paris", None)
    assert told[-1] == ("Resume", None, "paris")


def test_another_reason_to_wait_is_a_decision_and_another_sentence_is_not() -> None:
    first = at_phase("Pending")
    sentence = at_phase("Pending", why={"reason": "R", "message": "because, still"})
    reason = at_phase("Pending", why={"reason": "Full", "message": "no room"})
    assert story(first, sentence, reason) == [("Wait", None, None), ("Wait", None, None)]


def test_a_decision_carries_its_reason() -> None:
    log = DecisionLog()
    (decision,) = log.see("u", "w", at_phase("Placing", "paris"), START)
    assert (decision.workload, decision.reason, decision.message) == ("w", "R", "because")


def test_a_failure_is_told() -> None:
    assert story(at_phase("Running", "paris"), at_phase("Failed", "paris"))[-1] == ("Fail", "paris", None)
