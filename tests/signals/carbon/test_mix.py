"""From generation to intensity: factors, storage, what is unknown, what is missing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.signals.builders import HERE, HOUR
from tests.signals.carbon.cases import CASES
from tests.signals.carbon.harness import Api, poll
from voltaire.api.carbon_sources import FuelFactor
from voltaire.signals.carbon.factors import DIRECT, LIFECYCLE, RTE_FITTED, Fuel, chosen
from voltaire.signals.carbon.mix import Recipe, Steps, amount, mix_samples, weigh
from voltaire.signals.errors import ConfigError, DataError, Implausible, Malformed

FUELS = {"GAS": Fuel.GAS, "NUC": Fuel.NUCLEAR, "SUN": Fuel.SOLAR, "BAT": Fuel.STORAGE, "OTH": Fuel.UNKNOWN}
RECIPE = Recipe(FUELS, LIFECYCLE, 0.2)
GENERATION = st.dictionaries(
    st.sampled_from([fuel for fuel in Fuel if fuel is not Fuel.STORAGE]), st.floats(0.001, 1e6), min_size=1
)


def values(steps: Steps, recipe: Recipe = RECIPE) -> list[float | None]:
    samples, _ = mix_samples(steps, HOUR, recipe)
    return [None if s.grams_per_kwh is None else round(s.grams_per_kwh, 3) for s in samples]


def test_a_mix_is_weighed_by_generation() -> None:
    mixed = weigh([(Fuel.GAS, 300), (Fuel.NUCLEAR, 700)], LIFECYCLE)
    assert mixed is not None
    assert (mixed.grams_per_kwh, mixed.unknown_share) == (pytest.approx(155.4), 0)


def test_each_boundary_has_its_factors() -> None:
    assert chosen("AR5", "lifecycle")[Fuel.COAL] == 820
    assert chosen("AR5", "direct")[Fuel.COAL] == 760
    every = set(Fuel) - {Fuel.STORAGE}
    assert set(LIFECYCLE) == set(DIRECT) == set(RTE_FITTED) == every
    assert all(DIRECT[fuel] <= LIFECYCLE[fuel] for fuel in every)


def test_storage_counts_neither_charging_nor_discharging() -> None:
    for stored in (-500.0, 500.0):
        mixed = weigh([(Fuel.GAS, 100), (Fuel.STORAGE, stored)], LIFECYCLE)
        assert mixed is not None
        assert mixed.grams_per_kwh == 490


def test_a_negative_figure_generates_nothing() -> None:
    assert values({HERE: {"GAS": 100.0, "SUN": -3.0}}) == [490]


@pytest.mark.parametrize("row", [{}, {"GAS": 0.0}, {"GAS": -5.0}, {"BAT": 40.0}, {"GAS": None}])
def test_no_generation_is_a_gap_and_not_zero(row: dict[str, float | None]) -> None:
    assert values({HERE: row}) == [None]


def test_sun_alone_is_not_zero_and_wind_and_sun_are_zero_direct() -> None:
    assert values({HERE: {"SUN": 10.0}}) == [48]
    assert values({HERE: {"SUN": 10.0}}, Recipe(FUELS, DIRECT, 0.2)) == [0]


def test_the_share_of_unknown_is_reported_and_strange_codes_are_named() -> None:
    samples, note = mix_samples({HERE: {"GAS": 90.0, "XYZ": 10.0}}, HOUR, RECIPE)
    assert samples[0].grams_per_kwh == pytest.approx(0.9 * 490 + 0.1 * 700)
    assert note == "10.0% of the generation is of unknown kind (XYZ)"
    assert mix_samples({HERE: {"GAS": 90.0, "OTH": 10.0}}, HOUR, RECIPE)[1].endswith("unknown kind")


def test_too_much_unknown_is_refused() -> None:
    samples, _ = mix_samples({HERE: {"GAS": 70.0, "OTH": 30.0}}, HOUR, RECIPE)
    assert samples[0].grams_per_kwh is None
    assert "30.0% of the generation is of unknown kind, more than 20.0%" in samples[0].refusal


def test_a_kind_that_is_late_makes_a_gap() -> None:
    steps = {HERE: {"GAS": 300.0, "NUC": 700.0}, HERE + HOUR: {"NUC": 700.0}}
    assert values(steps) == [155.4, None]
    steps[HERE + 2 * HOUR] = {"GAS": 300.0, "NUC": 700.0}
    assert values(steps) == [155.4, None, 155.4]


def test_a_kind_that_is_missing_at_the_start_makes_a_gap_too() -> None:
    assert values({HERE: {"NUC": 700.0}, HERE + HOUR: {"GAS": 300.0, "NUC": 700.0}}) == [None, 155.4]


def test_a_null_is_not_zero() -> None:
    steps: Steps = {HERE: {"GAS": 300.0, "NUC": 700.0}, HERE + HOUR: {"GAS": None, "NUC": 700.0}}
    assert values(steps) == [155.4, None]


def test_a_kind_that_is_listed_and_never_had_a_value_makes_a_gap() -> None:
    assert values({HERE: {"GAS": None, "NUC": 700.0}}) == [None]
    assert values({HERE: {"BAT": None, "NUC": 700.0}}) == [12]


def test_what_hardly_mattered_may_be_missing() -> None:
    steps: Steps = {HERE: {"NUC": 990.0, "SUN": 10.0}, HERE + HOUR: {"NUC": 990.0}}
    assert values(steps) == [12.36, 12]
    storage: Steps = {HERE: {"NUC": 500.0, "BAT": 500.0}, HERE + HOUR: {"NUC": 500.0}}
    assert values(storage) == [12, 12]


@pytest.mark.parametrize(
    ("value", "error"),
    [("x", Malformed), ([], Malformed), (True, Malformed), (1e9, Implausible), (float("nan"), Implausible)],
)
def test_an_amount_that_cannot_be_is_named(value: object, error: type[DataError]) -> None:
    with pytest.raises(error, match="EIA NG"):
        amount(value, "EIA NG")


def test_amounts_may_be_texts_and_null() -> None:
    assert amount("-12.5", "x") == -12.5
    assert amount(None, "x") is None


@given(GENERATION)
def test_an_intensity_lies_between_its_factors(generation: dict[Fuel, float]) -> None:
    mixed = weigh(generation.items(), LIFECYCLE)
    assert mixed is not None
    factors = [LIFECYCLE[fuel] for fuel in generation]
    assert min(factors) - 1e-6 <= mixed.grams_per_kwh <= max(factors) + 1e-6
    assert 0 <= mixed.unknown_share <= 1


@given(GENERATION, st.floats(0.001, 1000))
def test_an_intensity_does_not_depend_on_the_unit(generation: dict[Fuel, float], scale: float) -> None:
    one = weigh(generation.items(), LIFECYCLE)
    other = weigh([(fuel, amount * scale) for fuel, amount in generation.items()], LIFECYCLE)
    assert one is not None
    assert other is not None
    assert one.grams_per_kwh == pytest.approx(other.grams_per_kwh)


def test_samples_hold_for_their_step() -> None:
    samples, _ = mix_samples({HERE: {"GAS": 1.0}}, timedelta(minutes=15), RECIPE)
    assert (samples[0].start, samples[0].end) == (HERE, HERE + timedelta(minutes=15))


@pytest.mark.parametrize("name", ["NESO", "RTE"])
def test_a_set_that_knows_one_boundary_is_refused_for_the_other(name: str) -> None:
    with pytest.raises(ConfigError, match="use AR5"):
        chosen(name, "lifecycle")
    assert chosen(name, "direct")[Fuel.NUCLEAR] == 0


@pytest.mark.parametrize(
    ("name", "boundary"), [("AR5", "lifecycle"), ("AR5", "direct"), ("ElectricityMaps", "lifecycle"),
                           ("ElectricityMaps", "direct"), ("NESO", "direct"), ("RTE", "direct")]
)  # fmt: skip
def test_every_set_has_every_fuel_and_none_calls_the_unknown_clean(name: str, boundary: str) -> None:
    factors = chosen(name, boundary)
    assert set(factors) == set(Fuel) - {Fuel.STORAGE}
    assert factors[Fuel.UNKNOWN] >= 300


def test_own_factors_take_the_place_of_the_sets() -> None:
    own = [FuelFactor(fuel="coal", grams_per_kwh=1050)]
    assert chosen("AR5", "lifecycle", own)[Fuel.COAL] == 1050
    assert chosen("AR5", "lifecycle", own)[Fuel.GAS] == 490


@pytest.mark.parametrize("source", ["entsoe", "eia"])
async def test_the_chosen_factors_are_used_and_an_impossible_choice_asks_nobody(source: str) -> None:
    case = CASES[source]
    ((kind, member),) = case.source.items()
    own = {kind: {**member, "ownFactors": [{"fuel": "gas", "gramsPerKWh": 590}]}}
    # 300 of gas and 700 of nuclear: 30 more than with 490.
    assert (await poll(own, case.basis, Api(case.answers))).grams_per_kwh == pytest.approx(185.4)
    api = Api(case.answers)
    signal = await poll({kind: {**member, "factors": "NESO"}}, case.basis, api)
    assert (signal.reason, api.requests) == ("Misconfigured", [])
