"""Tries every source of zones and batteries once, from where one stands, and says what came of it.

Unlike the operator, which stops at the first source that answers, each source of a zone is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from voltaire.api.battery import BatterySpec
from voltaire.api.gridzone import Basis, GridZoneSpec
from voltaire.signals.build import SignalDeps, build_battery_watcher, build_source, manner_of
from voltaire.signals.carbon.shapes import words
from voltaire.signals.errors import SignalError
from voltaire.signals.source_state import SourceState

AT_ONCE = 16
TIMEOUT_SECONDS = 20.0
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What one source of a zone answered. `error` is a CamelCase reason, empty when its value can be used;
    `notes` what was refused or could not be had although the value can be used. `reach`: until when it
    forecasts; `history`: how many values of the past it told."""

    name: str
    grams_per_kwh: float | None
    observed_at: datetime | None
    estimated: bool
    reach: datetime | None
    history: int
    refused: int
    error: str
    message: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ZoneCheck:
    """A zone: known when any of its sources gives a value. `differs`: how its basis is another than most."""

    name: str
    zone: str
    basis: Basis
    sources: tuple[SourceCheck, ...]
    differs: str = ""

    @property
    def known(self) -> bool:
        """Whether the operator would have a value."""
        return any(source.grams_per_kwh is not None for source in self.sources)


@dataclass(frozen=True, slots=True)
class BatteryCheck:
    """A battery: known when its state of charge is."""

    name: str
    soc: float | None
    power_kw: float | None
    solar_kw: float | None
    observed_at: datetime | None
    error: str
    message: str
    seconds: float

    @property
    def known(self) -> bool:
        """Whether the operator would have a state."""
        return self.soc is not None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that was tried, and when."""

    at: datetime
    zones: tuple[ZoneCheck, ...] = ()
    batteries: tuple[BatteryCheck, ...] = ()

    @property
    def unknown(self) -> list[str]:
        """What the operator would know nothing of."""
        zones = [f"GridZone {zone.name}" for zone in self.zones if not zone.known]
        return [*zones, *(f"Battery {battery.name}" for battery in self.batteries if not battery.known)]


@dataclass(slots=True)
class Checker:
    """`tell` hears of each source that was tried."""

    deps: SignalDeps
    tell: Tell = lambda _: None
    _turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def check(self, zones: Mapping[str, GridZoneSpec], batteries: Mapping[str, BatterySpec]) -> Report:
        """Try everything. Raises nothing of what sources do wrong."""
        now = self.deps.clock.now()
        tried = await asyncio.gather(*(self._zone(name, zones[name]) for name in sorted(zones)))
        sites = await asyncio.gather(*(self._battery(name, batteries[name]) for name in sorted(batteries)))
        return Report(now, tuple(compared(tried)), tuple(sites))

    async def _zone(self, name: str, spec: GridZoneSpec) -> ZoneCheck:
        places = range(len(spec.sources))
        sources = await asyncio.gather(*(self._source(name, spec, place) for place in places))
        return ZoneCheck(name, spec.zone, spec.basis, tuple(sources))

    async def _source(self, zone: str, spec: GridZoneSpec, place: int) -> SourceCheck:
        """One source, judged as the operator judges its first answer."""
        async with self._turns:
            began, now = time.monotonic(), self.deps.clock.now()
            try:
                source = build_source(spec, place, self.deps)
            except SignalError as error:
                return SourceCheck(
                    f"sources[{place}]", None, None, False, None, 0, 0, error.reason, str(error), 0.0
                )
            state = SourceState(source, spec, TIMEOUT_SECONDS, time.monotonic, manner_of(spec.sources[place]))
            await state.ask(now, {})
            self.tell(f"{zone}: {source.name}")
        sample, health, answer = state.value(now), state.health(), state.answer
        past = () if answer is None else answer.past
        return SourceCheck(
            name=source.name,
            grams_per_kwh=None if sample is None else sample.grams_per_kwh,
            observed_at=None if sample is None else sample.start,
            estimated=sample is not None and sample.estimated,
            reach=answer.forecast[-1].end if answer is not None and answer.forecast else None,
            history=sum(one.grams_per_kwh is not None for one in past),
            refused=health.refused,
            error=health.reason,
            message=health.message,
            seconds=time.monotonic() - began,
        )

    async def _battery(self, name: str, spec: BatterySpec) -> BatteryCheck:
        """One battery, read once."""
        async with self._turns:
            began = time.monotonic()
            try:
                watcher = build_battery_watcher(name, spec, self.deps)
            except SignalError as error:
                return BatteryCheck(name, None, None, None, None, error.reason, str(error), 0.0)
            try:
                state = await watcher.poll()
            finally:
                await watcher.aclose()
            self.tell(f"{name}: battery")
        return BatteryCheck(
            name,
            state.soc,
            state.power_kw,
            state.solar_kw,
            state.observed_at,
            "" if state.fresh else state.reason,
            state.message,
            time.monotonic() - began,
        )


def compared(zones: list[ZoneCheck]) -> list[ZoneCheck]:
    """The zones, each told how its basis differs from the one that most have."""
    counts: dict[str, int] = {}
    for zone in zones:
        counts[words(zone.basis)] = counts.get(words(zone.basis), 0) + 1
    if len(counts) < 2:
        return zones
    common = max(counts, key=lambda basis: counts[basis])
    return [
        zone
        if words(zone.basis) == common
        else replace(
            zone,
            differs=f"{words(zone.basis)}, most zones are {common}: it will not be ranked with them",
        )
        for zone in zones
    ]


def age(observed: datetime | None, now: datetime) -> timedelta | None:
    """How long ago the interval of a value began."""
    return None if observed is None else now - observed
