"""The baselines in the world of the twin, where work arrives within slots, restarts take time and checkpoints
travel."""

from __future__ import annotations

from math import cos, pi
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.twin.scenes import battery, cluster, fleet, job, scenario, with_battery
from voltaire.twin.baselines import BASELINES
from voltaire.twin.play import play_one
from voltaire.twin.result import Summary
from voltaire.twin.scenario import Scenario

NAMES = ("a", "b", "c")
each_baseline = pytest.mark.parametrize("name", BASELINES)


def valley(mean: float, swing: float, shift: float = 0.0) -> list[float]:
    """A day's wave, four times."""
    return [mean + swing * cos(2 * pi * (hour + shift) / 24) for hour in range(96)]


@st.composite
def roomy(draw: st.DrawFn) -> Scenario:
    """Clusters that could run everything at once."""
    jobs = []
    for i in range(draw(st.integers(1, 8))):
        arrival, duration = draw(st.integers(0, 90)) / 10, draw(st.integers(2, 60)) / 10
        slack = draw(st.integers(0, 90)) / 10
        jobs.append(
            job(
                f"j{i}", arrival_h=arrival, duration_h=duration, deadline_h=arrival + duration + slack,
                home=draw(st.sampled_from([None, *NAMES])),
                checkpoint_gb=draw(st.sampled_from([0.0, 30.0, 170.0])),
                mode=draw(st.sampled_from(["Never", "Suspend", "Migrate"])),
                on_termination=draw(st.booleans()), interval_h=draw(st.sampled_from([None, 0.3])),
            )
        )  # fmt: skip
    grams = {name: [float(draw(st.integers(0, 600))) for _ in range(40)] for name in NAMES}
    return scenario(fleet(*(cluster(name, count=64) for name in NAMES)), jobs, grams)


@each_baseline
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scene=roomy())
def test_where_there_is_room_for_all_every_deadline_is_met_and_the_world_refuses_nothing(
    name: str, scene: Scenario
) -> None:
    """Caspian alone may be late, or move to and fro to the end: it does not know that a move takes time."""
    summary = play_one(scene, name).summary
    assert (summary.violations, summary.refused) == (0, 0)
    assert summary.missed == summary.unfinished == 0 or (name == "caspian" and summary.migrations > 0)


def week(checkpoint_gb: float, grams: dict[str, list[float]], **fields: Any) -> Scenario:
    """Forty jobs of four hours, one an hour, at home in turn, on clusters that never fill."""
    jobs = [
        job(
            f"j{i}", arrival_h=float(i), duration_h=4.0, deadline_h=i + 16.0, home=NAMES[i % 3],
            checkpoint_gb=checkpoint_gb, **fields,
        )
        for i in range(40)
    ]  # fmt: skip
    return scenario(fleet(*(cluster(name, count=64) for name in NAMES)), jobs, grams)


def played(scene: Scenario, *names: str) -> dict[str, Summary]:
    return {name: play_one(scene, name).summary for name in names}


ALIKE = {"a": valley(300, 100), "b": valley(300, 100, 8), "c": valley(300, 100, 16)}
ONE_CLEAN = {"a": valley(50, 10), "b": valley(300, 100, 8), "c": valley(300, 100, 16)}


def test_with_one_clean_grid_staying_there_gets_nearly_all_that_anything_can() -> None:
    """What anything can save is bounded by all of the energy at the cleanest hour of all."""
    found = played(week(10.0, ONE_CLEAN), "carbon-agnostic", "lowest-mean-stay")
    home, bound = found["carbon-agnostic"].grams, 40 * 4.0 * 4.0 * min(map(min, ONE_CLEAN.values()))
    assert home - found["lowest-mean-stay"].grams > 0.93 * (home - bound)
    assert found["lowest-mean-stay"].migrations == 0


def test_among_alike_grids_greedy_pays_for_large_checkpoints_what_payback_saves() -> None:
    light = played(week(0.0, ALIKE), "carbon-agnostic", "greedy-now", "greedy-payback")
    heavy = played(week(150.0, ALIKE), "carbon-agnostic", "greedy-now", "greedy-payback")
    assert light["greedy-now"].grams < 0.9 * light["carbon-agnostic"].grams
    assert heavy["greedy-now"].grams > heavy["carbon-agnostic"].grams
    assert heavy["greedy-payback"].grams < 0.95 * heavy["carbon-agnostic"].grams
    assert heavy["greedy-payback"].migrations < heavy["greedy-now"].migrations


def test_waiting_saves_without_moving_and_more_where_work_may_be_interrupted() -> None:
    free = played(
        week(0.0, ALIKE, restart_h=0.0), "carbon-agnostic", "lets-wait-awhile", "carbonscaler", "threshold"
    )
    rigid = played(week(0.0, ALIKE, mode="Never"), "carbon-agnostic", "lets-wait-awhile", "gaia", "threshold")
    for found in (free, rigid):
        home = found["carbon-agnostic"].grams
        assert all(
            summary.grams < 0.95 * home for name, summary in found.items() if name != "carbon-agnostic"
        )
        assert not any(summary.migrations for summary in found.values())
    assert free["lets-wait-awhile"].grams <= rigid["lets-wait-awhile"].grams
    assert rigid["lets-wait-awhile"].grams <= rigid["gaia"].grams


def test_every_baseline_runs_its_battery_by_self_consumption() -> None:
    site = with_battery(cluster("a", hostOverheadKW=1.0), "pack")
    scene = scenario(fleet(site, battery("pack")), [job(home="a")], {"a": [200.0]}, initial_soc=1.0)
    for name in BASELINES:
        found = play_one(scene, name).batteries[0]
        assert sum(found.dischargeKWh) > 5.0, name
        assert sum(found.chargeGridKWh) == pytest.approx(0.0), name
