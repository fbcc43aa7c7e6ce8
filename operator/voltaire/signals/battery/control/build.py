"""From a battery's spec to what writes to its site."""

from __future__ import annotations

from voltaire.api.battery import BatterySpec
from voltaire.api.values import Setpoints
from voltaire.signals.battery.build import SiteDeps
from voltaire.signals.battery.control.controller import BatteryController
from voltaire.signals.battery.control.mqtt import MqttWriter
from voltaire.signals.battery.control.openems import OpenEMSWriter
from voltaire.signals.battery.control.sunspec import SunSpecWriter
from voltaire.signals.battery.control.victron import VictronWriter
from voltaire.signals.battery.control.writer import SiteWriter
from voltaire.signals.errors import ConfigError


def build_controller(name: str, spec: BatterySpec, deps: SiteDeps) -> BatteryController:
    """Raises ConfigError unless exactly one target is set (the API refuses that)."""
    return BatteryController(name, spec, build_writer(spec, deps), deps.clock)


def build_writer(spec: BatterySpec, deps: SiteDeps) -> SiteWriter:
    """The writer of the one interface that is set. Raises ConfigError."""
    control = spec.control
    found: list[SiteWriter] = []
    if control.sun_spec is not None:
        found.append(SunSpecWriter(control.sun_spec, deps.lines, spec.reserve, control.revert_after))
    if control.open_ems is not None:
        found.append(OpenEMSWriter(control.open_ems, deps.web, deps.read_secret))
    if control.mqtt is not None:
        rest = Setpoints(spec.reserve, spec.max_charge_kw, spec.max_discharge_kw)
        found.append(MqttWriter(control.mqtt, deps.brokers, deps.clock, rest, control.revert_after))
    if control.victron is not None:
        found.append(VictronWriter(control.victron, deps.brokers, deps.clock, spec.reserve))
    if len(found) != 1:
        raise ConfigError("control: mode Control needs one of sunSpec, openEMS, mqtt, victron")
    return found[0]
