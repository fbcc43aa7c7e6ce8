"""What a status must look like so that generic tools (kubectl wait, Argo CD, Flux) understand it.

The rules are those of kstatus: `Ready` tells whether the object is as its spec asks, `Reconciling` and
`Stalled` are there only while they are true.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_REASON = re.compile(r"[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?")
_ABNORMAL = ("Reconciling", "Stalled")


def breaches(body: Mapping[str, Any]) -> list[str]:
    """Which rules the status of an object breaks; empty for one that has no status yet."""
    status, generation = body.get("status") or {}, body["metadata"]["generation"]
    if not status.get("conditions"):
        return []
    conditions = status["conditions"]
    by_type = {condition["type"]: condition for condition in conditions}
    found = [text for condition in conditions for text in _alone(condition, generation)]
    if len(by_type) < len(conditions):
        found.append("a type is there twice")
    ready = by_type.get("Ready")
    if ready is None:
        return [*found, "Ready is missing"]
    present = [kind for kind in _ABNORMAL if kind in by_type]
    found += [f"{kind} is {by_type[kind]['status']}" for kind in present if by_type[kind]["status"] != "True"]
    if len(present) > 1:
        found.append("Reconciling and Stalled at once")
    if ready["status"] == "True" and present:
        found.append(f"Ready is True and {present[0]} as well")
    if ready["status"] != "True" and not present and status.get("phase") in ("Placing", "Draining", "Failed"):
        found.append(f"{status['phase']}, and neither Reconciling nor Stalled says so")
    observed = status.get("observedGeneration")
    if not isinstance(observed, int) or observed > generation:
        found.append(f"observedGeneration is {observed}, the generation {generation}")
    return found


def _alone(condition: Mapping[str, Any], generation: int) -> list[str]:
    """What one condition does wrong by itself."""
    found, kind = [], condition["type"]
    if condition["status"] not in ("True", "False", "Unknown"):
        found.append(f"{kind} has status {condition['status']!r}")
    if not _REASON.fullmatch(condition.get("reason") or ""):
        found.append(f"{kind} has reason {condition.get('reason')!r}")
    if kind == "Ready" and condition["status"] != "True" and not condition.get("message"):
        found.append("not Ready, and no message says why")
    if condition.get("observedGeneration", 0) > generation:
        found.append(f"{kind} observes a generation that never was")
    try:
        datetime.fromisoformat(condition["lastTransitionTime"])
    except (KeyError, ValueError):
        found.append(f"{kind} has lastTransitionTime {condition.get('lastTransitionTime')!r}")
    return found
