"""The lab does what real clusters do: schedule, run, finish, stop, go away and come back."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from voltaire.lab import Fleet, Lab, LabCluster, LabError, Member, processes, service_account_kubeconfig
from voltaire.lab.kube import UNREACHABLE, AdminClient

pytestmark = pytest.mark.lab

T = TypeVar("T")

JOBS = "/apis/batch/v1/namespaces/default/jobs"
PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture
def paris(lab: Lab) -> Iterator[AdminClient]:
    with AdminClient(lab.members["paris"]) as client:
        yield client


def eventually(probe: Callable[[], T], seconds: float = 20.0) -> T:
    """The first true value of `probe`; fails after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (value := probe()):
        assert time.monotonic() < deadline, f"still {value!r} after {seconds:g} s"
        time.sleep(0.05)
    return value


def job(name: str, annotations: dict[str, str], pods: int = 2, gpus: int = 4) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {
            "parallelism": pods,
            "completions": pods,
            "backoffLimit": 0,
            "podReplacementPolicy": "Failed",
            "template": {"metadata": {"annotations": annotations}, "spec": pod_spec(gpus)},
        },
    }


def pod_spec(gpus: int = 0) -> dict[str, Any]:
    limits = {"nvidia.com/gpu": str(gpus)} if gpus else {}
    container = {"name": "main", "image": "example/trainer", "resources": {"limits": limits}}
    return {"restartPolicy": "Never", "terminationGracePeriodSeconds": 5, "containers": [container]}


def pod(name: str, annotations: dict[str, str], **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec() | spec}


def pods_of(client: AdminClient, name: str) -> list[dict[str, Any]]:
    return list(client.get(f"{PODS}?labelSelector=batch.kubernetes.io/job-name={name}")["items"])


def phases(client: AdminClient, name: str) -> list[str]:
    return sorted(item["status"]["phase"] for item in pods_of(client, name))


def run_seconds(client: AdminClient, name: str) -> float:
    """Real seconds from now until the job is complete."""
    start = time.monotonic()
    eventually(lambda: client.get(f"{JOBS}/{name}")["status"].get("succeeded") == 2)
    return time.monotonic() - start


def test_job_is_scheduled_on_accelerators_and_completes_after_its_run_time(paris: AdminClient) -> None:
    paris.post(JOBS, job("trains", {"lab.voltaire.dev/run-time": "3m"}))
    eventually(lambda: phases(paris, "trains") == ["Running", "Running"])
    nodes = {item["spec"]["nodeName"] for item in pods_of(paris, "trains")}
    assert nodes <= {"paris-a100-0", "paris-a100-1"}
    # Three minutes of the lab's clock are three real seconds; the Job controller adds its own.
    assert 2.0 < run_seconds(paris, "trains") < 7.0


def test_job_that_needs_more_than_there_is_waits(paris: AdminClient) -> None:
    paris.post(JOBS, job("huge", {"lab.voltaire.dev/run-time": "1m"}, pods=1, gpus=9))

    def refused() -> bool:
        conditions = [c for item in pods_of(paris, "huge") for c in item["status"].get("conditions", ())]
        return any(c["type"] == "PodScheduled" and c["reason"] == "Unschedulable" for c in conditions)

    eventually(refused)
    paris.request("DELETE", f"{JOBS}/huge", {"propagationPolicy": "Background"})


def test_restored_work_shortens_the_run(paris: AdminClient) -> None:
    restored = {"lab.voltaire.dev/run-time": "10h", "voltaire.dev/completed-seconds": str(10 * 3600 - 60)}
    paris.post(JOBS, job("restored", restored))
    assert run_seconds(paris, "restored") < 7.0


