"""What a simulated operator is told of the future."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.twin.scenes import battery, cluster, fleet, job, scenario, with_battery
from voltaire.twin.forecast_kind import parse_forecast
from voltaire.twin.forecasts import KNOWN_HOURS, Forecasts
from voltaire.twin.scenario import Scenario

RNG = np.random.default_rng(1)
GRAMS = {"a": (300 + 100 * np.sin(np.arange(96) * 2 * np.pi / 24) + RNG.normal(0, 20, 96)).tolist()}


def scene(kind: str, seed: int = 0) -> Scenario:
    found = fleet(with_battery(cluster("a"), "pack"), battery("pack", solar={"peakKW": 10}))
    return scenario(found, [job(deadline_h=40.0)], GRAMS, forecast=parse_forecast(kind), seed=seed)


def truth(played: Scenario, k: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    begin = played.past_slots + k
    return played.intensity["A"][begin : begin + played.horizon]


def test_perfect_is_the_truth_and_knows_no_error() -> None:
    played = scene("perfect")
    said, errors = Forecasts(played).outlook("A", 3)
    assert said == pytest.approx(truth(played, 3))
    assert errors is not None
    assert set(errors[: int(KNOWN_HOURS)]) == {0.0}


def test_without_a_provider_the_present_is_known_and_the_future_is_not() -> None:
    played = scene("none")
    said, _ = Forecasts(played).outlook("A", 30)
    assert said[0] == pytest.approx(truth(played, 30)[0])
    assert not np.allclose(said[1:], truth(played, 30)[1:])


def test_nothing_of_the_future_reaches_the_own_forecaster() -> None:
    played = scene("none")
    values = played.intensity["A"].copy()
    values[played.past_slots + 11 :] = 7.0
    other = replace(played, intensity={"A": values})
    said, again = (Forecasts(s).outlook("A", 10)[0] for s in (played, other))
    assert said.tolist() == again.tolist()


def test_a_day_ahead_error_has_the_size_that_was_asked_for_and_grows_with_lead() -> None:
    ratios = []
    for seed in range(60):
        played = scene("dayahead:0.1", seed)
        said, _ = Forecasts(played).outlook("A", 5)
        ratios.append(said / truth(played, 5) - 1.0)
    spread = np.std(np.array(ratios), axis=0)
    assert spread[0] == 0.0
    assert spread[1] < 0.5 * spread[12]
    assert spread[16:24].mean() == pytest.approx(0.1, rel=0.25)


def test_a_forecast_gets_better_as_its_moment_comes_nearer() -> None:
    far, near = [], []
    for seed in range(30):
        played = scene("dayahead:0.2", seed)
        forecasts, actual = Forecasts(played), float(truth(played, 20)[0])
        far.append(abs(forecasts.outlook("A", 5)[0][15] - actual))
        near.append(abs(forecasts.outlook("A", 18)[0][2] - actual))
    assert np.mean(near) < 0.6 * np.mean(far)


def test_the_seed_fixes_it() -> None:
    first, same, other = (Forecasts(scene("dayahead:0.1", seed)).outlook("A", 2)[0] for seed in (1, 1, 2))
    assert first.tolist() == same.tolist() != other.tolist()


def test_the_past_ends_now() -> None:
    played = scene("perfect")
    past = Forecasts(played).past("A", 4)
    assert past.end == played.start + 5 * played.slot
    assert past.values[-1] == pytest.approx(truth(played, 4)[0])


def test_the_sun_is_forecast_like_the_grid() -> None:
    perfect, own = scene("perfect"), scene("none")
    sun = Forecasts(perfect).sun("pack", 6)
    assert sun is not None
    assert sun.tolist() == perfect.solar_kw["pack"][6 : 6 + perfect.horizon].tolist()
    assert Forecasts(own).sun("pack", 6) is None
