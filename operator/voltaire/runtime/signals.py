"""Polling: one task for each grid zone and each battery, so that one that hangs delays nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from voltaire import metrics
from voltaire.api.resources import Battery, GridZone
from voltaire.api.values import BatteryState, LeadError, ZoneSignal
from voltaire.clock import Clock
from voltaire.fleet.meters import observe_load, observe_solar, site_of
from voltaire.fleet.picture import Picture
from voltaire.fleet.stored import Held, follow, remembered
from voltaire.runtime.keyed import Keyed
from voltaire.signals.build import SignalDeps, build_battery_watcher, build_zone_watcher

MATERIAL_INTENSITY = 0.02  # relative change that asks for a new plan before the slot ends
MATERIAL_SOC = 0.02
METRIC_LEADS = (1, 6, 12, 24, 48)
SHORTEST_WAIT = 0.2  # seconds of wall time between two polls, however fast the clock


class Polling:
    """Keeps `picture.signals`, `battery_states` and `stored` current."""

    def __init__(
        self,
        picture: Picture,
        clock: Clock,
        dependencies: SignalDeps,
        on_zone: Callable[[str], None],
        on_battery: Callable[[str], None],
    ) -> None:
        self._picture = picture
        self._clock = clock
        self._dependencies = dependencies
        self._on_zone = on_zone
        self._on_battery = on_battery
        self._held: dict[str, Held] = {}
        self._exported: dict[str, tuple[str, str]] = {}  # zone and signal, as metrics name them, by GridZone
        self._tasks = Keyed()

    def zone(self, name: str, zone: GridZone | None) -> None:
        """Begin, change or (None) end the polling of a zone."""
        wanted = zone.spec.model_dump_json() if zone else None
        self._tasks.replace(f"zone {name}", wanted, lambda: self._zone(name))
        self._forget_zone(name, zone)
        if zone is None:
            self._picture.signals.pop(name, None)

    def battery(self, name: str, battery: Battery | None) -> None:
        """Begin, change or (None) end the polling of a battery."""
        wanted = battery.spec.model_dump_json() if battery else None
        self._tasks.replace(f"battery {name}", wanted, lambda: self._battery(name))
        if battery is None:
            self._picture.battery_states.pop(name, None)
            self._picture.stored.pop(name, None)
            self._picture.solar.pop(name, None)
            self._held.pop(name, None)
            metrics.forget(battery=name)

    def _forget_zone(self, name: str, zone: GridZone | None) -> None:
        """End the metrics of what a GridZone no longer is, unless another one is still that."""
        before = self._exported.pop(name, None)
        if zone is not None:
            self._exported[name] = (zone.spec.zone, zone.spec.basis.signal)
        left = self._exported.values()
        if before is None or before in left:
            return
        if any(before[0] == other for other, _ in left):
            metrics.forget(zone=before[0], signal=before[1])
        else:
            metrics.forget(zone=before[0])

    async def close(self) -> None:
        """End all polling."""
        await self._tasks.close()

    async def _pause(self, refresh: timedelta) -> None:
        shortest = timedelta(seconds=SHORTEST_WAIT * self._clock.rate)
        await self._clock.sleep(max(refresh, shortest))

    async def _zone(self, name: str) -> None:
        zone = self._picture.zones[name]
        watcher = build_zone_watcher(zone.spec, self._dependencies)
        if zone.status.forecast is not None:
            watcher.remember(_told_errors(zone), zone.status.forecast.start)
        while True:
            self._take_zone(name, await watcher.poll())
            if await watcher.backfill():
                self._take_zone(name, await watcher.poll())
            await self._pause(watcher.pause(self._clock.now()))

    def _take_zone(self, name: str, signal: ZoneSignal) -> None:
        self._tasks.checkpoint()
        before = self._picture.signals.get(name)
        self._picture.signals[name] = signal
        metrics.ZONE_FRESH.labels(zone=signal.zone).set(signal.fresh)
        if signal.grams_per_kwh is not None:
            age = self._clock.now() - (signal.observed_at or self._clock.now())
            metrics.ZONE_AGE.labels(zone=signal.zone).set(age.total_seconds())
            labels = {"zone": signal.zone, "signal": signal.basis.signal}
            metrics.INTENSITY.labels(**labels).set(signal.grams_per_kwh)
        _tell_errors(signal)
        if _moved(before.grams_per_kwh if before else None, signal.grams_per_kwh, MATERIAL_INTENSITY):
            self._picture.changed.set()
        self._on_zone(name)

    async def _battery(self, name: str) -> None:
        spec = self._picture.batteries[name].spec
        watcher = build_battery_watcher(name, spec, self._dependencies)
        try:
            while True:
                self._take_battery(name, await watcher.poll())
                await self._pause(spec.telemetry.refresh)
        finally:
            await watcher.aclose()

    def _take_battery(self, name: str, state: BatteryState) -> None:
        self._tasks.checkpoint()
        picture = self._picture
        battery, before = picture.batteries[name], picture.battery_states.get(name)
        picture.battery_states[name] = state
        self._follow(name, battery, state)
        observe_solar(picture, name, state)
        observe_load(picture, name, state)
        if state.soc is not None:
            metrics.SOC.labels(battery=name).set(state.soc)
        if _moved(before.soc if before else None, state.soc, 0.0, MATERIAL_SOC):
            picture.changed.set()
        self._on_battery(name)

    def _follow(self, name: str, battery: Battery, state: BatteryState) -> None:
        """Carry the intensity of what is held; an outage, ours or the site's, is bridged."""
        held = self._held.get(name) or remembered(name, battery.status)
        site = site_of(self._picture, name)
        signal = self._picture.signals.get(site.spec.grid_zone) if site else None
        history = signal.history if signal else None
        held = self._held[name] = follow(
            held,
            state,
            signal.grams_per_kwh if signal else None,
            lambda start, end: history.mean(start, end) if history else None,
            battery.spec,
        )
        if held.stored is not None:
            self._picture.stored[name] = held.stored
            metrics.STORED.labels(battery=name).set(held.stored.grams_per_kwh)


def _told_errors(zone: GridZone) -> list[LeadError]:
    """The forecast errors that an earlier run of the operator left in the status."""
    return [
        LeadError(e.lead_hours, e.used, e.provider, e.own, e.own_share, e.comparisons)
        for e in zone.status.forecast_errors
    ]


def _tell_errors(signal: ZoneSignal) -> None:
    """Forecast errors as metrics, at a few leads."""
    for error in signal.forecast_errors:
        if error.lead_hours in METRIC_LEADS:
            for forecast, share in (("used", error.used), ("provider", error.provider), ("own", error.own)):
                if share is not None:
                    labels = {"zone": signal.zone, "forecast": forecast, "lead_hours": error.lead_hours}
                    metrics.FORECAST_ERROR.labels(**labels).set(share)


def _moved(before: float | None, after: float | None, relative: float, absolute: float = 0.0) -> bool:
    """Whether a value became known, unknown, or materially another."""
    if before is None or after is None:
        return before is not after
    return abs(after - before) > relative * max(abs(before), 1.0) + absolute
