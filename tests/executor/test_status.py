"""The status after a step: what it says, and that it says it as kstatus and its users expect."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltaire.api.actions import Observation, Result
from voltaire.api.aiworkload import AIWorkloadStatus, Phase
from voltaire.api.base import Condition
from voltaire.executor.machine import Keep, Profile, Remove, Run, State, Step, Stop, durable, step
from voltaire.executor.state import Copy, Saved
from voltaire.executor.status import Context, patch, reduce
from voltaire.fleet.demand import Demand
from voltaire.planner.plan import Action, Decision, Segment

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DEADLINE = NOW + timedelta(hours=9)
REASON = re.compile(r"^[A-Z][A-Za-z0-9]*$")
PHASES: tuple[Phase, ...] = (
    "Pending",
    "Placing",
    "Running",
    "Draining",
    "Stopped",
    "Paused",
    "Succeeded",
    "Failed",
)


def decision(
    action: Action = Action.WAIT, reason: str = "WaitingForCleaner", *, late: bool = False
) -> Decision:
    start = NOW + timedelta(hours=2)
    segment = Segment(start, start + timedelta(hours=1), "paris")
    return Decision(
        "u", action, "paris", "a100", reason, "a sentence", (segment,), late=late, finish=segment.end
    )


def context(**fields: Any) -> Context:
    given = {
        "generation": 3,
        "suspended": False,
        "acts": True,
        "deadline": DEADLINE,
        "demand": Demand(),
        "decision": decision(),
    }
    return Context(**(given | fields))


def conditions(status: AIWorkloadStatus) -> dict[str, Condition]:
    return {condition.type: condition for condition in status.conditions}


def hold_to_the_rules(status: AIWorkloadStatus, generation: int, now: datetime) -> None:
    """What tools that wait for a resource rely on."""
    found = conditions(status)
    assert len(found) == len(status.conditions), "a type twice"
    assert status.observed_generation == generation
    assert "Ready" in found
    assert not {"Reconciling", "Stalled"} <= set(found), "both on its way and stuck"
    for kind in {"Reconciling", "Stalled"} & set(found):
        assert found[kind].status == "True", "abnormal conditions are there only while true"
        assert found["Ready"].status == "False", "ready and not ready at once"
        assert found[kind].reason == found["Ready"].reason
    for condition in status.conditions:
        assert condition.observed_generation == generation
        assert REASON.match(condition.reason), condition.reason
        assert condition.last_transition_time <= now
        assert condition.message or condition.status != "False" or condition.type != "Ready"


def walk(*rounds: tuple[Any, tuple[Observation, ...]]) -> list[AIWorkloadStatus]:
    """The statuses of a workload that is stepped through what is wanted and seen, a minute each."""
    status, told = AIWorkloadStatus(), []
    state, now = State(), NOW
    for desire, seen in rounds:
        made = step(state, desire, {o.cluster: o for o in seen}, now=now, profile=Profile())
        after = reduce(status, made, context(), None, now)
        hold_to_the_rules(after, 3, now)
        before = conditions(status)
        for kind, condition in conditions(after).items():
            if kind in before and before[kind].status == condition.status:
                assert condition.last_transition_time == before[kind].last_transition_time
            else:
                assert condition.last_transition_time == now
        status, state, now = after, made.state, now + timedelta(minutes=1)
        told.append(status)
    return told


def member(cluster: str, **fields: Any) -> Observation:
    return Observation(cluster, **({"reachable": True, "live": True} | fields))


def copy(cluster: str, epoch: int, **fields: Any) -> Observation:
    return member(cluster, exists=True, object_uid="u", epoch=epoch, **fields)


NOWHERE = (member("paris"), member("oslo"))
RUNS_IN_PARIS = (copy("paris", 1, pods=1, ready=1), member("oslo"))
STOPPED_IN_PARIS = (copy("paris", 1, suspended=True), member("oslo"))


def test_a_life_with_a_move_is_told_by_the_rules() -> None:
    told = walk(
        (Keep(), NOWHERE),
        (Run("paris"), NOWHERE),
        (Run("paris"), RUNS_IN_PARIS),
        (Run("oslo"), RUNS_IN_PARIS),
        (Run("oslo"), (member("paris", reachable=False), member("oslo"))),
        (Run("oslo"), STOPPED_IN_PARIS),
        (Run("oslo"), NOWHERE),
        (Run("oslo"), (member("paris"), copy("oslo", 2, pods=1, ready=1))),
        (Run("oslo"), (member("paris"), copy("oslo", 2, result=Result.SUCCEEDED))),
    )
    said = [(status.phase, conditions(status)["Ready"].status) for status in told]
    assert said == [
        ("Pending", "False"),
        ("Placing", "False"),
        ("Running", "True"),
        ("Draining", "False"),
        ("Draining", "False"),
        ("Stopped", "False"),
        ("Placing", "False"),
        ("Running", "True"),
        ("Succeeded", "True"),
    ]
    assert conditions(told[4])["Reconciling"].reason == "SourceUnreachable"
    assert told[-1].migrations == 1
    assert told[-1].deadline_met is True


def test_nothing_new_is_not_written() -> None:
    once, again = walk((Run("paris"), NOWHERE), (Keep(), (copy("paris", 1), member("oslo"))))
    made = step(State(), Stop(), {}, now=NOW, profile=Profile())
    first = reduce(AIWorkloadStatus(), made, context(), None, NOW)
    assert patch(first, reduce(first, made, context(), None, NOW + timedelta(hours=1))) is None
    assert once != again


def test_how_it_failed_is_said_for_good() -> None:
    failed = copy("paris", 1, result=Result.FAILED, message="BackoffLimitExceeded: 3 of 3")
    told = walk(
        (Run("paris"), NOWHERE),
        (Run("paris"), RUNS_IN_PARIS),
        (Run("paris"), (failed, member("oslo"))),
        (Run("paris"), (failed, member("oslo"))),
    )
    assert conditions(told[-1])["Stalled"].message == "BackoffLimitExceeded: 3 of 3"
    assert told[-1] == told[-2]
    assert told[-1].deadline_met is False


def test_a_plan_that_cannot_be_in_time_says_so_at_once() -> None:
    made = step(State(), Stop(), {}, now=NOW, profile=Profile())
    late = reduce(AIWorkloadStatus(), made, context(decision=decision(late=True)), None, NOW)
    assert conditions(late)["DeadlineAtRisk"].status == "True"
    better = reduce(late, made, context(), None, NOW)
    assert conditions(better)["DeadlineAtRisk"].status == "False"


def test_without_a_deadline_nothing_is_said_of_one() -> None:
    made = step(State(), Stop(), {}, now=NOW, profile=Profile())
    late = reduce(AIWorkloadStatus(), made, context(decision=decision(late=True)), None, NOW)
    free = reduce(late, made, context(deadline=None), None, NOW)
    assert "DeadlineAtRisk" not in conditions(free)


@pytest.mark.parametrize(
    ("fields", "kind", "reason"),
    [
        ({"refusal": ("ManifestRefused", "spec.manifest: no")}, "Stalled", "ManifestRefused"),
        ({"decision": decision(reason="NoClusterFits")}, "Stalled", "NoClusterFits"),
        ({"decision": None}, "Reconciling", "WaitingForPlan"),
        ({"suspended": True}, "Ready", "Suspended"),
        ({"acts": False}, "Ready", "Recommended"),
    ],
)
def test_why_nothing_runs(fields: dict[str, Any], kind: str, reason: str) -> None:
    made = step(State(), Stop(), {}, now=NOW, profile=Profile())
    status = reduce(AIWorkloadStatus(), made, context(**fields), None, NOW)
    assert conditions(status)[kind].reason == reason
    hold_to_the_rules(status, 3, NOW)


def test_the_next_steps_follow_the_plan() -> None:
    state = State(phase="Paused", epoch=1, checkpoint=Saved(60.0, NOW, "paris"))
    status = reduce(AIWorkloadStatus(), Step(state, "Paused", "paused"), context(), None, NOW)
    assert [(step.action, step.cluster) for step in status.next] == [("Resume", "paris"), ("Finish", "paris")]


def made_in(phase: Phase, blocked: bool) -> Step:
    placed = phase not in ("Pending",)
    place = Copy("paris", 1, NOW, "u", NOW if phase == "Running" else None) if placed else None
    finished = NOW if phase in ("Succeeded", "Failed") else None
    state = State(phase=phase, epoch=1, placement=place, finished_at=finished)
    return Step(state, "SourceUnreachable" if blocked else phase, "said", blocked=blocked)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(PHASES),
            st.booleans(),
            st.booleans(),
            st.booleans(),
            st.sampled_from([None, decision(), decision(late=True), decision(Action.START, "BestPlace")]),
            st.sampled_from([None, ("PolicyMissing", "create it")]),
            st.sampled_from(["", "oslo is full"]),
            st.sampled_from([None, DEADLINE]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_happens_the_conditions_keep_the_rules(rounds: list[Any]) -> None:
    status, transitions = AIWorkloadStatus(), []
    for minute, (phase, blocked, suspended, acts, planned, refusal, vetoed, deadline) in enumerate(rounds):
        now = NOW + timedelta(minutes=minute)
        given_now = context(
            suspended=suspended,
            acts=acts,
            decision=planned,
            refusal=refusal,
            vetoed=vetoed,
            deadline=deadline,
        )
        made = made_in(phase, blocked)
        status = reduce(status, made, given_now, None, now)
        hold_to_the_rules(status, 3, now)
        transitions.append(conditions(status)["Ready"].last_transition_time)
        assert reduce(status, made, given_now, None, now + timedelta(hours=1)) == status
        wire = AIWorkloadStatus.model_validate(status.to_wire())
        assert wire == status
        for name, value in durable(made.state).items():
            assert getattr(status, name) == value
    assert all(earlier <= later for earlier, later in pairwise(transitions))


def test_a_deletion_is_told_while_it_lasts() -> None:
    state = State(phase="Running", epoch=1, placement=Copy("paris", 1, NOW, "u", NOW))
    away = {"paris": Observation("paris", reachable=False, live=True)}
    made = step(state, Remove(NOW), away, now=NOW, profile=Profile())
    status = reduce(AIWorkloadStatus(), made, context(), None, NOW)
    assert conditions(status)["Reconciling"].reason == "CleanupBlocked"
    assert replace(made.state, phase_since=None).phase == "Draining"
