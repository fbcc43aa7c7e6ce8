"""A site with one battery, run by machine code, held to the linear program that says what is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from voltaire.planner.joint import Battery, Cluster
from voltaire.planner.joint.arrays import Floats
from voltaire.planner.joint.batteries import open_site
from voltaire.planner.joint.program import Program
from voltaire.planner.joint.sites import SOONER, Dispatch
from voltaire.planner.joint.store import Store

CALM = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
_RATES = st.sampled_from([0.0, 10.0, 50.0, 100.0, 220.0, 400.0]) | st.floats(0.0, 900.0)
_KWH = st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0]) | st.floats(0.0, 20.0)
_SHARE = st.sampled_from([0.0, 0.1, 0.5, 1.0]) | st.floats(0.0, 1.0)


@dataclass(frozen=True)
class World:
    """A site, two loads, prices to sell at, and the most it sells, kWh; slots of `hours`."""

    cluster: Cluster
    hours: float
    loads: tuple[Floats, Floats]
    price: Floats
    most: Floats
    host: float

    @property
    def rate(self) -> Floats:
        return np.array(self.cluster.grams_per_kwh)


@st.composite
def batteries(draw: st.DrawFn) -> Battery:
    capacity = draw(_KWH)
    return Battery(
        "pack", capacity, capacity * draw(_SHARE), capacity * draw(_SHARE), draw(_KWH), draw(_KWH),
        draw(st.sampled_from([0.5, 0.9, 1.0])), draw(st.sampled_from([0.6, 0.95, 1.0])),
        draw(st.sampled_from([0.0, 5.0])), draw(_RATES),
    )  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> World:
    slots = draw(st.integers(1, 12))

    def series(values: st.SearchStrategy[float]) -> Floats:
        return np.array(draw(st.lists(values, min_size=slots, max_size=slots)))

    cluster = Cluster(
        "x", {"a": 1}, tuple(series(_RATES)), solar_kw=tuple(series(_KWH)) if draw(st.booleans()) else (),
        solar_grams_per_kwh=draw(_RATES), batteries=(draw(batteries()),) if draw(st.booleans()) else (),
    )  # fmt: skip
    hours = draw(st.sampled_from([0.25, 1.0]))
    return World(cluster, hours, (series(_KWH), series(_KWH)), series(_RATES), series(_KWH), draw(_KWH))


def cost(world: World, found: Dispatch) -> float:
    """What a dispatch emits, as the site's description says."""
    late = SOONER * (1 + np.arange(len(world.rate)) / len(world.rate))
    grams = float(found.grid @ world.rate) + float(found.sun.sum()) * world.cluster.solar_grams_per_kwh
    for b, out, held in zip(world.cluster.batteries, found.discharge, found.soc, strict=True):
        grams += float(out @ (b.wear_grams_per_kwh + late))
        grams += b.stored_grams_per_kwh * (b.energy_kwh - min(held[-1], b.energy_kwh))
    return grams


def check_possible(world: World, load: Floats, found: Dispatch) -> None:
    """It serves the load, and no limit is passed."""
    close, c = 1e-7, world.cluster
    supply = found.grid + found.sun + found.discharge.sum(axis=0) - found.charge.sum(axis=0)
    assert (supply >= load - close).all()
    assert (found.grid >= -close).all()
    assert (found.sun >= -close).all()
    assert (found.sun <= (np.array(c.solar_kw) * world.hours if c.solar_kw else 0.0) + close).all()
    assert len(found.soc) == len(c.batteries)
    for b, into, out, held in zip(c.batteries, found.charge, found.discharge, found.soc, strict=True):
        assert (into >= -close).all()
        assert (into <= b.max_charge_kw * world.hours + close).all()
        assert (out >= -close).all()
        assert (out <= b.max_discharge_kw * world.hours + close).all()
        before = np.concatenate(([b.energy_kwh], held[:-1]))
        assert held == pytest.approx(before + into * b.charge_efficiency - out / b.discharge_efficiency)
        assert (held >= min(b.reserve_kwh, b.energy_kwh) - close).all()
        assert (held <= b.capacity_kwh + close).all()


UNSEEN = 1e-7
"""kWh in a slot that the program does not tell from nothing."""


def near(value: float) -> float:
    return 1e-6 * (1.0 + abs(value))


def worked(cluster: Cluster, load: float = 2.0) -> World:
    """A world with the same load in every slot, half of it as the other load."""
    flat = np.full(len(cluster.grams_per_kwh), load)
    return World(cluster, 1.0, (flat, flat / 2), flat * 100.0, flat, 0.0)


PACK = Battery("pack", 4.0, 0.0, 0.0, 1.0, 1.0, 0.9, 0.9)
ALIKE = worked(Cluster("x", {"a": 1}, (50.0, 50.0, 300.0, 300.0, 0.0, 300.0), batteries=(PACK,)))
BELOW_RESERVE = worked(
    Cluster("x", {"a": 1}, (90.0, 10.0, 400.0), batteries=(Battery("pack", 8.0, 1.0, 6.0, 3.0, 3.0),))
)
SIZELESS = worked(
    Cluster("x", {"a": 1}, (90.0, 10.0), solar_kw=(1.0, 9.0), batteries=(Battery("pack", 0.0, 0.0),))
)
SUN_ALONE = worked(Cluster("x", {"a": 1}, (90.0, 10.0), solar_kw=(1.0, 2.0), solar_grams_per_kwh=40.0))
A_TRACE = worked(Cluster("x", {"a": 1}, (17.0,)), load=6e-8)
A_TRACE_SOLD = World(
    Cluster("x", {"a": 1}, (50.0,)), 1.0, (np.zeros(1), np.zeros(1)), np.array([50.0]), np.array([6e-8]), 0.0
)


