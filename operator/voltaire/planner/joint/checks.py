"""Small checks with a sentence each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sized

from voltaire.planner.joint.errors import BadEfficiency, Duplicate, Negative, NotFinite, WrongLength


def check_number(value: float, what: str, negative: bool = False) -> float:
    """`value`, if it is finite and, unless `negative`, not below zero."""
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise NotFinite(f"{what} must be a finite number, not {value}")
    if value < 0 and not negative:
        raise Negative(f"{what} may not be negative: {value}")
    return value


def check_each(values: Iterable[float], what: str, negative: bool = False) -> None:
    """`check_number` for every value, with its index in the message."""
    for index, value in enumerate(values):
        check_number(value, f"{what}[{index}]", negative)


def check_series(values: Sized, slots: int, what: str) -> None:
    """One value for each slot."""
    if len(values) != slots:
        raise WrongLength(f"{what} has {len(values)} values for {slots} slots: it needs one for each")


def check_efficiency(value: float, what: str) -> None:
    """Above 0 and at most 1."""
    check_number(value, what, negative=True)
    if not 0 < value <= 1:
        raise BadEfficiency(f"{what} must be above 0 and at most 1, not {value}")


def check_unique(names: Iterable[str], what: str) -> None:
    """No name twice."""
    seen = set()
    for name in names:
        if name in seen:
            raise Duplicate(f"{what}: {name} is there twice")
        seen.add(name)
