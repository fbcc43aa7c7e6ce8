"""Conditions obey kstatus, and change only when something changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from voltaire.api.base import Condition
from voltaire.api.conditions import Finding, in_progress, merge, ready, stalled

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def types(conditions: list[Condition]) -> dict[str, str]:
    return {condition.type: condition.status for condition in conditions}


def test_abnormal_conditions_are_there_only_while_true() -> None:
    waiting = merge([], in_progress("Waiting", "for a cluster"), now=NOW, generation=1)
    assert types(waiting) == {"Ready": "False", "Reconciling": "True"}
    stuck = merge(waiting, stalled("NoCluster", "none is large enough"), now=LATER, generation=1)
    assert types(stuck) == {"Ready": "False", "Stalled": "True"}
    done = merge(stuck, ready("Running"), now=LATER, generation=2)
    assert types(done) == {"Ready": "True"}


def test_a_transition_time_moves_with_the_status_only() -> None:
    before = merge([], in_progress("Waiting", "one"), now=NOW, generation=1)
    same = merge(before, in_progress("Placing", "two"), now=LATER, generation=2)
    assert [c.last_transition_time for c in same] == [NOW, NOW]
    assert same[0].reason == "Placing"
    assert same[0].observed_generation == 2
    changed = merge(same, ready("Running"), now=LATER, generation=2)
    assert changed[0].last_transition_time == LATER


def test_the_same_findings_give_an_equal_list() -> None:
    before = merge([], in_progress("Waiting", "one"), now=NOW, generation=1)
    assert merge(before, reversed(in_progress("Waiting", "one")), now=LATER, generation=1) == before


def test_conditions_of_others_stay() -> None:
    mine = merge([], [Finding("DeadlineAtRisk", "True", "Late", "")], now=NOW, generation=1)
    assert types(merge(mine, ready("Running"), now=LATER, generation=1)) == {
        "Ready": "True",
        "DeadlineAtRisk": "True",
    }


def test_a_message_is_cut_to_what_the_server_takes() -> None:
    found = merge([], ready("Running", "x" * 40000), now=NOW, generation=1)
    assert len(found[0].message) == 32768
