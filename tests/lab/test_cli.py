"""`voltaire lab` answers in words, and with an exit code."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from voltaire.cli.lab import lab
from voltaire.lab import processes
from voltaire.lab.processes import LabProcess, Owner
from voltaire.lab.state import State, write_state

STATE = State(
    "id", 60.0, True, True, (1, 2), {"hub": 3, "paris": 4}, ("paris",), {"etcd": (1, 1), "hub/kwok": (1, 1)}
)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(lab, arguments)


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[LabProcess]:
    """A lab in `tmp_path` of which only etcd is left."""
    write_state(tmp_path, STATE)
    log = tmp_path / "logs" / "etcd.log"
    process = processes.spawn(
        Owner(tmp_path, "id"), "etcd", ["/bin/sh", "-c", "echo hello; exec sleep 60"], log
    )
    deadline = time.monotonic() + 5
    while log.read_text() != "hello\n":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield process
    processes.end([process], 1)


def test_status_shows_what_runs_and_fails_when_something_does_not(etcd: LabProcess, tmp_path: Path) -> None:
    result = run("status", "--dir", str(tmp_path))
    assert result.exit_code == 1
    assert f"etcd running {etcd.pid}" in " ".join(result.output.split())
    assert "hub kwok ended" in " ".join(result.output.split())
    write_state(tmp_path, replace(STATE, processes={"etcd": (etcd.pid, etcd.start_ticks)}))
    assert run("status", "--dir", str(tmp_path)).exit_code == 0


def test_env_prints_the_kubeconfig_for_a_shell(etcd: LabProcess, tmp_path: Path) -> None:
    assert run("env", "--dir", str(tmp_path)).output == f"export KUBECONFIG='{tmp_path}/kubeconfig'\n"


def test_logs_prints_a_log_and_names_those_there_are(etcd: LabProcess, tmp_path: Path) -> None:
    processes.end([etcd], 1)
    assert run("logs", "hub", "etcd", "--dir", str(tmp_path)).output == "hello\n"
    result = run("logs", "hub", "kwok", "--dir", str(tmp_path))
    assert result.exit_code == 1
    assert "there are: etcd.log" in result.output


def test_down_ends_everything_and_may_be_repeated(etcd: LabProcess, tmp_path: Path) -> None:
    assert run("down", "--dir", str(tmp_path)).output == "ended 1 processes\n"
    assert not processes.alive(etcd)
    assert run("down", "--dir", str(tmp_path)).output == f"no lab runs in {tmp_path}\n"


@pytest.mark.parametrize("command", ["env", "status"])
def test_without_a_lab_the_answer_says_how_to_start_one(command: str, tmp_path: Path) -> None:
    result = run(command, "--dir", str(tmp_path))
    assert result.exit_code == 1
    assert "voltaire lab up FLEET" in result.output


def test_bad_fleet_file_is_refused_before_anything_starts(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text("kind: GridZone\n")
    result = run("up", str(fleet), "--dir", str(tmp_path / "lab"))
    assert result.exit_code == 1
    assert "holds no RegionalCluster" in result.output
    assert not (tmp_path / "lab").exists()
