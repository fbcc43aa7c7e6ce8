from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.demo.builders import START, at, battery_spec
from voltaire.api.regionalcluster import Location
from voltaire.demo.site import Stored, step
from voltaire.demo.telemetry import Site

CALIFORNIA = Location(latitude=37.35, longitude=-121.95)
powers = st.floats(0, 60)
steps = st.floats(0.01, 2.0)
specs = st.builds(
    battery_spec,
    chargeEfficiency=st.floats(0.5, 1.0),
    dischargeEfficiency=st.floats(0.5, 1.0),
    reserve=st.floats(0, 0.9),
    maxChargeKW=st.floats(0.1, 50),
    maxDischargeKW=st.floats(0.1, 50),
)
days = st.lists(st.tuples(powers, powers, steps), min_size=1, max_size=20)
TOLERANCE = 1e-6


@given(specs, st.floats(0, 1), days)
def test_energy_balances_and_limits_hold(spec, soc, day) -> None:  # type: ignore[no-untyped-def]
    stored = Stored(soc * spec.capacity_kwh, 100.0)
    floor = min(stored.energy_kwh, spec.reserve * spec.capacity_kwh)
    for load, solar, hours in day:
        flows, after = step(spec, stored, load, solar, hours)
        supply = flows.grid_kw + flows.solar_used_kw + flows.discharge_kw
        assert load + flows.charge_kw == pytest.approx(supply, abs=TOLERANCE)
        expected = stored.energy_kwh + flows.charge_kw * hours * spec.charge_efficiency
        expected -= flows.discharge_kw * hours / spec.discharge_efficiency
        assert after.energy_kwh == pytest.approx(expected, abs=TOLERANCE)
        assert floor - TOLERANCE <= after.energy_kwh <= spec.capacity_kwh + TOLERANCE
        assert 0 <= flows.charge_kw <= spec.max_charge_kw + TOLERANCE
        assert 0 <= flows.discharge_kw <= spec.max_discharge_kw + TOLERANCE
        assert flows.solar_used_kw <= solar + TOLERANCE
        assert flows.grid_kw >= 0
        assert min(flows.charge_kw, flows.discharge_kw) == 0
        stored = after


@given(specs, st.floats(0.05, 1), days)
def test_no_gram_is_lost(spec, soc, day) -> None:  # type: ignore[no-untyped-def]
    """What the battery holds in the end is what it held, plus what went in, minus what came out."""
    stored = Stored(soc * spec.capacity_kwh, 300.0)
    grams = stored.grams
    for load, solar, hours in day:
        flows, after = step(spec, stored, load, solar, hours)
        grams += flows.charge_kw * hours * 48.0
        grams -= flows.discharge_kw * hours / spec.discharge_efficiency * stored.grams_per_kwh
        stored = after
    assert stored.grams == pytest.approx(grams, rel=1e-6, abs=1e-3)


def test_stored_intensity_is_the_sources_divided_by_the_charge_efficiency() -> None:
    spec = battery_spec(chargeEfficiency=0.8)
    _, after = step(spec, Stored(0.0, 0.0), 0.0, 10.0, 1.0)
    assert after.energy_kwh == pytest.approx(8.0)
    assert after.grams_per_kwh == pytest.approx(60.0)


def test_discharge_carries_its_intensity_and_its_loss() -> None:
    spec = battery_spec(dischargeEfficiency=0.5)
    flows, after = step(spec, Stored(40.0, 60.0), 5.0, 0.0, 1.0)
    assert after.grams_per_kwh == pytest.approx(60.0)
    assert flows.supply_grams_per_kwh(spec, 60.0, 300.0) == pytest.approx(120.0)


def test_the_reserve_is_never_touched() -> None:
    spec = battery_spec(reserve=0.5)
    flows, after = step(spec, Stored(20.0, 50.0), 8.0, 0.0, 1.0)
    assert (flows.discharge_kw, flows.grid_kw, after.energy_kwh) == (0.0, 8.0, 20.0)


def test_supply_without_a_load_is_the_grids() -> None:
    spec = battery_spec()
    flows, _ = step(spec, Stored(20.0, 50.0), 0.0, 5.0, 1.0)
    assert flows.supply_grams_per_kwh(spec, 50.0, 287.0) == 287.0


def test_sun_that_covers_the_load_makes_supply_as_clean_as_the_sun() -> None:
    spec = battery_spec()
    flows, _ = step(spec, Stored(20.0, 50.0), 5.0, 9.0, 1.0)
    assert flows.supply_grams_per_kwh(spec, 50.0, 287.0) == pytest.approx(48.0)


@pytest.mark.parametrize(("load", "solar", "hours"), [(-1, 0, 1), (0, -1, 1), (0, 0, 0)])
def test_nonsense_is_refused(load: float, solar: float, hours: float) -> None:
    with pytest.raises(ValueError, match="not negative"):
        step(battery_spec(), Stored(10, 50), load, solar, hours)


def test_the_sun_shines_at_local_noon_and_not_at_local_midnight() -> None:
    site = Site(battery_spec(), CALIFORNIA, START, 0.5)
    assert site.solar_kw(at(20)) > 9.0
    assert site.solar_kw(at(8)) == 0.0


def test_a_site_records_each_step_from_its_start() -> None:
    site = Site(battery_spec(), CALIFORNIA, at(8), 0.8)
    site.advance(at(9), 5.0)
    site.advance(at(9), 5.0)
    site.advance(at(10), 5.0)
    assert [record.time for record in site.records] == [at(8), at(9)]
    assert site.records[0].stored.energy_kwh == pytest.approx(32.0)
    assert site.records[1].stored.energy_kwh == pytest.approx(32.0 - 5.0 / 0.97)
    assert site.time - START == timedelta(hours=10)


def test_the_document_has_the_form_the_telemetry_reads() -> None:
    site = Site(battery_spec(), CALIFORNIA, at(8), 0.8)
    site.advance(at(9), 5.0)
    document = site.document()
    assert document["battery"]["powerKW"] == pytest.approx(5.0)
    assert document["battery"]["soc"] == pytest.approx((32 - 5 / 0.97) / 40, abs=1e-5)
    assert document["solar"]["powerKW"] == 0.0
    assert document["site"]["loadKW"] == 5.0


def test_the_document_follows_unit_and_sign() -> None:
    readings = {
        "url": "http://127.0.0.1:1/x",
        "soc": {"query": "soc", "unit": "Percent"},
        "power": {"query": "p", "unit": "W", "positive": "Charge"},
    }
    site = Site(battery_spec(telemetry={"http": readings}), CALIFORNIA, at(8), 0.8)
    site.advance(at(9), 5.0)
    assert site.document()["p"] == pytest.approx(-5000.0)
    assert site.document()["soc"] == pytest.approx(67.1, abs=0.05)
