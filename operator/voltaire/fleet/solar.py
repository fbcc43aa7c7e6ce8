"""Solar power as it is measured, for the forecast of what it will be."""

from __future__ import annotations

from voltaire.api.resources import RegionalCluster
from voltaire.api.values import BatteryState
from voltaire.fleet.picture import Picture
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
