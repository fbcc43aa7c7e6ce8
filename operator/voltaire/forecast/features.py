"""How earlier days differ from the level now: the features every forecast here is a weighted sum of.

A forecast is the level at the moment it is made plus weights times features. All features are zero when
nothing but the level is known, so that whatever the weights, the forecast is then persistence.
"""

from __future__ import annotations

import numpy as np

from voltaire.forecast.grid import Floats, Ints
from voltaire.forecast.shapes import DAY_HOURS, WEEK_HOURS, Shapes

NAMES = (
    "latest day, then",  # same time of the latest day that has occurred, less the level
    "seven days, then",  # mean of that time on seven days, less the level
    "hour of week, then",  # mean of that hour of the week, less the level
    "latest day, now",  # the level, less the same time a day ago
    "seven days, now",
    "hour of week, now",
    "slope",  # the level, less an hour ago
    "trend",  # the last day, less the last week
)
COUNT = len(NAMES)


def features(shapes: Shapes, origins: Ints, leads: Ints) -> Floats:
    """Features (..., COUNT) for forecasts made at steps `origins` for `leads` steps (> 0) later; the two
    broadcast. Steps are indices of the shapes' grid; the value at every origin must be known."""
    origins, leads = np.broadcast_arrays(origins, leads)
    hour = shapes.per_hour
    day, week = DAY_HOURS * hour, WEEK_HOURS * hour
    target = origins + leads
    same_day, same_week = target + -leads // day * day, target + -leads // week * week
    level = shapes.value[origins]
    out = np.empty((*origins.shape, COUNT))
    out[..., 0] = _at(shapes.latest, same_day) - level
    out[..., 1] = _at(shapes.week, same_day) - level
    out[..., 2] = _first_known(_at(shapes.hour_of_week, same_week) - level, out[..., 1])
    out[..., 3] = level - _at(shapes.latest, origins - day)
    out[..., 4] = level - _at(shapes.week, origins - day)
    out[..., 5] = _first_known(level - _at(shapes.hour_of_week, origins - week), out[..., 4])
    out[..., 6] = level - _at(shapes.value, origins - hour)
    out[..., 7] = shapes.trend[origins]
    # Where a time of day was never seen, the shape of the day is unknown there, and so is today's difference.
    out[np.isnan(out)] = 0.0
    return out


def _at(values: Floats, index: Ints) -> Floats:
    """Values at an index, NaN outside."""
    inside = (index >= 0) & (index < len(values))
    return np.where(inside, values[np.where(inside, index, 0)], np.nan)


def _first_known(values: Floats, otherwise: Floats) -> Floats:
    return np.where(np.isnan(values), otherwise, values)
