"""Reading nested values of objects that others wrote: wrong shapes are absent values, never exceptions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def mapping(value: Any) -> Mapping[str, Any]:
    """`value` if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Mapping[str, Any]]:
    """The mappings in a list; an empty list for anything else."""
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def path(value: Any, *keys: str) -> Any:
    """`value[key][key]...`, or None where the path ends early."""
    for key in keys:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def whole(value: Any, default: int) -> int:
    """A non-negative integer, or `default`."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default


def condition(body: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The status condition of a type; empty when it is absent."""
    found = (entry for entry in items(path(body, "status", "conditions")) if entry.get("type") == kind)
    return next(found, {})


def holds(body: Mapping[str, Any], kind: str) -> bool:
    """Whether a condition is true."""
    return condition(body, kind).get("status") == "True"


def wall_time(value: Any) -> datetime | None:
    """A Kubernetes timestamp, aware; None for anything else."""
    try:
        time = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return time.astimezone(UTC) if time is not None and time.tzinfo is not None else None
