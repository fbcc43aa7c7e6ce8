"""The map of a SunSpec device: which models it has, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from voltaire.api.battery_sources import ModbusDevice
from voltaire.signals.battery.modbus import Line
from voltaire.signals.errors import Malformed, NoData

MARKER = [0x5375, 0x6E53]  # "SunS"
BASES = (40000, 50000, 0)
END = 0xFFFF
MAX_MODELS = 100
MAX_LENGTH = 2048  # no model is longer, ports and all
_LAST_REGISTER = 0xFFFF


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model stands: the register of its id, and registers after id and length."""

    address: int
    length: int


async def scan(line: Line, device: ModbusDevice) -> Mapping[int, Place]:
    """The first place of every model, by its id. Raises FetchError, NoData, Malformed."""
    address = await _base(line, device) + len(MARKER)
    places: dict[int, Place] = {}
    for _ in range(MAX_MODELS):
        model, length = await line.read(address, 2)
        if model == END:
            return places
        if model == 0 or length > MAX_LENGTH or address + 2 + length > _LAST_REGISTER:
            raise Malformed(f"{line.name}: the list of models is broken at register {address}")
        places.setdefault(model, Place(address, length))
        address += 2 + length
    raise Malformed(f"{line.name}: the list of models has no end")


async def read_model(line: Line, model: int, place: Place) -> list[int]:
    """A model's registers, id and length first. Raises Malformed when another model stands there now."""
    registers = await line.read(place.address, place.length + 2)
    if registers[:2] != [model, place.length]:
        raise Malformed(f"{line.name}: model {model} is not where it was: the device was changed")
    return registers


async def _base(line: Line, device: ModbusDevice) -> int:
    """The register of the marker."""
    for base in BASES if device.base is None else (device.base,):
        try:
            if await line.read(base, len(MARKER)) == MARKER:
                return base
        except NoData:
            continue
    raise NoData(f"{line.name} has no SunSpec map at {device.base if device.base is not None else BASES}")
