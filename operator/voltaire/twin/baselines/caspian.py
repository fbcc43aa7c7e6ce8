"""Caspian: a linear program over (workload, cluster, starting slot), rounded; migrations cost it nothing.

It maximises, for each workload that is given a start, the sum of three scores, each divided by the best that
the linear program reaches for it alone: the work's size over what its run emits, one over its completion
time, one over its lateness. At most one start each; accelerators within capacity in every slot. What the
program does not give whole is rounded in the order of its share: the best-scored start that still has room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import highspy
import numpy as np

from voltaire.fleet.snapshot import WorkloadView
from voltaire.planner.case import Place, is_lasting
from voltaire.twin.baselines.base import PAUSE, Baseline
from voltaire.twin.baselines.batteries import BatteryRule
from voltaire.twin.baselines.grid import Floats, Ints
from voltaire.twin.baselines.scene import Scene, work_seconds

PERIODS = 24
"""Its time horizon, in periods."""
PERIOD_SECONDS = 3600.0
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Column:
    """A start: workload, cluster and type, first period and the first after its end."""

    workload: int
    place: Place
    start: int
    end: int
    scores: tuple[float, float, float]


class Caspian(Baseline):
    """Solves when a period begins. What arrives between is placed at the next one, or earlier where its slack
    runs out."""

    def __init__(self, name: str, battery: BatteryRule) -> None:
        super().__init__(name, battery)
        self._solved: int | None = None
        self._targets: dict[str, Place | None] = {}

    def prepare(self, scene: Scene) -> None:
        period = int(scene.now.timestamp() // max(PERIOD_SECONDS, scene.time.slot_seconds))
        self._targets = {uid: at for uid, at in self._targets.items() if uid in scene.snapshot.workloads}
        if period != self._solved:
            self._solved = period
            self._targets = decide(scene)

    def starts(self, w: WorkloadView, scene: Scene) -> Sequence[Place]:  # noqa: ARG002
        target = self._targets.get(w.uid)
        return [] if target is None else [target]

    def keep(self, w: WorkloadView, own: Place, scene: Scene) -> Place | None:
        if w.uid not in self._targets:
            return own
        target = self._targets[w.uid]
        if target is None:
            return PAUSE
        if target.cluster == own.cluster or w.mode != "Migrate" or not scene.room.open(w, target):
            return own
        return target


def decide(scene: Scene) -> dict[str, Place | None]:
    """Where each workload that may be decided about runs in the first period, None where it is held."""
    asked = [
        w for w in scene.workloads
        if not (scene.fixed(w) or is_lasting(w) or (w.cluster is not None and w.mode == "Never"))
    ]  # fmt: skip
    columns = [column for i, w in enumerate(asked) for column in _columns(i, w, scene)]
    room = _room(scene, asked)
    if not columns:
        return {w.uid: None for w in asked}
    scores = np.array([column.scores for column in columns])
    bests = [max(float(scores[:, n] @ _solve(scores[:, n], columns, asked, room)), TINY) for n in range(3)]
    value = (scores / np.array(bests)).sum(axis=1)
    share = _solve(value, columns, asked, room)
    return _round(asked, columns, value, share, room)


def _columns(i: int, w: WorkloadView, scene: Scene) -> list[Column]:
    found = []
    for place in scene.places(w):
        grid = _hourly(scene, place)
        if grid is None:
            continue
        length = max(1, int(np.ceil(work_seconds(w) / place.rate / PERIOD_SECONDS)))
        sizes = w.accelerators / max(1, scene.view(place.cluster).capacity.get(place.kind or "", 1))
        clean = sizes / (np.maximum(grid, TINY) * place.facility_kw / max(1, w.accelerators))
        begun = np.concatenate(([0.0], np.cumsum(clean)))
        due = scene.due(w) / PERIOD_SECONDS
        for start in range(len(grid)):
            late = start + length - due
            scores = (
                float(begun[min(len(grid), start + length)] - begun[start]),
                1.0 / (start + length),
                1.0 / late if late > 1.0 else 1.0,
            )
            found.append(Column(i, place, start, min(len(grid), start + length), scores))
    return found


def _hourly(scene: Scene, place: Place) -> Floats | None:
    """g/kWh by period from now on."""
    grid = scene.intensity(place)
    if grid is None:
        return None
    each = max(1, round(PERIOD_SECONDS / scene.time.slot_seconds))
    starts = np.arange(0, len(grid), each)[:PERIODS]
    return np.array([grid[k : k + each].mean() for k in starts])


def _room(scene: Scene, asked: Sequence[WorkloadView]) -> dict[tuple[str, str | None], Floats]:
    """Accelerators by cluster and type and period that are not held by what is not asked about."""
    room: dict[tuple[str, str | None], Floats] = {
        (name, kind): np.full(PERIODS, float(count))
        for name, view in scene.snapshot.clusters.items() for kind, count in view.capacity.items()
    }  # fmt: skip
    mine = {w.uid for w in asked}
    for w in scene.workloads:
        own = scene.own_place(w)
        if w.uid not in mine and own is not None and (own.cluster, own.kind) in room:
            end = float("inf") if is_lasting(w) else work_seconds(w) / own.rate / PERIOD_SECONDS
            room[own.cluster, own.kind][: int(min(PERIODS, np.ceil(end)))] -= w.accelerators
    return room


def _solve(
    value: Floats,
    columns: Sequence[Column],
    asked: Sequence[WorkloadView],
    room: dict[tuple[str, str | None], Floats],
) -> Floats:
    """The linear program by HiGHS: how much of each start is taken, in [0, 1]."""
    keys = {key: len(asked) + n * PERIODS for n, key in enumerate(room)}
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    model.setOptionValue("threads", 1)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(columns), len(asked) + len(room) * PERIODS
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = value
    lp.col_lower_, lp.col_upper_ = np.zeros(len(columns)), np.ones(len(columns))
    lp.row_lower_ = np.full(lp.num_row_, -highspy.kHighsInf)
    lp.row_upper_ = np.concatenate([np.ones(len(asked)), *(np.maximum(0.0, free) for free in room.values())])
    starts, index, entry = _matrix(columns, asked, keys)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = starts, index, entry
    model.passModel(lp)
    model.run()
    return np.asarray(model.getSolution().col_value, dtype=np.float64)


def _matrix(
    columns: Sequence[Column], asked: Sequence[WorkloadView], keys: dict[tuple[str, str | None], int]
) -> tuple[Ints, Ints, Floats]:
    index, entry, starts = list[Ints](), list[Floats](), [0]
    for column in columns:
        key = keys.get((column.place.cluster, column.place.kind))
        rows = np.arange(0) if key is None else np.arange(key + column.start, key + column.end)
        index.append(np.concatenate(([column.workload], rows)))
        gang = float(asked[column.workload].accelerators)
        entry.append(np.concatenate(([1.0], np.full(len(rows), gang))))
        starts.append(starts[-1] + len(rows) + 1)
    return np.array(starts), np.concatenate(index), np.concatenate(entry)


def _round(
    asked: Sequence[WorkloadView],
    columns: Sequence[Column],
    value: Floats,
    share: Floats,
    room: dict[tuple[str, str | None], Floats],
) -> dict[str, Place | None]:
    targets: dict[str, Place | None] = {w.uid: None for w in asked}
    bounds = np.searchsorted([column.workload for column in columns], np.arange(len(asked) + 1))
    spans = list(pairwise(bounds.tolist()))
    most = [float(share[a:b].max()) if b > a else 0.0 for a, b in spans]
    for i in sorted(range(len(asked)), key=lambda i: (-most[i], i)):
        a, b = spans[i]
        whole = most[i] >= 1.0 - 1e-6
        order = (
            [a + int(share[a:b].argmax())] if whole else (a + np.argsort(-value[a:b], kind="stable")).tolist()
        )
        for n in order:
            column, gang = columns[n], asked[i].accelerators
            free = room.get((column.place.cluster, column.place.kind))
            if free is not None and np.any(free[column.start : column.end] < gang):
                continue
            if free is not None:
                free[column.start : column.end] -= gang
            if column.start == 0:
                targets[asked[i].uid] = column.place
            break
    return targets
