"""A Victron GX device, through the MQTT broker of Venus OS.

It publishes only while somebody sends keep-alives, keeps nothing (no retained messages), and then repeats
every value at each keep-alive. `{"value": null}` is a value that is not there; an empty message is a device
that went away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import aiomqtt

from voltaire.api.battery_sources import Victron
from voltaire.clock import Clock
from voltaire.signals.battery.mqtt_connection import Brokers
from voltaire.signals.battery.mqtt_listener import MAX_PAYLOAD_BYTES, Greet, Listener, Message
from voltaire.signals.battery.readings import Measured, RawReadings, Wire, retold
from voltaire.signals.errors import Malformed, NoData, SignalError, Stale
from voltaire.signals.numbers import number, parse_json

KEEPALIVE_SECONDS = 30.0  # the device goes silent a minute after the last one
SOC = "system/0/Dc/Battery/Soc"
POWER = "system/0/Dc/Battery/Power"
_PHASES = ("L1", "L2", "L3")
SOLAR = (
    "system/0/Dc/Pv/Power",
    *(f"system/0/Ac/{side}/{phase}/Power" for side in ("PvOnGrid", "PvOnOutput") for phase in _PHASES),
)
LOAD = tuple(f"system/0/Ac/Consumption/{phase}/Power" for phase in _PHASES)


@dataclass(slots=True)
class VictronReader:
    """Reads what a listener heard."""

    spec: Victron
    listener: Listener

    async def read(self, now: datetime) -> RawReadings:
        """Raises SignalError while there is no connection; a value that is not there is in `errors`."""
        messages = await self.listener.messages()
        wires = {"soc": Wire("Percent"), "power": Wire("W", positive="Charge")}
        raw = RawReadings(wires)
        for name, paths in _wanted(self.spec).items():
            if name not in wires:
                wires[name] = Wire("W")
            try:
                raw.values[name] = _sum(self.spec.portal_id, paths, messages, now)
            except SignalError as error:
                raw.errors[name] = retold(error, name)
        return raw

    async def aclose(self) -> None:
        """Stop listening."""
        await self.listener.aclose()


def victron_reader(spec: Victron, brokers: Brokers, clock: Clock) -> VictronReader:
    """A reader of its own connection."""
    paths = [path for paths in _wanted(spec).values() for path in paths]
    listener = Listener(
        spec,
        [notification(spec.portal_id, path) for path in paths],
        brokers,
        clock,
        greet=keep_alive(spec.portal_id),
        greet_seconds=KEEPALIVE_SECONDS,
        patience_seconds=3.0,  # phases that are not there never report
    )
    return VictronReader(spec, listener)


def keep_alive(portal: str) -> Greet:
    """Asks the device to publish everything, and for the next minute what changes."""

    async def greet(client: aiomqtt.Client) -> None:
        await client.publish(f"R/{portal}/keepalive", b"")

    return greet


def notification(portal: str, path: str) -> str:
    """The topic on which a value is published."""
    return f"N/{portal}/{path}"


def value(message: Message) -> float:
    """The number in a notification. Raises NoData, Stale (retained: not of this device), Malformed."""
    if message.retained:
        raise Stale("a retained message is not of the device itself: it keeps none")
    if len(message.payload) > MAX_PAYLOAD_BYTES:
        raise Malformed("the message is too large to be a reading")
    if not message.payload.strip():
        raise NoData("the last message is empty: the device is gone")
    document = parse_json(message.payload, "the message")
    if not isinstance(document, dict) or "value" not in document:
        raise Malformed("the message has no value")
    if document["value"] is None or document["value"] == []:
        raise NoData("it is null: the device does not measure it now")
    return number(document["value"])


def _wanted(spec: Victron) -> dict[str, tuple[str, ...]]:
    wanted: dict[str, tuple[str, ...]] = {"soc": (SOC,), "power": (POWER,)}
    if spec.solar:
        wanted["solar"] = SOLAR
    if spec.load:
        wanted["load"] = LOAD
    return wanted


def _sum(portal: str, paths: tuple[str, ...], messages: Mapping[str, Message], now: datetime) -> Measured:
    """The sum of the parts that report, as old as the oldest of them. Raises DataError when none does, or
    when one reports what is no number."""
    total, oldest, found, silent = 0.0, now, False, NoData("there was no message yet")
    for path in paths:
        message = messages.get(notification(portal, path))
        if message is None:
            continue
        try:
            total += value(message)
        except NoData as error:
            silent = error
            continue
        found, oldest = True, min(oldest, message.received)
    if not found:
        raise silent
    return Measured(total, oldest)
