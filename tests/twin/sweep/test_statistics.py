from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from voltaire.twin.errors import TraceTooShort
from voltaire.twin.sweep.statistics import interval, t_quantile
from voltaire.twin.sweep.weeks import overlap, spread

BEGIN = datetime(2022, 1, 1, tzinfo=UTC)
END = BEGIN + timedelta(days=181)


# Tables of Student's distribution, two-sided 95 %.
@pytest.mark.parametrize(
    ("freedom", "t"), [(1, 12.7062), (2, 4.3027), (4, 2.7764), (9, 2.2622), (19, 2.0930), (120, 1.9799)]
)
def test_quantiles_are_those_of_the_tables(freedom: int, t: float) -> None:
    assert t_quantile(freedom) == pytest.approx(t, abs=5e-5)


def test_an_interval_holds_its_mean_in_the_middle() -> None:
    found = interval([1.0, 2.0, 3.0, 4.0])
    assert found is not None
    assert found.mean == pytest.approx(2.5)
    # standard error 1.2910 / 2, times 3.1824
    assert found.high - found.mean == pytest.approx(2.0542, abs=1e-3)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_one_value_has_no_width_and_none_has_no_interval() -> None:
    assert interval([3.0]) is not None
    assert interval([3.0]).low == 3.0  # type: ignore[union-attr]
    assert interval([]) is None


def test_starts_are_even_at_midnight_and_leave_room_for_history_and_run() -> None:
    starts = spread(BEGIN, END, 20, timedelta(days=10))
    assert len(set(starts)) == 20
    assert starts[0] == BEGIN + timedelta(days=28)
    assert starts[-1] + timedelta(days=11) <= END
    assert all(start.hour == 0 for start in starts)
    gaps = {b - a for a, b in pairwise(starts)}
    assert max(gaps) - min(gaps) <= timedelta(days=1)


def test_a_first_start_is_taken_as_given_or_at_the_next_midnight() -> None:
    first = BEGIN + timedelta(days=40, hours=3)
    assert spread(BEGIN, END, 3, timedelta(days=10), first)[0] == BEGIN + timedelta(days=41)


def test_more_weeks_than_there_are_days_are_refused_with_the_remedy() -> None:
    with pytest.raises(TraceTooShort, match="choose fewer --weeks"):
        spread(BEGIN, END, 200, timedelta(days=10))
    with pytest.raises(TraceTooShort, match="choose fewer --weeks"):
        spread(BEGIN, END, 1, timedelta(days=10), BEGIN - timedelta(days=3))


def test_weeks_that_share_arrivals_overlap() -> None:
    starts = [BEGIN, BEGIN + timedelta(days=7)]
    assert not overlap(starts, 168.0)
    assert overlap(starts, 169.0)