def test_suspended_job_reports_its_progress_and_leaves_no_pod(lab: Lab, paris: AdminClient) -> None:
    long = {
        "lab.voltaire.dev/run-time": "10h",
        "lab.voltaire.dev/stop-time": "1m",
        "voltaire.dev/completed-seconds": "1000",
    }
    paris.post(JOBS, job("suspended", long))
    eventually(lambda: phases(paris, "suspended") == ["Running", "Running"])
    with watching(lab.members["paris"], "suspended") as seen:
        started = time.monotonic()
        suspend(lab.members["paris"], "suspended")
        eventually(lambda: not pods_of(paris, "suspended"))
        # One minute of the lab's clock to stop is one real second.
        assert time.monotonic() - started > 0.9
        eventually(lambda: len(deleted(seen)) == 2)
    for item in deleted(seen):
        state = item["status"]["containerStatuses"][0]["state"]["terminated"]
        assert item["status"]["phase"] == "Failed"
        assert state["exitCode"] == 143
        assert 1000 <= json.loads(state["message"])["completedSeconds"] < 1000 + 60 * 15
    status = paris.get(f"{JOBS}/suspended")["status"]
    assert status.get("succeeded", 0) == 0
    assert status.get("failed", 0) == 0


def test_program_slower_than_its_grace_is_killed_and_reports_nothing(lab: Lab, paris: AdminClient) -> None:
    slow = {"lab.voltaire.dev/run-time": "10h", "lab.voltaire.dev/stop-time": "1h"}
    paris.post(PODS, pod("slow", slow, terminationGracePeriodSeconds=1))
    eventually(lambda: paris.get(f"{PODS}/slow")["status"]["phase"] == "Running")
    with watching(lab.members["paris"], "") as seen:
        paris.request("DELETE", f"{PODS}/slow")
        eventually(lambda: [item for item in deleted(seen) if item["metadata"]["name"] == "slow"])
    state = deleted(seen)[-1]["status"]["containerStatuses"][0]["state"]["terminated"]
    assert state["exitCode"] == 137
    assert "message" not in state


def test_program_fails_when_told_to(paris: AdminClient) -> None:
    paris.post(PODS, pod("fails", {"lab.voltaire.dev/run-time": "10h", "lab.voltaire.dev/fail-after": "90"}))
    eventually(lambda: paris.get(f"{PODS}/fails")["status"]["phase"] == "Failed")
    state = paris.get(f"{PODS}/fails")["status"]["containerStatuses"][0]["state"]["terminated"]
    assert state["exitCode"] == 1


def test_program_without_run_time_and_sidecars_run_on(paris: AdminClient) -> None:
    init = [
        {"name": "load", "image": "example/load"},
        {"name": "proxy", "image": "example/proxy", "restartPolicy": "Always"},
    ]
    paris.post(PODS, pod("serves", {}, initContainers=init))
    status = eventually(lambda: (s := paris.get(f"{PODS}/serves")["status"])["phase"] == "Running" and s)
    load, proxy = (entry["state"] for entry in status["initContainerStatuses"])
    assert load["terminated"]["exitCode"] == 0
    assert "running" in proxy
    assert status["podIP"]
    paris.request("DELETE", f"{PODS}/serves")


def test_unreadable_annotation_fails_the_pod_with_a_reason(paris: AdminClient) -> None:
    paris.post(PODS, pod("unreadable", {"lab.voltaire.dev/run-time": "6 hours"}))
    eventually(lambda: paris.get(f"{PODS}/unreadable")["status"]["phase"] == "Failed")
    status = paris.get(f"{PODS}/unreadable")["status"]
    assert status["reason"] == "InvalidAnnotation"
    assert "lab.voltaire.dev/run-time" in status["message"]


def test_service_account_kubeconfig_acts_as_that_account(lab: Lab) -> None:
    kubeconfig = service_account_kubeconfig(lab.hub, "default", "default")
    kubectl = subprocess.run(
        [
            kubectl_path(),
            "--kubeconfig=/dev/stdin",
            "auth",
            "whoami",
            "-o",
            "jsonpath={.status.userInfo.username}",
        ],
        input=json.dumps(kubeconfig),
        capture_output=True,
        text=True,
        check=True,
    )
    assert kubectl.stdout == "system:serviceaccount:default:default"


def test_administrator_of_one_cluster_is_nobody_in_another(lab: Lab) -> None:
    hub, paris = lab.hub, lab.members["paris"]
    stranger = LabCluster(
        paris.name,
        paris.server_url,
        paris.ca_pem_path,
        hub.admin_kubeconfig,
        hub.admin_certificate,
        hub.admin_key,
    )
    with AdminClient(stranger) as client:
        status, _ = client.request("GET", PODS)
    assert status in {UNREACHABLE, 401, 403}


