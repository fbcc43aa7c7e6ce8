"""What a timeline really amounts to: exact seconds, emissions, overheads and segments, without rounding."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from voltaire.planner.case import Case
from voltaire.planner.grid import Ints


@dataclass(frozen=True, slots=True)
class Stretch:
    """It runs at `place` in slots [first, last], in seconds [start, end) from now."""

    place: int
    first: int
    last: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """A timeline, worked out. `grams` are real, moves included, what lies past the horizon estimated; None
    where an intensity is unknown. `moving_grams`: its part for lost work, restores and transfers. `finish`:
    seconds from now, None while it never ends. `unfinished`: seconds of work left past the horizon."""

    stretches: tuple[Stretch, ...]
    grams: float | None
    moving_grams: float
    finish: float | None
    unfinished: float
    migrations: int
    stops: int

    @property
    def runs_now(self) -> int | None:
        """Index of the place where it runs in the current slot."""
        first = self.stretches[0] if self.stretches else None
        return first.place if first and first.first == 0 else None


@dataclass(slots=True)
class _Tally:
    left: float
    grams: float = 0.0
    moving: float = 0.0
    migrations: int = 0
    stops: int = 0
    known: bool = True


def work_out(case: Case, where: Ints, price_after: float) -> Outcome:
    """Follow `where` (place per slot, -1 for nowhere) in exact seconds until the work is done.

    `price_after`: g per second of work for what is left at the end.
    """
    w, tally, stretches = case.workload, _Tally(case.remaining), list[Stretch]()
    at, anchor = case.own, case.anchor
    for place, first, last in _runs(where):
        if at is not None and (place != at or stretches or first > 0):
            tally.left += w.at_risk_seconds
            tally.moving += w.at_risk_seconds * _rate_at(case, first, place)
            tally.stops += 1
            at = None
        overhead = 0.0 if at == place else _start(case, tally, place, first, anchor)
        stretch = _work(case, tally, place, first, last, overhead)
        stretches.append(stretch)
        at, anchor = place, case.places[place].cluster
        if tally.left <= 1e-9:
            break
    finish = _finish(case, tally, stretches)
    tally.grams += tally.left * price_after
    return Outcome(
        tuple(stretches), tally.grams if tally.known else None, tally.moving, finish, tally.left,
        tally.migrations, tally.stops,
    )  # fmt: skip


def _finish(case: Case, tally: _Tally, stretches: list[Stretch]) -> float:
    if tally.left <= 1e-9:
        return stretches[-1].end if stretches else 0.0
    rate = case.rate[stretches[-1].place] if stretches else case.rate.max()
    return float(case.end[-1] + tally.left / rate)


def _runs(where: Ints) -> list[tuple[int, int, int]]:
    """(place, first slot, last slot) of every stretch without change."""
    if not len(where):
        return []
    cuts = np.flatnonzero(np.diff(where)) + 1
    bounds = [0, *cuts.tolist(), len(where)]
    return [(int(where[a]), a, b - 1) for a, b in pairwise(bounds) if where[a] >= 0]


def _rate_at(case: Case, k: int, place: int) -> float:
    """g per second of work at a place in a slot."""
    return float(case.gph[k, place] / 3600.0 / case.rate[place])


def _start(case: Case, tally: _Tally, place: int, k: int, anchor: str | None) -> float:
    """Count a start; the seconds before it works."""
    if anchor is None:
        return 0.0
    overhead = case.workload.restore_seconds
    if case.places[place].cluster != anchor:
        overhead += case.transfer_seconds
        ends = [case.grid[k, i] for i, p in enumerate(case.places) if p.cluster == anchor][:1]
        grams = case.transfer_kwh * float(np.mean([case.grid[k, place], *ends]))
        tally.grams += grams
        tally.moving += grams
        tally.migrations += 1
    tally.moving += overhead * float(case.gph[k, place]) / 3600.0
    return overhead


def _work(case: Case, tally: _Tally, place: int, first: int, last: int, overhead: float) -> Stretch:
    """Work through slots [first, last] or until done, with `overhead` seconds before the first useful one."""
    seconds = case.usable[first : last + 1]
    need = overhead + tally.left / float(case.rate[place])
    spent = np.minimum(np.maximum(0.0, need - (np.cumsum(seconds) - seconds)), seconds)
    total = float(spent.sum())
    used = int(np.count_nonzero(spent > 1e-9))
    tally.left = max(0.0, tally.left - max(0.0, total - overhead) * float(case.rate[place]))
    if tally.left < 1e-6:
        tally.left = 0.0
    tally.grams += float(spent @ case.gph[first : last + 1, place]) / 3600.0
    tally.known = tally.known and bool(case.known[place])
    until = first + max(used, 1) - 1
    begin = float(case.begin[first])
    return Stretch(place, first, until, begin, float(case.begin[until] + spent[max(used, 1) - 1]))
