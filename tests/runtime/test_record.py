"""What supplied a site with a battery, and what of it outlives the operator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltaire.api.gridzone import Basis
from voltaire.api.regionalcluster import SupplyStatus
from voltaire.api.resources import BATTERY, GRIDZONE, REGIONALCLUSTER
from voltaire.api.values import BatteryState, Series, ZoneSignal
from voltaire.fleet.picture import MemberView, Picture
from voltaire.fleet.stored import StoredEnergy
from voltaire.runtime.record import STEP, SiteRecord, read_hours, write_hours

START = datetime(2026, 3, 14, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
ABOUT = {"apiVersion": "voltaire.dev/v1alpha1", "metadata": {"name": "site"}}


def picture(battery_kw: float, grid: float = 400.0) -> Picture:
    """A site that draws 20 kW, `battery_kw` of them from a battery that holds 100 g/kWh."""
    found = Picture()
    spec = {"region": "x", "gridZone": "fr", "batteries": ["site"], "power": {"hostOverheadKW": 20}}
    spec["connection"] = {"inCluster": True}
    found.clusters["site"] = REGIONALCLUSTER.parse({**ABOUT, "kind": "RegionalCluster", "spec": spec})
    spec = {"zone": "FR", "sources": [{"static": {"gramsPerKWh": grid}}]}
    found.zones["fr"] = GRIDZONE.parse(
        {**ABOUT, "metadata": {"name": "fr"}, "kind": "GridZone", "spec": spec}
    )
    telemetry = {"http": {"url": "https://x.example.com", "soc": {"query": "soc"}}}
    spec = {"capacityKWh": 100, "maxChargeKW": 50, "maxDischargeKW": 50, "telemetry": telemetry}
    spec["dischargeEfficiency"] = 1.0
    found.batteries["site"] = BATTERY.parse({**ABOUT, "kind": "Battery", "spec": spec})
    found.battery_states["site"] = BatteryState("site", 0.8, battery_kw, None, None, START, "", "")
    found.stored["site"] = StoredEnergy(100.0)
    found.members["site"] = MemberView(True, "Connected", "")
    found.signals["fr"] = ZoneSignal("FR", Basis(), grid, START, "static", None, None, (), "Observed", "")
    return found


def recorded(hours: int, battery_kw: float = 10.0) -> SiteRecord:
    """A record of so many hours from START on."""
    record, known = SiteRecord(), picture(battery_kw)
    for minute in range(0, 60 * hours, 5):
        record.add(known, "site", START + timedelta(minutes=minute))
    return record


def test_half_from_the_battery_is_half_at_the_stored_intensity() -> None:
    grid = Series(START - HOUR, HOUR, (400.0, 400.0, 400.0))
    supply = recorded(1).supply("site", grid)
    assert supply is not None
    assert supply.mean(START, START + HOUR) == pytest.approx(250.0)
    assert supply.at(START - STEP) == 400.0
    assert supply.at(START + HOUR) == 400.0


def test_a_site_without_a_record_is_supplied_by_the_grid() -> None:
    grid = Series(START, HOUR, (400.0,))
    assert SiteRecord().supply("site", grid) is grid
    assert SiteRecord().hours("site", START) is None


def test_after_a_restart_the_past_is_billed_as_before_it() -> None:
    grid = Series(START - HOUR, HOUR, (400.0,) * 8)
    before, after = recorded(3), SiteRecord()
    after.restore("site", before.hours("site", START + 3 * HOUR))
    was, now = before.supply("site", grid), after.supply("site", grid)
    assert was is not None
    assert now is not None
    for span in ((START, START + 3 * HOUR), (START + timedelta(minutes=70), START + timedelta(minutes=95))):
        assert now.mean(*span) == pytest.approx(was.mean(*span))
    assert now.mean(START + 3 * HOUR, START + 5 * HOUR) == 400.0


def test_what_nobody_recorded_is_billed_at_the_grids_intensity() -> None:
    grid = Series(START, HOUR, (400.0,) * 10)
    after = SiteRecord()
    after.restore("site", recorded(2).hours("site", START + 2 * HOUR))
    for minute in range(0, 60, 5):  # two hours later it looks again
        after.add(picture(20.0), "site", START + 4 * HOUR + timedelta(minutes=minute))
    supply = after.supply("site", grid)
    assert supply is not None
    means = [supply.mean(START + h * HOUR, START + (h + 1) * HOUR) for h in range(6)]
    assert means == pytest.approx([250.0, 250.0, 400.0, 400.0, 100.0, 400.0])


def test_a_restart_within_an_hour_keeps_both_halves_of_it() -> None:
    after = SiteRecord()
    after.restore("site", recorded(1).hours("site", START + timedelta(minutes=30)))
    for minute in range(30, 60, 5):
        after.add(picture(20.0), "site", START + timedelta(minutes=minute))
    hours = after.hours("site", START + HOUR)
    assert hours is not None
    assert read_hours(hours.hourly_grams_per_kwh)[0] == pytest.approx((250 + 100) / 2)


def test_the_status_changes_every_five_minutes_at_most_and_stays_short() -> None:
    record, known = SiteRecord(), picture(10.0)
    now, changes, last = START, 0, None
    for minute in range(60):
        now = START + timedelta(minutes=minute)
        record.add(known, "site", now)
        known.battery_states["site"] = BatteryState("site", 0.8, minute / 4, None, None, now, "", "")
        told = record.hours("site", now)
        changes, last = changes + (told != last), told
    assert changes <= 12
    for day in range(20):
        record.add(known, "site", START + timedelta(days=day))
        told = record.hours("site", START + timedelta(days=day, minutes=5))
    assert told is not None
    assert len(told.hourly_grams_per_kwh) < 4096
    assert START + timedelta(days=19) - told.start <= timedelta(days=8)


def test_a_cluster_that_is_gone_is_forgotten() -> None:
    record = recorded(1)
    record.forget("site")
    assert record.supply("site", None) is None


@given(st.lists(st.none() | st.floats(0, 5000), min_size=1, max_size=200))
def test_hours_are_read_as_they_were_written(values: list[float | None]) -> None:
    read = read_hours(write_hours(values))
    assert [None if v is None else round(v, 1) for v in values] == [
        None if v is None else pytest.approx(v) for v in read
    ]


@given(st.text(max_size=200))
def test_whatever_stands_in_the_status_is_a_number_or_unknown(text: str) -> None:
    record = SiteRecord()
    status = SupplyStatus.model_construct(start=START, hourly_grams_per_kwh=text)
    record.restore("site", status)
    supply = record.supply("site", None)
    assert supply is not None
    assert all(value is None or 0 <= value < float("inf") for value in supply.values)
