"""Mean and 95 % interval of a few independent values, by Student's t."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import exp, lgamma, pi, sqrt

import numpy as np

CONFIDENCE = 0.95
METHOD = "Student's t"


@dataclass(frozen=True, slots=True)
class Interval:
    """`low` and `high` bound the mean with 95 % confidence; both are the mean where there is one value."""

    mean: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """Plain values."""
        return asdict(self)


def interval(values: Sequence[float]) -> Interval | None:
    """Of independent values; None without any."""
    if not values:
        return None
    mean = float(np.mean(values))
    if len(values) == 1:
        return Interval(mean, mean, mean)
    error = float(np.std(values, ddof=1)) / sqrt(len(values))
    half = t_quantile(len(values) - 1) * error
    return Interval(mean, mean - half, mean + half)


def t_quantile(freedom: int, confidence: float = CONFIDENCE) -> float:
    """The t beyond which, on both sides, lies what confidence leaves. By bisection on the integral of the
    density c (1 + t^2 / n)^(-(n + 1) / 2); 200 halvings are beyond what a float holds."""
    low, high = 0.0, 1e4
    for _ in range(200):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _within(middle, freedom) < confidence else (low, middle)
    return high


def _within(t: float, freedom: int) -> float:
    """Probability of [-t, t]. With t = sqrt(n) tan(x) the density becomes c sqrt(n) cos(x)^(n - 1), which is
    smooth: Gauss-Legendre of 64 points is exact to a float."""
    n = freedom
    top = np.arctan(t / sqrt(n))
    points, weights = np.polynomial.legendre.leggauss(64)
    x = 0.5 * top * (points + 1.0)
    scale = exp(lgamma((n + 1) / 2) - lgamma(n / 2)) / sqrt(pi)
    return float(2.0 * scale * 0.5 * top * np.sum(weights * np.cos(x) ** (n - 1)))
