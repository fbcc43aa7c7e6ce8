"""Where a battery reports: one model for each interface, each with its unit, scale and sign."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from voltaire.api.base import Model, SecretKey, Url, cel, rules

Query = Annotated[str, Field(min_length=1, max_length=1024)]
Scale = Annotated[float, Field(gt=0, le=1e9)]
Host = Annotated[
    str,
    Field(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$"),
]
Port = Annotated[int, Field(ge=1, le=65535)]
# A topic that is named whole, without wildcards.
Topic = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9/_.:,;@$%&=~ ()-]+$")]
Part = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9_-]+$")]
Channel = Annotated[str, Field(max_length=127, pattern=r"^[A-Za-z0-9_]+/[A-Za-z0-9_]+$")]
PowerUnit = Literal["W", "kW", "MW"]
Sign = Literal["Discharge", "Charge"]

_SCALE: Any = Field(default=1.0, description="What the number on the wire is multiplied by to be in `unit`.")
_QUERY: Any = Field(
    description="PromQL; or where the number stands in the JSON document: a JSON path as in RFC 9535 "
    "(`$.cells[0].soc`), or names joined by dots (`cells.0.soc`)."
)
_SOC_UNIT: Any = Field(default="Fraction", description="Unit on the wire.")
_POWER_UNIT: Any = Field(default="kW", description="Unit on the wire.")
_SIGN: Any = Field(
    default="Discharge", description="What a positive value means on the wire. Battery power only."
)


class SocReading(Model):
    """State of charge: where it is read and what it is written in."""

    query: Query = _QUERY
    unit: Literal["Fraction", "Percent", "kWh"] = _SOC_UNIT
    scale: Scale = _SCALE


class PowerReading(Model):
    """A power: where it is read, its unit and its sign."""

    query: Query = _QUERY
    unit: PowerUnit = _POWER_UNIT
    scale: Scale = _SCALE
    positive: Sign = _SIGN


class SolarForecastReading(Model):
    """A forecast of solar production in JSON: times at equal distances, and a power from each on."""

    values: Query = Field(description="Path of all powers, in order: `$.forecast[*].watts`.")
    times: Query = Field(description="Path of the times from which they hold: `$.forecast[*].at`.")
    unit: PowerUnit = _POWER_UNIT
    scale: Scale = _SCALE


class Readings(Model):
    """What is read from a Prometheus server or a JSON document."""

    url: Url = Field(description="Base URL of Prometheus, or URL of the JSON document.")
    bearer_ref: SecretKey | None = Field(
        default=None, description="A token, sent as `Authorization: Bearer`."
    )
    soc: SocReading = Field(description="State of charge.")
    power: PowerReading | None = Field(default=None, description="Battery power.")
    solar: PowerReading | None = Field(default=None, description="Solar production now.")
    load: PowerReading | None = Field(default=None, description="What the site draws in all.")


class JsonDocument(Readings):
    """What is read from a JSON document over HTTP."""

    time: Query | None = Field(
        default=None,
        description="Where the document says when it was written: RFC 3339 with an offset, or seconds or "
        "milliseconds since 1970. Absent: its numbers are as old as their receipt.",
    )
    solar_forecast: SolarForecastReading | None = Field(
        default=None, description="Forecast of the solar production, where the site has one."
    )


class OpenEMS(Model):
    """The REST controller of OpenEMS Edge. Its units and signs are its own: percent, watts, positive
    discharges."""

    url: Url = Field(description="Address of the REST controller, such as http://ems.site.example:8084.")
    password_ref: SecretKey = Field(description="Password of a user who may read (Guest); no name is needed.")
    soc: Channel = Field(default="_sum/EssSoc", description="Channel of the state of charge.")
    power: Channel | None = Field(default="_sum/EssActivePower", description="Channel of the battery power.")
    solar: Channel | None = Field(
        default=None, description="Channel of the solar production: `_sum/ProductionActivePower`."
    )
    load: Channel | None = Field(
        default=None, description="Channel of the site's load: `_sum/ConsumptionActivePower`."
    )


class ModbusDevice(Model):
    """A device behind Modbus TCP."""

    host: Host = Field(description="Host name or address.")
    port: Port = Field(default=502, description="TCP port.")
    unit_id: Annotated[int, Field(ge=0, le=247)] = Field(
        default=1, description="Unit identifier of the device."
    )
    base: Annotated[int, Field(ge=0, le=65000)] | None = Field(
        default=None,
        description="Register at which the SunSpec map begins. Absent: looked for at 40000, 50000 and 0.",
    )


class SunSpec(ModbusDevice):
    """A SunSpec device. Read are the models 713, 802 or 124 (state of charge), 714 or 802 (battery power),
    714 (solar) and, where `ac` says what it means, 701 or 103."""

    ac: Literal["Battery", "Solar"] | None = Field(
        default=None,
        description="What the power at the AC terminals (701 or 103) is: of the battery alone, or of the "
        "solar generation alone. Absent: it is a mixture, and not used.",
    )
    positive: Sign = Field(
        default="Discharge",
        description="What a positive power of model 802 means on this device: the specification says "
        "discharging, some devices differ.",
    )


class Broker(Model):
    """An MQTT broker and how to log in."""

    host: Host = Field(description="Host name or address of the broker.")
    port: Port | None = Field(default=None, description="TCP port; absent: 8883 with TLS, 1883 without.")
    tls: bool = Field(default=True, description="Speak TLS, and check the broker's certificate.")
    ca_ref: SecretKey | None = Field(
        default=None, description="The authority that signed the broker's certificate, in PEM."
    )
    username: Annotated[str, Field(min_length=1, max_length=253)] | None = Field(
        default=None, description="Name to log in with."
    )
    password_ref: SecretKey | None = Field(default=None, description="Password to log in with.")


BROKER_RULES = (
    cel("!has(self.passwordRef) || has(self.username)", "passwordRef needs username"),
    cel("!has(self.caRef) || self.tls", "caRef needs tls: true"),
)


class TopicReading(Model):
    """A number in the messages of a topic."""

    topic: Topic = Field(description="The topic, without wildcards.")
    path: Query | None = Field(
        default=None,
        description="Where the number stands in the message: a JSON path, or names joined by dots. "
        "Absent: the message is the number.",
    )
    time: Query | None = Field(
        default=None,
        description="Where the message says when it was measured: RFC 3339 with an offset, or seconds or "
        "milliseconds since 1970. Absent: when it arrived.",
    )


class SocTopic(TopicReading):
    """A state of charge in the messages of a topic."""

    unit: Literal["Fraction", "Percent", "kWh"] = _SOC_UNIT
    scale: Scale = _SCALE


class PowerTopic(TopicReading):
    """A power in the messages of a topic."""

    unit: PowerUnit = _POWER_UNIT
    scale: Scale = _SCALE
    positive: Sign = _SIGN


class SolarForecastTopic(SolarForecastReading):
    """A forecast of solar production in the messages of a topic."""

    topic: Topic = Field(description="The topic, without wildcards. Retained messages are taken.")


class Mqtt(Broker):
    """Topics of an MQTT broker."""

    model_config = ConfigDict(json_schema_extra=rules(*BROKER_RULES))

    retained: Literal["Refuse", "Accept"] = Field(
        default="Refuse",
        description="What to do with a retained message that does not carry its time: nobody knows how old "
        "it is. Refuse waits for the next one; Accept takes it as written when it is received.",
    )
    soc: SocTopic = Field(description="State of charge.")
    power: PowerTopic | None = Field(default=None, description="Battery power.")
    solar: PowerTopic | None = Field(default=None, description="Solar production now.")
    load: PowerTopic | None = Field(default=None, description="What the site draws in all.")
    solar_forecast: SolarForecastTopic | None = Field(
        default=None, description="Forecast of the solar production, where the site has one."
    )


class Victron(Broker):
    """A Victron GX device (Venus OS 3.20 or newer) through its MQTT broker. Its units and signs are its own:
    percent, watts, positive charges."""

    model_config = ConfigDict(json_schema_extra=rules(*BROKER_RULES))

    portal_id: Part = Field(description="VRM portal id: Settings, VRM online portal.")
    solar: bool = Field(default=False, description="Read solar production, on the DC and the AC side.")
    load: bool = Field(default=False, description="Read the consumption of all phases.")


class Vessim(Model):
    """The API of a Vessim simulation. Its units and signs are its own: 0 to 1, watts, positive charges."""

    url: Url = Field(description="Address of the API, such as http://sim.example:8700.")
    microgrid: Part = Field(description="Name of the microgrid.")
    storage: Part = Field(description="Name of the storage among its dispatchables.")
    solar: Part | None = Field(default=None, description="Name of the actor that produces solar power.")
    load: Part | None = Field(default=None, description="Name of the actor that consumes.")
