"""Runs cases: here, in processes, or on a Dask cluster; what the state file has is not run again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

from voltaire.twin.errors import TwinError
from voltaire.twin.sweep.case import Case
from voltaire.twin.sweep.state import State, Summary

RunCase = Callable[[Case], Summary]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep is. `case` is the last one that was finished, None at the begin."""

    done: int
    total: int
    case: Case | None


Watch = Callable[[Progress], None]


class SweepFailed(TwinError):
    """Some cases failed; the others are done, and in the state file."""


class NoDask(TwinError):
    """Dask is not installed, or its scheduler does not answer."""


def sweep(
    cases: Sequence[Case],
    run: RunCase,
    state: State,
    *,
    processes: int = 1,
    dask: str | None = None,
    watch: Watch = lambda _: None,
) -> list[Summary]:
    """The summaries of `cases`, in their order. Cases of one key run once.

    Raises SweepFailed when all that can be done is done and something failed; NoDask.
    """
    wanted = {case.key: case for case in cases}
    missing = [case for key, case in wanted.items() if key not in state.done]
    finished = len(wanted) - len(missing)
    watch(Progress(finished, len(wanted), None))
    failures: list[tuple[Case, Exception]] = []
    for case, outcome in _outcomes(missing, run, processes, dask):
        if isinstance(outcome, Exception):
            failures.append((case, outcome))
        else:
            state.add(case.key, case.as_dict(), outcome)
        finished += 1
        watch(Progress(finished, len(wanted), case))
    if failures:
        raise SweepFailed(_told(failures, len(wanted)))
    return [state.done[case.key] for case in cases]


def _told(failures: Sequence[tuple[Case, Exception]], total: int) -> str:
    case, error = failures[0]
    return (
        f"{len(failures)} of {total} cases failed, the others are kept; the first one: {case.policy} from "
        f"{case.start}: {type(error).__name__}: {error}"
    )


def _outcomes(
    cases: Sequence[Case], run: RunCase, processes: int, dask: str | None
) -> Iterator[tuple[Case, Summary | Exception]]:
    if dask is None and processes <= 1:
        for case in cases:
            yield case, _tried(run, case)
        return
    with _on_dask(dask) if dask is not None else _in_processes(processes) as executor:
        yield from _collected(executor, cases, run)


def _tried(run: RunCase, case: Case) -> Summary | Exception:
    try:
        return run(case)
    except Exception as error:  # whatever it is, the other cases run
        return error


def _collected(
    executor: Executor, cases: Sequence[Case], run: RunCase
) -> Iterator[tuple[Case, Summary | Exception]]:
    futures: Mapping[Future[Summary], Case] = {executor.submit(run, case): case for case in cases}
    try:
        for future in as_completed(futures):
            error = future.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            yield futures[future], future.result() if error is None else error
    finally:
        _cancel(futures)


def _cancel(futures: Iterable[Future[Any]]) -> None:
    """After Ctrl-C: what has not begun does not begin."""
    for future in futures:
        future.cancel()


@contextmanager
def _in_processes(count: int) -> Iterator[Executor]:
    # Spawned, not forked: solvers and compiled kernels have threads.
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as executor:
        yield executor


@contextmanager
def _on_dask(address: str) -> Iterator[Executor]:
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise NoDask(
            "--dask needs the package distributed: install Voltaire with its dask extra, as in "
            "pip install 'voltaire[dask]'"
        ) from error
    try:
        client = Client(address, timeout="10s")  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise NoDask(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        executor: Executor = client.get_executor(pure=False)  # type: ignore[no-untyped-call]
        yield executor
