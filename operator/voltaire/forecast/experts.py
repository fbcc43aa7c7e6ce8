"""Simple forecasts, each a table of weights on the features: one row for each hour of lead.

A lead beyond two days is weighted like the same hour of the second day.
"""

from __future__ import annotations

import numpy as np

from voltaire.forecast.features import COUNT, NAMES
from voltaire.forecast.grid import Floats
from voltaire.forecast.shapes import DAY_HOURS

LEADS = 48
HOURS = np.arange(1, LEADS + 1)
FADE_HOURS = 12.0
"""Of 1, 3, 6, 12 and 24 hours the one with the least error in France, Germany, PJM and California, 2022."""

_DAYS_OF_LEADS = ((1, 2, 4, 8, 16, 24), (25, 36, 48))
# Least squares over 57 zones on five continents, January to March 2022, each zone scaled to its own changes;
# linear between these leads. A second day has its own: its latest known day is one day older.
_GENERAL = {
    1: (0.08, 0.39, 0.20, 0.09, 0.32, 0.18, 0.17, 0.06),
    2: (0.11, 0.47, 0.24, 0.11, 0.33, 0.21, 0.14, 0.10),
    4: (0.11, 0.53, 0.26, 0.11, 0.23, 0.19, 0.12, 0.22),
    8: (0.11, 0.55, 0.26, 0.11, 0.13, 0.15, 0.00, 0.27),
    16: (0.21, 0.48, 0.25, 0.02, 0.17, 0.07, -0.01, 0.06),
    24: (0.18, 0.46, 0.20, -0.03, 0.11, -0.03, 0.01, 0.10),
    25: (0.06, 0.56, 0.26, 0.02, 0.20, 0.04, 0.03, 0.16),
    36: (0.11, 0.51, 0.33, 0.04, 0.05, 0.05, -0.01, 0.17),
    48: (0.11, 0.50, 0.27, -0.01, 0.10, -0.06, 0.00, 0.09),
}


def persistence() -> Floats:
    """The level stays."""
    return np.zeros((LEADS, COUNT))


def faded(then: str, now: str) -> Floats:
    """A usual day, plus today's difference from it, fading."""
    weights = np.zeros((LEADS, COUNT))
    weights[:, NAMES.index(then)] = 1.0
    weights[:, NAMES.index(now)] = np.exp(-HOURS / FADE_HOURS)
    return weights


def seven_day_blend() -> Floats:
    """The mean of the same hour on seven days, plus today's difference from it, fading."""
    return faded("seven days, then", "seven days, now")


def yesterday() -> Floats:
    """The same hour of the day before, plus today's difference from it, fading."""
    return faded("latest day, then", "latest day, now")


def general() -> Floats:
    """What fits grids of the world in general."""
    weights = np.empty((LEADS, COUNT))
    for knots in _DAYS_OF_LEADS:
        rows = np.arange(knots[0], knots[-1] + 1)
        table = np.array([_GENERAL[knot] for knot in knots])
        for column in range(COUNT):
            weights[rows - 1, column] = np.interp(rows, knots, table[:, column])
    return weights


def at_leads(weights: Floats, hours: Floats) -> Floats:
    """Rows of a table for leads in `hours` > 0: linear between hours, from nothing at lead zero, and never
    across the end of a day, where the features themselves change."""
    before, after = np.floor(hours), np.ceil(hours)
    share = np.where((before % DAY_HOURS == 0) & (before > 0), 1.0, hours - before)
    share = np.where(after == before, 1.0, share)[:, None]
    with_zero = np.concatenate((np.zeros((1, weights.shape[1])), weights))
    return (1 - share) * with_zero[_row(before)] + share * with_zero[_row(after)]


def _row(hours: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    beyond = DAY_HOURS + 1 + (hours - 1) % DAY_HOURS
    return np.where(hours <= LEADS, hours, beyond).astype(np.int64)
