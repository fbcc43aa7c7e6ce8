"""A job of the twin: what an AIWorkload says of itself, in hours from the start of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from voltaire.api.aiworkload import DisruptionMode, LabelSelector, WorkloadType

RESTART_H = 0.05
"""How long a restart takes where nothing is said: three minutes, as an AIWorkload's `restoreTime`."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that arrives at `arrival_h` and takes `duration_h` with its whole gang at throughput 1.

    `power_kw`: IT power of the gang, None: by accelerator type, as the cluster declares it. `mode` Never: it
    stays where it started and runs through; Suspend: it may pause in place; Migrate: it may also move.
    A stop loses nothing with `on_termination`, else what it did since the last multiple of `interval_h`, else
    everything since it last started. A restart takes `restart_h`. None leaves it to the PlacementPolicy.
    """

    id: str
    arrival_h: float
    duration_h: float
    accelerators: int
    deadline_h: float | None
    home: str | None
    power_kw: float | None = None
    mode: DisruptionMode = "Never"
    checkpoint_gb: float = 0.0
    residency: frozenset[str] = frozenset()
    restart_h: float = RESTART_H
    on_termination: bool = True
    interval_h: float | None = None
    earliest_h: float | None = None
    deadline_required: bool = True
    throughput: Mapping[str, float] = field(default_factory=dict)
    selector: LabelSelector = field(default_factory=LabelSelector)
    namespace: str = "default"
    type: WorkloadType = "BatchInference"
    policy: str | None = None
    minimum_residence_h: float | None = None
    maximum_migrations: int = 1000

    @property
    def interruptible(self) -> bool:
        """Whether it may be stopped once it runs."""
        return self.mode != "Never"

    @property
    def start_h(self) -> float:
        """The earliest moment it may run."""
        return self.arrival_h if self.earliest_h is None else max(self.arrival_h, self.earliest_h)
