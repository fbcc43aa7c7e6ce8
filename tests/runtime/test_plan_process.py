"""The planner's process: it goes on from its last plan, and keeps problems that can be read again."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.planner.worlds import NOW, QUICK, cluster, hourly, workload, world
from voltaire.clock import parse_clock
from voltaire.fleet.picture import Picture
from voltaire.fleet.snapshot import Snapshot
from voltaire.planner import Plan, Planner
from voltaire.planner.joint import from_json, solve
from voltaire.runtime import plan_process
from voltaire.runtime.planning import Planning
from voltaire.tasks import end

SEEN = world([cluster("paris", hourly(30)), cluster("virginia", hourly(400))], [workload()])


def test_the_last_problems_are_kept_and_can_be_solved_again(tmp_path: Path) -> None:
    planner = Planner(QUICK)
    planner.plan(SEEN, NOW)
    assert planner.problem is not None
    for minute in range(plan_process.DUMPS_KEPT + 3):
        plan_process.keep_problem(planner.problem, NOW + timedelta(minutes=minute), tmp_path / "kept")
    files = sorted((tmp_path / "kept").iterdir())
    assert len(files) == plan_process.DUMPS_KEPT
    assert files[-1].name == "problem-20260314T122200Z.json"
    again = from_json(files[0].read_bytes())
    assert again == planner.problem
    assert solve(again, QUICK).left == (0,)


def test_a_plan_before_the_process_has_begun_is_refused() -> None:
    with pytest.raises(RuntimeError, match="has not begun"):
        plan_process.make(SEEN, NOW)


async def _first_plan(snapshots: list[Snapshot], dump: str) -> tuple[Planning, list[Plan]]:
    """Plan until the snapshots are used up; the last one stands."""
    picture, made, given = Picture(), list[Plan](), iter(snapshots)

    async def gather(_: datetime) -> Snapshot:
        return next(given)

    done = asyncio.Event()

    def planned(plan: Plan) -> None:
        made.append(plan)
        done.set()

    planning = Planning(picture, parse_clock(""), gather, lambda: True, planned, 0.5, dump)
    picture.changed.set()
    task = asyncio.create_task(planning.run())
    async with asyncio.timeout(120):
        await done.wait()
    await end(task)
    return planning, made


def test_a_plan_comes_out_of_its_own_process_and_leaves_its_problem(tmp_path: Path) -> None:
    now = parse_clock("").now()
    seen = world([cluster("paris", hourly(30))], [workload()], now, start=now)
    planning, made = asyncio.run(_first_plan([seen], str(tmp_path)))
    assert made[0].decisions["w"].cluster == "paris"
    assert made[0].gap is not None
    assert planning.failure == ""
    assert len(list(tmp_path.glob("problem-*.json"))) == 1
