"""What the meters at a site read, for the forecast of what they will."""

from __future__ import annotations

from voltaire.api.resources import RegionalCluster
from voltaire.api.values import BatteryState
from voltaire.fleet.picture import Picture
from voltaire.forecast.meter import MeterForecaster
from voltaire.forecast.solar import SolarForecaster


def site_of(picture: Picture, battery: str) -> RegionalCluster | None:
    """The cluster a battery stands at."""
    return next((c for c in picture.clusters.values() if battery in c.spec.batteries), None)


def observe_solar(picture: Picture, battery: str, state: BatteryState) -> None:
    """Take in what the panels beside a battery give; a plant that was moved or changed is learned anew."""
    solar, site = picture.batteries[battery].spec.solar, site_of(picture, battery)
    if solar is None or state.solar_kw is None or state.observed_at is None:
        return
    location = site.spec.location if site else None
    known = picture.solar.get(battery)
    if known is None or (known.peak_kw, known.location) != (solar.peak_kw, location):
        known = picture.solar[battery] = SolarForecaster(solar.peak_kw, location)
    known.observe(state.observed_at, state.solar_kw)


def observe_load(picture: Picture, battery: str, state: BatteryState) -> None:
    """Take in what a site's load is besides Voltaire's workloads and the overhead that its spec names."""
    site = site_of(picture, battery)
    if site is None or state.load_kw is None or state.observed_at is None:
        return
    name, power = site.metadata.name, site.spec.power
    ours = picture.tally.load_kw(name) * power.pue + power.host_overhead_kw
    other = picture.other_loads.setdefault(name, MeterForecaster())
    other.observe(state.observed_at, max(0.0, state.load_kw - ours))
