"""Conditions as pure values: what to say, and how it lands in a list.

They obey kstatus: `Ready` is always there, `Reconciling` and `Stalled` are there only while true.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from voltaire.api.base import Condition

READY = "Ready"
RECONCILING = "Reconciling"
STALLED = "Stalled"
ABNORMAL = frozenset({RECONCILING, STALLED})


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition without its bookkeeping."""

    type: str
    status: Literal["True", "False", "Unknown"]
    reason: str
    message: str = ""


def ready(reason: str, message: str = "") -> tuple[Finding, ...]:
    """The resource is as its spec asks."""
    return (Finding(READY, "True", reason, message),)


def in_progress(reason: str, message: str) -> tuple[Finding, ...]:
    """On its way: nobody has to do anything."""
    return (Finding(READY, "False", reason, message), Finding(RECONCILING, "True", reason, message))


def stalled(reason: str, message: str) -> tuple[Finding, ...]:
    """It will not become ready until somebody changes something: the message says what."""
    return (Finding(READY, "False", reason, message), Finding(STALLED, "True", reason, message))


def merge(
    current: Sequence[Condition], findings: Iterable[Finding], *, now: datetime, generation: int
) -> list[Condition]:
    """Replace what was said by what is found now.

    A transition time changes only with the status; abnormal-true conditions that are no longer found go;
    other types that are not mentioned stay. The order is stable, so an unchanged list compares equal.
    """
    before = {condition.type: condition for condition in current}
    found = {finding.type: finding for finding in findings}
    kept = {kind: c for kind, c in before.items() if kind not in found and kind not in ABNORMAL}
    for kind, finding in found.items():
        old = before.get(kind)
        since = old.last_transition_time if old and old.status == finding.status else now
        kept[kind] = Condition(
            type=kind,
            status=finding.status,
            reason=finding.reason,
            message=finding.message[:32768],
            last_transition_time=since,
            observed_generation=generation,
        )
    return sorted(kept.values(), key=lambda c: (c.type != READY, c.type))
