from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.twin.sweep import world
from voltaire.twin.errors import JobsError, UnknownName
from voltaire.twin.sweep.case import Case, Store, Workload
from voltaire.twin.sweep.plan import Asked, to_compare, to_size
from voltaire.twin.sweep.play import NOTHING_KWH, run_case, scenario_of

POLICIES = ["lowest-mean-stay"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.write(tmp_path_factory.mktemp("world"))


def asked(folder: Path, **changes: Any) -> Asked:
    jobs = Workload(file=str(folder / "jobs.csv"))
    return Asked((folder / "fleet.yaml",), folder / "carbon.csv", **{"jobs": jobs, "weeks": 2, **changes})


def one(folder: Path, **changes: Any) -> Case:
    return replace(to_compare(asked(folder), POLICIES)[0], **changes)


def test_every_policy_is_played_in_every_week_with_those_it_is_measured_by(folder: Path) -> None:
    cases = to_compare(asked(folder), POLICIES)
    assert [case.policy for case in cases] == ["carbon-agnostic", "lowest-mean-stay", "clairvoyant"] * 2
    assert len({case.start for case in cases}) == 2
    assert len({case.key for case in cases}) == 6


def test_work_is_announced_to_all_but_those_who_know_nothing_or_all_of_the_future(folder: Path) -> None:
    ahead = to_compare(replace(asked(folder), announced_h=36.0), ["voltaire", "gaia"])
    known = {case.policy: case.announced_h for case in ahead}
    assert known == {"carbon-agnostic": 0.0, "voltaire": 36.0, "gaia": 36.0, "clairvoyant": 0.0}


def test_jobs_that_are_made_are_others_every_week_and_the_same_every_time(folder: Path) -> None:
    made = asked(folder, jobs=Workload(load=0.3, hours=24.0, count=6, seed=5))
    cases = to_compare(made, POLICIES)
    assert cases == to_compare(made, POLICIES)
    first, second = (scenario_of(case).jobs for case in (cases[0], cases[3]))
    assert first == scenario_of(cases[1]).jobs
    assert len(first) == len(second) == 6
    assert first != second


def test_a_case_gives_the_summary_of_its_run(folder: Path) -> None:
    found = run_case(one(folder))
    assert found["policy"] == "carbon-agnostic"
    assert found["jobs"] == 4
    assert found["missed"] == found["violations"] == 0
    assert found["grams"] > 0
    assert run_case(one(folder))["grams"] == found["grams"]


def test_a_store_takes_the_place_of_what_is_at_the_site(folder: Path) -> None:
    scenario = scenario_of(one(folder, store=Store("south", 100.0, 4.0, 30.0)))
    battery = scenario.batteries["store"].spec
    assert battery.capacity_kwh == 100.0
    assert battery.max_charge_kw == battery.max_discharge_kw == 25.0
    assert battery.wear_grams_per_kwh == 30.0
    assert battery.solar is not None


def test_a_store_where_there_was_none_brings_no_sun(folder: Path) -> None:
    scenario = scenario_of(one(folder, store=Store("north", 100.0, 4.0)))
    assert scenario.clusters["north"].spec.batteries == ["north-battery"]
    assert scenario.batteries["north-battery"].spec.solar is None
    assert scenario.batteries["store"].spec.capacity_kwh == 20.0


def test_a_store_of_nothing_leaves_the_sun(folder: Path) -> None:
    scenario = scenario_of(one(folder, store=Store("south", 0.0, 4.0)))
    battery = scenario.batteries["store"].spec
    assert battery.capacity_kwh == NOTHING_KWH
    assert max(scenario.solar_kw["store"]) > 0


def test_a_site_that_is_not_there_is_named(folder: Path) -> None:
    with pytest.raises(UnknownName, match="there is no cluster moon: choose from"):
        scenario_of(one(folder, store=Store("moon", 1.0, 4.0)))


def test_sizes_are_tried_at_every_site_beside_none_at_all(folder: Path) -> None:
    cases = to_size(asked(folder), "greedy-now", ["south", "north"], [50.0, 0.0], 4.0)
    sizes = [(case.store.cluster, case.store.capacity_kwh) for case in cases if case.store]
    assert sizes == [(site, size) for site in ("south", "north") for size in (0.0, 50.0) for _ in range(2)]


def test_a_sweep_without_jobs_says_where_they_could_come_from(folder: Path) -> None:
    with pytest.raises(JobsError):
        to_compare(asked(folder, jobs=Workload()), POLICIES)
