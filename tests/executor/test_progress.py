"""Work done and work that survives, by the formulae of `progress`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltaire.api.actions import Observation
from voltaire.executor.progress import (
    Work,
    at_risk_seconds,
    progress,
    remaining_seconds,
    surviving_work,
    work_done,
)
from voltaire.executor.state import Copy, Saved, State

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def state(saved: float = 0.0, *, kind: str | None = None, started: bool = True) -> State:
    begun = START if started else None
    return State(
        phase="Running",
        epoch=2,
        placement=Copy("paris", 2, START, "uid", begun, kind),
        checkpoint=Saved(saved, START, "paris") if saved else None,
    )


def seen(**fields: Any) -> Observation:
    return Observation("paris", reachable=True, live=True, exists=True, epoch=2, **fields)


def test_a_fresh_start_restores_nothing() -> None:
    work = Work(restore=timedelta(minutes=10))
    assert work_done(state(), None, START + HOUR, work) == 3600


def test_after_a_resume_restoring_is_no_progress() -> None:
    work = Work(restore=timedelta(minutes=10))
    assert work_done(state(600.0), None, START + HOUR, work) == 600 + 3000
    assert work_done(state(600.0), None, START + timedelta(minutes=5), work) == 600


def test_faster_accelerators_do_more() -> None:
    work = Work(throughput={"h100": 2.0})
    assert work_done(state(kind="h100"), None, START + HOUR, work) == 7200
    assert work_done(state(kind="a100"), None, START + HOUR, work) == 3600


def test_what_is_stopped_does_not_work() -> None:
    assert work_done(state(600.0, started=False), None, START + HOUR, Work()) == 600


@pytest.mark.parametrize(
    ("work", "observation", "orderly", "kept"),
    [
        (Work(on_termination=True), seen(completed_seconds=1234.0), True, 1234),
        (Work(on_termination=True, interval=HOUR), None, True, 600 + 5400),
        (Work(on_termination=True, interval=HOUR), None, False, 600 + 3600),
        (Work(interval=HOUR), None, True, 600 + 3600),
        (Work(interval=HOUR, restore=timedelta(minutes=45)), None, True, 600),
        (Work(), None, True, 600),
        (Work(total_seconds=10000), seen(completions=(3, 4)), True, 7500),
        (Work(total_seconds=10000), seen(completions=(0, 1)), True, 600),
        (Work(total_seconds=2000, on_termination=True), None, True, 2000),
    ],
)
def test_what_survives_a_stop(work: Work, observation: Any, orderly: bool, kept: float) -> None:
    until = START + timedelta(minutes=90)
    assert surviving_work(state(600.0), observation, until, work, orderly=orderly) == kept


def test_a_report_of_another_run_is_not_believed() -> None:
    other = Observation("paris", reachable=True, live=True, exists=True, epoch=1, completed_seconds=9e5)
    assert work_done(state(), other, START + HOUR, Work()) == 3600


def test_an_estimate_never_claims_the_end() -> None:
    given_up = progress(state(), None, START + 10 * HOUR, Work(total_seconds=3600))
    assert given_up is not None
    assert (given_up.percent, given_up.completed_seconds) == (99, 3600)


def test_a_server_has_no_progress() -> None:
    assert progress(state(), None, START, Work(), server=True) is None


@given(
    minutes=st.floats(0, 10_000),
    saved=st.floats(0, 1e5),
    interval=st.none() | st.floats(1, 300),
    restore=st.floats(0, 60),
    speed=st.floats(0, 8),
    on_termination=st.booleans(),
    total=st.none() | st.floats(1, 1e6),
)
def test_no_stop_keeps_more_than_was_done(
    minutes: float,
    saved: float,
    interval: float | None,
    restore: float,
    speed: float,
    on_termination: bool,
    total: float | None,
) -> None:
    work = Work(
        total_seconds=total,
        throughput={"x": speed},
        restore=timedelta(minutes=restore),
        interval=None if interval is None else timedelta(minutes=interval),
        on_termination=on_termination,
    )
    until, now = START + timedelta(minutes=minutes), state(saved, kind="x")
    done, kept = work_done(now, None, until, work), surviving_work(now, None, until, work)
    least = saved if total is None else min(saved, total)
    assert least <= kept * (1 + 1e-9) + 1e-6
    assert kept <= done * (1 + 1e-9) + 1e-6
    assert at_risk_seconds(now, None, until, work) >= 0
    left = remaining_seconds(now, None, until, work)
    assert left is None or 0 <= left <= (total or 0)
