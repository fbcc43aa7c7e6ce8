"""A battery that reports on topics of an MQTT broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from voltaire.api.battery_sources import Mqtt, PowerTopic, SocTopic, TopicReading
from voltaire.clock import Clock
from voltaire.signals.battery.json_path import at_path
from voltaire.signals.battery.mqtt_connection import Brokers
from voltaire.signals.battery.mqtt_listener import MAX_PAYLOAD_BYTES, Listener, Message
from voltaire.signals.battery.readings import Measured, RawReadings, retold, wire
from voltaire.signals.battery.solar_forecast import take_forecast
from voltaire.signals.battery.times import measured_at, wall_time
from voltaire.signals.errors import Malformed, NoData, SignalError, Stale
from voltaire.signals.numbers import number, parse_json, parse_number


@dataclass(slots=True)
class MqttReader:
    """Reads what a listener heard. A value is as old as the message says, else as its arrival."""

    spec: Mqtt
    listener: Listener
    clock: Clock

    async def read(self, now: datetime) -> RawReadings:
        """Raises SignalError while there is no connection; a topic that fails is in `errors`."""
        messages = await self.listener.messages()
        fields = topics(self.spec)
        raw = RawReadings({name: wire(reading) for name, reading in fields.items()})
        accept = self.spec.retained == "Accept"
        for name, reading in fields.items():
            try:
                raw.values[name] = reported(reading, messages, self.clock, now, accept=accept)
            except SignalError as error:
                raw.errors[name] = retold(error, f"{name}: topic {reading.topic}")
        if self.spec.solar_forecast is not None:
            topic = self.spec.solar_forecast.topic
            take_forecast(raw, self.spec.solar_forecast, lambda: _document(messages, topic), self.clock)
        return raw

    async def aclose(self) -> None:
        """Stop listening."""
        await self.listener.aclose()


def mqtt_reader(spec: Mqtt, brokers: Brokers, clock: Clock) -> MqttReader:
    """A reader of its own connection."""
    readings = topics(spec).values()
    dated = [reading.topic for reading in readings if reading.time is not None]
    names = [reading.topic for reading in readings]
    if spec.solar_forecast is not None:
        names.append(spec.solar_forecast.topic)
        dated.append(spec.solar_forecast.topic)
    listener = Listener(spec, names, brokers, clock, dated=dated)
    return MqttReader(spec, listener, clock)


def topics(spec: Mqtt) -> dict[str, SocTopic | PowerTopic]:
    """The topics the spec asks for."""
    every = {"soc": spec.soc, "power": spec.power, "solar": spec.solar, "load": spec.load}
    return {name: reading for name, reading in every.items() if reading is not None}


def reported(
    reading: TopicReading, messages: Mapping[str, Message], clock: Clock, now: datetime, *, accept: bool
) -> Measured:
    """The number in a topic's last message. Raises DataError, ConfigError."""
    message = messages.get(reading.topic)
    if message is None:
        raise NoData("there was no message yet")
    if len(message.payload) > MAX_PAYLOAD_BYTES:
        raise Malformed("the message is too large to be a reading")
    if not message.payload.strip():
        raise NoData("the last message is empty: the device is gone")
    if reading.time is None:
        if message.retained and not accept:
            raise Stale("there is only a retained message, of unknown age: waiting for a live one")
        time = message.received
    else:
        document = parse_json(message.payload, "the message")
        time = measured_at(wall_time(at_path(document, reading.time)), clock, now)
    return Measured(_number(message.payload, reading.path), min(time, now))


def _document(messages: Mapping[str, Message], topic: str) -> object:
    """A topic's last message as JSON. Raises NoData, Malformed."""
    if topic not in messages:
        raise NoData("there was no message yet")
    return parse_json(messages[topic].payload, "the message")


def _number(payload: bytes, path: str | None) -> float:
    if path is not None:
        return number(at_path(parse_json(payload, "the message"), path))
    try:
        return parse_number(payload.decode("ascii"))
    except UnicodeDecodeError:
        raise Malformed("the message is not a number in ASCII") from None
