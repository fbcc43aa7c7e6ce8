"""The direct engine on real control planes, with no more rights than the member manifests give."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.engines.samples import deployment, job, node
from tests.integration.server import Server
from voltaire.api.actions import Observation, Request, Result, Verb
from voltaire.api.aiworkload import AIWorkloadSpec
from voltaire.api.base import ObjectMeta
from voltaire.api.regionalcluster import RegionalClusterSpec
from voltaire.api.resources import AIWorkload, RegionalCluster
from voltaire.clock import system_clock
from voltaire.engines.direct import DirectEngine
from voltaire.engines.members import Members
from voltaire.engines.state import Connectivity, MemberSettings, MemberState
from voltaire.lab import Lab, LabCluster, service_account_kubeconfig

pytestmark = pytest.mark.lab

T = TypeVar("T")
MANIFESTS = Path(__file__).parents[2] / "manifests"
NAMESPACE = "ai"
CLUSTERS = ("paris", "virginia", "california")
SETTINGS = MemberSettings(probe_every=0.3, probe_timeout=1.0, first_backoff=0.3, last_backoff=1.0)


def admit(cluster: LabCluster) -> bytes:
    """Do in a member what its administrator does, and return the kubeconfig for the hub."""
    server = Server(cluster)
    try:
        server.kubectl("create", "namespace", NAMESPACE)
        server.run("apply", "--server-side", "-k", str(MANIFESTS / "member"))
        server.run("apply", "--server-side", "-k", str(MANIFESTS / "member" / "tenant"))
    finally:
        server.close()
    return json.dumps(service_account_kubeconfig(cluster, "voltaire-system", "voltaire-operator")).encode()


@pytest.fixture(scope="module")
def kubeconfigs(lab: Lab) -> dict[str, bytes]:
    return {name: admit(lab.members[name]) for name in CLUSTERS}


@pytest.fixture
async def members(kubeconfigs: dict[str, bytes]) -> AsyncIterator[Members]:
    made = Members(system_clock(), lambda *_: None, settings=SETTINGS)
    for name, kubeconfig in kubeconfigs.items():
        await made.ensure(regional(name), kubeconfig)
    for name in kubeconfigs:
        await until(lambda name=name: made.state(name), lambda state: state.reachable)
    yield made
    await made.close()


@pytest.fixture
def engine(members: Members) -> DirectEngine:
    return DirectEngine(members, system_clock())


@pytest.fixture
def paris(lab: Lab) -> Any:
    server = Server(lab.members["paris"])
    yield server
    server.close()


def regional(name: str, **spec: Any) -> RegionalCluster:
    reference = {"name": name, "namespace": "voltaire-system", "key": "kubeconfig"}
    parsed = RegionalClusterSpec.model_validate(
        {"region": name, "gridZone": "fr", "connection": {"kubeconfigSecretRef": reference}, **spec}
    )
    return RegionalCluster.model_validate({"metadata": {"name": name}, "spec": parsed, "status": {}})


def workload(manifest: dict[str, Any], namespace: str = NAMESPACE) -> AIWorkload:
    """An AIWorkload of a name of its own, with the annotations by which the lab's programs run."""
    uid = str(uuid.uuid4())
    manifest["metadata"]["name"] = f"engine-{uid[:8]}"
    kind = "Serving" if manifest["kind"] == "Deployment" else "Training"
    return AIWorkload.model_validate(
        {
            "metadata": ObjectMeta(name=f"engine-{uid[:8]}", namespace=namespace, uid=uid, generation=1),
            "spec": AIWorkloadSpec.model_validate({"type": kind, "manifest": manifest}),
            "status": {},
        }
    )


def program(manifest: dict[str, Any], **annotations: str) -> dict[str, Any]:
    template = manifest["spec"]["template"]
    own = {f"lab.voltaire.dev/{key.replace('_', '-')}": value for key, value in annotations.items()}
    template.setdefault("metadata", {})["annotations"] = own
    return manifest


def long_job(**annotations: str) -> AIWorkload:
    return workload(program(job(pods=2, gpus=1), run_time="10h", **annotations))


async def until(read: Callable[[], T], what: Callable[[T], object], seconds: float = 30.0) -> T:
    """The first value that `what` accepts."""

    async def asked() -> T:
        return read()

    return await eventually(asked, what, seconds)


