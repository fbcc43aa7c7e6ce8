"""Whatever the fleet looks like, a plan breaks no rule; on tiny ones nothing beats it by much."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.planner.checker import violations
from tests.planner.worlds import HOUR, NOW, battery, cluster, plan, running, stopped, workload, world
from voltaire.api.aiworkload import LabelSelector
from voltaire.fleet.snapshot import ClusterView, PolicyView, Snapshot, WorkloadView

SLOTS = 32  # eight hours
NAMES = ("a", "b", "c")
LANDS = ("EU", "US")
MINUTE = timedelta(minutes=1)


@st.composite
def clusters(draw: st.DrawFn, name: str) -> ClusterView:
    hours = draw(st.lists(st.integers(0, 800), min_size=8, max_size=8))
    intensity = tuple(float(value) for value in hours for _ in range(4))
    packs = (battery(name=f"pack-{name}", solar_kw=(3.0,) * SLOTS, reserve_kwh=10.0),)
    return cluster(
        name,
        intensity if draw(st.integers(0, 9)) else None,
        capacity={"a100": draw(st.integers(2, 16))},
        jurisdictions=frozenset({draw(st.sampled_from(LANDS))}),
        pue=draw(st.sampled_from([1.0, 1.3])),
        limit_kw=draw(st.sampled_from([None, None, 8.0])),
        host_overhead_kw=draw(st.sampled_from([0.0, 2.0])),
        batteries=packs if draw(st.booleans()) else (),
        unavailable="" if draw(st.integers(0, 7)) else "suspended",
        forecast_error=draw(st.sampled_from([None, 0.1])),
    )


@st.composite
def workloads(draw: st.DrawFn, uid: str) -> WorkloadView:
    kind = draw(st.sampled_from([workload, workload, running, stopped]))
    seconds = draw(st.sampled_from([None, 300, 900, 2500, 5400, 12000, 40000]))
    deadline = draw(st.one_of(st.none(), st.integers(-30, 600)))
    fields: dict[str, Any] = {
        "accelerators": draw(st.integers(1, 6)),
        "remaining_seconds": seconds,
        "type": "Training" if seconds else draw(st.sampled_from(["Training", "Serving"])),
        "mode": draw(st.sampled_from(["Never", "Suspend", "Migrate"])),
        "deadline": None if deadline is None or not seconds else NOW + deadline * MINUTE,
        "deadline_required": bool(seconds) and deadline is not None and draw(st.booleans()),
        "residency": draw(st.sampled_from([frozenset(), frozenset(), frozenset({"EU"})])),
        "selector": LabelSelector(match_labels={} if draw(st.integers(0, 9)) else {"region": "a"}),
        "checkpoint_gb": draw(st.sampled_from([0.0, 40.0])),
        "restore_seconds": draw(st.sampled_from([0.0, 200.0])),
        "at_risk_seconds": draw(st.sampled_from([0.0, 700.0])) if kind is running else 0.0,
        "migrations_left": draw(st.integers(0, 3)),
        "minimum_residence": draw(st.sampled_from([0, 30, 60])) * MINUTE,
        "policy": PolicyView(concurrent_migrations=2),
    }
    if kind is workload:
        return workload(uid, earliest_start=NOW + draw(st.sampled_from([-60, 0, 0, 50])) * MINUTE, **fields)
    fields["last_change"] = NOW - draw(st.integers(0, 120)) * MINUTE
    name = draw(st.sampled_from(NAMES))
    if kind is stopped:
        return stopped(uid, data=name, **fields)
    return running(uid, on=name, movable=bool(draw(st.integers(0, 5))), **fields)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    members = [draw(clusters(name)) for name in NAMES[: draw(st.integers(1, 3))]]
    free = {view.name: view.capacity["a100"] for view in members}
    power = {view.name: view.limit_kw or 1e9 for view in members}
    jobs = []
    for i in range(draw(st.integers(0, 8))):
        job = draw(workloads(f"w{i}"))
        if (job.cluster or job.data_cluster or "a") not in free:
            continue
        if job.cluster is not None:
            view = next(v for v in members if v.name == job.cluster)
            lawful = not job.residency or job.residency & view.jurisdictions
            chosen = not job.selector.match_labels or job.cluster == "a"
            need = job.accelerators * view.pue
            if free[job.cluster] < job.accelerators or power[job.cluster] < need or not (lawful and chosen):
                continue
            free[job.cluster] -= job.accelerators
            power[job.cluster] -= need
        jobs.append(job)
    return world(members, jobs, slots=SLOTS, migrations_active=draw(st.integers(0, 2)))


RANDOM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@RANDOM
@given(snapshots(), st.integers(0, 14))
def test_a_plan_breaks_no_rule(snapshot: Snapshot, minutes: int) -> None:
    now = NOW + minutes * MINUTE
    assert violations(snapshot, plan(snapshot, now), now) == []


@RANDOM
@given(snapshots())
def test_where_there_is_room_for_all_no_feasible_required_deadline_is_late(snapshot: Snapshot) -> None:
    room = {"a100": 1000}
    roomy = {name: replace(v, capacity=room, limit_kw=None) for name, v in snapshot.clusters.items()}
    snapshot = replace(snapshot, clusters=roomy)
    for uid, decision in plan(snapshot, NOW).decisions.items():
        w = snapshot.workloads[uid]
        if w.cluster is None and w.data_cluster is None and w.deadline and w.deadline_required:
            begin = max(NOW, w.earliest_start)
            usable = any(
                not view.unavailable
                and (not w.residency or w.residency & view.jurisdictions)
                and (not w.selector.match_labels or name == "a")
                for name, view in roomy.items()
            )
            if usable and begin + timedelta(seconds=w.remaining_seconds or 0) <= w.deadline:
                assert not decision.late, decision


@RANDOM
@given(snapshots())
def test_what_runs_as_it_should_is_kept_or_improved_on(snapshot: Snapshot) -> None:
    """Its own room is safe from all but deadlines, for which what may pause makes room: among others without
    any it never emits more than it would alone, undisturbed."""
    free = {uid: replace(w, deadline=None) for uid, w in snapshot.workloads.items()}
    snapshot = replace(snapshot, workloads=free)
    made = plan(snapshot, NOW)
    for uid, w in snapshot.workloads.items():
        view = snapshot.clusters.get(w.cluster or "")
        if view is None or view.batteries or view.intensity is None:
            continue
        alone = plan(replace(snapshot, workloads={uid: replace(w, mode="Never")}), NOW).decisions[uid]
        got = made.decisions[uid]
        if got.grams is not None and alone.grams is not None:
            assert got.grams <= alone.grams + 0.01


def simulate(
    job: WorkloadView, grid: list[list[int]], places: tuple[int, ...]
) -> tuple[float, float, int, int]:
    """Emissions, finish in hours, changes and hours waited; infinite emissions if unfinished."""
    left, grams, changes, waited = job.remaining_seconds or 0.0, 0.0, 0, 0
    kw = float(job.accelerators)
    at = NAMES.index(job.cluster) if job.cluster else None
    data = at
    for hour, place in enumerate(places):
        if at is not None and place != at:
            left, changes, data, at = left + job.at_risk_seconds, changes + 1, at, None
        if place < 0:
            waited += 1
            continue
        time = 3600.0
        overhead = 0.0
        if at is None and data is not None:
            overhead = job.restore_seconds
            if place != data:
                changes += hour > 0 and places[hour - 1] < 0  # a pause and a move: two changes
                overhead += job.checkpoint_gb / job.policy.gb_per_hour * 3600
                mean = (grid[place][hour] + grid[data][hour]) / 2
                grams += job.checkpoint_gb * job.policy.kwh_per_gb * mean
        at = data = place
        used = min(time, overhead + left)
        left -= max(0.0, used - overhead)
        grams += kw * used / 3600 * grid[place][hour]
        if left <= 1e-6:
            return grams, hour + used / 3600, changes, waited
    return float("inf"), float("inf"), changes, waited


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 600), min_size=7, max_size=7), min_size=2, max_size=2),
    st.sampled_from([1800.0, 3600.0, 5400.0, 9000.0, 10800.0]),
    st.sampled_from([0.0, 360.0]),
    st.sampled_from([0.0, 22.5, 90.0]),
    st.sampled_from([0.0, 720.0]),
    st.booleans(),
)
@example([[0, 0, 1, 0, 1, 0, 3], [0, 0, 1, 1, 0, 2, 1]], 10800.0, 360.0, 0.0, 0.0, False)
def test_no_timeline_beats_the_plan_by_more_than_the_hysteresis(
    grid: list[list[int]], seconds: float, restore: float, checkpoint: float, risk: float, begun: bool
) -> None:
    members = [cluster(n, tuple(map(float, g))) for n, g in zip(NAMES, grid, strict=False)]
    fields: dict[str, Any] = {
        "remaining_seconds": seconds, "restore_seconds": restore, "checkpoint_gb": checkpoint,
        "minimum_residence": HOUR, "deadline": NOW + 7 * HOUR, "deadline_required": True,
    }  # fmt: skip
    job = running(on="a", at_risk_seconds=risk, **fields) if begun else workload(**fields)
    snapshot = world(members, [job], slot=HOUR, slots=7)
    got = plan(snapshot, NOW).decisions["w"]
    assert got.grams is not None
    cleanest = min(map(sum, grid)) / 7 * 4 * seconds / 3600  # at the mean, in one place
    reference = simulate(job, grid, (0,) * 7)[0] if begun else cleanest
    best = float("inf")
    for places in product((-1, 0, 1), repeat=7):
        grams, finish, changes, waited = simulate(job, grid, places)
        if finish <= 7 - snapshot.spare_slots:
            best = min(best, grams + 0.05 * reference * changes + 0.001 * reference * waited)
    assert got.grams <= best + 1e-6 * best + 0.01


@pytest.mark.parametrize("size", [300])
def test_hundreds_of_alike_workloads_all_fit_or_wait(size: int) -> None:
    members = [cluster("a", tuple(float(100 + k % 7) for k in range(192)))]
    snapshot = world(members, [workload(f"w{i:03d}", accelerators=1) for i in range(size)])
    assert violations(snapshot, plan(snapshot, NOW), NOW) == []
