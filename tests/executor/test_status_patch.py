"""The merge patch from one status to the next: what is gone is named, at every depth."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from voltaire.api.aiworkload import AIWorkloadStatus, PlacementStatus
from voltaire.executor.status import patch

NOW = datetime(2025, 3, 20, tzinfo=UTC)


def merged(old: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """RFC 7386, as the API server does it."""
    out = dict(old)
    for key, value in change.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, dict):
            out[key] = merged(out[key] if isinstance(out.get(key), dict) else {}, value)
        else:
            out[key] = value
    return out


def test_a_patched_status_is_the_new_one_to_the_last_field() -> None:
    placed = PlacementStatus(cluster="a", epoch=1, since=NOW, started_at=NOW, object_uid="u", power_kw=1.0)
    before = AIWorkloadStatus(phase="Running", epoch=1, placement=placed, target="b")
    after = AIWorkloadStatus(
        phase="Placing", epoch=2, placement=PlacementStatus(cluster="b", epoch=2, since=NOW)
    )
    change = patch(before, after)
    assert change is not None
    assert merged(before.to_wire(), change) == after.to_wire()


def test_an_unchanged_status_is_not_written() -> None:
    same = AIWorkloadStatus(phase="Running", epoch=1)
    assert patch(same, same) is None
