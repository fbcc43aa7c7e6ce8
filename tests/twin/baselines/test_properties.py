"""What holds for every baseline in any world: nothing is overcommitted, residency is held, what may not be
stopped runs through, and deadlines are met where room allows. `play` checks the first three in each hour."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.planner.worlds import HOUR, NOW, cluster, workload, world
from tests.twin.baselines.play import History, job, play
from voltaire.fleet.snapshot import ClusterView, WorkloadView
from voltaire.planner.plan import Action
from voltaire.twin.baselines import BASELINES, baseline

HOURS, HORIZON = 40, 24
NAMES = "abc"
each_baseline = pytest.mark.parametrize("name", sorted(BASELINES))

works = st.lists(
    st.fixed_dictionaries(
        {
            "hours": st.integers(1, 6), "slack": st.integers(0, 8), "arrival": st.integers(0, 8),
            "accelerators": st.sampled_from([1, 4, 8, 16]),
            "mode": st.sampled_from(["Never", "Suspend", "Migrate"]),
            "home": st.sampled_from([None, "a", "b", "c"]), "residency": st.sampled_from([None, "a", "b"]),
            "checkpoint": st.sampled_from([0.0, 200.0]), "restore": st.sampled_from([0.0, 600.0]),
        }
    ),
    min_size=1, max_size=12,
)  # fmt: skip
grids = st.lists(
    st.lists(st.integers(0, 600), min_size=HOURS + HORIZON, max_size=HOURS + HORIZON), min_size=3, max_size=3
)


def fleet(values: list[list[int]], **fields: Any) -> list[ClusterView]:
    return [
        cluster(name, tuple(map(float, grid)), jurisdictions=frozenset({name}), **fields)
        for name, grid in zip(NAMES, values, strict=True)
    ]


def built(specs: list[dict[str, Any]]) -> list[WorkloadView]:
    found = []
    for i, spec in enumerate(specs):
        arrival = NOW + spec["arrival"] * HOUR
        due = spec["arrival"] + spec["hours"] + spec["slack"]
        found.append(
            job(
                f"w{i}", spec["hours"], due=due, arrival=arrival, earliest_start=arrival, home=spec["home"],
                accelerators=spec["accelerators"], mode=spec["mode"], checkpoint_gb=spec["checkpoint"],
                restore_seconds=spec["restore"],
                residency=frozenset({spec["residency"]} if spec["residency"] else ()),
            )
        )  # fmt: skip
    return found


def pieces(history: History, uid: str) -> list[list[str]]:
    """Runs without a gap or a change of cluster."""
    found: list[list[str]] = []
    before = None
    for name in history.hours[uid]:
        if name is not None and name == before:
            found[-1].append(name)
        elif name is not None:
            found.append([name])
        before = name
    return found


@each_baseline
@settings(max_examples=25, deadline=None)
@given(grids, works, st.sampled_from([None, 12.0]))
def test_rules_hold_hour_by_hour(
    name: str, values: list[list[int]], specs: list[dict[str, Any]], limit: float | None
) -> None:
    work = built(specs)
    if limit is not None:
        work = [replace(w, accelerators=min(w.accelerators, 8)) for w in work]
    history = play(baseline(name), fleet(values, limit_kw=limit), work, HOURS)
    for w in work:
        found = pieces(history, w.uid)
        if w.mode == "Never":
            assert len(found) <= 1, f"{w.uid} ran in pieces: {found}"
        if w.mode == "Suspend":
            assert len({run[0] for run in found}) <= 1, f"{w.uid} moved: {found}"


@each_baseline
@settings(max_examples=25, deadline=None)
@given(grids, works)
def test_deadlines_are_met_where_there_is_room_for_all(
    name: str, values: list[list[int]], specs: list[dict[str, Any]]
) -> None:
    work = [replace(w, restore_seconds=0.0) for w in built(specs)]
    roomy = fleet(values, capacity={"a100": 16 * len(specs)})
    history = play(baseline(name), roomy, work, HOURS)
    for w, spec in zip(work, specs, strict=True):
        assert history.done[w.uid] <= spec["arrival"] + spec["hours"] + spec["slack"], w.uid


@each_baseline
@settings(max_examples=15, deadline=None)
@given(grids, works)
def test_everything_is_done_in_the_end(
    name: str, values: list[list[int]], specs: list[dict[str, Any]]
) -> None:
    work = [replace(w, accelerators=min(w.accelerators, 4)) for w in built(specs)]
    history = play(baseline(name), fleet(values), work, HOURS)
    assert history.done.keys() == {w.uid for w in work}


@each_baseline
def test_the_same_world_gives_the_same_plans(name: str) -> None:
    values = [[(7 * hour + 13 * i) % 37 * 10 for hour in range(HOURS + HORIZON)] for i in range(3)]
    specs = [
        {"hours": 1 + i % 5, "slack": i % 7, "arrival": i % 4, "accelerators": (1, 4, 8)[i % 3],
         "mode": ("Never", "Suspend", "Migrate")[i % 3], "home": NAMES[i % 3], "residency": None,
         "checkpoint": 10.0, "restore": 0.0} for i in range(12)
    ]  # fmt: skip
    first, second = (play(baseline(name), fleet(values), built(specs), HOURS) for _ in range(2))
    assert first.decisions == second.decisions


@each_baseline
def test_what_fits_nowhere_waits_and_an_empty_fleet_is_no_error(name: str) -> None:
    giant = workload("w", accelerators=999)
    for clusters in ([], [cluster("a", (100.0,) * 192)]):
        made = baseline(name).plan(world(clusters, [giant]), NOW, {})
        assert made.decisions["w"].action is Action.WAIT


@each_baseline
def test_a_server_starts_at_once_and_is_never_stopped(name: str) -> None:
    grid = tuple(600.0 if slot < 4 else 10.0 for slot in range(192))
    server = workload("w", type="Serving", remaining_seconds=None, home="a")
    started = baseline(name).plan(world([cluster("a", grid)], [server]), NOW, {}).decisions["w"]
    assert started.action is Action.START
    runs = replace(server, cluster="a", accelerator_type="a100", running=True)
    clean = cluster("b", tuple(1.0 for _ in grid))
    made = baseline(name).plan(world([cluster("a", grid), clean], [runs]), NOW, {})
    assert made.decisions["w"].action is Action.STAY
