"""The pure choices of when to run, by hand and against trying everything."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voltaire.twin.baselines.windows import best_saving_per_time, best_window, cheapest_slots

HOUR = 3600.0


def arrays(grams: list[float], closed: tuple[int, ...] = ()) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    seconds = np.full(len(grams), HOUR)
    seconds[list(closed)] = 0.0
    return np.array(grams), seconds, np.arange(len(grams)) * HOUR


def test_the_best_window_has_the_lowest_sum_not_the_lowest_slot() -> None:
    # Two hours: 3+9, 9+1, 1+9, 9+4, 4+4: the last one, though the lowest slot is the third.
    assert best_window(*arrays([3, 9, 1, 9, 4, 4]), 2 * HOUR, 4 * HOUR) == 4


def test_a_window_starts_no_later_than_its_slack_allows() -> None:
    assert best_window(*arrays([3, 9, 1, 9, 4, 4]), 2 * HOUR, 3 * HOUR) == 1


def test_a_window_never_crosses_a_slot_without_room() -> None:
    assert best_window(*arrays([3, 9, 1, 9, 4, 4], closed=(5,)), 2 * HOUR, 5 * HOUR) == 1
    assert best_window(*arrays([3, 9, 1], closed=(0, 1, 2)), HOUR, 5 * HOUR) is None


def test_a_window_of_half_a_slot_counts_half_of_it() -> None:
    # 1.5 h: 4 + 1 = 5 from the first, 2 + 8/2 = 6 from the second.
    assert best_window(*arrays([4, 2, 8, 9]), 1.5 * HOUR, HOUR) == 0


def test_what_lies_past_the_horizon_counts_at_the_mean() -> None:
    # Two hours, mean 4: 1+7 = 8, 7+4 = 11, 4+4 (past the horizon) = 8; the earlier of equals.
    assert best_window(*arrays([1, 7, 4]), 2 * HOUR, 2 * HOUR) == 0


def test_the_earliest_of_equal_windows_is_taken() -> None:
    assert best_window(*arrays([5, 5, 5]), HOUR, 3 * HOUR) == 0


def test_saving_per_time_prefers_a_smaller_saving_that_comes_sooner() -> None:
    # One hour. Saving over completion: (10-6)/2 = 2 at once after, (10-3)/4 = 1.75 two hours later.
    grams = [10, 6, 9, 3]
    assert best_saving_per_time(*arrays(grams), HOUR, 3 * HOUR) == 1
    assert best_window(*arrays(grams), HOUR, 3 * HOUR) == 3


def test_the_cheapest_slots_come_in_order_of_time() -> None:
    grams, seconds, _ = arrays([5, 1, 9, 2, 1])
    assert cheapest_slots(grams, seconds, 3 * HOUR).tolist() == [1, 3, 4]
    assert cheapest_slots(grams, seconds, 2.5 * HOUR).tolist() == [1, 3, 4]


def test_too_few_slots_are_no_choice() -> None:
    grams, seconds, _ = arrays([5, 1, 9], closed=(0, 1))
    assert cheapest_slots(grams, seconds, 2 * HOUR) is None


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(1, 8))
def test_the_cheapest_slots_are_never_beaten_by_any_other_choice(grams: list[int], hours: int) -> None:
    found = cheapest_slots(np.array(grams, dtype=float), np.full(len(grams), HOUR), hours * HOUR)
    if hours > len(grams):
        assert found is None
    else:
        best = min(sum(choice) for choice in combinations(grams, hours))
        assert sum(grams[k] for k in found) == best


@given(st.lists(st.integers(0, 50), min_size=2, max_size=10), st.integers(1, 4))
def test_the_best_window_is_never_beaten_by_any_other_start(grams: list[int], hours: int) -> None:
    latest = len(grams) - hours
    found = best_window(*arrays(list(map(float, grams))), hours * HOUR, latest * HOUR)
    if latest < 0:
        assert found is None
    else:
        assert sum(grams[found : found + hours]) == min(sum(grams[k : k + hours]) for k in range(latest + 1))
