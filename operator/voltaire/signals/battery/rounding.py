"""Rounding to the safe side: a reserve up, a limit down, a power towards zero."""

from __future__ import annotations

import math
from collections.abc import Callable

Rounding = Callable[[float], int]
_NOISE = 1e-6


def upwards(number: float) -> int:
    """Rounds up, except for the noise of floating point."""
    return math.ceil(number - _NOISE)


def downwards(number: float) -> int:
    """Rounds down, except for the noise of floating point."""
    return math.floor(number + _NOISE)


def inwards(number: float) -> int:
    """Rounds towards zero, except for the noise of floating point."""
    return downwards(number) if number > 0 else upwards(number)


def to_digits(number: float, digits: int, rounding: Rounding) -> float:
    """`number` with so many digits after the point."""
    step = float(10**digits)
    return rounding(number * step) / step