async def eventually(
    read: Callable[[], Awaitable[T]], what: Callable[[T], object], seconds: float = 30.0
) -> T:
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        value = await read()
        if what(value):
            return value
        assert asyncio.get_running_loop().time() < deadline, value
        await asyncio.sleep(0.05)


async def seen(
    engine: DirectEngine, of: AIWorkload, what: Callable[[Observation], object], seconds: float = 30.0
) -> Observation:
    """The first live observation in paris that `what` accepts."""
    return await eventually(lambda: engine.observe(of, "paris", live=True), what, seconds)


async def started(engine: DirectEngine, of: AIWorkload, epoch: int = 1, pods: int = 2) -> Observation:
    outcome = await engine.perform(of, Request(Verb.CREATE, "paris", epoch))
    assert outcome.ok, outcome
    observation = await seen(engine, of, lambda o: o.ready == pods)
    assert observation.object_uid == outcome.object_uid
    return observation


@contextlib.asynccontextmanager
async def cleaned(engine: DirectEngine, *workloads: AIWorkload) -> AsyncIterator[None]:
    """Leave nothing of the workloads in paris."""
    try:
        yield
    finally:
        for each in workloads:
            await engine.perform(each, Request(Verb.DELETE, "paris", 1_000))
        for each in workloads:
            await seen(engine, each, lambda o: o.gone)


async def test_job_is_created_runs_and_succeeds(engine: DirectEngine, paris: Server) -> None:
    short = workload(program(job(pods=2, gpus=1), run_time="2m"))
    async with cleaned(engine, short):
        running = await started(engine, short)
        assert (running.epoch, running.suspended, running.result) == (1, False, None)
        assert running.started_at is not None
        done = await seen(engine, short, lambda o: o.result)
        assert done.result is Result.SUCCEEDED
        assert done.completions == (2, 2)
        assert done.finished_at >= running.started_at
        assert done.pods == 0
        body = json.loads(
            paris.run(
                "get", "job", "-n", NAMESPACE, short.metadata.name, "-o", "json", "--show-managed-fields"
            )
        )
        assert body["spec"]["podReplacementPolicy"] == "Failed"
        assert body["metadata"]["managedFields"][0]["manager"] == "voltaire"


async def test_watches_see_what_live_reads_see(engine: DirectEngine) -> None:
    work = long_job()
    async with cleaned(engine, work):
        live = await started(engine, work)
        cached = await until(lambda: engine.cached(work, "paris"), lambda o: o.ready == 2)
        assert replace(cached, live=True) == live
        assert not cached.gone


async def test_suspended_is_stopped_only_when_the_last_pod_is_gone(engine: DirectEngine) -> None:
    work = long_job(stop_time="2m")
    async with cleaned(engine, work):
        running = await started(engine, work)
        request = Request(Verb.SUSPEND, "paris", 1, object_uid=running.object_uid)
        assert (await engine.perform(work, request)).ok
        ending = await seen(engine, work, lambda o: o.suspended)
        assert ending.pods == 2
        assert not ending.stopped
        assert (await engine.perform(work, request)).ok, "asking twice finds it done"
        stopped = await seen(engine, work, lambda o: o.stopped)
        assert stopped.exists
        assert stopped.completed_seconds is not None, "the program's last word outlives its pod"
        assert stopped.completed_seconds > 0


async def test_resumed_job_runs_as_a_new_copy_from_the_work_that_survived(
    engine: DirectEngine, paris: Server
) -> None:
    work = long_job()
    async with cleaned(engine, work):
        running = await started(engine, work)
        uid = running.object_uid
        assert (await engine.perform(work, Request(Verb.SUSPEND, "paris", 1, object_uid=uid))).ok
        await seen(engine, work, lambda o: o.stopped)
        resume = Request(Verb.RESUME, "paris", 2, object_uid=uid, completed_seconds=1234.5)
        assert (await engine.perform(work, resume)).ok
        again = await seen(engine, work, lambda o: o.ready == 2)
        assert (again.epoch, again.object_uid, again.suspended) == (2, uid, False)
        label = f"--selector=voltaire.dev/workload-uid={work.metadata.uid}"
        pods = json.loads(paris.run("get", "pods", "-n", NAMESPACE, label, "-o", "json"))["items"]
        assert {p["metadata"]["annotations"]["voltaire.dev/completed-seconds"] for p in pods} == {"1234"}
        assert {p["metadata"]["labels"]["voltaire.dev/epoch"] for p in pods} == {"2"}


