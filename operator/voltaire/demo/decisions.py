"""What the operator decided, read from how AIWorkload statuses change. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from voltaire.api.aiworkload import AIWorkloadStatus

What = Literal["Start", "Wait", "Stay", "Pause", "Resume", "Migrate", "Finish", "Fail"]
_WAITING = frozenset({"Pending", "Stopped", "Paused"})


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision as it showed. `origin` and `target` are clusters; None where there is none."""

    time: datetime
    workload: str
    action: What
    origin: str | None
    target: str | None
    reason: str
    message: str


class DecisionLog:
    """Turns a sequence of statuses per workload into decisions.

    A move shows when the copy begins to drain (with its target already known), or, where that was too quick
    to be seen, when the next copy is being made elsewhere.
    """

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self._last: dict[str, AIWorkloadStatus] = {}
        self._place: dict[str, str] = {}
        self._announced: dict[str, str | None] = {}

    def see(self, uid: str, name: str, status: AIWorkloadStatus, time: datetime) -> list[Decision]:
        """Take a status in; returns what it decided, if anything."""
        before = self._last.get(uid, AIWorkloadStatus())
        self._last[uid] = status
        found = self._changes(uid, before, status)
        reason = status.why.reason if status.why else status.phase
        message = status.why.message if status.why else ""
        made = [
            Decision(time, name, action, origin, target, reason, message) for action, origin, target in found
        ]
        self.decisions += made
        return made

    def _changes(
        self, uid: str, before: AIWorkloadStatus, status: AIWorkloadStatus
    ) -> list[tuple[What, str | None, str | None]]:
        place = self._place.get(uid)
        here = status.placement.cluster if status.placement else None
        epoch = status.placement.epoch if status.placement else 0
        known = before.placement.epoch if before.placement else 0
        found: list[tuple[What, str | None, str | None]] = []
        if status.phase == "Draining" and before.phase != "Draining":
            target = status.target if status.target != (here or place) else None
            found.append(("Migrate" if target else "Pause", here or place, target))
            self._announced[uid] = target
        elif status.phase == "Paused" and before.phase not in ("Draining", "Stopped", "Paused"):
            found.append(("Pause", place, None))
        elif here is not None and (epoch > known or (before.phase in _WAITING and status.phase == "Placing")):
            found += self._placed(uid, place, here)
        elif status.phase in ("Succeeded", "Failed") and before.phase != status.phase:
            found.append(("Finish" if status.phase == "Succeeded" else "Fail", here or place, None))
        elif self._thinks_again(before, status):
            found.append(("Wait", place, None))
        if here is not None:
            self._place[uid] = here
        return found

    def _placed(self, uid: str, place: str | None, here: str) -> list[tuple[What, str | None, str | None]]:
        announced = self._announced.pop(uid, None)
        if place is None:
            return [("Start", None, here)]
        if place == here:
            return [("Resume", None, here)]
        return [] if announced == here else [("Migrate", place, here)]

    @staticmethod
    def _thinks_again(before: AIWorkloadStatus, status: AIWorkloadStatus) -> bool:
        if status.phase not in ("Pending", "Paused") or status.why is None:
            return False
        return before.why is None or before.why.reason != status.why.reason or before.phase != status.phase
