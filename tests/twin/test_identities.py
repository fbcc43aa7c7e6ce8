"""Whatever the fleet and the jobs, and whoever decides: the books balance and the rules hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.twin.checker import check
from tests.twin.scenes import battery, cluster, fleet, job, placement_policy, scenario, with_battery
from voltaire.twin.forecast_kind import parse_forecast
from voltaire.twin.job import Job
from voltaire.twin.play import play
from voltaire.twin.registry import POLICIES
from voltaire.twin.result import to_json
from voltaire.twin.scenario import Scenario

NAMES = ("a", "b", "c")
AREAS = {"a": ["EU", "FR"], "b": ["US"], "c": ["EU"]}
tenths = st.integers(0, 60).map(lambda n: n / 10)


@st.composite
def a_job(draw: st.DrawFn, name: str) -> Job:
    arrival, duration = draw(tenths), draw(st.integers(2, 40)) / 10
    accelerators = draw(st.sampled_from([1, 2, 4, 8, 16]))
    return job(
        name,
        arrival_h=arrival,
        duration_h=duration,
        accelerators=accelerators,
        power_kw=accelerators * draw(st.sampled_from([0.7, 1.0])),
        deadline_h=arrival + duration + draw(tenths),
        home=draw(st.sampled_from(NAMES)),
        mode=draw(st.sampled_from(["Never", "Suspend", "Migrate", "Migrate"])),
        checkpoint_gb=draw(st.sampled_from([0.0, 30.0, 170.0])),
        residency=draw(st.sampled_from([frozenset[str](), frozenset({"EU"}), frozenset({"US"})])),
        on_termination=draw(st.booleans()),
        interval_h=draw(st.sampled_from([None, 0.3])),
    )


@st.composite
def a_scene(draw: st.DrawFn) -> Scenario:
    limit = draw(st.sampled_from([{}, {"limitKW": 20.0}]))
    sites = [
        with_battery(cluster("a", jurisdictions=AREAS["a"], pue=1.2, hostOverheadKW=3.0), "pack"),
        cluster("b", jurisdictions=AREAS["b"], pue=1.4, **limit),
        cluster("c", jurisdictions=AREAS["c"], count=8),
    ]
    solar = draw(st.sampled_from([{}, {"solar": {"peakKW": 20.0, "gramsPerKWh": 0}}]))
    slot = draw(st.sampled_from(["30m", "60m"]))
    residence = draw(st.sampled_from(["0s", "45m"]))
    rules = placement_policy(slot=slot, hysteresis={"minimumResidence": residence})
    found = fleet(*sites, battery("pack", **solar), rules)
    jobs = [draw(a_job(f"j{i}")) for i in range(draw(st.integers(1, 7)))]
    grams = {name: [float(draw(st.integers(0, 600))) for _ in range(30)] for name in NAMES}
    forecast = parse_forecast(draw(st.sampled_from(["perfect", "dayahead:0.2", "none"])))
    soc = draw(st.sampled_from([None, 0.5, 1.0]))
    seed = draw(st.integers(0, 3))
    return scenario(found, jobs, grams, forecast=forecast, initial_soc=soc, seed=seed)


def written(scene: Scenario, *names: str) -> dict[str, Any]:
    """The result file as its readers see it."""
    result: dict[str, Any] = json.loads(to_json(play(scene, names)))
    return result


@pytest.mark.parametrize("name", POLICIES)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scene=a_scene())
def test_the_books_balance_and_the_rules_hold(name: str, scene: Scenario) -> None:
    check(written(scene, name))


@settings(max_examples=5, deadline=None)
@given(scene=a_scene())
def test_the_same_seed_plays_the_same_run(scene: Scenario) -> None:
    def without_times(result: dict[str, Any]) -> dict[str, Any]:
        for played in result["policies"].values():
            for field in ("planSecondsP50", "planSecondsP95", "seconds"):
                del played["summary"][field]
        return result

    names = ("voltaire", "clairvoyant")
    assert without_times(written(scene, *names)) == without_times(written(scene, *names))
