"""Adapters refuse what reaches too far, mark what they make, and read what is there."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.engines.samples import UID, deployment, job, pod
from voltaire.api.actions import Request, Result, Verb
from voltaire.api.aiworkload import MANIFEST_KINDS
from voltaire.engines.adapters import ADAPTERS, Identity, adapter_for, manifest_problems
from voltaire.engines.adapters.pods import completed_seconds

IDENTITY = Identity(UID, "ai", "train")
REQUEST = Request(Verb.CREATE, "paris", 3, completed_seconds=1234567.9, accelerator_type="a100")
JOB, DEPLOYMENT = ADAPTERS["batch/v1", "Job"], ADAPTERS["apps/v1", "Deployment"]


def wall(time: datetime) -> datetime:
    return time


def test_registry_covers_exactly_the_kinds_of_the_api() -> None:
    assert set(ADAPTERS) == set(MANIFEST_KINDS)
    assert all(adapter_for({"apiVersion": a, "kind": k}).kind == k for a, k in MANIFEST_KINDS)


@pytest.mark.parametrize("manifest", [job(), deployment()])
def test_ordinary_manifest_has_no_problems(manifest: dict[str, Any]) -> None:
    assert manifest_problems(manifest, "ai", "train") == []


def test_what_kubectl_generates_empty_is_no_problem() -> None:
    manifest = job()
    manifest["status"] = {}
    manifest["metadata"]["creationTimestamp"] = None
    assert manifest_problems(manifest, "ai", "train") == []


def changed(manifest: dict[str, Any], where: str, value: Any) -> dict[str, Any]:
    result = copy.deepcopy(manifest)
    *parents, last = where.split("/")
    inner = result
    for key in parents:
        inner = inner.setdefault(key, {})
    inner[last] = value
    return result


@pytest.mark.parametrize(
    ("where", "value", "field"),
    [
        ("kind", "Namespace", "spec.manifest.kind"),
        ("kind", "ClusterRoleBinding", "spec.manifest.kind"),
        ("status", {"active": 1}, "spec.manifest.status"),
        ("metadata/namespace", "kube-system", "spec.manifest.metadata.namespace"),
        ("metadata/name", "x" * 53, "spec.manifest.metadata.name"),
        ("metadata/name", "../../x", "spec.manifest.metadata.name"),
        ("metadata/name", "Train", "spec.manifest.metadata.name"),
        ("metadata/generateName", "train-", "spec.manifest.metadata.generateName"),
        ("metadata/ownerReferences", [{"uid": "x"}], "spec.manifest.metadata.ownerReferences"),
        ("metadata/finalizers", ["a/b"], "spec.manifest.metadata.finalizers"),
        ("metadata/managedFields", [{"manager": "x"}], "spec.manifest.metadata.managedFields"),
        ("metadata/resourceVersion", "7", "spec.manifest.metadata.resourceVersion"),
        ("metadata/uid", "x", "spec.manifest.metadata.uid"),
        (
            "metadata/labels",
            {"voltaire.dev/epoch": "9"},
            "spec.manifest.metadata.labels[voltaire.dev/epoch]",
        ),
        (
            "spec/template/metadata",
            {"annotations": {"voltaire.dev/completed-seconds": "9"}},
            "spec.manifest.spec.template.metadata.annotations[voltaire.dev/completed-seconds]",
        ),
        ("spec/template", None, "spec.manifest.spec.template.spec.containers"),
        ("spec/template", "nonsense", "spec.manifest.spec.template.spec.containers"),
        ("spec", [], "spec.manifest.spec.template.spec.containers"),
        ("spec/parallelism", 0, "spec.manifest.spec.parallelism"),
        ("spec/completions", "two", "spec.manifest.spec.completions"),
        ("spec/manualSelector", True, "spec.manifest.spec.manualSelector"),
        ("spec/selector", {"matchLabels": {"a": "b"}}, "spec.manifest.spec.selector"),
        ("spec/managedBy", "kueue.x-k8s.io/multikueue", "spec.manifest.spec.managedBy"),
    ],
)
def test_job_that_is_refused_names_the_field(where: str, value: Any, field: str) -> None:
    problems = manifest_problems(changed(job(), where, value), "ai", "train")
    assert [problem.field for problem in problems] == [field]
    assert problems[0].message


def test_workload_name_too_long_for_pods_is_refused_when_the_manifest_has_none() -> None:
    manifest = job()
    del manifest["metadata"]
    assert not manifest_problems(manifest, "ai", "short")
    [problem] = manifest_problems(manifest, "ai", "x" * 60)
    assert problem.field == "spec.manifest.metadata.name"
    assert "52" in problem.message


@pytest.mark.parametrize(("field", "value"), [("paused", True), ("replicas", 0), ("replicas", True)])
def test_deployment_that_would_not_serve_is_refused(field: str, value: Any) -> None:
    [problem] = manifest_problems(deployment(**{field: value}), "ai", "serve")
    assert problem.field == f"spec.manifest.spec.{field}"


def test_demand_is_the_whole_gang() -> None:
    demand = JOB.demand(job(pods=4, gpus=8))
    assert (demand.accelerators, demand.pods, demand.resource) == (32, 4, "nvidia.com/gpu")
    assert demand.accelerator_type is None


def test_demand_of_a_work_queue_is_what_runs_at_once() -> None:
    assert JOB.demand(job(gpus=1, parallelism=3, completions=100)).pods == 3
    assert JOB.demand(job(gpus=1, parallelism=8, completions=2)).pods == 2


def test_demand_reads_type_other_resources_and_init_containers() -> None:
    manifest = job(pods=1, gpus=0)
    spec = manifest["spec"]["template"]["spec"]
    spec["nodeSelector"] = {"nvidia.com/gpu.product": "h100"}
    spec["containers"][0]["resources"] = {"limits": {"amd.com/gpu": 2, "cpu": "4"}}
    spec["initContainers"] = [{"name": "warm", "resources": {"limits": {"amd.com/gpu": 3}}}]
    demand = JOB.demand(manifest)
    assert (demand.accelerators, demand.resource, demand.accelerator_type) == (3, "amd.com/gpu", "h100")


def test_deployment_demands_its_replicas_and_one_by_default() -> None:
    manifest = deployment(replicas=3)
    assert DEPLOYMENT.demand(manifest).pods == 3
    del manifest["spec"]["replicas"]
    assert DEPLOYMENT.demand(manifest).pods == 1


@pytest.mark.parametrize(("adapter", "manifest"), [(JOB, job()), (DEPLOYMENT, deployment())])
def test_prepared_object_is_marked_on_itself_and_its_pods(adapter: Any, manifest: dict[str, Any]) -> None:
    before = copy.deepcopy(manifest)
    body = adapter.prepare(manifest, IDENTITY, REQUEST)
    assert manifest == before, "a user's manifest is never changed"
    marks = {
        "voltaire.dev/workload-uid": UID,
        "voltaire.dev/epoch": "3",
        "app.kubernetes.io/managed-by": "voltaire",
    }
    template = body["spec"]["template"]
    assert body["metadata"]["namespace"] == "ai"
    assert marks.items() <= body["metadata"]["labels"].items()
    assert marks.items() <= template["metadata"]["labels"].items()
    assert template["metadata"]["annotations"] == {
        "voltaire.dev/workload": "ai/train",
        "voltaire.dev/completed-seconds": "1234567",
    }
    assert template["spec"]["nodeSelector"] == {"nvidia.com/gpu.product": "a100"}


def test_prepared_object_keeps_the_users_labels_and_own_choice_of_accelerator() -> None:
    manifest = job()
    manifest["metadata"]["annotations"] = {
        "note": "mine",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
    }
    manifest["spec"]["template"]["spec"]["nodeSelector"] = {"nvidia.com/gpu.product": "h100", "disk": "ssd"}
    body = JOB.prepare(manifest, IDENTITY, REQUEST)
    assert body["metadata"]["labels"]["team"] == "a"
    assert body["metadata"]["annotations"] == {"note": "mine", "voltaire.dev/workload": "ai/train"}
    assert body["spec"]["template"]["spec"]["nodeSelector"] == {
        "nvidia.com/gpu.product": "h100",
        "disk": "ssd",
    }


def test_job_is_made_safe_and_says_so() -> None:
    manifest = job(podReplacementPolicy="TerminatingOrFailed", ttlSecondsAfterFinished=0, suspend=True)
    spec = JOB.prepare(manifest, IDENTITY, REQUEST)["spec"]
    assert spec["podReplacementPolicy"] == "Failed"
    assert "ttlSecondsAfterFinished" not in spec
    assert "suspend" not in spec
    said = JOB.amendments(manifest)
    assert [line.split()[0] for line in said] == [
        "spec.podReplacementPolicy",
        "spec.ttlSecondsAfterFinished",
        "spec.suspend",
    ]
    assert "was TerminatingOrFailed" in said[0]


def test_job_that_is_safe_is_left_as_it_is() -> None:
    assert JOB.amendments(job(podReplacementPolicy="Failed")) == ()
    assert "was absent" in JOB.amendments(job())[0]
    assert DEPLOYMENT.amendments(deployment()) == ()


def test_resume_stamps_the_new_epoch_and_the_surviving_work() -> None:
    patch = JOB.resume_patch(job(), REQUEST)
    assert patch["spec"]["suspend"] is False
    assert patch["metadata"]["labels"] == {"voltaire.dev/epoch": "3"}
    assert patch["spec"]["template"]["metadata"] == {
        "labels": {"voltaire.dev/epoch": "3"},
        "annotations": {"voltaire.dev/completed-seconds": "1234567"},
    }
    assert DEPLOYMENT.resume_patch(deployment(replicas=5), REQUEST)["spec"]["replicas"] == 5
    assert DEPLOYMENT.suspend_patch() == {"spec": {"replicas": 0}}


def condition(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "status": "True", "lastTransitionTime": "2030-01-01T02:00:00Z", **more}


def test_job_is_suspended_only_once_its_controller_says_so() -> None:
    asked = job(suspend=True)
    assert not JOB.observe(asked, [], wall).suspended
    acknowledged = {**asked, "status": {"conditions": [condition("Suspended")], "terminating": 2}}
    seen = JOB.observe(acknowledged, [], wall)
    assert (seen.suspended, seen.pods) == (True, 2), "pods that end still count"


def test_job_counts_pods_that_terminate_and_not_those_that_are_over() -> None:
    pods = [pod("Running", name="a", deleting=True), pod("Pending", name="b"), pod("Succeeded", name="c")]
    seen = JOB.observe({**job(), "status": {"active": 1}}, pods, wall)
    assert (seen.pods, seen.ready) == (2, 0)


def test_job_started_when_its_first_pod_ran_by_the_operators_clock() -> None:
    pods = [
        pod(name="a", start="2030-01-01T00:05:00Z"),
        pod(name="b", start="2030-01-01T00:04:00Z"),
        pod("Pending", name="c", start="2030-01-01T00:01:00Z"),
    ]
    seen = JOB.observe({**job(), "status": {"active": 3}}, pods, lambda time: time + timedelta(days=1))
    assert seen.started_at == datetime(2030, 1, 2, 0, 4, tzinfo=UTC)
    assert seen.ready == 2


def test_job_result_comes_from_conditions() -> None:
    done = {
        **job(),
        "status": {
            "succeeded": 2,
            "completionTime": "2030-01-01T01:00:00Z",
            "conditions": [condition("Complete")],
        },
    }
    seen = JOB.observe(done, [], wall)
    assert seen.result is Result.SUCCEEDED
    assert seen.finished_at == datetime(2030, 1, 1, 1, tzinfo=UTC)
    assert seen.completions == (2, 2)
    failure = condition("Failed", reason="BackoffLimitExceeded", message="too many failures")
    failed = JOB.observe({**job(backoffLimit=0), "status": {"conditions": [failure]}}, [], wall)
    assert failed.result is Result.FAILED
    assert failed.finished_at == datetime(2030, 1, 1, 2, tzinfo=UTC)
    assert failed.message == "BackoffLimitExceeded: too many failures (backoffLimit 0)"


def test_job_whose_pod_was_deleted_has_no_result() -> None:
    assert JOB.observe({**job(), "status": {"failed": 1}}, [], wall).result is None


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            {
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/2 nodes",
                    }
                ]
            },
            "Unschedulable: 0/2 nodes",
        ),
        (
            {
                "containerStatuses": [
                    {
                        "name": "main",
                        "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}},
                    }
                ]
            },
            "ImagePullBackOff: no such image (container main)",
        ),
    ],
)
def test_pod_that_cannot_run_is_explained(status: dict[str, Any], said: str) -> None:
    stuck = pod("Pending")
    stuck["status"] |= {"conditions": [], **status}
    assert JOB.observe(job(), [stuck], wall).message == said


def test_deployment_is_suspended_once_its_controller_has_no_replicas() -> None:
    body = deployment(replicas=0)
    body["metadata"]["generation"] = 2
    assert not DEPLOYMENT.observe({**body, "status": {"observedGeneration": 1}}, [], wall).suspended
    busy = DEPLOYMENT.observe({**body, "status": {"observedGeneration": 2, "replicas": 1}}, [], wall)
    assert not busy.suspended
    assert DEPLOYMENT.observe({**body, "status": {"observedGeneration": 2}}, [], wall).suspended


def test_deployment_never_finishes_and_tells_why_it_has_no_pods() -> None:
    failure = condition("ReplicaFailure", reason="FailedCreate", message="exceeded quota: gpus")
    seen = DEPLOYMENT.observe({**deployment(), "status": {"conditions": [failure]}}, [], wall)
    assert seen.result is None
    assert seen.message == "FailedCreate: exceeded quota: gpus"


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ('{"completedSeconds": 90.5}', 90.5),
        ('{"completedSeconds": 0}', 0.0),
        ('{"completedSeconds": -1}', None),
        ('{"completedSeconds": NaN}', None),
        ('{"completedSeconds": 1e300}', None),
        ('{"completedSeconds": true}', None),
        ('{"completedSeconds": "90"}', None),
        ('["completedSeconds"]', None),
        ("completedSeconds: 90", None),
        ("", None),
    ],
)
def test_only_a_believable_report_of_the_program_counts(report: str, expected: float | None) -> None:
    assert completed_seconds([pod("Failed", report=report)]) == expected


def test_most_that_any_pod_reported_counts() -> None:
    pods = [pod("Failed", name=str(n), report=f'{{"completedSeconds": {n}}}') for n in (5, 20, 10)]
    assert completed_seconds(pods) == 20
