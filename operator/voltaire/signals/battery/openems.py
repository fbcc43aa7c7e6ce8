"""OpenEMS Edge, through its REST controller.

A channel's address is a regular expression there, so that one request reads them all; it answers with one
object when one channel matches, with a list when several do, and with 404 when none does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from voltaire.api.battery_sources import OpenEMS
from voltaire.signals.battery.login import Login, basic
from voltaire.signals.battery.readings import Measured, RawReadings, Unit, Wire, retold
from voltaire.signals.carbon.credentials import ReadSecret
from voltaire.signals.errors import Malformed, NoData, SignalError
from voltaire.signals.http import Web
from voltaire.signals.numbers import number, shown

USER = "x"  # the password alone says who it is
# How OpenEMS writes the units of channels that can be meant.
_UNITS: Mapping[str, Unit] = {"%": "Percent", "W": "W", "kW": "kW"}


@dataclass(frozen=True, slots=True)
class OpenEMSReader:
    """All channels in one request. They carry no time: they are as old as their receipt."""

    spec: OpenEMS
    web: Web
    read_secret: ReadSecret

    async def read(self, now: datetime) -> RawReadings:
        """Raises SignalError when there is no answer; a channel that fails is in `errors`."""
        addresses = _addresses(self.spec)
        login = await basic(USER, self.spec.password_ref, self.read_secret)
        channels = await read_channels(self.web, self.spec.url, list(addresses.values()), login)
        raw = RawReadings({})
        wires: dict[str, Wire] = {}
        for name, address in addresses.items():
            soc = name == "soc"
            wires[name] = Wire("Percent" if soc else "W")
            try:
                value, unit = channel_value(channels, address)
                wires[name] = Wire(_unit(unit, soc=soc))
                raw.values[name] = Measured(value, now)
            except SignalError as error:
                raw.errors[name] = retold(error, f"{name}: channel {address}")
        raw.wires = wires
        return raw

    async def aclose(self) -> None:
        """Nothing is kept."""


async def read_channels(
    web: Web, url: str, addresses: Sequence[str], login: Login
) -> Mapping[str, Mapping[str, object]]:
    """Channels by their address, as many as there are. Raises FetchError, Malformed."""
    components = sorted({address.split("/")[0] for address in addresses})
    names = sorted({address.split("/")[1] for address in addresses})
    pattern = f"({'|'.join(components)})/({'|'.join(names)})" if len(addresses) > 1 else addresses[0]
    page = await web.get(
        f"{url.rstrip('/')}/rest/channel/{pattern}", headers=login.headers, secrets=login.secrets
    )
    document = page.json()
    entries = document if isinstance(document, list) else [document]
    channels: dict[str, Mapping[str, object]] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("address"), str):
            raise Malformed("the answer is not a channel of OpenEMS, nor a list of them")
        channels[entry["address"]] = entry
    return channels


def channel_value(channels: Mapping[str, Mapping[str, object]], address: str) -> tuple[float, str]:
    """Number and unit of a channel. Raises NoData, Malformed, Implausible."""
    channel = channels.get(address)
    if channel is None:
        raise NoData("the edge has no such channel")
    value = channel.get("value")
    if value is None:
        raise NoData("it is null: nothing was read from the device yet, or it is gone")
    unit = channel.get("unit", "")
    if not isinstance(unit, str):
        raise Malformed(f"{shown(unit)} is not a unit")
    return number(value), unit


def _unit(text: str, *, soc: bool) -> Unit:
    """The unit a channel declares; one that declares none has that of its kind. Raises Malformed."""
    unit = _UNITS.get(text) if text else ("Percent" if soc else "W")
    if unit is None or (unit == "Percent") is not soc:
        raise Malformed(f"its unit {shown(text)} is not one of a {'state of charge' if soc else 'power'}")
    return unit


def _addresses(spec: OpenEMS) -> dict[str, str]:
    """The channels the spec asks for."""
    every = {"soc": spec.soc, "power": spec.power, "solar": spec.solar, "load": spec.load}
    return {name: address for name, address in every.items() if address is not None}
