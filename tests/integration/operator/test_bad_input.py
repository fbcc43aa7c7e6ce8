"""What is wrong is said, with the field and the remedy; it stops nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from tests.integration.operator import carbon
from tests.integration.operator.polling import until
from tests.integration.operator.samples import SYSTEM, Body, cluster, job, workload, zone
from tests.integration.operator.world import World
from voltaire.kube.client import Kube
from voltaire.lab.identities import service_account_kubeconfig

pytestmark = [pytest.mark.lab, pytest.mark.asyncio(loop_scope="session")]


async def test_a_manifest_that_reaches_too_far_is_refused_with_the_field_that_does(world: World) -> None:
    elsewhere, labelled = job(), job()
    elsewhere["metadata"] = {"namespace": "kube-system"}
    labelled["metadata"] = {"labels": {"voltaire.dev/epoch": "7"}}
    selecting = job(manualSelector=True)
    refused = {
        "metadata.namespace": await world.apply(workload("elsewhere", elsewhere)),
        "metadata.labels[voltaire.dev/epoch]": await world.apply(workload("labelled", labelled)),
        "spec.manualSelector": await world.apply(workload("selecting", selecting)),
    }
    for field, work in refused.items():
        await until(
            lambda: work.condition("Stalled").get("reason") == "ManifestRefused",  # noqa: B023
            f"{work.name} is refused",
        )
        assert f"spec.manifest.{field}" in work.condition("Stalled")["message"]
        assert not work.all_objects


async def test_a_name_that_somebody_else_has_taken_is_left_alone(world: World) -> None:
    path = "/apis/batch/v1/namespaces/ai/jobs"
    manifest = job(gpus=1)
    manifest["metadata"] = {"name": "taken"}
    made = await world.members["paris"].create(path, {**job(gpus=0), "metadata": {"name": "taken"}})
    try:
        stuck = await world.apply(workload("stuck", manifest, only=("paris",)))
        elsewhere = await world.apply(workload("elsewhere", manifest))
        await until(lambda: "metadata.name" in stuck.said, "it is told", tell=lambda: stuck.said)
        await world.running(elsewhere, cluster="virginia")
        assert stuck.condition()["status"] == "False"
        there = await world.members["paris"].get(f"{path}/taken")
        assert there["metadata"]["uid"] == made["metadata"]["uid"]
        assert there["metadata"].get("labels") == made["metadata"].get("labels")
        assert there["spec"] == made["spec"]
    finally:
        await world.members["paris"].delete(f"{path}/taken")


async def test_members_without_the_namespace_or_its_runner_are_passed_over_with_the_remedy(
    world: World,
) -> None:
    name = "frontier"
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    for kube in (world.admin, world.members["virginia"], world.members["california"]):
        await kube.apply(f"/api/v1/namespaces/{name}", body)
    await open_namespace(world.members["california"], name)
    work = await world.apply(workload("pioneer", job(), namespace=name))
    try:
        await world.running(work, cluster="california")
        assert work.status.why is not None
        rejected = {each.cluster: each.rejected or "" for each in work.status.why.candidates}
        assert f"no namespace {name}" in rejected["paris"]
        assert f"{name}/voltaire-runner" in rejected["virginia"]
        await world.told(work, "PlacementRefused")
    finally:
        await world.delete(work)
        await until(lambda: work.gone, "it is gone")


async def open_namespace(member: Kube, namespace: str) -> None:
    """What manifests/member/tenant does."""
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    meta = {"name": "voltaire-runner"}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta}
    verbs = ["create", "get", "patch", "delete"]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": meta,
        "rules": [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": verbs}],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "voltaire-runner"},
        "subjects": [{"kind": "ServiceAccount", "name": "voltaire-runner", "namespace": namespace}],
    }
    await member.apply(f"/api/v1/namespaces/{namespace}/serviceaccounts/voltaire-runner", account)
    await member.apply(f"{rbac}/namespaces/{namespace}/roles/voltaire-runner", role)
    await member.apply(f"{rbac}/namespaces/{namespace}/rolebindings/voltaire-runner", binding)


def kubeconfigs(good: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """By case: the kubeconfig, and what the condition must name."""
    user = good["users"][0]["user"]
    program = {**good, "users": [{"name": good["users"][0]["name"], "user": {"exec": {"command": "sh"}}}]}
    broken = {**good, "users": [{"name": good["users"][0]["name"], "user": {**user, "token": "a b"}}]}
    return {
        "exec": (yaml.safe_dump(program), "user.exec"),
        "token": (yaml.safe_dump(broken), "user.token"),
        "nonsense": ("{[", "not YAML"),
    }


async def test_a_kubeconfig_that_is_broken_or_runs_programs_is_refused_and_quotes_no_secret(
    world: World,
) -> None:
    good = await asyncio.to_thread(
        service_account_kubeconfig, world.lab.members["paris"], SYSTEM, "voltaire-operator"
    )
    cases = kubeconfigs(good)
    for case, (text, _) in cases.items():
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": f"bad-{case}", "namespace": SYSTEM},
            "stringData": {"kubeconfig": text},
        }
        await world.put(secret)
        await world.put(member(f"bad-{case}", f"bad-{case}"))
    await world.put(member("bad-missing", "no-such-secret"))
    for case, named in [
        *((case, named) for case, (_, named) in cases.items()),
        ("missing", "no-such-secret"),
    ]:
        await until(
            lambda: "Kubeconfig" in refusal(world, case).get("reason", ""),  # noqa: B023
            f"the kubeconfig {case} is refused",
            tell=lambda: world.hub.status("RegionalCluster", f"bad-{case}"),  # noqa: B023
        )
        assert named in refusal(world, case)["message"]
    work = await world.apply(workload("train", job()))
    await world.running(work, cluster="paris")


def refusal(world: World, case: str) -> Mapping[str, str]:
    return world.hub.condition("RegionalCluster", f"bad-{case}", "Stalled")


def member(name: str, secret: str) -> Body:
    body = cluster("paris")
    body["metadata"] = {"name": name}
    body["spec"]["connection"]["kubeconfigSecretRef"]["name"] = secret
    return body


BAD_SERIES = {
    "the wrong zone": ("datetime_utc,XX\n{now},50\n", "WrongZone"),
    "only gaps": ("datetime_utc,US-MIDA-PJM\n{then},\n{now},\n", "NoData"),
    "not a number": ("datetime_utc,US-MIDA-PJM\n{then},NaN\n{now},NaN\n", "Implausible"),
    "negative": ("datetime_utc,US-MIDA-PJM\n{then},-5\n{now},-5\n", "Implausible"),
    "absurd": ("datetime_utc,US-MIDA-PJM\n{then},99999\n{now},99999\n", "Implausible"),
    "unsorted": ("datetime_utc,US-MIDA-PJM\n{now},50\n{then},50\n", "Malformed"),
    "a time twice": ("datetime_utc,US-MIDA-PJM\n{now},50\n{now},60\n", "Malformed"),
}


async def test_a_series_that_cannot_be_believed_decides_nothing_and_the_other_zones_go_on(
    world: World,
) -> None:
    for number, (case, (text, reason)) in enumerate(BAD_SERIES.items()):
        now = world.now().replace(second=0, microsecond=0)
        then = now.replace(minute=0) if now.minute else now.replace(hour=now.hour - 1)
        written = text.format(now=f"{now:%Y-%m-%dT%H:%MZ}", then=f"{then:%Y-%m-%dT%H:%MZ}")
        await carbon.write_text(world.admin, "virginia", written)
        body = zone("virginia")  # a zone that is new to it: nothing older is left to go by
        body["spec"]["staleAfter"] = f"{60 + number}m"
        await world.put(body, keep=True)
        await until(
            lambda: world.hub.condition("GridZone", "virginia-grid").get("reason") == reason,  # noqa: B023
            f"{case} is not believed",
            tell=lambda: world.hub.status("GridZone", "virginia-grid"),
        )
        stalled = world.hub.condition("GridZone", "virginia-grid", "Stalled")
        assert bool(stalled) == (reason == "WrongZone")  # only that one asks for another spec or series
        assert world.intensity("virginia") is None
        assert world.hub.condition("GridZone", "virginia-grid")["message"]
    await world.carbon(paris=800.0, california=700.0)
    work = await world.apply(workload("train", job()))
    await world.running(work, cluster="california")
    assert world.hub.condition("RegionalCluster", "virginia")["reason"] == "SignalUnknown"
    missing = cluster("virginia")
    missing["spec"]["gridZone"] = "atlantis"
    await world.put(missing, keep=True)
    await until(
        lambda: (
            world.hub.condition("RegionalCluster", "virginia", "Stalled").get("reason") == "GridZoneMissing"
        ),
        "the missing zone is named",
    )
    await world.put(cluster("virginia"), keep=True)
