"""The door of the room: watchers out of specs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from voltaire.api.battery import BatterySpec
from voltaire.api.gridzone import GridZoneSpec, Source
from voltaire.clock import Clock
from voltaire.signals.addresses import UrlRules
from voltaire.signals.battery.json_document import JsonReader
from voltaire.signals.battery.prometheus import PrometheusReader
from voltaire.signals.battery.readings import SiteReader
from voltaire.signals.battery.watcher import BatteryWatcher
from voltaire.signals.carbon.config_map import ConfigMapSeries, ReadConfigMap
from voltaire.signals.carbon.electricity_maps import ElectricityMaps, ReadSecret
from voltaire.signals.carbon.samples import CarbonSource
from voltaire.signals.carbon.static import Static
from voltaire.signals.carbon.trace import Trace, TraceFolder
from voltaire.signals.errors import ConfigError
from voltaire.signals.forecasting import HORIZON
from voltaire.signals.http import NewClient, Web, new_client
from voltaire.signals.zone import ZoneWatcher


@dataclass(frozen=True, slots=True)
class SignalDeps:
    """What watchers need from outside; one for the operator, so that watchers share connections and parsed
    traces. `await deps.aclose()` at the end.

    `read_secret(namespace, name, key)` gives one value, `read_config_map(namespace, name)` the data; both may
    raise anything. `trace_dir`: the only folder traces are read from (None: traces are refused).
    `allow_private_urls`: loopback and private addresses may be asked, also without TLS.
    `plain_http_hosts`: public hosts that may be asked without TLS. `forecast_horizon`: how far forecasts
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

    def __post_init__(self) -> None:
        rules = UrlRules(self.allow_private_urls, self.plain_http_hosts)
        object.__setattr__(self, "web", Web(rules, self.http_client))
        object.__setattr__(self, "traces", TraceFolder(self.trace_dir))

    async def aclose(self) -> None:
        """Close connections."""
        await self.web.aclose()


def build_zone_watcher(spec: GridZoneSpec, deps: SignalDeps) -> ZoneWatcher:
    """The watcher of a zone. Raises ConfigError for a source that sets nothing (the API refuses those)."""
    sources = [build_source(spec, index, deps) for index in range(len(spec.sources))]
    return ZoneWatcher(spec, sources, deps.clock, horizon=deps.forecast_horizon)


def build_source(spec: GridZoneSpec, index: int, deps: SignalDeps) -> CarbonSource:
    """The source at a position of the spec. Raises ConfigError."""
    source: Source = spec.sources[index]
    if source.static is not None:
        alone = len(spec.sources) == 1
        return Static(f"static[{index}]", source.static.grams_per_kwh, spec.basis, alone)
    if source.config_map is not None:
        name = f"configMap[{index}]"
        return ConfigMapSeries(name, source.config_map, spec.zone, spec.basis, deps.read_config_map)
    if source.csv is not None:
        return Trace(f"csv[{index}]", deps.traces, source.csv.file, spec.zone, spec.basis)
    if source.electricity_maps is not None:
        return ElectricityMaps(
            f"electricityMaps[{index}]",
            source.electricity_maps,
            spec.zone,
            spec.basis,
            deps.web,
            deps.read_secret,
        )
    raise ConfigError(f"sources[{index}]: set exactly one of static, configMap, csv, electricityMaps")


def build_battery_watcher(name: str, spec: BatterySpec, deps: SignalDeps) -> BatteryWatcher:
    """The watcher of a battery. Raises ConfigError without telemetry (the API refuses that)."""
    telemetry = spec.telemetry
    if (telemetry.prometheus is None) == (telemetry.http is None):
        raise ConfigError("telemetry: set exactly one of prometheus, http")
    reader: SiteReader
    if telemetry.prometheus is not None:
        reader = PrometheusReader(telemetry.prometheus, deps.web, deps.clock)
    else:
        assert telemetry.http is not None  # noqa: S101  (told to mypy)
        reader = JsonReader(telemetry.http, deps.web)
    return BatteryWatcher(name, spec, reader, deps.clock)
