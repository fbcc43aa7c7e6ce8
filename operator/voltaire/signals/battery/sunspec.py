"""A battery behind a SunSpec device."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from voltaire.api.battery_sources import SunSpec
from voltaire.signals.battery import sunspec_points as points
from voltaire.signals.battery.modbus import Lines
from voltaire.signals.battery.readings import Measured, RawReadings, Wire
from voltaire.signals.battery.sunspec_scan import Place, read_model, scan
from voltaire.signals.errors import Implausible, Malformed, NoData, SignalError

Model = Sequence[int]
_READ = (103, 124, 701, 713, 714, 802)
_BROKEN = {1: "disconnected", 99: "faulty"}  # states of model 802 in which nothing can be used
_STORAGE_ERROR = 2


@dataclass(slots=True)
class SunSpecReader:
    """Scans the device once, then reads the models it needs at every refresh."""

    device: SunSpec
    lines: Lines
    _places: Mapping[int, Place] = field(default_factory=dict)

    async def read(self, now: datetime) -> RawReadings:
        """Raises FetchError, NoData, Malformed when the device or its map cannot be read."""
        models: dict[int, Model] = {}
        async with self.lines.open(self.device) as line:
            if not self._places:
                self._places = await scan(line, self.device)
            try:
                for model in _READ:
                    if model in self._places:
                        models[model] = await read_model(line, model, self._places[model])
            except (Malformed, NoData):
                self._places = {}  # looked for anew next time
                raise
        return readings(self.device, models, now)

    async def aclose(self) -> None:
        """Nothing is kept."""


def readings(device: SunSpec, models: Mapping[int, Model], now: datetime) -> RawReadings:
    """What a device's models say at `now`."""
    raw = RawReadings({"soc": Wire("Percent")})
    wires = {"soc": Wire("Percent")}
    _take(raw, "soc", lambda: _soc(models), now)
    power = _battery_power(device, models)
    if power is not None:
        wires["power"] = power[1]
        _take(raw, "power", power[0], now)
    solar = _solar(device, models)
    if solar is not None:
        wires["solar"] = Wire("W")
        _take(raw, "solar", solar, now)
    raw.wires = wires
    return raw


def _take(raw: RawReadings, name: str, read: Callable[[], float], now: datetime) -> None:
    try:
        raw.values[name] = Measured(read(), now)
    except SignalError as error:
        raw.errors[name] = error


def _soc(models: Mapping[int, Model]) -> float:
    """State of charge in percent: of 713, else of 802, else of 124."""
    battery, storage = models.get(802), models.get(713)
    if battery is not None:
        state = points.BATTERY_STATE.raw(battery)
        if state in _BROKEN:
            raise NoData(f"the battery is {_BROKEN[state]} (State {state} of model 802)")
    if storage is not None and points.STORAGE_713_STATE.raw(storage) == _STORAGE_ERROR:
        raise NoData("the storage reports an error (Sta of model 713)")
    for model, point in (
        (713, points.STORAGE_713_SOC),
        (802, points.BATTERY_SOC),
        (124, points.STORAGE_124_SOC),
    ):
        value = point.value(models[model]) if model in models else None
        if value is not None:
            return value
    raise NoData("the device has no state of charge: none of the models 713, 802, 124 implements it")


def _battery_power(device: SunSpec, models: Mapping[int, Model]) -> tuple[Callable[[], float], Wire] | None:
    """Where the battery's power stands: the DC ports of storages, else model 802, else the AC terminals."""
    if 714 in models and points.ports_of(models[714], points.ESS):
        return (lambda: _ports(models[714], points.ESS)), Wire("W")
    if 802 in models and points.BATTERY_W.raw(models[802]) is not None:
        return (lambda: _present(points.BATTERY_W, models[802])), Wire("W", positive=device.positive)
    return ((lambda: _ac(models)), Wire("W")) if device.ac == "Battery" else None


def _solar(device: SunSpec, models: Mapping[int, Model]) -> Callable[[], float] | None:
    """Where solar production stands: the DC ports of solar generators, else the AC terminals."""
    if 714 in models and points.ports_of(models[714], points.PV):
        return lambda: _ports(models[714], points.PV)
    return (lambda: _ac(models)) if device.ac == "Solar" else None


def _ac(models: Mapping[int, Model]) -> float:
    """Active power at the AC terminals, W, positive gives."""
    if 701 in models:
        return _present(points.AC_701_W, models[701])
    if 103 in models:
        return _present(points.AC_103_W, models[103])
    raise NoData("the device has neither model 701 nor 103")


def _ports(model: Model, kind: int) -> float:
    """Sum over the DC ports of a kind, W, positive gives."""
    return sum(_present(points.PORT_W.at(offset), model) for offset in points.ports_of(model, kind))


def _present(point: points.Point, model: Model) -> float:
    value = point.value(model)
    if value is None:
        raise Implausible(f"{point.name} of model {model[0]} is not implemented by the device")
    return value