async def test_running_job_cannot_be_given_a_new_start(engine: DirectEngine) -> None:
    work = long_job()
    async with cleaned(engine, work):
        running = await started(engine, work)
        resume = Request(Verb.RESUME, "paris", 2, object_uid=running.object_uid, completed_seconds=5.0)
        outcome = await engine.perform(work, resume)
        assert (outcome.reason, outcome.permanent) == ("NotResumable", False)


@pytest.mark.parametrize("verb", [Verb.SUSPEND, Verb.RESUME, Verb.DELETE])
async def test_object_that_was_not_meant_is_not_touched(engine: DirectEngine, verb: Verb) -> None:
    work = long_job()
    async with cleaned(engine, work):
        running = await started(engine, work)
        stranger = Request(verb, "paris", 1, object_uid=str(uuid.uuid4()))
        outcome = await engine.perform(work, stranger)
        assert (outcome.reason, outcome.permanent) == ("ObjectReplaced", False)
        after = await engine.observe(work, "paris", live=True)
        assert (after.object_uid, after.suspended, after.deleting) == (running.object_uid, False, False)


async def test_deployment_is_never_touched_by_another_uid_either(engine: DirectEngine) -> None:
    server = workload(deployment(replicas=1))
    async with cleaned(engine, server):
        await started(engine, server, pods=1)
        for verb in (Verb.SUSPEND, Verb.RESUME, Verb.DELETE):
            outcome = await engine.perform(server, Request(verb, "paris", 1, object_uid=str(uuid.uuid4())))
            assert outcome.reason == "ObjectReplaced", verb


async def test_deployment_serves_stops_and_serves_again(engine: DirectEngine) -> None:
    server = workload(deployment(replicas=2))
    async with cleaned(engine, server):
        running = await started(engine, server)
        uid = running.object_uid
        assert (await engine.perform(server, Request(Verb.SUSPEND, "paris", 1, object_uid=uid))).ok
        await seen(engine, server, lambda o: o.stopped)
        assert (await engine.perform(server, Request(Verb.RESUME, "paris", 2, object_uid=uid))).ok
        again = await seen(engine, server, lambda o: o.ready == 2)
        assert again.epoch == 2


async def test_deleted_workload_is_gone_only_when_its_pods_are(engine: DirectEngine) -> None:
    work = long_job(stop_time="2m")
    running = await started(engine, work)
    request = Request(Verb.DELETE, "paris", 1, object_uid=running.object_uid)
    assert (await engine.perform(work, request)).ok
    ending = await engine.observe(work, "paris", live=True)
    assert (ending.deleting, ending.pods, ending.gone) == (True, 2, False)
    await seen(engine, work, lambda o: o.gone)
    assert (await engine.perform(work, request)).ok, "asking twice finds it done"
    assert (await engine.perform(work, replace(request, object_uid=None))).ok


async def test_create_is_recognised_as_done_and_older_copies_are_noticed(engine: DirectEngine) -> None:
    work = long_job()
    async with cleaned(engine, work):
        first = await engine.perform(work, Request(Verb.CREATE, "paris", 2))
        again = await engine.perform(work, Request(Verb.CREATE, "paris", 2))
        assert again.ok
        assert again.object_uid == first.object_uid
        newer = await engine.perform(work, Request(Verb.CREATE, "paris", 3))
        assert (newer.reason, newer.permanent) == ("StaleCopy", False)
        assert newer.object_uid == first.object_uid
        older = await engine.perform(work, Request(Verb.CREATE, "paris", 1))
        assert (older.reason, older.permanent) == ("Superseded", True)
        late = await engine.perform(work, Request(Verb.DELETE, "paris", 1))
        assert late.reason == "Superseded", "who lost the lead deletes nothing of the next"


async def test_name_of_somebody_else_is_left_alone(engine: DirectEngine, paris: Server) -> None:
    work = long_job()
    name = work.metadata.name
    paris.run("create", "job", "-n", NAMESPACE, name, "--image=example/other")
    try:
        outcome = await engine.perform(work, Request(Verb.CREATE, "paris", 1))
        assert (outcome.reason, outcome.permanent) == ("NameTaken", True)
        assert (await engine.perform(work, Request(Verb.DELETE, "paris", 1))).ok
        assert (await engine.observe(work, "paris", live=True)).gone, "nothing of the workload is there"
        assert paris.run("get", "job", "-n", NAMESPACE, name)
    finally:
        paris.run("delete", "job", "-n", NAMESPACE, name, "--ignore-not-found")


