"""A power whose sign is wrong is found out by the state of charge."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signals.battery.builders import no_secret, spec
from tests.signals.builders import NOW, StandingClock, json_page, web
from voltaire.api.values import BatteryState
from voltaire.signals.battery.build import build_watcher, site_deps
from voltaire.signals.battery.sign_check import SignCheck

SPEC = spec({"http": {"url": "https://a.example", "soc": {"query": "soc"}, "power": {"query": "kw"}}})
MINUTE = timedelta(minutes=1)


def report(minutes: int, soc: float, power_kw: float | None) -> BatteryState:
    return BatteryState("b", soc, power_kw, None, None, NOW + minutes * MINUTE, "Observed", "")


def run(check: SignCheck, kw: float, sign: float, start: float = 0.5, minutes: int = 60) -> bool:
    """A battery that gives `kw` for an hour and says `sign * kw`, in whole percent as many do."""
    wrong = False
    for minute in range(minutes):
        soc = round(start - kw * minute / 60 / SPEC.capacity_kwh, 2)
        wrong = check.observe(report(minute, soc, sign * kw))
    return wrong


def test_a_wrong_sign_is_found_in_both_directions_and_a_right_one_is_not() -> None:
    for kw in (100.0, -100.0, 200.0):
        assert run(SignCheck(SPEC), kw, -1)
        assert not run(SignCheck(SPEC), kw, +1)


def test_a_sign_that_is_put_right_is_believed_again() -> None:
    check = SignCheck(SPEC)
    assert run(check, 100, -1)
    assert not run(check, 100, +1)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.49, 0.51), st.floats(-30, 30)), max_size=60))
def test_noise_is_no_evidence(reports: list[tuple[float, float]]) -> None:
    check = SignCheck(SPEC)
    assert not any(check.observe(report(i, soc, kw)) for i, (soc, kw) in enumerate(reports))


def test_a_long_silence_is_no_evidence() -> None:
    check = SignCheck(SPEC)
    for index, soc in enumerate((0.5, 0.9, 0.1, 0.9)):
        assert not check.observe(report(index * 31, soc, 200))


def test_without_a_power_there_is_nothing_to_compare() -> None:
    check = SignCheck(SPEC)
    for minute in range(60):
        assert not check.observe(report(minute, 0.5 + minute / 200, None))


async def test_a_power_of_the_wrong_sign_is_left_out_and_named() -> None:
    clock, soc = StandingClock(), 0.5
    page = web(lambda _: json_page({"soc": soc, "kw": 100}))
    watcher = build_watcher("b", SPEC, site_deps(clock, page, no_secret))
    state = await watcher.poll()
    assert state.power_kw == 100
    for _ in range(40):
        clock.time += MINUTE
        soc += 100 / 60 / 500
        state = await watcher.poll()
    assert (state.fresh, state.power_kw, state.reason) == (True, None, "Partial")
    assert "is its sign (positive) right?" in state.message
