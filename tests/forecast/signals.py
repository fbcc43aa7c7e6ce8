"""Signals with known shapes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from voltaire.api.values import Series

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Floats = NDArray[np.float64]


def series(values: Floats, step: timedelta = HOUR, start: datetime = MONDAY) -> Series:
    """NaN becomes a gap."""
    return Series(start, step, tuple(None if np.isnan(v) else float(v) for v in values))


def sine(hours: int, mean: float = 200.0, swing: float = 80.0) -> Floats:
    """A day like every other."""
    return mean + swing * np.sin(2 * np.pi * np.arange(hours) / 24)


def working_week(hours: int) -> Floats:
    """Days like others, weekends 100 lower."""
    weekend = np.arange(hours) // 24 % 7 >= 5
    return sine(hours) - 100.0 * weekend


def noisy(hours: int, seed: int, swing: float = 60.0, noise: float = 12.0) -> Floats:
    """A daily shape and weather that lasts for hours."""
    random = np.random.default_rng(seed)
    weather = np.zeros(hours)
    for hour in range(1, hours):
        weather[hour] = 0.95 * weather[hour - 1] + random.normal(0, noise)
    return np.maximum(0.0, sine(hours, 250.0, swing) + weather)
