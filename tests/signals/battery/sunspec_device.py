"""A SunSpec device: registers filled by the models' own definitions, served by a real Modbus server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import sunspec2.modbus.client as sunspec_client
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from sunspec2 import device as sunspec_device
from sunspec2.mb import create_unimpl_value
from sunspec2.mb import point_type_info as sunspec_types

BASE = 40000
MARKER = [0x5375, 0x6E53]
END = [0xFFFF, 0]
UNIT = 7

STORAGE_713 = {"WHRtg": 20000, "WHAvail": 13000, "SoC": 650, "SoH": 990, "Sta": 0, "WH_SF": 2, "Pct_SF": -1}
BATTERY_802 = {
    "AHRtg": 100,
    "WHRtg": 500,
    "WChaRteMax": 250,
    "WDisChaRteMax": 250,
    "SocRsvMax": 100,
    "SoCRsvMin": 20,
    "SoC": 65,
    "LocRemCtl": 0,
    "Hb": 5,
    "CtrlHb": 41,
    "AlmRst": 0,
    "Typ": 4,
    "State": 3,
    "Evt1": 0,
    "V": 800,
    "A": 100,
    "W": 800,
    "SetOp": 1,
    "AHRtg_SF": 0,
    "WHRtg_SF": 3,
    "WChaDisChaMax_SF": 3,
    "SoC_SF": 0,
    "V_SF": 0,
    "A_SF": 0,
    "AMax_SF": 0,
    "W_SF": 2,
}
RATING_702 = {"WMaxRtg": 2600, "WMax": 2500, "W_SF": 2}
CONTROLS_704 = {
    "WMaxLimPctEna": 0,
    "WMaxLimPct": 1000,
    "WMaxLimPctRvrt": 1000,
    "WMaxLimPctEnaRvrt": 0,
    "WMaxLimPctRvrtTms": 0,
    "WMaxLimPctRvrtRem": 0,
    "WSetEna": 0,
    "WSetMod": 0,
    "WSet": 0,
    "WSetRvrt": 0,
    "WSetEnaRvrt": 0,
    "WSetRvrtTms": 0,
    "WSetRvrtRem": 0,
    "WMaxLimPct_SF": -1,
    "WSet_SF": 2,
}
BASIC_124 = {"WChaMax": 2500, "MinRsvPct": 20, "ChaState": 640, "WChaMax_SF": 2, "ChaState_SF": -1}
INVERTER_103 = {"W": 1205, "W_SF": 2}
METER_701 = {"W": 1205, "W_SF": 2}


def model(number: int, points: dict[str, Any], groups: Sequence[dict[str, Any]] = ()) -> list[int]:
    """A model's registers, id and length first; what is not given is written as not implemented.

    The layout is pysunspec2's, so it is not ours that is tested against itself.
    """
    definition = sunspec_device.get_model_def(number)
    registers = _group(definition["group"], {"ID": number, **points})
    for group in groups:
        registers += _group(definition["group"]["groups"][0], group)
    registers[1] = len(registers) - 2
    return registers


def _group(definition: dict[str, Any], points: dict[str, Any]) -> list[int]:
    unknown = set(points) - {point["name"] for point in definition["points"]}
    assert not unknown, unknown
    registers: list[int] = []
    for point in definition["points"]:
        info = sunspec_types[point["type"]]
        value = points.get(point["name"])
        data = (
            create_unimpl_value(point["type"], 2 * point["size"])
            if value is None
            else info.to_data(value, 2 * point["size"])
        )
        registers += [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]
    for group in definition.get("groups", ()):
        if "count" not in group:  # part of the layout, not repeated
            registers += _group(group, {})
    return registers


def ports(*entries: tuple[int, int]) -> list[dict[str, Any]]:
    """DC ports of model 714: (type, watts as written)."""
    return [{"PrtTyp": kind, "ID": index, "DCW": power} for index, (kind, power) in enumerate(entries)]


def common() -> list[int]:
    """Model 1."""
    return model(1, {"Mn": "Volta", "Md": "Pile", "SN": "1800"})


def image(*models: list[int]) -> list[int]:
    """The whole map."""
    return [*MARKER, *common(), *(register for one in models for register in one), *END]


class Device:
    """A running device. `registers` and `poke` see its memory from inside."""

    def __init__(self, server: ModbusTcpServer, base: int) -> None:
        self._server = server
        self.base = base
        self.port: int = server.transport.sockets[0].getsockname()[1]

    async def registers(self, address: int, count: int) -> list[int]:
        return [int(value) for value in await self._server.async_getValues(UNIT, 3, address, count)]

    async def poke(self, address: int, values: list[int]) -> None:
        await self._server.async_setValues(UNIT, 16, address, values)

    async def stop(self) -> None:
        """It is gone: no more connections, and those there are break."""
        await self._server.shutdown()

    def spec(self, **fields: Any) -> dict[str, Any]:
        """How a Battery names it."""
        return {"host": "127.0.0.1", "port": self.port, "unitId": UNIT, **fields}

    async def scanned(self) -> dict[int, Any]:
        """What pysunspec2 makes of the device: its models by number."""
        return await asyncio.to_thread(self._scan)

    def _scan(self) -> dict[int, Any]:
        client = sunspec_client.SunSpecModbusClientDeviceTCP(
            slave_id=UNIT, ipaddr="127.0.0.1", ipport=self.port, timeout=5
        )
        try:
            client.scan()
            return {number: found[0] for number, found in client.models.items() if isinstance(number, int)}
        finally:
            client.close()


@asynccontextmanager
async def served(registers: Sequence[int], base: int = BASE, **fields: Any) -> AsyncIterator[Device]:
    """A device on loopback with these registers; everything else is an illegal address."""
    memory = SimData(base, values=list(registers), datatype=DataType.REGISTERS)
    server = ModbusTcpServer(SimDevice(UNIT, [memory], **fields), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        yield Device(server, base)
    finally:
        await server.shutdown()
