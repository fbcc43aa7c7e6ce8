"""What is known of the connection to a member, and the small machine that decides it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Connectivity(StrEnum):
    """Connecting: never worked yet. Lost: worked, or was tried, and does not."""

    CONNECTING = "Connecting"
    REACHABLE = "Reachable"
    LOST = "Lost"


@dataclass(frozen=True, slots=True)
class MemberSettings:
    """Times in seconds of the event loop, not of the operator's clock: networks do not speed up.

    `failures_to_lose`: this many probes in a row must fail; the time of the first is what is reported.
    `bulkhead`: requests to one member at the same time; a stuck member holds up no other.
    """

    probe_every: float = 3.0
    probe_timeout: float = 3.0
    request_timeout: float = 10.0
    failures_to_lose: int = 2
    first_backoff: float = 1.0
    last_backoff: float = 60.0
    settle: float = 10.0
    stale_after: float = 120.0
    bulkhead: int = 16


@dataclass(frozen=True, slots=True)
class MemberState:
    """A member as it is now. `reason` is empty while it is reachable; `message` may carry a hint even then.

    `lost_since` is when it was first lost, in the operator's time, until it is reachable again.
    `cluster_uid` identifies the cluster behind the connection (the uid of its namespace kube-system).
    `nodes_ready` counts nodes that take work. Accelerators by type: `capacity` is what Voltaire may use, its
    own use included; `used` is its own use, `others` what others use.
    """

    name: str
    connectivity: Connectivity
    reason: str = ""
    message: str = ""
    lost_since: datetime | None = None
    server_version: str | None = None
    cluster_uid: str | None = None
    nodes_ready: int | None = None
    capacity: Mapping[str, int] = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def reachable(self) -> bool:
        return self.connectivity is Connectivity.REACHABLE


class Health:
    """Turns the outcomes of probes into a connectivity. Holds no time of its own."""

    def __init__(self, settings: MemberSettings, lost_since: datetime | None = None) -> None:
        self._settings = settings
        self._first_failure: datetime | None = None
        self._failures = 0
        self.lost_since = lost_since
        self.connectivity = Connectivity.CONNECTING if lost_since is None else Connectivity.LOST
        self.reason = "Connecting"
        self.message = "no answer yet"

    def answered(self) -> None:
        """It answers; whether what we hold of it is fresh is another question."""
        self._failures = 0
        self._first_failure = None

    def explain(self, reason: str, message: str) -> None:
        """Say what a first connection waits for. One that was lost keeps the reason until it is back."""
        if self.connectivity is Connectivity.CONNECTING:
            self.reason, self.message = reason, message

    def recovered(self) -> None:
        """It answers, and what we hold of it is fresh."""
        self.answered()
        self.connectivity = Connectivity.REACHABLE
        self.lost_since = None
        self.reason = self.message = ""

    def failed(self, reason: str, message: str, now: datetime, *, certain: bool = False) -> None:
        """A probe failed; `certain` needs no second one."""
        self._failures += 1
        self._first_failure = self._first_failure or now
        doubt = self.connectivity is Connectivity.REACHABLE and not certain
        if doubt and self._failures < self._settings.failures_to_lose:
            return
        self.connectivity = Connectivity.LOST
        self.lost_since = self.lost_since or self._first_failure
        self.reason, self.message = reason, message

    @property
    def lost(self) -> bool:
        return self.connectivity is Connectivity.LOST

    def wait_seconds(self) -> float:
        """Until the next probe: steady while it answers, then twice as long each time, with jitter."""
        if not self._failures:
            return self._settings.probe_every
        backoff = self._settings.first_backoff * 2.0 ** min(self._failures - 1, 32)
        return min(backoff, self._settings.last_backoff) * random.uniform(0.5, 1.0)  # noqa: S311 (jitter)
