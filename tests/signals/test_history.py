"""What occurred, and in which order it is believed."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import HERE, HOUR, NOW, answer
from voltaire.signals.carbon.samples import Sample
from voltaire.signals.history import History

QUARTER = timedelta(minutes=15)


def samples(*values: float | None, start: object = None) -> tuple[Sample, ...]:
    first = HERE - (len(values) - 1) * HOUR
    return answer(first, *values).past


def series(history: History) -> tuple[float | None, ...]:
    known = history.series(NOW)
    return () if known is None else known.values


def test_nothing_known_is_no_series() -> None:
    history = History()
    assert history.series(NOW) is None
    history.merge(0, samples(None, None))
    assert history.series(NOW) is None


def test_a_better_source_wins_a_worse_one_fills() -> None:
    history = History()
    history.merge(1, samples(1, 2, 3, 4))
    history.merge(0, samples(20, None))
    assert series(history) == (1, 2, 20, 4)


def test_a_source_may_revise_but_a_gap_takes_nothing_back() -> None:
    history = History()
    history.merge(0, samples(1, 2, 3))
    history.merge(0, samples(5, None))
    assert series(history) == (1, 5, 3)


def test_a_change_of_step_replaces_what_it_covers() -> None:
    history = History()
    history.merge(0, samples(1, 2))
    history.merge(0, [Sample(HERE + i * QUARTER, HERE + (i + 1) * QUARTER, 10.0 + i) for i in range(3)])
    known = history.series(NOW)
    assert known is not None
    assert known.step == QUARTER
    assert known.values == (1, 1, 1, 1, 10, 11, 12)


def test_what_has_not_begun_is_not_history() -> None:
    history = History()
    history.merge(0, answer(HERE, 1, 2, 3).past)
    assert series(history) == (1,)
    assert history.latest(NOW) == (0, answer(HERE, 1).past[0])


def test_history_reaches_back_eight_days_and_no_further() -> None:
    history = History()
    history.merge(0, samples(*range(10 * 24)))
    history.prune(NOW)
    known = history.series(NOW)
    assert known is not None
    assert known.start <= NOW - timedelta(days=8) < known.start + HOUR


def test_the_newest_value_counts_and_the_better_source_among_equals() -> None:
    history = History()
    history.merge(1, samples(1, 2))
    history.merge(0, samples(10, None))
    assert history.latest(NOW) == (1, samples(1, 2)[1])
    history.merge(0, samples(10, 20))
    assert history.latest(NOW) == (0, samples(10, 20)[1])


@given(st.lists(st.none() | st.floats(0, 5000), min_size=1, max_size=60))
def test_history_gives_back_what_was_merged(values: list[float | None]) -> None:
    history = History()
    history.merge(0, samples(*values))
    assert series(history) == (() if all(v is None for v in values) else tuple(values))