async def test_namespace_without_runner_or_namespace_is_refused(engine: DirectEngine, paris: Server) -> None:
    paris.kubectl("create", "namespace", "closed")
    closed = workload(job(), namespace="closed")
    outcome = await engine.perform(closed, Request(Verb.CREATE, "paris", 1))
    assert (outcome.reason, outcome.permanent) == ("Forbidden", True)
    assert "closed/voltaire-runner" in outcome.message
    missing = workload(job(), namespace="missing")
    outcome = await engine.perform(missing, Request(Verb.CREATE, "paris", 1))
    assert (outcome.reason, outcome.permanent) == ("NamespaceMissing", True)


async def test_only_the_runner_may_be_impersonated(
    engine: DirectEngine, members: Members, kubeconfigs: dict[str, bytes]
) -> None:
    reference = {"name": "paris", "namespace": "voltaire-system", "key": "kubeconfig"}
    connection = {"kubeconfigSecretRef": reference, "impersonate": "default"}
    await members.ensure(regional("paris", connection=connection), kubeconfigs["paris"])
    outcome = await engine.perform(long_job(), Request(Verb.CREATE, "paris", 1))
    assert (outcome.reason, outcome.permanent) == ("Forbidden", True)
    assert "impersonate" in outcome.message


async def test_manifest_the_server_refuses_names_the_field(engine: DirectEngine) -> None:
    typo = workload(job(backofLimit=1))
    outcome = await engine.perform(typo, Request(Verb.CREATE, "paris", 1))
    assert (outcome.reason, outcome.permanent) == ("Refused", True)
    assert "backofLimit" in outcome.message
    smuggled = workload(job())
    smuggled.spec.manifest["metadata"]["namespace"] = "kube-system"
    outcome = await engine.perform(smuggled, Request(Verb.CREATE, "paris", 1))
    assert outcome.reason == "Refused"
    assert "spec.manifest.metadata.namespace" in outcome.message


async def test_reason_why_nothing_runs_is_seen(engine: DirectEngine, paris: Server) -> None:
    huge = workload(program(job(pods=1, gpus=9), run_time="1m"))
    async with cleaned(engine, huge):
        assert (await engine.perform(huge, Request(Verb.CREATE, "paris", 1))).ok
        waiting = await seen(engine, huge, lambda o: o.message)
        assert waiting.message.startswith("Unschedulable")
        assert (waiting.pods, waiting.ready, waiting.started_at) == (1, 0, None)
    barred = workload(job())
    barred.spec.manifest["spec"]["template"]["spec"]["serviceAccountName"] = "nobody"
    async with cleaned(engine, barred):
        assert (await engine.perform(barred, Request(Verb.CREATE, "paris", 1))).ok
        waiting = await seen(engine, barred, lambda o: o.message)
        assert "FailedCreate" in waiting.message
        assert "nobody" in waiting.message


async def test_failed_job_is_failed(engine: DirectEngine) -> None:
    fails = workload(program(job(pods=1, gpus=0, backoffLimit=0), run_time="10h", fail_after="10"))
    async with cleaned(engine, fails):
        assert (await engine.perform(fails, Request(Verb.CREATE, "paris", 1))).ok
        failed = await seen(engine, fails, lambda o: o.result)
        assert failed.result is Result.FAILED
        assert "BackoffLimitExceeded" in failed.message


async def test_orphans_are_found_and_removed(engine: DirectEngine) -> None:
    work, server = long_job(), workload(deployment(replicas=1))
    uids = {work.metadata.uid, server.metadata.uid}
    for each in (work, server):
        assert (await engine.perform(each, Request(Verb.CREATE, "paris", 7))).ok
    found = [owned for owned in await engine.list_owned("paris") if owned.workload_uid in uids]
    assert {(o.kind, o.namespace, o.epoch, o.deleting) for o in found} == {
        ("Job", NAMESPACE, 7, False),
        ("Deployment", NAMESPACE, 7, False),
    }
    for owned in found:
        wrong = replace(owned, object_uid=str(uuid.uuid4()))
        assert (await engine.delete_owned("paris", wrong)).reason == "ObjectReplaced"
        assert (await engine.delete_owned("paris", owned)).ok
    for each in (work, server):
        await seen(engine, each, lambda o: o.gone)


