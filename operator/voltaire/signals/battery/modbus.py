"""Registers of a device behind Modbus TCP, on pymodbus.

Many devices serve one connection at a time: a connection lives as long as one piece of work, and the work on
one endpoint is done one after the other, whatever it is for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU

from voltaire.api.battery_sources import ModbusDevice
from voltaire.signals.addresses import Resolve, UrlRules, resolve_host
from voltaire.signals.errors import Malformed, NoData, Rejected, TimedOut, Unreachable
from voltaire.signals.hosts import judged_address

REQUEST_SECONDS = 3.0
TOTAL_SECONDS = 15.0
# What goes wrong is raised; the library would also log it, at every refresh.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)
MAX_REGISTERS = 125  # per request, by the Modbus application protocol
_EXCEPTIONS = {
    1: "it does not know the function",
    2: "it has no such registers",
    3: "it does not take the value",
    4: "it failed",
    6: "it is busy",
    10: "the gateway has no path to the unit",
    11: "the unit behind the gateway does not answer: is unitId right?",
}


@dataclass(slots=True)
class Line:
    """An open connection to one unit. Every method raises FetchError, NoData (no such registers)."""

    client: AsyncModbusTcpClient
    unit: int
    name: str

    async def read(self, address: int, count: int) -> list[int]:
        """`count` holding registers from `address` on, in as many requests as it takes."""
        registers: list[int] = []
        while len(registers) < count:
            part = min(MAX_REGISTERS, count - len(registers))
            asking = self.client.read_holding_registers(
                address + len(registers), count=part, device_id=self.unit
            )
            answer = await self._answer(asking)
            if len(answer.registers) != part:
                raise Malformed(
                    f"{self.name} answers with {len(answer.registers)} registers instead of {part}"
                )
            registers += answer.registers
        return registers

    async def write(self, address: int, values: Sequence[int]) -> None:
        """Holding registers from `address` on, in one request."""
        await self._answer(self.client.write_registers(address, list(values), device_id=self.unit))

    async def _answer(self, asking: object) -> ModbusPDU:
        """The answer to a request; exceptions of Modbus are answers, too."""
        try:
            answer: ModbusPDU = await asking  # type: ignore[misc]
        except ConnectionException:
            raise Unreachable(f"the connection to {self.name} broke") from None
        except ModbusException as error:
            said = "no answer in time" if "No response" in str(error) else "no proper answer"
            raise TimedOut(f"{self.name} gives {said}: is unitId ({self.unit}) right?") from None
        if answer.isError():
            code = int(getattr(answer, "exception_code", 0))
            said = _EXCEPTIONS.get(code, f"exception {code}")
            raise (
                NoData(f"{self.name} refuses: {said}")
                if code == 2
                else Rejected(f"{self.name} refuses: {said}", code)
            )
        return answer


@dataclass(slots=True)
class Lines:
    """Opens connections; one for the whole operator, so that endpoints are not spoken to twice at once."""

    rules: UrlRules
    resolve: Resolve = resolve_host
    total_seconds: float = TOTAL_SECONDS
    _busy: dict[tuple[str, int], asyncio.Lock] = field(default_factory=dict)

    @asynccontextmanager
    async def open(self, device: ModbusDevice) -> AsyncIterator[Line]:
        """A connection for one piece of work, which may take `total_seconds` in all, waiting included.

        Raises UrlRefused, FetchError.
        """
        name = f"{device.host}:{device.port}"
        lock = self._busy.setdefault((device.host, device.port), asyncio.Lock())
        try:
            async with asyncio.timeout(self.total_seconds), lock:
                address = await judged_address(
                    self.rules, device.host, device.port, secure=False, resolve=self.resolve
                )
                client = AsyncModbusTcpClient(
                    address, port=device.port, timeout=REQUEST_SECONDS, retries=1, reconnect_delay=0
                )
                try:
                    if not await client.connect():
                        raise Unreachable(f"{name} cannot be reached")
                    yield Line(client, device.unit_id, name)
                finally:
                    client.close()
        except TimeoutError:
            raise TimedOut(f"{name} gave no answer in {self.total_seconds:g} s") from None
