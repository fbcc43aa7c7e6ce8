from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.demo.builders import START, at
from voltaire.demo import trace
from voltaire.demo.errors import ScenarioError
from voltaire.demo.facts import cluster_facts, workload_facts
from voltaire.demo.install import configmaps
from voltaire.demo.scenario import (
    DEADLINES,
    Fit,
    Scenario,
    battery_site,
    load_samples,
    read_scenario,
    slot_for,
    write_fleet,
    write_overlay,
)

SAMPLES = Path(__file__).parents[2] / "manifests" / "samples"


@pytest.fixture(scope="module")
def documents() -> list[dict[str, Any]]:
    return load_samples(SAMPLES)


@pytest.fixture(scope="module")
def scenario(documents: list[dict[str, Any]]) -> Scenario:
    return read_scenario(documents)


def patches(folder: Path) -> dict[str, Any]:
    """What the overlay changes: `Kind/name` -> operations."""
    overlay = yaml.safe_load((folder / "kustomization.yaml").read_text())
    return {
        f"{patch['target']['kind']}/{patch['target']['name']}": yaml.safe_load(patch["patch"])
        for patch in overlay["patches"]
    }


def test_the_samples_describe_the_demo(scenario: Scenario) -> None:
    assert set(scenario.clusters) == {"paris", "virginia", "california"}
    assert scenario.zone_ids == ["FR", "US-CAL-CISO", "US-MIDA-PJM"]
    assert len(scenario.workloads) == 6
    site = battery_site(scenario, "site-california")
    assert site is not None
    assert site.metadata.name == "california"


def test_every_deadline_belongs_to_a_sample_and_is_feasible(scenario: Scenario) -> None:
    assert set(DEADLINES) <= set(scenario.workloads)
    for key, due in DEADLINES.items():
        duration = scenario.workloads[key].spec.profile.duration
        assert duration is not None
        assert due > duration


def test_what_ends_by_itself_has_a_deadline_within_the_day(scenario: Scenario) -> None:
    finite = {key for key, one in scenario.workloads.items() if one.spec.type != "Serving"}
    assert finite == set(DEADLINES)
    assert max(due for due in DEADLINES.values()) <= timedelta(hours=24)


def test_the_overlay_stamps_deadlines_and_addresses(scenario: Scenario, tmp_path: Path) -> None:
    fit = Fit({"site-california": "http://127.0.0.1:9/x"}, rate=450)
    folder = write_overlay(tmp_path / "o", SAMPLES, scenario, fit, start=START)
    found = patches(folder)
    (schedule,) = found["AIWorkload/urgent-eval"]
    assert schedule["path"] == "/spec/schedule"
    assert schedule["value"]["deadlineKind"] == "Required"
    assert schedule["value"]["deadline"] == f"{at(4):%Y-%m-%dT%H:%M:%SZ}"
    assert found["Battery/site-california"][0]["value"] == "http://127.0.0.1:9/x"
    assert "AIWorkload/chat-serving" not in found
    assert found["PlacementPolicy/default"][0]["value"] == "30m"


def test_the_fleet_comes_without_the_work(scenario: Scenario, tmp_path: Path) -> None:
    fit = Fit({"site-california": "http://127.0.0.1:9/x"}, rate=450)
    found = patches(write_fleet(tmp_path / "o", SAMPLES, scenario, fit))
    deleted = {name for name, patch in found.items() if "$patch" in patch}
    assert deleted == {f"AIWorkload/{key.partition('/')[2]}" for key in scenario.workloads}
    assert found["Battery/site-california"][0]["value"] == "http://127.0.0.1:9/x"


@pytest.mark.parametrize(
    ("rate", "minutes"), [(1, 15), (300, 15), (450, 30), (600, 30), (1800, 60), (9000, 60)]
)
def test_a_slot_leaves_real_time_to_act_in(rate: float, minutes: int) -> None:
    assert slot_for(rate) == timedelta(minutes=minutes)


def test_the_overlay_points_at_the_samples_from_where_it_is(scenario: Scenario, tmp_path: Path) -> None:
    folder = write_overlay(tmp_path / "a" / "b", SAMPLES, scenario, Fit({}, 1), start=START)
    (base,) = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    assert not Path(base).is_absolute()
    assert (folder / base).resolve() == SAMPLES.resolve()


def test_each_zone_gets_its_configmap(scenario: Scenario) -> None:
    made = configmaps(scenario, trace.modelled(scenario.zone_ids, START))
    assert {one["metadata"]["name"] for one in made} == {
        "carbon-fr",
        "carbon-us-mida-pjm",
        "carbon-us-cal-ciso",
    }
    text = next(one["data"]["series.csv"] for one in made if one["metadata"]["name"] == "carbon-fr")
    assert text.startswith("datetime_utc,FR\n2025-03-12T00:00Z,")


def test_facts_come_from_the_specs(scenario: Scenario) -> None:
    clusters = {
        name: cluster_facts(cluster, scenario.zone_of(cluster)) for name, cluster in scenario.clusters.items()
    }
    assert (clusters["paris"].zone, clusters["paris"].accelerators) == ("FR", 16)
    facts = workload_facts(scenario.workloads["ai/train-llm"], clusters, START)
    assert (facts.accelerators, facts.power_kw, facts.home_cluster) == (8, 4.0, "virginia")
    assert facts.finite
    assert not workload_facts(scenario.workloads["ai/chat-serving"], clusters, START).finite


def test_a_sample_that_is_wrong_is_named(documents: list[dict[str, Any]]) -> None:
    broken = [
        {**one, "spec": {**one["spec"], "type": "Dancing"}} if one["kind"] == "AIWorkload" else one
        for one in documents
    ]
    with pytest.raises(ScenarioError, match=r"sample AIWorkload train-llm: spec.type"):
        read_scenario(broken)


def test_a_reference_to_nothing_is_named(documents: list[dict[str, Any]]) -> None:
    without = [one for one in documents if one["kind"] != "Battery"]
    with pytest.raises(ScenarioError, match="california names Battery site-california: add it"):
        read_scenario(without)


def test_no_samples_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_samples(tmp_path)
    with pytest.raises(ScenarioError, match="nothing to play"):
        read_scenario([])
