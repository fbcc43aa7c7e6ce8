"""The door of the room: watchers out of specs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from voltaire.api.base import camel
from voltaire.api.battery import BatterySpec
from voltaire.api.carbon_sources import (
    AzureExporterSource,
    CarbonAwareSdkSource,
    EiaSource,
    EnergyChartsSource,
    EntsoeSource,
    NesoSource,
    OpenElectricitySource,
    PrometheusSource,
    RteSource,
    WattTimeSource,
)
from voltaire.api.gridzone import (
    ONE_SOURCE,
    ConfigMapSource,
    CsvSource,
    ElectricityMapsSource,
    GridZoneSpec,
    Source,
    StaticSource,
)
from voltaire.clock import Clock
from voltaire.signals.addresses import UrlRules
from voltaire.signals.battery.build import SiteDeps, build_watcher, site_deps
from voltaire.signals.battery.watcher import BatteryWatcher
from voltaire.signals.breaker import Breaker
from voltaire.signals.carbon.azure_exporter import AzureExporter
from voltaire.signals.carbon.carbon_aware_sdk import CarbonAwareSdk
from voltaire.signals.carbon.config_map import ConfigMapSeries, ReadConfigMap
from voltaire.signals.carbon.credentials import ReadSecret
from voltaire.signals.carbon.eia import Eia
from voltaire.signals.carbon.electricity_maps import ElectricityMaps
from voltaire.signals.carbon.energy_charts import EnergyCharts
from voltaire.signals.carbon.entsoe import Entsoe
from voltaire.signals.carbon.neso import Neso
from voltaire.signals.carbon.open_electricity import OpenElectricity
from voltaire.signals.carbon.prometheus import PrometheusCarbon
from voltaire.signals.carbon.rte import Rte
from voltaire.signals.carbon.samples import CarbonSource
from voltaire.signals.carbon.static import Static
from voltaire.signals.carbon.trace import Trace, TraceFolder
from voltaire.signals.carbon.watttime import WattTime
from voltaire.signals.carbon.watttime_login import Logins
from voltaire.signals.errors import ConfigError
from voltaire.signals.forecasting import HORIZON
from voltaire.signals.http import NewClient, Web, new_client
from voltaire.signals.manner import Manner
from voltaire.signals.zone import ZoneWatcher


@dataclass(frozen=True, slots=True)
class SignalDeps:
    """What watchers need from outside; one for the operator, so that watchers share connections, logins, bans
    and parsed traces. `await deps.aclose()` at the end.

    `read_secret(namespace, name, key)` gives one value, `read_config_map(namespace, name)` the data with the
    binary data decoded among it; both may raise anything. `trace_dir`: the only folder traces are read from
    (None: traces are refused). `allow_private_urls`: loopback and private addresses may be asked, also in
    clear text. `plain_http_hosts`: public hosts that may be, too. `forecast_horizon`: how far forecasts
    reach at least.
    """

    clock: Clock
    read_secret: ReadSecret
    read_config_map: ReadConfigMap
    trace_dir: Path | None = None
    allow_private_urls: bool = False
    plain_http_hosts: frozenset[str] = frozenset()
    http_client: NewClient = new_client
    forecast_horizon: timedelta = HORIZON
    web: Web = field(init=False)
    traces: TraceFolder = field(init=False)
    watt_time: Logins = field(init=False)
    breaker: Breaker = field(init=False)
    sites: SiteDeps = field(init=False)

    def __post_init__(self) -> None:
        rules = UrlRules(self.allow_private_urls, self.plain_http_hosts)
        object.__setattr__(self, "web", Web(rules, self.http_client))
        object.__setattr__(self, "traces", TraceFolder(self.trace_dir))
        object.__setattr__(self, "watt_time", Logins(self.web))
        object.__setattr__(self, "breaker", Breaker())
        object.__setattr__(self, "sites", site_deps(self.clock, self.web, self.read_secret))

    async def aclose(self) -> None:
        """Close connections."""
        await self.web.aclose()


def build_zone_watcher(spec: GridZoneSpec, deps: SignalDeps) -> ZoneWatcher:
    """The watcher of a zone. Raises ConfigError for a source that sets nothing (the API refuses those)."""
    sources = [build_source(spec, index, deps) for index in range(len(spec.sources))]
    manners = [manner_of(source) for source in spec.sources]
    return ZoneWatcher(spec, sources, deps.clock, horizon=deps.forecast_horizon, manners=manners)


def build_source(spec: GridZoneSpec, index: int, deps: SignalDeps) -> CarbonSource:
    """The source at a position of the spec. Raises ConfigError."""
    members = [(field, member) for field, member in spec.sources[index] if member is not None]
    if len(members) != 1:
        raise ConfigError(f"sources[{index}]: {ONE_SOURCE}")
    field, member = members[0]
    return _SOURCES[type(member)](member, f"{camel(field)}[{index}]", spec, deps)


def manner_of(source: Source) -> Manner:
    """How often a source has something new, and whether its word is checked."""
    if source.prometheus is not None:
        return Manner(source.prometheus.step)
    kind = next((type(member) for _, member in source if member is not None), None)
    return _MANNERS.get(kind, Manner()) if kind else Manner()


def _static(member: StaticSource, name: str, spec: GridZoneSpec, _: SignalDeps) -> CarbonSource:
    alone = len(spec.sources) == 1
    return Static(name, member.grams_per_kwh, spec.basis, alone)


_WRITTEN = Manner(measured=False)
_QUARTER = Manner(timedelta(minutes=15))
_MANNERS: Mapping[type[Any], Manner] = {
    StaticSource: _WRITTEN,
    ConfigMapSource: _WRITTEN,
    CsvSource: _WRITTEN,
    # Hours, of which the present one is revised while it lasts.
    ElectricityMapsSource: _QUARTER,
    NesoSource: Manner(timedelta(minutes=30)),
    RteSource: _QUARTER,
    EntsoeSource: _QUARTER,
    # Hours, published at no fixed minute.
    EiaSource: _QUARTER,
    EnergyChartsSource: _QUARTER,
    WattTimeSource: Manner(timedelta(minutes=5)),
    OpenElectricitySource: Manner(timedelta(minutes=5)),
    CarbonAwareSdkSource: Manner(timedelta(minutes=5)),
}


# How each member of a source becomes a source, given the member, its name, the zone and what is shared.
_SOURCES: Mapping[type[Any], Callable[[Any, str, GridZoneSpec, SignalDeps], CarbonSource]] = {
    StaticSource: _static,
    ConfigMapSource: lambda m, name, z, d: ConfigMapSeries(name, m, z.zone, z.basis, d.read_config_map),
    CsvSource: lambda m, name, z, d: Trace(name, d.traces, m.file, z.zone, z.basis),
    ElectricityMapsSource: lambda m, name, z, d: ElectricityMaps(
        name, m, z.zone, z.basis, d.web, d.read_secret
    ),
    WattTimeSource: lambda m, name, z, d: WattTime(name, m, z.basis, d.watt_time, d.read_secret),
    NesoSource: lambda m, name, z, d: Neso(name, m, z.basis, d.web),
    RteSource: lambda m, name, z, d: Rte(name, m, z.zone, z.basis, d.web, d.read_secret),
    EntsoeSource: lambda m, name, z, d: Entsoe(name, m, z.basis, d.web, d.breaker, d.read_secret),
    EiaSource: lambda m, name, z, d: Eia(name, m, z.basis, d.web, d.read_secret),
    EnergyChartsSource: lambda m, name, z, d: EnergyCharts(name, m, z.basis, d.web),
    OpenElectricitySource: lambda m, name, z, d: OpenElectricity(name, m, z.basis, d.web, d.read_secret),
    CarbonAwareSdkSource: lambda m, name, z, d: CarbonAwareSdk(name, m, z.basis, d.web),
    AzureExporterSource: lambda m, name, z, d: AzureExporter(name, m, z.basis, d.read_config_map),
    PrometheusSource: lambda m, name, z, d: PrometheusCarbon(name, m, z.basis, d.web, d.clock),
}


def build_battery_watcher(name: str, spec: BatterySpec, deps: SignalDeps) -> BatteryWatcher:
    """The watcher of a battery. Raises ConfigError without telemetry (the API refuses that)."""
    return build_watcher(name, spec, deps.sites)
