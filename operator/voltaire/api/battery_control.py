"""What Voltaire may write to a battery's site, and where."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import ConfigDict, Field

from voltaire.api.base import (
    Duration,
    Fraction,
    Model,
    NonNegative,
    SecretKey,
    StatusModel,
    Time,
    Url,
    at_least,
    cel,
    rules,
)
from voltaire.api.battery_sources import (
    BROKER_RULES,
    Broker,
    ModbusDevice,
    Part,
    PowerUnit,
    Query,
    Topic,
)

_TARGETS = ("sunSpec", "openEMS", "mqtt", "victron")
_COUNT = f"[{', '.join(f'has(self.{target})' for target in _TARGETS)}].filter(set, set).size()"


class PlanTopic(Broker):
    """Where the plan is published."""

    model_config = ConfigDict(json_schema_extra=rules(*BROKER_RULES))

    topic: Topic = Field(description="The plan is kept here (retained), as a JSON document.")


class SunSpecControl(ModbusDevice):
    """Model 802's reserve (`SoCRsvMin`) and model 704's limit (`WMaxLimPct`), with its reversion timer."""

    limit: bool = Field(
        default=True,
        description="Write model 704's limit of the active power. Set false where the same inverter also "
        "carries solar: the limit would curtail it.",
    )


class OpenEMSControl(Model):
    """Limits of a storage's active power. OpenEMS drops what is not repeated within its `apiTimeout`."""

    url: Url = Field(description="Address of the REST controller (read and write).")
    password_ref: SecretKey = Field(description="Password of a user who may write (Owner).")
    ess: Part = Field(default="ess0", description="The storage's component.")


class ReadBack(Model):
    """Where a site says what it took over."""

    topic: Topic = Field(description="The topic, without wildcards.")
    path: Query | None = Field(
        default=None, description="Where the number stands in the message. Absent: the message is the number."
    )


class ReserveTopic(Model):
    """A topic that takes a state of charge."""

    topic: Topic = Field(description="The topic, without wildcards.")
    unit: Literal["Fraction", "Percent"] = Field(default="Percent", description="Unit on the wire.")
    read_back: ReadBack | None = Field(default=None, description="Where the site confirms it, in that unit.")


class LimitTopic(Model):
    """A topic that takes a power, zero or more."""

    topic: Topic = Field(description="The topic, without wildcards.")
    unit: PowerUnit = Field(default="W", description="Unit on the wire.")
    read_back: ReadBack | None = Field(default=None, description="Where the site confirms it, in that unit.")


class PowerTopicControl(LimitTopic):
    """A topic that takes a power with a sign."""

    positive: Literal["Discharge", "Charge"] = Field(
        default="Discharge", description="What a positive value means on the wire."
    )


class MqttControl(Broker):
    """Topics that take numbers. A site that hears nothing for `revertAfter` is to use its own settings."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            *BROKER_RULES,
            cel(
                "has(self.reserve) || has(self.maxCharge) || has(self.maxDischarge) || has(self.document)",
                "set at least one of reserve, maxCharge, maxDischarge, document",
            ),
        )
    )

    reserve: ReserveTopic | None = Field(default=None, description="Lowest state of charge.")
    max_charge: LimitTopic | None = Field(default=None, description="Highest charging power.")
    max_discharge: LimitTopic | None = Field(default=None, description="Highest discharging power.")
    power: PowerTopicControl | None = Field(
        default=None, description="The power itself; written only with `power: true`."
    )
    document: Topic | None = Field(
        default=None,
        description="Takes everything at once as a JSON document: reserve (0 to 1), maxChargeKW, "
        "maxDischargeKW, powerKW where allowed, and validUntil.",
    )


class VictronControl(Broker):
    """A GX device's ESS settings: minimum state of charge, highest charging and discharging power."""

    model_config = ConfigDict(json_schema_extra=rules(*BROKER_RULES))

    portal_id: Part = Field(description="VRM portal id: Settings, VRM online portal.")


class Control(Model):
    """How far Voltaire goes: it reads, says what it would do, or sets reserve and limits."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel(f"{_COUNT} <= 1", f"set at most one of {', '.join(_TARGETS)}"),
            cel(
                f"self.mode != 'Control' || {_COUNT} == 1",
                f"mode Control needs one of {', '.join(_TARGETS)}",
            ),
            cel("!self.power || self.mode == 'Control'", "power: true needs mode Control"),
            cel(
                "!self.power || !has(self.victron)",
                "power: true is not possible with victron: it takes a grid setpoint, not a battery's power",
            ),
            cel(
                "!self.power || !has(self.mqtt) || has(self.mqtt.power) || has(self.mqtt.document)",
                "power: true needs mqtt.power or mqtt.document",
            ),
            cel("!has(self.publish) || self.mode != 'Observe'", "publish needs mode Recommend or Control"),
            at_least("refresh", "5s"),
            cel(
                "duration(self.revertAfter) >= duration(self.refresh) + duration(self.refresh)",
                "revertAfter must be at least twice refresh",
            ),
            cel("duration(self.revertAfter) <= duration('1h')", "revertAfter must be at most 1h"),
            cel(
                "!has(self.openEMS) || duration(self.refresh) <= duration('50s')",
                "refresh must be at most 50s with openEMS: it forgets what is not repeated within 60s",
            ),
        )
    )

    mode: Literal["Observe", "Recommend", "Control"] = Field(
        default="Observe",
        description="Observe reads the battery and plans with what it holds; Recommend also publishes the "
        "schedule Voltaire would follow; Control also writes reserve and limits to the site.",
    )
    publish: PlanTopic | None = Field(default=None, description="Publish the plan on an MQTT topic, too.")
    power: bool = Field(
        default=False,
        description="Also write the power itself. Without it only the reserve and limits are written, and "
        "the site's own controller dispatches the battery.",
    )
    refresh: Duration = Field(
        default=timedelta(seconds=20), description="How often what holds is written again."
    )
    revert_after: Duration = Field(
        default=timedelta(minutes=2),
        description="After how long without word from Voltaire the site is to use its own settings again.",
    )
    sun_spec: SunSpecControl | None = Field(default=None, description="A SunSpec device over Modbus TCP.")
    open_ems: OpenEMSControl | None = Field(default=None, description="OpenEMS Edge over REST.")
    mqtt: MqttControl | None = Field(default=None, description="Topics of an MQTT broker.")
    victron: VictronControl | None = Field(default=None, description="A Victron GX device.")


class ControlStatus(StatusModel):
    """What the site was last told."""

    reserve: Fraction | None = Field(default=None, description="Lowest state of charge, 0 to 1.")
    max_charge_kw: NonNegative | None = Field(default=None, description="Highest charging power, kW.")
    max_discharge_kw: NonNegative | None = Field(default=None, description="Highest discharging power, kW.")
    power_kw: float | None = Field(
        default=None, description="Power, where it is written; positive discharges."
    )
    since: Time | None = Field(default=None, description="Since when these values hold.")
