"""The safe step: one workload's next move, as a pure function.

    Pending -> Placing(A) -> Running(A) -> Draining(A) -> Stopped -> Placing(B) -> ... -> Succeeded | Failed
                                                |            ^
                                                +-> Paused --+

The caller's part of the contract, on which the guarantees rest:

1. Call `step` with the state read from the status, every observation there is of this workload in any member,
   and at least those of `state.refers(...)`. What is missing or too old is named in `Step.needs_live`.
2. If `Step.state` differs, write it (with the resourceVersion it was read at) before anything else. Then
   perform `Step.request`, observe, and step again, passing how the request ended as `answer`.
3. An `Observation` is `live` only if it was read after every earlier request to that member has ended for
   sure: after a request timed out, not before the member's server must have given it up.
4. Requests repeat until they are seen to have worked; the caller spaces out those that fail.

Then, for exclusive workloads and without accepting the loss of a cluster: never two copies with pods, however
often it crashes and whatever is lost, late or repeated; and nothing is lost: once faults end, the desire is
reached. `tests/executor/test_explore.py` explores that exhaustively on a small world.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from voltaire.api.actions import Observation
from voltaire.api.aiworkload import Phase
from voltaire.executor.active import draining, placing, running
from voltaire.executor.case import Case
from voltaire.executor.removal import remove
from voltaire.executor.rest import at_rest
from voltaire.executor.state import State, durable, from_status, refers
from voltaire.executor.strays import newer_here, strays
from voltaire.executor.values import (
    Answer,
    Desire,
    Event,
    Exclusion,
    Keep,
    Profile,
    Remove,
    Run,
    Step,
    Stop,
)

_NOTHING_LOST: Mapping[str, datetime] = {}


def step(
    state: State,
    desire: Desire,
    observations: Mapping[str, Observation],
    *,
    now: datetime,
    profile: Profile,
    answer: Answer | None = None,
    lost: Mapping[str, datetime] = _NOTHING_LOST,
) -> Step:
    """The next move towards `desire`.

    `observations`: cluster -> what is seen there; absent means not known. `answer`: how the last request for
    this workload ended, where the caller still knows. `lost`: clusters whose loss is older than the grace,
    with the time each was first lost; it matters only to workloads that may restart elsewhere.
    """
    case = Case(state, desire, observations, now, profile, answer, lost)
    if isinstance(desire, Remove):
        return remove(case, desire)
    newer = newer_here(case)
    if newer is not None:
        return newer
    if state.phase in _WORKING:
        own = _PHASES[state.phase](case)
        idle = own.state == state and own.request is None and not own.needs_live
        return (strays(case) or own) if idle else own
    return strays(case) or _PHASES[state.phase](case)


def _ended(case: Case) -> Step:
    return case.report(case.state.phase, "its work has ended")


_WORKING: frozenset[Phase] = frozenset({"Running", "Succeeded", "Failed"})
_PHASES: Mapping[Phase, Callable[[Case], Step]] = {
    "Pending": at_rest,
    "Stopped": at_rest,
    "Paused": at_rest,
    "Placing": placing,
    "Running": running,
    "Draining": draining,
    "Succeeded": _ended,
    "Failed": _ended,
}

__all__ = [
    "Answer",
    "Desire",
    "Event",
    "Exclusion",
    "Keep",
    "Profile",
    "Remove",
    "Run",
    "State",
    "Step",
    "Stop",
    "durable",
    "from_status",
    "refers",
    "step",
]
