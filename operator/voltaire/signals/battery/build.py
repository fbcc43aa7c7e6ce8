"""From a battery's spec to what reads it and what writes to it."""

from __future__ import annotations

from dataclasses import dataclass

from voltaire.api.battery import ONE_WAY, BatterySpec, Telemetry
from voltaire.clock import Clock
from voltaire.signals.battery.json_document import JsonReader
from voltaire.signals.battery.modbus import Lines
from voltaire.signals.battery.mqtt import mqtt_reader
from voltaire.signals.battery.mqtt_connection import Brokers
from voltaire.signals.battery.openems import OpenEMSReader
from voltaire.signals.battery.prometheus import PrometheusReader
from voltaire.signals.battery.readings import SiteReader
from voltaire.signals.battery.sunspec import SunSpecReader
from voltaire.signals.battery.vessim import VessimReader
from voltaire.signals.battery.victron import victron_reader
from voltaire.signals.battery.watcher import BatteryWatcher
from voltaire.signals.carbon.credentials import ReadSecret
from voltaire.signals.errors import ConfigError
from voltaire.signals.http import Web


@dataclass(frozen=True, slots=True)
class SiteDeps:
    """What readers and writers of sites need from outside; shared by all batteries."""

    clock: Clock
    web: Web
    read_secret: ReadSecret
    lines: Lines
    brokers: Brokers


def site_deps(clock: Clock, web: Web, read_secret: ReadSecret) -> SiteDeps:
    """Connections follow the rules of `web`."""
    return SiteDeps(clock, web, read_secret, Lines(web.rules), Brokers(web.rules, read_secret))


def build_watcher(name: str, spec: BatterySpec, deps: SiteDeps) -> BatteryWatcher:
    """Raises ConfigError unless the telemetry is exactly one (the API refuses that)."""
    return BatteryWatcher(name, spec, build_reader(spec.telemetry, deps), deps.clock)


def build_reader(telemetry: Telemetry, deps: SiteDeps) -> SiteReader:
    """The reader of the one interface that is set. Raises ConfigError."""
    found: list[SiteReader] = []
    if telemetry.prometheus is not None:
        found.append(PrometheusReader(telemetry.prometheus, deps.web, deps.clock, deps.read_secret))
    if telemetry.http is not None:
        found.append(JsonReader(telemetry.http, deps.web, deps.clock, deps.read_secret))
    if telemetry.open_ems is not None:
        found.append(OpenEMSReader(telemetry.open_ems, deps.web, deps.read_secret))
    if telemetry.sun_spec is not None:
        found.append(SunSpecReader(telemetry.sun_spec, deps.lines))
    if telemetry.mqtt is not None:
        found.append(mqtt_reader(telemetry.mqtt, deps.brokers, deps.clock))
    if telemetry.victron is not None:
        found.append(victron_reader(telemetry.victron, deps.brokers, deps.clock))
    if telemetry.vessim is not None:
        found.append(VessimReader(telemetry.vessim, deps.web))
    if len(found) != 1:
        raise ConfigError(f"telemetry: {ONE_WAY}")
    return found[0]
