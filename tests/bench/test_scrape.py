"""The figures are read as they were written."""

from __future__ import annotations

import pytest

from tests.bench.scrape import parse

TEXT = """
# TYPE lag_seconds histogram
lag_seconds_bucket{le="0.1"} %d
lag_seconds_bucket{le="0.5"} %d
lag_seconds_bucket{le="+Inf"} %d
# TYPE done_total counter
done_total{verb="Create",cluster="paris"} %d
done_total{verb="Create",cluster="virginia"} 2
"""


def test_quantiles_are_of_what_came_between_two_scrapes() -> None:
    seen = parse(TEXT % (110, 130, 130, 9)).minus(parse(TEXT % (100, 100, 100, 4)))
    quantiles = seen.quantiles("lag_seconds", (0.2, 0.5, 1.0))
    assert quantiles == pytest.approx({"p20": 0.06, "p50": 0.2, "p100": 0.5})


def test_above_the_last_bucket_nothing_is_claimed() -> None:
    assert parse(TEXT % (1, 1, 9, 0)).quantiles("lag_seconds", (0.99,)) == {"p99": None}


def test_nothing_observed_has_no_quantile() -> None:
    assert parse(TEXT % (0, 0, 0, 0)).quantiles("lag_seconds", (0.5,)) == {"p50": None}


def test_counters_are_summed_by_labels() -> None:
    seen = parse(TEXT % (0, 0, 0, 5))
    assert seen.by("done_total", "verb") == {("Create",): 7.0}
    assert seen.sum("done_total") == 7.0
