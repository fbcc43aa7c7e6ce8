"""Every plan is sound, and its certificate is true: judged by a checker and by HiGHS on small random
problems."""

from __future__ import annotations

import math

from hypothesis import HealthCheck, given, settings

from tests.planner.joint.checker import Timeline, judge
from tests.planner.joint.worlds import problems
from voltaire.planner.joint import Effort, Mode, Problem, Solution, Workload, solve
from voltaire.planner.joint.exact import solve_exact
from voltaire.planner.joint.report import stretches

SMALL = Effort(rounds=25, neighbourhoods=20, threads=1)
CALM = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def timelines(problem: Problem, plan: Solution) -> dict[str, Timeline]:
    found: dict[str, Timeline] = {}
    for i, w in enumerate(problem.workloads):
        slots: Timeline = [None] * problem.slots
        for s in stretches(plan, i):
            slots[s.begin : s.end] = [(s.cluster, s.kind)] * (s.end - s.begin)
        found[w.id] = slots
    return found


def _pressing(problem: Problem, w: Workload) -> bool:
    """Whether the deadline is met in any plan, if it can be."""
    within = (w.deadline_hours or 0.0) <= problem.slots * problem.slot_hours
    return w.required and within and not (w.place and w.mode is Mode.NEVER)


def certified(problem: Problem) -> None:
    plan = solve(problem, SMALL)
    verdict = judge(problem, timelines(problem, plan))
    assert verdict.violations == []
    can = {w.id for w in problem.workloads if _pressing(problem, w)} - set(plan.built.hopeless)
    assert verdict.unfinished & can == set(plan.unfinished) & can
    best = solve_exact(problem)
    assert best.status == "Optimal"
    # HiGHS leaves out what makes sites deliver sooner rather than later.
    close = 1e-4 * (1.0 + abs(best.grams))
    assert plan.bound <= best.grams + close
    assert plan.grams >= best.grams - close
    if math.isfinite(plan.gap):
        assert plan.grams <= best.grams * (1 + plan.gap) + close


@CALM
@given(problems())
def test_a_plan_is_sound_and_within_its_certified_gap_of_the_optimum(problem: Problem) -> None:
    certified(problem)


@CALM
@given(problems(energy=True))
def test_so_it_is_with_batteries_and_sun(problem: Problem) -> None:
    certified(problem)


@CALM
@given(problems())
def test_the_plan_costs_what_the_checker_counts(problem: Problem) -> None:
    plan = solve(problem, SMALL)
    priced = [w for w in problem.workloads if w.deadline_hours is not None]
    verdict = judge(problem, timelines(problem, plan))
    if not verdict.unfinished and not any(
        w.late_grams_per_hour or w.id in plan.built.hopeless for w in priced
    ):
        assert abs(plan.grams - verdict.grams) <= 1e-6 * (1 + plan.grams)
