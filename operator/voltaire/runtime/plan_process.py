"""The planner's own process: it holds the last solution, so that only snapshots and plans go to and fro."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import structlog

from voltaire.fleet.snapshot import Snapshot
from voltaire.planner import Effort, Planner, warm_up
from voltaire.planner.joint import Problem, to_json
from voltaire.planner.plan import Plan

log = structlog.get_logger(__name__)
DUMPS_KEPT = 20

_planner: Planner | None = None
_dump: Path | None = None


def begin(seconds: float, dump: str) -> None:
    """At the process' start: compile, or load what is compiled. `dump`: where to leave each plan's problem,
    '' for nowhere."""
    global _planner, _dump  # one process, one planner
    warm_up()
    _planner, _dump = Planner(Effort(seconds=seconds)), Path(dump) if dump else None


def make(snapshot: Snapshot, now: datetime) -> Plan:
    """The next plan. Raises what `Planner.plan` raises, RuntimeError before `begin`."""
    if _planner is None:
        raise RuntimeError("the planner's process has not begun")
    made = _planner.plan(snapshot, now)
    if _dump is not None and _planner.problem is not None:
        try:
            keep_problem(_planner.problem, now, _dump)
        except OSError as error:
            log.warning("the plan's problem could not be kept", folder=str(_dump), error=str(error))
    return made


def keep_problem(problem: Problem, now: datetime, folder: Path) -> Path:
    """Write `problem-<time>.json`, whole or not at all, and delete all but the last `DUMPS_KEPT`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"problem-{now:%Y%m%dT%H%M%SZ}.json"
    draft = file.with_suffix(".part")
    draft.write_text(to_json(problem), encoding="utf-8")
    draft.replace(file)
    for old in sorted(folder.glob("problem-*.json"))[:-DUMPS_KEPT]:
        old.unlink(missing_ok=True)
    return file
