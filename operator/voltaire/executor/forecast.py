"""The next steps of the plan, in words for the status."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from voltaire.api.aiworkload import NextStep
from voltaire.executor.state import State
from voltaire.planner.plan import Decision

MOST = 8
_GRAIN = timedelta(minutes=5)


def next_steps(state: State, decision: Decision, now: datetime, *, server: bool = False) -> list[NextStep]:
    """What the timeline of a decision means for a workload in this state, soonest first, at most eight."""
    steps: list[NextStep] = []
    works = state.phase in ("Running", "Placing")
    place = state.placement.cluster if works and state.placement else _resting_place(state)
    end: datetime | None = now if works else None
    for segment in sorted(decision.segments, key=lambda part: part.start):
        if end is not None and segment.start > max(end, now):
            steps.append(_step(max(end, now), "Pause", place))
            end = None
        if place is None:
            steps.append(_step(segment.start, "Start", segment.cluster))
        elif segment.cluster != place:
            steps.append(_step(segment.start, "Migrate", segment.cluster))
        elif end is None:
            steps.append(_step(segment.start, "Resume", segment.cluster))
        place, end = segment.cluster, segment.end
    if decision.finish is not None and not server and decision.segments:
        steps.append(_step(_rounded(decision.finish), "Finish", place))
    return steps[:MOST]


def _resting_place(state: State) -> str | None:
    return state.checkpoint.cluster if state.checkpoint else None


def _step(
    time: datetime, action: Literal["Start", "Pause", "Resume", "Migrate", "Finish"], cluster: str | None
) -> NextStep:
    return NextStep(time=time, action=action, cluster=cluster)


def _rounded(time: datetime) -> datetime:
    """An expectation moves by seconds with every plan: people read it to five minutes."""
    begun = time.replace(minute=0, second=0, microsecond=0)
    return begun + round((time - begun) / _GRAIN) * _GRAIN
