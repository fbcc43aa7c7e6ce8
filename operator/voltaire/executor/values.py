"""What goes into a step and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from voltaire.api.actions import Outcome, Request
from voltaire.executor.progress import Work
from voltaire.executor.state import State


@dataclass(frozen=True, slots=True)
class Run:
    """It shall run there."""

    cluster: str
    accelerator_type: str | None = None
    power_kw: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """It shall not run, but keep what it has: a pause, by the plan or by the user."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Nobody has decided anything: go on with what was begun, begin nothing new."""


@dataclass(frozen=True, slots=True)
class Remove:
    """It was deleted at `since` (the deletion timestamp): nothing of it shall stay in any member."""

    since: datetime


Desire = Run | Stop | Keep | Remove


@dataclass(frozen=True, slots=True)
class Profile:
    """What the step must know of the workload.

    `exclusive`: never two copies; servers are not, they move make-before-break and the old copy goes once
    `wanted` pods of the new one are ready. `restart_when_lost`: its user accepts that a copy in a lost
    cluster may still run. `cleanup_timeout`: how long a member may hold up a deletion.
    """

    exclusive: bool = True
    wanted: int = 1
    restart_when_lost: bool = False
    cleanup_timeout: timedelta = timedelta(minutes=5)
    work: Work = field(default_factory=Work)


@dataclass(frozen=True, slots=True)
class Answer:
    """How the last request for this workload ended. Not durable: without it the step observes and retries."""

    request: Request
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Event:
    """Something to tell people, once."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A cluster that refused the workload: it should not be planned with for a while."""

    cluster: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now. The caller persists `state` if it differs, then performs `request`, observes and steps
    again; without either it waits for news, after reading the clusters in `needs_live` from their servers.

    `reason` (CamelCase) and `message` say where it stands. `blocked`: it waits for something that is wrong,
    not for something that takes its time. `finished`: deletion is complete, the finalizer may go.
    """

    state: State
    reason: str
    message: str = ""
    request: Request | None = None
    events: tuple[Event, ...] = ()
    needs_live: frozenset[str] = frozenset()
    exclude: Exclusion | None = None
    blocked: bool = False
    finished: bool = False
