"""The durable memory of one workload: what its status keeps across crashes, as a frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from voltaire.api.aiworkload import AIWorkloadStatus, CheckpointStatus, Phase, PlacementStatus

FINAL: frozenset[Phase] = frozenset({"Succeeded", "Failed"})
AT_REST: frozenset[Phase] = frozenset({"Pending", "Stopped", "Paused"})


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy in one member: there, or about to be. `started_at` is set while its pods are at work (a
    stopped copy that stays suspended in its member has none); `power_kw` is IT power of the gang there."""

    cluster: str
    epoch: int
    since: datetime
    object_uid: str | None = None
    started_at: datetime | None = None
    accelerator_type: str | None = None
    power_kw: float | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """Work that survived the last stop, seconds at throughput 1, and where it lies."""

    completed_seconds: float
    time: datetime
    cluster: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What must not be forgotten. `epoch` is the last one given out; it only grows.

    Invariant for exclusive workloads: no copy exists anywhere but at `placement`, so `placement is None`
    means that none exists (unless the loss of its cluster was accepted: then with a lower epoch).
    """

    phase: Phase = "Pending"
    epoch: int = 0
    placement: Copy | None = None
    previous: Copy | None = None
    target: str | None = None
    checkpoint: Saved | None = None
    migrations: int = 0
    pauses: int = 0
    phase_since: datetime | None = None
    last_change: datetime | None = None
    finished_at: datetime | None = None
    uncleaned: tuple[str, ...] = ()

    @property
    def final(self) -> bool:
        return self.phase in FINAL

    @property
    def saved_seconds(self) -> float:
        """Work that a new start resumes from, seconds at throughput 1."""
        return self.checkpoint.completed_seconds if self.checkpoint else 0.0


def refers(state: State, goal: str | None = None) -> frozenset[str]:
    """The clusters whose observations a step needs: those of the state, and where the workload shall go."""
    copies = (copy.cluster for copy in (state.placement, state.previous) if copy)
    return frozenset((*copies, *(name for name in (state.target, goal) if name)))


def from_status(status: AIWorkloadStatus) -> State:
    """The durable parts of a status. Inverse of `durable`."""
    saved = status.checkpoint
    return State(
        phase=status.phase,
        epoch=status.epoch,
        placement=_copy(status.placement),
        previous=_copy(status.previous),
        target=status.target,
        checkpoint=Saved(saved.completed_seconds, saved.time, saved.cluster) if saved else None,
        migrations=status.migrations,
        pauses=status.pauses,
        phase_since=status.phase_since,
        last_change=status.last_change,
        finished_at=status.finished_at,
        uncleaned=tuple(status.uncleaned),
    )


def durable(state: State) -> dict[str, Any]:
    """The fields of `AIWorkloadStatus` that hold the state, by their Python names."""
    saved = state.checkpoint
    return {
        "phase": state.phase,
        "epoch": state.epoch,
        "placement": _placement(state.placement),
        "previous": _placement(state.previous),
        "target": state.target,
        "checkpoint": CheckpointStatus(
            completed_seconds=saved.completed_seconds, time=saved.time, cluster=saved.cluster
        )
        if saved
        else None,
        "migrations": state.migrations,
        "pauses": state.pauses,
        "phase_since": state.phase_since,
        "last_change": state.last_change,
        "finished_at": state.finished_at,
        "uncleaned": list(state.uncleaned),
    }


_FIELDS: tuple[
    Literal["cluster", "epoch", "since", "object_uid", "started_at", "accelerator_type", "power_kw"], ...
] = ("cluster", "epoch", "since", "object_uid", "started_at", "accelerator_type", "power_kw")


def _copy(status: PlacementStatus | None) -> Copy | None:
    return Copy(**{name: getattr(status, name) for name in _FIELDS}) if status else None


def _placement(copy: Copy | None) -> PlacementStatus | None:
    return PlacementStatus(**{name: getattr(copy, name) for name in _FIELDS}) if copy else None
