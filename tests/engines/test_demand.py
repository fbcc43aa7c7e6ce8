"""What an AIWorkload demands, of its profile and its manifest together."""

from __future__ import annotations

from typing import Any

from tests.engines.samples import job
from voltaire.api.resources import AIWORKLOAD, AIWorkload
from voltaire.engines.adapters.demand import demand_of


def workload(manifest: dict[str, Any], profile: dict[str, Any]) -> AIWorkload:
    spec = {"type": "Training", "manifest": manifest, "profile": profile}
    parsed: AIWorkload = AIWORKLOAD.parse({"metadata": {"name": "train", "namespace": "ai"}, "spec": spec})
    return parsed


def sound(**spec: Any) -> dict[str, Any]:
    return job(**spec, backoffLimit=0, podReplacementPolicy="Failed")


def test_what_the_profile_leaves_out_is_read_from_the_manifest() -> None:
    demand = demand_of(workload(sound(pods=4, gpus=8), {}))
    assert (demand.accelerators, demand.replicas, demand.resource) == (32, 4, "nvidia.com/gpu")
    assert demand.problems == ()


def test_what_the_profile_says_goes_before_the_manifest() -> None:
    assert demand_of(workload(sound(pods=4, gpus=8), {"accelerators": 16})).accelerators == 16
    assert demand_of(workload(sound(pods=4, gpus=8), {"accelerators": 0})).accelerators == 0


def test_a_manifest_that_cannot_run_demands_nothing_and_says_why() -> None:
    demand = demand_of(workload({**sound(), "kind": "CronJob"}, {"accelerators": 16}))
    assert demand.accelerators == 0
    [(field, message)] = demand.problems
    assert field == "spec.manifest.kind"
    assert "CronJob" in message