async def test_capacity_is_what_others_leave(members: Members, engine: DirectEngine, lab: Lab) -> None:
    name = f"other-{uuid.uuid4().hex[:8]}"
    body = program(job(pods=1, gpus=3), run_time="10h")
    body["metadata"]["name"] = name
    ours = long_job()
    server = Server(lab.members["paris"])
    try:
        before = await until(
            lambda: members.state("paris"), lambda s: s.capacity and not any(s.used.values())
        )
        free = before.capacity["a100"]
        server.request("POST", f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", body)
        less = await until(lambda: members.state("paris"), lambda s: s.capacity["a100"] == free - 3)
        assert less.others["a100"] == before.others["a100"] + 3
        async with cleaned(engine, ours):
            await started(engine, ours)
            used = await until(lambda: members.state("paris"), lambda s: s.used["a100"] == 2)
            assert used.capacity["a100"] == free - 3, "its own use is not taken off"
        await asyncio.to_thread(server.run, "delete", "job", "-n", NAMESPACE, name)
        await until(lambda: members.state("paris"), lambda s: s.capacity["a100"] == free)
    finally:
        server.run("delete", "job", "-n", NAMESPACE, name, "--ignore-not-found")
        server.close()


async def test_new_node_adds_capacity_and_a_cordoned_one_does_not_count(members: Members, lab: Lab) -> None:
    server = Server(lab.members["virginia"])
    try:
        before = members.state("virginia").capacity.get("a100", 0)
        extra = node("extra", kind="h100", gpus=4)
        extra |= {"apiVersion": "v1", "kind": "Node"}
        server.request("POST", "/api/v1/nodes", extra)
        server.request(
            "PATCH", "/api/v1/nodes/extra/status", extra | {"metadata": {}}, "application/merge-patch+json"
        )
        state = await until(lambda: members.state("virginia"), lambda s: s.capacity.get("h100") == 4)
        assert state.capacity["a100"] == before
        server.run("cordon", "extra")
        await until(lambda: members.state("virginia"), lambda s: "h100" not in s.capacity)
    finally:
        server.run("delete", "node", "extra", "--ignore-not-found")
        server.close()


async def loses_and_regains(
    lab: Lab, members: Members, down: Callable[[str], None], up: Callable[[str], None]
) -> MemberState:
    """California goes away and comes back; how it was seen meanwhile."""
    await asyncio.to_thread(down, "california")
    try:
        began = asyncio.get_running_loop().time()
        lost = await until(
            lambda: members.state("california"), lambda s: s.connectivity is Connectivity.LOST, 15
        )
        assert asyncio.get_running_loop().time() - began < 10
        assert members.state("paris").reachable, "nobody else is held up"
        await asyncio.sleep(1.5)
        assert members.state("california").lost_since == lost.lost_since
    finally:
        await asyncio.to_thread(up, "california")
    back = await until(lambda: members.state("california"), lambda s: s.reachable, 30)
    assert back.lost_since is None
    return lost


async def test_stopped_member_is_lost_and_comes_back(
    lab: Lab, members: Members, engine: DirectEngine
) -> None:
    work = long_job()
    lost = await loses_and_regains(lab, members, lab.stop_cluster, lab.start_cluster)
    assert lost.reason == "Unreachable"
    assert (await engine.observe(work, "california", live=True)).gone


async def test_black_hole_is_lost_and_comes_back(lab: Lab, members: Members, engine: DirectEngine) -> None:
    work = long_job()

    def pause(name: str) -> None:
        lab.pause_cluster(name)

    lost = await loses_and_regains(lab, members, pause, lab.resume_cluster)
    assert lost.lost_since is not None
    assert (await engine.perform(work, Request(Verb.DELETE, "california", 1))).ok


async def test_nothing_is_claimed_of_a_lost_member(lab: Lab, members: Members, engine: DirectEngine) -> None:
    work = long_job()
    await asyncio.to_thread(lab.pause_cluster, "california")
    try:
        first = await engine.observe(work, "california", live=True)
        assert not first.reachable, "also before the loss is known"
        await until(lambda: members.state("california"), lambda s: not s.reachable)
        for live in (True, False):
            assert not (await engine.observe(work, "california", live=live)).reachable
        outcome = await engine.perform(work, Request(Verb.CREATE, "california", 1))
        assert (outcome.reason, outcome.permanent) == ("Unreachable", False)
    finally:
        await asyncio.to_thread(lab.resume_cluster, "california")
    await until(lambda: members.state("california"), lambda s: s.reachable)
