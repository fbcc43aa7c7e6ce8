"""A problem says what is wrong with it by name, and survives being written and read."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.planner.joint.worlds import problems
from voltaire.planner.joint import (
    Battery,
    Cluster,
    Effort,
    Problem,
    Workload,
    errors,
    from_json,
    solve,
    to_json,
)

FLAT = (100.0, 100.0, 100.0, 100.0)
QUICK = Effort(rounds=5, neighbourhoods=2, threads=1)


def cluster(**fields: Any) -> Cluster:
    values: dict[str, Any] = {
        "name": "x",
        "capacity": {"a": 4},
        "grams_per_kwh": FLAT,
        "accelerator_kw": {"a": 1.0},
    }
    return Cluster(**{**values, **fields})


def work(**fields: Any) -> Workload:
    return Workload(**{"id": "w", "hours": 2.0, "accelerators": 1, **fields})


def problem(*workloads: Workload, **fields: Any) -> Problem:
    return Problem(4, 1.0, (cluster(**fields),), workloads)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda: Problem(4, 1.0, ()), errors.EmptyFleet),
        (lambda: problem(grams_per_kwh=(1.0, math.nan, 1.0, 1.0)), errors.NotFinite),
        (lambda: problem(grams_per_kwh=(1.0, -1.0, 1.0, 1.0)), errors.Negative),
        (lambda: problem(grams_per_kwh=(1.0, 1.0)), errors.WrongLength),
        (lambda: problem(solar_kw=(1.0,)), errors.WrongLength),
        (lambda: problem(price_per_kwh=(1.0, 1.0, 1.0, 1.0, 1.0)), errors.WrongLength),
        (lambda: problem(capacity={"a": (1, 2)}), errors.WrongLength),
        (lambda: problem(capacity={"a": -1}), errors.Negative),
        (lambda: problem(pue=0.9), errors.OutOfRange),
        (lambda: Battery("b", 10.0, 5.0, charge_efficiency=1.01), errors.BadEfficiency),
        (lambda: Battery("b", 10.0, 5.0, discharge_efficiency=0.0), errors.BadEfficiency),
        (lambda: Battery("b", 10.0, 11.0), errors.OutOfRange),
        (lambda: work(hours=math.inf), errors.NotFinite),
        (lambda: work(hours=-1.0), errors.Negative),
        (lambda: work(required=True), errors.OutOfRange),
        (lambda: problem(work(clusters=("nowhere",))), errors.UnknownName),
        (lambda: problem(work(place=("x", "b"))), errors.UnknownName),
        (lambda: problem(work(), work()), errors.Duplicate),
    ],
)
def test_what_is_wrong_has_a_name(make: Any, kind: type[errors.BadProblem]) -> None:
    with pytest.raises(kind):
        make()


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2}', '{"version": 1, "slots": "x"}'])
def test_what_is_no_problem_file_is_refused(text: str) -> None:
    with pytest.raises(errors.BadFile):
        from_json(text)


def test_a_bad_number_in_a_file_is_named_as_anywhere() -> None:
    text = to_json(problem(work())).replace("100.0", "-100.0", 1)
    with pytest.raises(errors.Negative):
        from_json(text)


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(energy=True))
def test_a_problem_written_and_read_is_the_same(made: Problem) -> None:
    assert from_json(to_json(made)) == made


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (work(accelerators=5), "unfit"),
        (work(hours=9.0, required=True, deadline_hours=4.0), "hopeless"),
        (work(required=True, deadline_hours=1.0), "hopeless"),
    ],
)
def test_the_impossible_is_said_and_the_rest_is_planned(bad: Workload, said: str) -> None:
    plan = solve(problem(bad, work(id="good", required=True, deadline_hours=4.0)), QUICK)
    assert "w" in getattr(plan.built, said)
    assert (plan.rows[1] >= 0).sum() == 2
    assert plan.left[1] == 0


def test_without_room_the_least_costly_one_is_left_and_named() -> None:
    rivals = [
        work(id=f"w{i}", hours=4.0, accelerators=4, required=True, deadline_hours=4.0) for i in range(2)
    ]
    plan = solve(problem(*rivals), QUICK)
    assert len(plan.unfinished) == 1


def test_a_fleet_without_capacity_is_planned_as_empty() -> None:
    plan = solve(problem(work(), capacity={"a": 0}), QUICK)
    assert plan.built.unfit == {"w"}
    assert (plan.rows < 0).all()
    assert plan.gap == 0.0


def test_zero_intensity_is_worth_waiting_for() -> None:
    swing = (100.0, 100.0, 0.0, 0.0)
    plan = solve(problem(work(required=True, deadline_hours=4.0), grams_per_kwh=swing), QUICK)
    assert list(plan.rows[0]) == [-1, -1, 0, 0]
    assert plan.grams == 0.0
    assert plan.gap == 0.0
