import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from distributed import LocalCluster

from tests.twin.sweep import cases
from voltaire.twin.sweep.runner import NoDask, Progress, SweepFailed, sweep
from voltaire.twin.sweep.state import BadState, State


def seeds(summaries: object) -> list[int]:
    return [summary["seed"] for summary in summaries]  # type: ignore[attr-defined]


def test_summaries_come_in_the_order_of_cases() -> None:
    assert seeds(sweep(cases.many(4), cases.echo, State(None))) == [0, 1, 2, 3]


def test_cases_run_in_processes() -> None:
    assert seeds(sweep(cases.many(6), cases.echo, State(None), processes=2)) == list(range(6))


def test_progress_ends_with_all_of_them() -> None:
    seen: list[Progress] = []
    sweep(cases.many(3), cases.echo, State(None), watch=seen.append)
    assert [(one.done, one.total) for one in seen] == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert seen[0].case is None
    assert seen[3].case == cases.many(3)[2]


def test_what_the_state_file_has_is_not_run_again(tmp_path: Path) -> None:
    asked = [cases.case(seed=seed, carbon=str(tmp_path)) for seed in range(5)]
    state = tmp_path / "state.jsonl"
    sweep(asked[:3], cases.counted, State(state))
    assert seeds(sweep(asked, cases.counted, State(state))) == list(range(5))
    assert {path.name: path.read_text() for path in tmp_path.glob("ran-*")} == {
        f"ran-{seed}": "x" for seed in range(5)
    }


def test_an_interrupted_sweep_goes_on_after_its_last_finished_case(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    with pytest.raises(KeyboardInterrupt):
        sweep(cases.many(5), cases.interrupted_at_two, State(state))
    assert len(State(state).done) == 2
    assert seeds(sweep(cases.many(5), cases.echo, State(state))) == list(range(5))


def test_a_sweep_that_was_killed_in_the_middle_of_a_line_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    sweep(cases.many(3), cases.echo, State(state))
    state.write_bytes(state.read_bytes()[:-20])
    assert len(State(state).done) == 2
    assert seeds(sweep(cases.many(4), cases.echo, State(state))) == list(range(4))
    assert len(State(state).done) == 4


def test_a_case_that_fails_leaves_the_others_done(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    for processes in (1, 2):
        with pytest.raises(SweepFailed, match=r"1 of 6 cases failed.*ValueError: the third is bad"):
            sweep(cases.many(6), cases.bad_third, State(state), processes=processes)
        assert len(State(state).done) == 5


def test_cases_of_one_key_run_once(tmp_path: Path) -> None:
    asked = [cases.case("clairvoyant", forecast=f, carbon=str(tmp_path)) for f in ("perfect", "none")]
    assert len(sweep(asked, cases.counted, State(None))) == 2
    assert (tmp_path / "ran-0").read_text() == "x"


@pytest.mark.parametrize("text", ["hello\n", '{"id": 1}\n'])
def test_a_file_that_is_no_state_file_is_not_written_to(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(BadState, match="no state file of a sweep"):
        State(path)
    assert path.read_text() == text


def test_each_finished_case_is_a_line_with_its_inputs(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    sweep(cases.many(2), cases.echo, State(path))
    first = json.loads(path.read_text().splitlines()[0])
    assert first["case"]["policy"] == "voltaire"
    assert first["case"]["jobs"]["load"] == 0.5
    assert first["summary"] == {"policy": "voltaire", "seed": 0}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_cases_run_on_a_dask_cluster_and_its_state_is_kept(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        found = sweep(cases.many(6), cases.echo, State(state), dask=address)
        assert seeds(found) == list(range(6))
        with pytest.raises(SweepFailed, match="the third is bad"):
            sweep([cases.case(seed=3, forecast="none")], cases.bad_third, State(state), dask=address)
    assert len(State(state).done) == 6


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_scheduler_that_does_not_answer_is_named() -> None:
    with pytest.raises(NoDask, match=r"no Dask scheduler answers at tcp://127.0.0.1:1"):
        sweep(cases.many(1), cases.echo, State(None), dask="tcp://127.0.0.1:1")


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NoDask, match=r"pip install 'voltaire\[dask\]'"):
        sweep(cases.many(1), cases.echo, State(None), dask="tcp://127.0.0.1:1")


def test_a_sweep_that_is_killed_goes_on_in_a_new_process(tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl"
    program = f"""
import os, signal
from pathlib import Path
from tests.twin.sweep import cases
from voltaire.twin.sweep.runner import sweep
from voltaire.twin.sweep.state import State

def run(case):
    if case.seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return cases.echo(case)

sweep(cases.many(5), run, State(Path({str(state)!r})))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(Path.cwd())])}
    killed = subprocess.run([sys.executable, "-c", program], env=environment, check=False, timeout=60)
    assert killed.returncode == -9
    assert len(State(state).done) == 2
    assert seeds(sweep(cases.many(5), cases.echo, State(state))) == list(range(5))
