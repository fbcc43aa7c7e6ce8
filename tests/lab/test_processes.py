"""Processes are found by identity, and ended for good."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from voltaire.lab import processes
from voltaire.lab.processes import LabProcess, Owner
from voltaire.lab.shutdown import end_lab, end_processes

STUBBORN = ["/bin/sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"]


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    yield Owner(tmp_path, "first")
    processes.end(processes.find(tmp_path), 0.1)


def sleeper(owner: Owner, name: str = "paris/kwok", argv: list[str] | None = None) -> LabProcess:
    log = owner.directory / f"{name}.log"
    process = processes.spawn(owner, name, argv or ["/bin/sleep", "60"], log)
    if argv is STUBBORN:
        deadline = time.monotonic() + 5
        while "ready" not in log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    return process


def test_found_by_directory_and_by_nothing_else(owner: Owner, tmp_path: Path) -> None:
    ours = sleeper(owner)
    with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
        assert processes.find(tmp_path) == [ours]
        assert processes.find(tmp_path / "other") == []
        end_processes(tmp_path)
        assert stranger.poll() is None
        stranger.kill()
    assert not processes.alive(ours)


def test_only_the_named_run_is_ended(owner: Owner, tmp_path: Path) -> None:
    first, second = sleeper(owner), sleeper(replace(owner, lab_id="second"))
    end_processes(tmp_path, "first")
    assert [processes.alive(first), processes.alive(second)] == [False, True]


def test_output_goes_to_the_log_and_the_process_leads_its_own_session(owner: Owner, tmp_path: Path) -> None:
    process = sleeper(owner, "hub/chatty", STUBBORN)
    assert (tmp_path / "hub" / "chatty.log").read_text() == "ready\n"
    assert os.getsid(process.pid) == process.pid


def test_stubborn_process_is_killed_after_the_grace(owner: Owner) -> None:
    process = sleeper(owner, argv=STUBBORN)
    start = time.monotonic()
    processes.end([process], 0.3)
    assert not processes.alive(process)
    assert 0.3 <= time.monotonic() - start < 5


def test_paused_process_ends_too(owner: Owner) -> None:
    process = sleeper(owner)
    processes.send(process, signal.SIGSTOP)
    processes.end([process], 5)
    assert not processes.alive(process)


def test_reused_number_is_never_signalled(owner: Owner) -> None:
    process = sleeper(owner)
    impostor = replace(process, start_ticks=process.start_ticks - 1)
    processes.send(impostor, signal.SIGKILL)
    processes.end([impostor], 0.1)
    assert processes.alive(process)


def test_order_is_controllers_then_api_servers_then_etcd(
    owner: Owner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    names = (
        "etcd",
        "hub/kube-apiserver",
        "paris/kube-apiserver",
        "hub/kube-controller-manager",
        "paris/kwok",
    )
    for name in names:
        sleeper(owner, name)
    waves: list[set[str]] = []
    end = processes.end

    def recorded(wave: list[LabProcess], grace_seconds: float) -> None:
        waves.append({process.name for process in wave})
        end(wave, grace_seconds)

    monkeypatch.setattr(processes, "end", recorded)
    assert sorted(end_lab(tmp_path)) == sorted(names)
    assert waves == [
        {"hub/kube-controller-manager", "paris/kwok"},
        {"hub/kube-apiserver", "paris/kube-apiserver"},
        {"etcd"},
    ]


def test_nothing_to_end_is_no_error(tmp_path: Path) -> None:
    assert end_lab(tmp_path / "never") == []
    assert end_lab(tmp_path) == []
