"""The lab's directory, its lock, and ports."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from voltaire.lab import Fleet, Lab, LabError, processes, stages
from voltaire.lab.ports import free_ports
from voltaire.lab.processes import Owner
from voltaire.lab.state import DirectoryLock, State, clear, default_directory, read_state, write_state

STATE = State("id", 60.0, True, True, (1, 2), {"hub": 3}, ("paris",), {"etcd": (4, 5)})


def test_state_survives_writing_and_reading(tmp_path: Path) -> None:
    write_state(tmp_path, STATE)
    assert read_state(tmp_path) == STATE


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1, "lab_id": "x"}'])
def test_unusable_state_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert read_state(tmp_path) is None


def test_clearing_touches_only_what_a_lab_makes(tmp_path: Path) -> None:
    write_state(tmp_path, STATE)
    for name in ("etcd/data", "clusters/hub", "logs/hub", "mine"):
        (tmp_path / name).mkdir(parents=True)
    clear(tmp_path, keep_logs=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["logs", "mine"]
    clear(tmp_path, keep_logs=False)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_lock_has_one_holder(tmp_path: Path) -> None:
    first, second = DirectoryLock(tmp_path), DirectoryLock(tmp_path)
    first.acquire()
    with pytest.raises(LabError, match="another process is using the lab"):
        second.acquire(wait_seconds=0.2)
    first.release()
    second.acquire(wait_seconds=0.2)
    second.release()


def test_directory_follows_xdg() -> None:
    assert default_directory("demo", {"XDG_STATE_HOME": "/s"}) == Path("/s/voltaire/lab/demo")
    assert default_directory("demo", {}) == Path.home() / ".local/state/voltaire/lab/demo"


def test_attaching_to_nothing_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="start one with `voltaire lab up FLEET`"):
        Lab.attach(tmp_path)
    write_state(tmp_path, replace(STATE, ready=False))
    with pytest.raises(LabError, match="no lab is up"):
        Lab.attach(tmp_path)


def test_running_detached_lab_is_not_replaced(tmp_path: Path) -> None:
    write_state(tmp_path, STATE)
    owner = Owner(tmp_path, "id")
    etcd = processes.spawn(owner, "etcd", ["/bin/sleep", "60"], tmp_path / "logs" / "etcd.log")
    try:
        with pytest.raises(LabError, match="already up"):
            Lab.up(Fleet(()), tmp_path, binaries={"kwok": Path("/bin/true")})
        assert processes.alive(etcd)
    finally:
        processes.end([etcd], 1)


def test_failed_start_leaves_nothing_running(tmp_path: Path) -> None:
    names = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok")
    binaries = {name: Path("/bin/false") for name in names}
    with pytest.raises(LabError, match="etcd ended while the lab was starting"):
        Lab.up(Fleet(()), tmp_path, binaries=binaries)
    assert processes.find(tmp_path) == []
    lock = DirectoryLock(tmp_path)
    lock.acquire(wait_seconds=0.1)
    lock.release()


def test_ports_are_different_and_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", next(free_ports(1))))
        ports = list(free_ports(50))
        assert len(set(ports)) == 50
        assert taken.getsockname()[1] not in ports


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_rate_must_be_positive(tmp_path: Path, rate: float) -> None:
    with pytest.raises(LabError, match="rate of a lab's clock is positive"):
        Lab.up(Fleet(()), tmp_path, rate)


def test_stages_have_unique_names_and_carry_the_rate() -> None:
    objects = stages.stages(720.0)
    names = [item["metadata"]["name"] for item in objects if item["kind"] == "Stage"]
    assert len(set(names)) == len(names) == 11
    delays = [
        item["spec"]["delay"] for item in objects if item["kind"] == "Stage" and "delay" in item["spec"]
    ]
    assert any("720.0" in str(delay) for delay in delays)
