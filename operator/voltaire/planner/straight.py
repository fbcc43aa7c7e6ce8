"""Runs in one piece: for work that is never disrupted, for keeping what runs, and to compare clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from voltaire.planner.case import Case
from voltaire.planner.grid import Bools, Floats, Ints
from voltaire.planner.timeline import BIG, IMPOSSIBLE


@dataclass(frozen=True, slots=True)
class Straight:
    """Every run in one piece: arrays (slots, places) by starting slot. `grams` are BIG where it cannot run.
    `finish` in seconds from now; `last` is the last slot in use."""

    grams: Floats
    finish: Floats
    last: Ints


def straight_runs(case: Case, need: Floats, price_after: Floats) -> Straight:
    """All runs in one piece that find capacity. `need`: seconds at each place, overheads included; what lies
    past the horizon is priced at `price_after` g per second at each place."""
    count, places = case.gph.shape
    grams, finish = np.full((count, places), BIG), np.full((count, places), np.inf)
    last = np.zeros((count, places), dtype=np.int64)
    edges = np.concatenate(([0.0], np.cumsum(case.usable)))
    for i in range(places):
        spent = np.concatenate(([0.0], np.cumsum(case.gph[:, i] * case.usable / 3600.0)))
        closed = np.concatenate(([0], np.cumsum(~case.open[:, i])))
        stop = edges[:-1] + need[i]
        inside = np.minimum(stop, edges[-1])
        until = np.maximum(np.searchsorted(edges, inside - 1e-9, side="left"), np.arange(1, count + 1))
        total = np.interp(inside, edges, spent) - spent[:-1] + (stop - inside) * price_after[i]
        fits = (closed[until] == closed[:-1]) & (case.usable > 0)
        grams[:, i] = np.where(fits, total, BIG)
        finish[:, i] = case.begin + need[i]
        last[:, i] = until - 1
    return Straight(grams, finish, last)


def best_straight(
    case: Case,
    runs: Straight,
    allowed: Bools,
    deadline: float,
    lateness: float,
    required: bool,
    hold: Floats,
) -> Ints | None:
    """The cheapest run in one piece among the `allowed` places, as place per slot; None if none is possible.

    `hold`: g per slot of waiting; `lateness`: g per second past `deadline` (seconds from now).
    """
    late = np.maximum(0.0, runs.finish - deadline)
    late[~np.isfinite(late)] = 0.0
    waited = np.concatenate(([0.0], np.cumsum(hold)))[:-1]
    value = runs.grams + waited[:, None]
    value = np.where(late > 1e-6, BIG, value) if required else value + late * lateness
    value = np.where(allowed[None, :], value, BIG)
    if not value.size or float(value.min()) >= IMPOSSIBLE:
        return None
    k, i = divmod(int(value.argmin()), value.shape[1])
    return piece(len(case.begin), i, k, int(runs.last[k, i]))


def piece(count: int, place: int, first: int, last: int) -> Ints:
    """Place per slot for one stretch."""
    where = np.full(count, -1, dtype=np.int64)
    where[first : last + 1] = place
    return where