@CALM
@given(worlds())
@example(ALIKE)
@example(BELOW_RESERVE)
@example(SIZELESS)
@example(SUN_ALONE)
@example(A_TRACE)
def test_a_load_costs_what_the_program_says_and_is_served_within_the_limits(world: World) -> None:
    found = Store(world.cluster, world.rate, world.hours).serve(world.loads[0])
    best = Program(world.cluster, world.rate, world.hours).serve(world.loads[0]).grams
    check_possible(world, world.loads[0], found)
    assert abs(found.grams - best) <= near(best) + float(world.rate.sum()) * UNSEEN
    assert abs(found.grams - cost(world, found)) <= near(best)


@CALM
@given(worlds())
@example(ALIKE)
@example(BELOW_RESERVE)
@example(SIZELESS)
@example(SUN_ALONE)
@example(A_TRACE)
def test_no_other_load_costs_less_than_the_prices_say(world: World) -> None:
    site = Store(world.cluster, world.rate, world.hours)
    for load, other in (world.loads, world.loads[::-1]):
        found, moved = site.serve(load), site.serve(other)
        assert (found.price >= 0.0).all()
        said = found.grams + float(found.price @ (other - load))
        assert moved.grams >= said - near(float(found.price @ (other + load)))


@CALM
@given(worlds(), st.data())
def test_nor_does_a_little_more_or_less_in_one_slot(world: World, data: st.DataObject) -> None:
    site, load = Store(world.cluster, world.rate, world.hours), world.loads[0]
    slot = data.draw(st.integers(0, len(load) - 1))
    found = site.serve(load)
    for little in (0.01, -min(0.01, load[slot])):
        other = load.copy()
        other[slot] += little
        assert site.serve(other).grams >= found.grams + found.price[slot] * little - 1e-3 * near(found.grams)


@CALM
@given(worlds())
@example(ALIKE)
@example(BELOW_RESERVE)
@example(SIZELESS)
@example(SUN_ALONE)
@example(A_TRACE)
@example(A_TRACE_SOLD)
def test_what_it_costs_at_least_is_what_the_program_says_and_is_sold_at_that(world: World) -> None:
    site = Store(world.cluster, world.rate, world.hours)
    least, sold = site.least(world.price, world.host, world.most)
    best, _ = Program(world.cluster, world.rate, world.hours).least(world.price, world.host, world.most)
    unseen = float(world.rate.sum() + world.price.sum()) * UNSEEN
    assert abs(least - best) <= near(float(world.price @ world.most) + abs(best)) + unseen
    assert (sold >= 0.0).all()
    assert (sold <= world.most + 1e-9).all()
    served = site.serve(world.host + sold).grams - float(world.price @ sold)
    assert abs(served - least) <= near(float(world.price @ world.most) + abs(least))


def test_several_batteries_go_to_the_program_and_one_does_not() -> None:
    one = Cluster("x", {"a": 1}, (1.0, 2.0), batteries=(PACK,))
    two = Cluster("x", {"a": 1}, (1.0, 2.0), batteries=(PACK, Battery("other", 1.0, 0.0)))
    rate = np.array([1.0, 2.0])
    assert isinstance(open_site(one, rate, 1.0), Store)
    assert isinstance(open_site(two, rate, 1.0), Program)


def test_what_may_be_delivered_at_any_time_is_delivered_early() -> None:
    pack = Battery("pack", 2.0, 2.0, 0.0, 1.0, 1.0)
    cluster = Cluster("x", {"a": 1}, (100.0,) * 4, batteries=(pack,))
    found = Store(cluster, np.full(4, 100.0), 1.0).serve(np.ones(4))
    assert found.discharge[0] == pytest.approx([1.0, 1.0, 0.0, 0.0])


def test_a_week_of_quarters_with_a_large_battery_agrees_with_the_program() -> None:
    rng, slots = np.random.default_rng(1), 672
    rate = 300.0 + 250.0 * np.sin(np.arange(slots) / 15.3) + rng.normal(0, 20, slots)
    rate = np.maximum(0.0, rate)
    pack = Battery("pack", 5000.0, 500.0, 250.0, 100.0, 130.0, 0.95, 0.95, 4.0, 200.0)
    cluster = Cluster("x", {"a": 1}, tuple(rate), solar_kw=tuple(rng.uniform(0, 300, slots)),
                      solar_grams_per_kwh=40.0, batteries=(pack,))  # fmt: skip
    load = rng.uniform(0, 400, slots)
    best = Program(cluster, rate, 0.25).serve(load)
    found = Store(cluster, rate, 0.25).serve(load)
    assert found.grams == pytest.approx(best.grams, rel=1e-7)
