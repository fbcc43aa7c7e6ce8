"""A job on its way: what has been done, what a stop would lose, where it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from voltaire.executor.progress import Work, kept_seconds
from voltaire.twin.job import Job
from voltaire.twin.result import RunKind, RunRow

HOUR = timedelta(hours=1)


class Status(StrEnum):
    """What it does at the moment."""

    COMING = "Coming"  # not there yet
    STOPPED = "Stopped"  # waits, or is paused
    TRANSFER = "Transfer"  # its checkpoint travels; it holds nothing
    RESTART = "Restart"  # holds its accelerators and draws power, and does no work yet
    RUN = "Run"
    DONE = "Done"


@dataclass(slots=True)
class JobState:
    """Hours from the start of the run; work in hours at throughput 1.

    `saved_h`: work that no stop can take. `cluster`: where it runs or will, once its transfer has arrived.
    `data`: where its checkpoint lies while it is stopped. `since`: begin of the present status. `turn` counts
    its changes: an event of an earlier turn is void. `powers`: IT power, kW, in each of `runs`.
    """

    job: Job
    work: Work
    status: Status = Status.COMING
    saved_h: float = 0.0
    cluster: str | None = None
    kind: str | None = None
    speed: float = 1.0
    kw: float = 0.0
    data: str | None = None
    since: float = 0.0
    changed: float | None = None
    turn: int = 0
    migrations: int = 0
    pauses: int = 0
    lost_h: float = 0.0
    done_h: float | None = None
    runs: list[RunRow] = field(default_factory=list)
    powers: list[float] = field(default_factory=list)

    @property
    def active(self) -> bool:
        """Arrived and not finished."""
        return self.status not in (Status.COMING, Status.DONE)

    @property
    def holds(self) -> bool:
        """Whether it has accelerators."""
        return self.status in (Status.RUN, Status.RESTART)

    @property
    def started(self) -> bool:
        """Whether it ever ran."""
        return bool(self.runs) or self.holds

    def left_h(self, now: float) -> float:
        """Work left if it goes on."""
        gained = (now - self.since) * self.speed if self.status is Status.RUN else 0.0
        return max(0.0, self.job.duration_h - self.saved_h - gained)

    def at_risk_h(self, now: float) -> float:
        """Work that a stop now would lose."""
        if self.status is not Status.RUN:
            return 0.0
        useful = (now - self.since) * 3600.0
        return max(0.0, (useful - kept_seconds(useful, self.work)) / 3600.0) * self.speed

    def close(self, now: float, *, done: bool = False) -> None:
        """End the present run, restart or transfer: it goes into the books. `done`: its work is over."""
        if self.status in (Status.RUN, Status.RESTART, Status.TRANSFER) and now > self.since:
            kind: RunKind = self.status.value  # type: ignore[assignment]
            self.runs.append((self.since, now, self.cluster or "", kind))
            self.powers.append(0.0 if self.status is Status.TRANSFER else self.kw)
        if self.status is Status.RUN and not done:
            lost = self.at_risk_h(now)
            self.lost_h += lost
            self.saved_h = min(self.job.duration_h, self.saved_h + (now - self.since) * self.speed - lost)
        elif done:
            self.saved_h, self.done_h = self.job.duration_h, now


def fresh(job: Job) -> JobState:
    """A job that is still to come."""
    interval = None if job.interval_h is None else job.interval_h * HOUR
    work = Work(job.duration_h * 3600.0, job.throughput, job.restart_h * HOUR, interval, job.on_termination)
    return JobState(job, work)
