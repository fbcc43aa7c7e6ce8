"""What the executor asks of an engine, and what an engine saw: the only two values between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verb(StrEnum):
    """What can be asked of an engine. Each may be asked twice: the second time finds it done."""

    CREATE = "Create"
    SUSPEND = "Suspend"
    RESUME = "Resume"
    DELETE = "Delete"


@dataclass(frozen=True, slots=True)
class Request:
    """One action in one member.

    `object_uid`, where set, is the precondition: nothing else of the same name is touched.
    `completed_seconds` is the work that survives, stamped on what is created so that it resumes there.
    """

    verb: Verb
    cluster: str
    epoch: int
    object_uid: str | None = None
    completed_seconds: float = 0.0
    accelerator_type: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a request ended. `reason` is a CamelCase word, empty when it worked.

    `permanent`: asking again cannot help until somebody changes something (the message says what).
    `object_uid`: uid of the object in the member, where the answer told it.
    """

    object_uid: str | None = None
    reason: str = ""
    message: str = ""
    permanent: bool = False

    @property
    def ok(self) -> bool:
        return not self.reason


class Result(StrEnum):
    """How the work itself ended."""

    SUCCEEDED = "Succeeded"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class Observation:
    """One workload in one member, as its API server knows it.

    `live`: read from the API server for this very question; otherwise from a watch, which may lag.
    `reachable` False makes everything else unknown. `pods` counts every pod of the workload that is not in a
    terminal phase, whatever object made it; `ready` those at work. Times are the operator's clock.
    `completed_seconds` is what the program itself reported, `completions` how many of a Job's completions
    are done and how many it wants.
    """

    cluster: str
    reachable: bool
    live: bool
    exists: bool = False
    object_uid: str | None = None
    epoch: int | None = None
    suspended: bool = False
    deleting: bool = False
    pods: int = 0
    ready: int = 0
    started_at: datetime | None = None
    result: Result | None = None
    finished_at: datetime | None = None
    completed_seconds: float | None = None
    completions: tuple[int, int] | None = None
    message: str = ""

    @property
    def gone(self) -> bool:
        """Certainly nothing left: no object and no pod, by a live read."""
        return self.reachable and self.live and not self.exists and self.pods == 0

    @property
    def stopped(self) -> bool:
        """Certainly nothing runs, by a live read; the object may be there, suspended or finished."""
        return (
            self.reachable
            and self.live
            and self.pods == 0
            and (not self.exists or self.suspended or self.result is not None)
        )
