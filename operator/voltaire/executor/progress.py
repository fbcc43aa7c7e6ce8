"""How far the work is, and what of it survives a stop. Work counts in seconds at throughput 1.

Work done in a run that began at s with b already saved, until t, on accelerators of relative speed x:

    done(t) = b + max(0, (t - s) - restore) * x        restore only if b > 0: a fresh start restores nothing

What survives a stop at t is the first of these that is known:

    reported                      what the program itself said it has completed
    done(t)                       it saves when it gets SIGTERM (`on_termination`) and it got one
    b + floor(u / i) * i * x      it saves every i of useful running time u = max(0, (t - s) - restore)
    b                             it saves nothing: a run to completion starts over

For a Job with several completions each finished one counts for itself: at least total * completed / wanted
survives. Nothing exceeds the total, where it is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voltaire.api.actions import Observation
from voltaire.api.aiworkload import ProgressStatus
from voltaire.executor.state import State


@dataclass(frozen=True, slots=True)
class Work:
    """What the work is and how it saves itself. `total_seconds` at throughput 1, None for servers and where
    unknown; `throughput`: relative speed by accelerator type, 1 where absent."""

    total_seconds: float | None = None
    throughput: Mapping[str, float] = field(default_factory=dict)
    restore: timedelta = timedelta(0)
    interval: timedelta | None = None
    on_termination: bool = False

    def speed(self, accelerator_type: str | None) -> float:
        """Relative speed on that type."""
        return self.throughput.get(accelerator_type, 1.0) if accelerator_type is not None else 1.0


def useful_seconds(state: State, until: datetime, work: Work) -> float:
    """Running time of the present run that was useful work: without the time that restoring took."""
    copy = state.placement
    if copy is None or copy.started_at is None:
        return 0.0
    restore = work.restore.total_seconds() if state.saved_seconds > 0 else 0.0
    return max(0.0, (until - copy.started_at).total_seconds() - restore)


def work_done(state: State, seen: Observation | None, until: datetime, work: Work) -> float:
    """Work completed by `until`, what a stop would lose included."""
    if state.phase == "Succeeded" and work.total_seconds is not None:
        return work.total_seconds
    copy = state.placement
    speed = work.speed(copy.accelerator_type if copy else None)
    estimate = state.saved_seconds + useful_seconds(state, until, work) * speed
    reported = _reported(state, seen)
    done = estimate if reported is None else reported
    return _capped(max(done, _completed_share(seen, work)), work)


def surviving_work(
    state: State, seen: Observation | None, until: datetime, work: Work, *, orderly: bool = True
) -> float:
    """Work that is left after a stop at `until`. `orderly`: the program got its SIGTERM and its grace."""
    copy = state.placement
    useful = useful_seconds(state, until, work)
    speed = work.speed(copy.accelerator_type if copy else None)
    reported = _reported(state, seen)
    if reported is not None:
        kept = reported
    else:
        kept = state.saved_seconds + kept_seconds(useful, work, orderly=orderly) * speed
    return _capped(max(kept, _completed_share(seen, work)), work)


def kept_seconds(useful: float, work: Work, *, orderly: bool = True) -> float:
    """How much of `useful` seconds of running survives a stop, where the program itself has said nothing."""
    if work.on_termination and orderly:
        return useful
    if work.interval is not None and work.interval > timedelta(0):
        every = work.interval.total_seconds()
        return useful // every * every
    return 0.0


def at_risk_seconds(state: State, seen: Observation | None, now: datetime, work: Work) -> float:
    """Work that an orderly stop now would lose."""
    return max(0.0, work_done(state, seen, now, work) - surviving_work(state, seen, now, work))


def remaining_seconds(state: State, seen: Observation | None, now: datetime, work: Work) -> float | None:
    """Work left, None where the total is unknown."""
    if work.total_seconds is None:
        return None
    return max(0.0, work.total_seconds - work_done(state, seen, now, work))


def progress(
    state: State, seen: Observation | None, now: datetime, work: Work, *, server: bool = False
) -> ProgressStatus | None:
    """Progress for the status, in whole seconds; None for servers."""
    if server:
        return None
    done, total = work_done(state, seen, now, work), work.total_seconds
    percent = None
    if state.phase == "Succeeded":
        percent = 100
    elif total:
        percent = min(99, int(100 * done / total))  # an estimate never claims the end
    return ProgressStatus(completed_seconds=float(int(done)), total_seconds=total, percent=percent)


def _reported(state: State, seen: Observation | None) -> float | None:
    """What the program said, if it is this very run that said it."""
    copy = state.placement
    if seen is None or copy is None or not seen.reachable or seen.epoch != copy.epoch:
        return None
    return seen.completed_seconds


def _completed_share(seen: Observation | None, work: Work) -> float:
    if seen is None or seen.completions is None or work.total_seconds is None:
        return 0.0
    done, wanted = seen.completions
    return work.total_seconds * done / wanted if wanted > 1 else 0.0


def _capped(seconds: float, work: Work) -> float:
    return seconds if work.total_seconds is None else min(seconds, work.total_seconds)