def test_stopped_member_refuses_connections_and_keeps_its_data(lab: Lab) -> None:
    virginia = lab.members["virginia"]
    with AdminClient(virginia) as client:
        client.post(PODS, pod("stays", {}))
        lab.stop_cluster("virginia")
        with socket.socket() as probe, pytest.raises(ConnectionRefusedError):
            probe.connect(("127.0.0.1", int(virginia.server_url.rpartition(":")[2])))
        lab.start_cluster("virginia")
        assert client.get(f"{PODS}/stays")["metadata"]["name"] == "stays"
        client.post(PODS, pod("after", {"lab.voltaire.dev/run-time": "30s"}))
        eventually(lambda: client.get(f"{PODS}/after")["status"].get("phase") == "Succeeded", 60)


def test_paused_member_is_a_black_hole_until_it_is_resumed(lab: Lab) -> None:
    with AdminClient(lab.members["california"], timeout_seconds=1.0) as client:
        assert client.request("GET", "/readyz")[0] == 200
        lab.pause_cluster("california")
        try:
            status, why = client.request("GET", "/readyz")
            assert (status, "timed out" in why) == (UNREACHABLE, True)
        finally:
            lab.resume_cluster("california")
        eventually(lambda: client.request("GET", "/readyz")[0] == 200)


def test_unknown_cluster_is_refused_by_name(lab: Lab) -> None:
    with pytest.raises(LabError, match="no cluster 'berlin'; it has hub, paris"):
        lab.stop_cluster("berlin")


ONE_MEMBER = Fleet((Member("solo", "nowhere", ()),))

OWNER = """
import sys, pathlib
from voltaire.lab import Fleet, Lab, Member
Lab.up(Fleet((Member("solo", "nowhere", ()),)), pathlib.Path(sys.argv[1]), progress=print)
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is starting a lab in `tmp_path / "lab"`."""
    command = [sys.executable, "-c", OWNER, str(tmp_path / "lab")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_lab_ends_with_its_killed_owner(owner: subprocess.Popen[str], tmp_path: Path) -> None:
    directory = tmp_path / "lab"
    eventually(lambda: len(processes.find(directory)) >= 3)
    owner.kill()
    eventually(lambda: not processes.find(directory), 30)


def test_leftovers_of_a_killed_lab_are_ended_by_the_next(
    owner: subprocess.Popen[str], tmp_path: Path
) -> None:
    directory = tmp_path / "lab"
    eventually(lambda: len(processes.find(directory)) >= 3)
    for guard in children(owner.pid, "voltaire.lab.watchdog"):
        os.kill(guard, signal.SIGKILL)
    owner.kill()
    owner.wait()
    left = processes.find(directory)
    assert left
    with Lab.up(ONE_MEMBER, directory) as again:
        assert not any(processes.alive(process) for process in left)
        assert set(again.members) == {"solo"}
    assert not processes.find(directory)


def children(pid: int, module: str) -> list[int]:
    """The children of a process that run a Python module."""
    found = []
    for name in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if module in Path(f"/proc/{name}/cmdline").read_text():
            found.append(int(name))
    assert found
    return found


def kubectl_path() -> str:
    from voltaire.lab import assets

    return str(assets.ensure(["kubectl"])["kubectl"])


def suspend(cluster: LabCluster, name: str) -> None:
    patch = ["patch", "job", name, "--type=merge", '-p={"spec":{"suspend":true}}']
    command = [kubectl_path(), f"--kubeconfig={cluster.admin_kubeconfig}", *patch]
    subprocess.run(command, check=True, capture_output=True)


def deleted(seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event["object"] for event in seen if event["type"] == "DELETED"]


class watching:  # noqa: N801 -- reads as a statement
    """Collects the watch events of a job's pods (of all pods, without a job) while it is entered."""

    def __init__(self, cluster: LabCluster, name: str) -> None:
        selector = [f"--selector=batch.kubernetes.io/job-name={name}"] if name else []
        watch = ["get", "pods", "--watch", "--output-watch-events", "--output=json", *selector]
        self._command = [kubectl_path(), f"--kubeconfig={cluster.admin_kubeconfig}", *watch]
        self._seen: list[dict[str, Any]] = []

    def __enter__(self) -> list[dict[str, Any]]:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        eventually(lambda: self._seen)
        return self._seen

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._seen.append(json.loads(line))

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._reader.join()
        self._process.communicate()
