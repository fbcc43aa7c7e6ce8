"""What changes, waiting and transfers cost beside energy."""

from __future__ import annotations

import pytest

from voltaire.planner.joint import Cluster, Effort, Problem, Workload, solve

QUICK = Effort(rounds=5, neighbourhoods=2, threads=1)
DIRTY = Cluster("dirty", {"a": 1}, (100.0,) * 6, {"a": 1.0})
CLEAN = Cluster("clean", {"a": 1}, (60.0,) * 6, {"a": 1.0})


def row(workload: Workload, *clusters: Cluster) -> list[int]:
    return [int(p) for p in solve(Problem(6, 1.0, clusters, (workload,)), QUICK).rows[0]]


@pytest.mark.parametrize(("grams", "where"), [(0.0, 1), (119.0, 1), (121.0, 0)])
def test_a_change_is_made_if_it_saves_more_than_it_costs(grams: float, where: int) -> None:
    here = Workload("w", 3.0, 1, place=("dirty", "a"), change_grams=grams)
    assert set(row(here, DIRTY, CLEAN)) == {where, -1}


@pytest.mark.parametrize(("grams", "first"), [(1.0, 3), (19.0, 3), (21.0, 0)])
def test_waiting_must_save_what_it_costs(grams: float, first: int) -> None:
    later = Cluster("later", {"a": 1}, (100.0,) * 3 + (40.0,) * 3, {"a": 1.0})
    found = row(Workload("w", 1.0, 1, deadline_hours=6.0, required=True, wait_grams_per_hour=grams), later)
    assert found.index(0) == first


def test_a_held_transfer_takes_its_time_in_the_new_place() -> None:
    moving = Workload("w", 3.0, 1, data="dirty", clusters=("clean",), transfer_hours=2.0,
                      transfer_held=True, deadline_hours=5.0, required=True)  # fmt: skip
    assert row(moving, DIRTY, CLEAN) == [1, 1, 1, 1, 1, -1]
