"""Compiling what planning needs before it is needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from voltaire.api.aiworkload import LabelSelector
from voltaire.api.gridzone import Basis
from voltaire.fleet.snapshot import ClusterView, PolicyView, Snapshot, WorkloadView
from voltaire.planner.core import Planner
from voltaire.planner.joint import WARM_UP

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_ANYWHERE: frozenset[str] = frozenset()


def warm_up() -> None:
    """Compile every kernel, or load what is compiled: half a minute of CPU the first time, then about a
    second. For a worker's start."""
    site = ClusterView(
        "x", {}, _ANYWHERE, _ANYWHERE, "X", True, "", {"a": 2}, {"a": 1.0}, 1.0, 0.0, None, Basis(),
        (300.0, 100.0, 300.0, 100.0),
    )  # fmt: skip
    works = {uid: _work(uid) for uid in ("u", "v", "w")}
    snapshot = Snapshot(_NOW, _NOW, timedelta(hours=1), 4, {"x": site}, works)
    planner = Planner(WARM_UP)
    for minutes in (0, 60):
        planner.plan(snapshot, _NOW + timedelta(minutes=minutes))


def _work(uid: str) -> WorkloadView:
    return WorkloadView(
        uid, uid, "x", "Training", "Pending", 1, None, {}, 3600.0, _NOW, _NOW, None, False, _ANYWHERE,
        LabelSelector(), None, "Migrate", 0.0, 0.0, 0.0, timedelta(0), 1, None, None, None, False, True, None,
        PolicyView(),
    )  # fmt: skip
