"""Hosts that are left alone."""

from __future__ import annotations

import pytest

from voltaire.signals.breaker import Breaker
from voltaire.signals.errors import RateLimited


def test_a_host_is_left_alone_until_the_time_is_over_and_others_are_asked() -> None:
    seconds = [100.0]
    breaker = Breaker(lambda: seconds[0])
    breaker.check("a")
    breaker.trip("a", 600)
    breaker.trip("a", 5)
    breaker.check("b")
    seconds[0] = 699
    with pytest.raises(RateLimited) as caught:
        breaker.check("a")
    assert caught.value.retry_after_seconds == pytest.approx(1)
    seconds[0] = 700
    breaker.check("a")
