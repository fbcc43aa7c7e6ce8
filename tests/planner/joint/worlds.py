"""Small random problems for hypothesis: everything the description can say, in sizes that HiGHS solves
exactly."""

from __future__ import annotations

from hypothesis import strategies as st

from voltaire.planner.joint import Battery, Cluster, Mode, Problem, Workload

_GRAMS = st.sampled_from([0.0, 10.0, 50.0, 100.0, 220.0, 400.0])
_KINDS = ("a", "b")


@st.composite
def _battery(draw: st.DrawFn) -> Battery:
    capacity = draw(st.sampled_from([2.0, 10.0]))
    return Battery(
        "pack", capacity, capacity * draw(st.sampled_from([0.0, 0.5, 1.0])), capacity * 0.1,
        draw(st.sampled_from([0.0, 1.0, 3.0])), draw(st.sampled_from([1.0, 3.0])),
        draw(st.sampled_from([0.9, 1.0])), 0.95, draw(st.sampled_from([0.0, 5.0])), draw(_GRAMS),
    )  # fmt: skip


@st.composite
def _cluster(draw: st.DrawFn, name: str, slots: int, energy: bool) -> Cluster:
    kinds = draw(st.sampled_from([("a",), ("a", "b")]))
    solar = draw(st.booleans()) and energy
    return Cluster(
        name,
        {kind: draw(st.sampled_from([0, 1, 2, 4])) for kind in kinds},
        tuple(draw(_GRAMS) for _ in range(slots)),
        {"a": 1.0, "b": 2.5},
        pue=draw(st.sampled_from([1.0, 1.5])),
        host_kw=draw(st.sampled_from([0.0, 0.5])),
        limit_kw=draw(st.sampled_from([None, None, 3.0])),
        solar_kw=tuple(draw(st.sampled_from([0.0, 2.0])) for _ in range(slots)) if solar else (),
        solar_grams_per_kwh=30.0 if solar else 0.0,
        batteries=(draw(_battery()),) if energy and draw(st.booleans()) else (),
    )


@st.composite
def _workload(draw: st.DrawFn, name: str, slots: int, names: list[str]) -> Workload:
    earliest = draw(st.integers(0, slots - 1))
    required = draw(st.booleans())
    due = st.tuples(st.integers(1, slots + 2), st.sampled_from([0.0, 0.0, 0.25, 0.5, 0.75])).map(sum)
    deadline = earliest + draw(due) if required or draw(st.booleans()) else None
    mode = draw(st.sampled_from(list(Mode)))
    where = draw(st.sampled_from(["nowhere", "nowhere", "data"]))
    return Workload(
        name, draw(st.sampled_from([0.5, 1.0, 2.0, 2.5, 4.0])), draw(st.sampled_from([1, 1, 2, 3])),
        power_kw=draw(st.sampled_from([None, 2.0])),
        throughput=draw(st.sampled_from([{}, {"b": 2.0}, {"a": 0.0}, {"a": 1.5, "b": 0.5}])),
        clusters=draw(st.sampled_from([None, None, (names[0],)])),
        earliest_hours=float(earliest), deadline_hours=None if deadline is None else float(deadline),
        required=required, late_grams_per_hour=draw(st.sampled_from([0.0, 300.0])), mode=mode,
        lost_hours=draw(st.sampled_from([0.0, 0.5])), restore_hours=draw(st.sampled_from([0.0, 0.25])),
        transfer_hours=draw(st.sampled_from([0.0, 0.5, 1.25])),
        transfer_kwh=draw(st.sampled_from([0.0, 0.2])),
        transfer_held=draw(st.booleans()), change_grams=draw(st.sampled_from([0.0, 40.0])),
        wait_grams_per_hour=draw(st.sampled_from([0.0, 5.0])),
        start_kwh=draw(st.sampled_from([0.0, 0.1])), residence_hours=draw(st.sampled_from([0.0, 2.0])),
        data=names[-1] if where == "data" and mode is not Mode.NEVER else None,
    )  # fmt: skip


@st.composite
def problems(draw: st.DrawFn, energy: bool = False) -> Problem:
    """One or two clusters, four to seven slots, up to four workloads, some of them running already."""
    slots = draw(st.integers(4, 7))
    names = ["x", "y"][: draw(st.integers(1, 2))]
    clusters = tuple(draw(_cluster(name, slots, energy)) for name in names)
    jobs = tuple(draw(_workload(f"w{i}", slots, names)) for i in range(draw(st.integers(0, 4))))
    return Problem(slots, 1.0, clusters, jobs, units_per_slot=draw(st.sampled_from([1, 2])))
