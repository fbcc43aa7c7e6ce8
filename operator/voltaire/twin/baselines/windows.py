"""When to run: the cheapest window in one piece, the cheapest slots, GAIA's saving per completion time.

Pure functions of arrays with one entry a slot: `grams` is what a second of work emits there (any scale),
`seconds` how long the slot is usable (what is left of it, or 0 where there is no room). Work is in seconds.
"""

from __future__ import annotations

import numpy as np

from voltaire.twin.baselines.grid import Floats, Ints


def runs(grams: Floats, seconds: Floats, begin: Floats, work: float, latest: float) -> tuple[Ints, Floats]:
    """Every slot in which a run in one piece may start, and what the run emits.

    `begin`: seconds from now at which each slot begins (the current one: now); a start later than `latest`
    does not count. What lies past the last slot counts at the mean of all of them; a run never crosses a
    slot without room (`seconds` 0).
    """
    count = len(grams)
    edges = np.concatenate(([0.0], np.cumsum(seconds)))
    spent = np.concatenate(([0.0], np.cumsum(grams * seconds)))
    closed = np.concatenate(([0], np.cumsum(seconds <= 0)))
    stop = edges[:-1] + work
    inside = np.minimum(stop, edges[-1])
    last = np.clip(np.searchsorted(edges, inside - 1e-9, side="left"), np.arange(1, count + 1), count)
    last = np.where(stop > edges[-1] + 1e-6, count, last)
    total = np.interp(inside, edges, spent) - spent[:-1] + (stop - inside) * float(np.mean(grams))
    fits = (closed[last] == closed[:-1]) & (seconds > 0) & (begin <= latest + 1e-6)
    starts = np.flatnonzero(fits)
    return starts.astype(np.int64), total[starts]


def best_window(grams: Floats, seconds: Floats, begin: Floats, work: float, latest: float) -> int | None:
    """The slot at which to start a run in one piece so that it emits least, the earliest among equals."""
    starts, total = runs(grams, seconds, begin, work, latest)
    return None if not len(starts) else int(starts[np.argmin(np.round(total, 9))])


def best_saving_per_time(
    grams: Floats, seconds: Floats, begin: Floats, work: float, latest: float
) -> int | None:
    """GAIA's Carbon-Time: the start with the largest saving, against starting first of all, per second until
    completion."""
    starts, total = runs(grams, seconds, begin, work, latest)
    if not len(starts):
        return None
    return int(starts[np.argmax((total[0] - total) / (begin[starts] + work))])


def cheapest_slots(grams: Floats, seconds: Floats, work: float) -> Ints | None:
    """The cheapest slots that hold `work`, in order of time, the earliest among equals; None if all of them
    do not."""
    order = np.argsort(np.round(grams, 9), kind="stable")
    order = order[seconds[order] > 0]
    held = np.cumsum(seconds[order])
    if not len(order) or held[-1] < work - 1e-6:
        return None
    needed = int(np.searchsorted(held, work - 1e-6, side="left")) + 1
    return np.sort(order[:needed])
