"""What a kWh carries when grid, sun and batteries are mixed."""

from __future__ import annotations

import numpy as np
import pytest

from voltaire.planner.joint.arrays import Floats
from voltaire.planner.joint.mixture import mixed


def carried(grid: list[float], sun: list[float], charge: list[float], discharge: list[float],
            held: float = 0.0) -> list[float]:  # fmt: skip
    """At 100 and 400 g/kWh, sun at 40, a battery that loses a tenth each way, wears 5 and holds 50 g/kWh."""

    def of(values: list[float]) -> Floats:
        return np.array([values])

    rate, price = np.array([100.0, 400.0]), np.array([90.0, 500.0])
    one, first = np.array([0.9]), np.array([held])
    found = mixed(rate, price, 40.0, np.array(grid), np.array(sun), of(charge), of(discharge), first,
                  np.array([50.0]), one, one, np.array([5.0]))  # fmt: skip
    return [float(grams) for grams in found]


def test_grid_and_sun_are_weighed_by_what_each_gives() -> None:
    assert carried([3.0, 1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]) == pytest.approx([85.0, 400.0])


def test_what_is_discharged_carries_what_was_charged_with_losses_and_wear() -> None:
    found = carried([10.0, 0.0], [0.0, 0.0], [10.0, 0.0], [0.0, 8.1])
    assert found == pytest.approx([100.0, 100.0 / 0.9 / 0.9 + 5.0])


def test_what_was_held_before_is_mixed_with_what_is_charged() -> None:
    found = carried([10.0, 0.0], [0.0, 0.0], [10.0, 0.0], [0.0, 1.0], held=9.0)
    assert found[1] == pytest.approx((9.0 * 50.0 + 10.0 * 100.0) / 18.0 / 0.9 + 5.0)


def test_where_nothing_is_drawn_the_lower_of_grid_and_margin_counts() -> None:
    assert carried([0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]) == [90.0, 400.0]
