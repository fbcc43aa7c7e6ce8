"""Battery: storage (and the solar beside it) at a site."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import ConfigDict, Field

from voltaire.api.base import (
    Duration,
    Fraction,
    Model,
    NonNegative,
    Positive,
    ResourceStatus,
    StatusModel,
    Time,
    at_least,
    cel,
    rules,
)
from voltaire.api.battery_control import Control, ControlStatus
from voltaire.api.battery_sources import (
    JsonDocument,
    Mqtt,
    OpenEMS,
    PowerReading,
    Readings,
    SocReading,
    SunSpec,
    Vessim,
    Victron,
)

__all__ = ["BatterySpec", "BatteryStatus", "PowerReading", "Readings", "SocReading", "Telemetry"]

Efficiency = Annotated[float, Field(gt=0, le=1)]
_WAYS = ("prometheus", "http", "openEMS", "sunSpec", "mqtt", "victron", "vessim")
ONE_WAY = f"set exactly one of {', '.join(_WAYS)}"


class Telemetry(Model):
    """Where the battery reports: exactly one of its members is set."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel(f"[{', '.join(f'has(self.{way})' for way in _WAYS)}].filter(set, set).size() == 1", ONE_WAY),
            at_least("refresh", "1s"),
            cel(
                "duration(self.staleAfter) >= duration(self.refresh)",
                "staleAfter must not be shorter than refresh",
            ),
        )
    )

    prometheus: Readings | None = Field(default=None, description="Queries to a Prometheus server.")
    http: JsonDocument | None = Field(default=None, description="Numbers in a JSON document.")
    open_ems: OpenEMS | None = Field(default=None, description="OpenEMS Edge over REST.")
    sun_spec: SunSpec | None = Field(default=None, description="A SunSpec device over Modbus TCP.")
    mqtt: Mqtt | None = Field(default=None, description="Topics of an MQTT broker.")
    victron: Victron | None = Field(default=None, description="A Victron GX device over MQTT.")
    vessim: Vessim | None = Field(default=None, description="A Vessim simulation.")
    refresh: Duration = Field(default=timedelta(minutes=1), description="How often it is asked.")
    stale_after: Duration = Field(
        default=timedelta(minutes=15), description="A reading older than this is not planned with."
    )


class Solar(Model):
    """Solar generation beside the battery."""

    peak_kw: Positive = Field(description="Power at full sun, kW.")
    grams_per_kwh: NonNegative = Field(
        default=48.0,
        description="Life-cycle intensity of its energy; 48 is the median for utility-scale "
        "photovoltaics in IPCC AR5 WG III, annex III. Use 0 with a direct basis.",
    )


class BatterySpec(Model):
    """The battery as built, and how it is watched."""

    capacity_kwh: Positive = Field(description="Usable energy when full, kWh.")
    max_charge_kw: Positive = Field(description="Highest charging power, kW.")
    max_discharge_kw: Positive = Field(description="Highest discharging power, kW.")
    charge_efficiency: Efficiency = Field(default=0.97, description="Energy stored over energy taken in.")
    discharge_efficiency: Efficiency = Field(default=0.97, description="Energy given over energy taken out.")
    reserve: Fraction = Field(
        default=0.2, description="Share of the capacity kept for backup and never planned with."
    )
    wear_grams_per_kwh: NonNegative = Field(
        default=0.0, description="Carbon cost of wear per kWh discharged, gCO2eq."
    )
    assumed_stored_grams_per_kwh: NonNegative | None = Field(
        default=None,
        description="Intensity of what the battery holds when its history is unknown. Absent: the grid's.",
    )
    solar: Solar | None = Field(default=None, description="Solar generation at the site.")
    telemetry: Telemetry = Field(description="Where its state is read.")
    control: Control = Field(
        default_factory=Control,
        description="What Voltaire does beyond reading.",
        # Whole, because the server holds a default to the rules before it fills in what is absent.
        json_schema_extra={"default": Control().to_wire()},
    )


class BatteryStep(StatusModel):
    """One slot of the recommended schedule."""

    time: Time = Field(description="Start of the slot.")
    power_kw: float = Field(description="Positive discharges, negative charges.")


class BatteryStatus(ResourceStatus):
    """What the battery holds now."""

    soc: Fraction | None = Field(default=None, description="State of charge, 0 to 1.")
    soc_kwh: NonNegative | None = Field(default=None, description="Energy held, kWh.")
    power_kw: float | None = Field(default=None, description="Positive discharges, negative charges.")
    solar_kw: NonNegative | None = Field(default=None, description="Solar production now, kW.")
    load_kw: NonNegative | None = Field(default=None, description="Load of the site now, kW.")
    stored_grams_per_kwh: NonNegative | None = Field(
        default=None, description="Intensity of the energy held, after charging losses."
    )
    stored_assumed: bool | None = Field(
        default=None, description="True while the stored intensity rests on an assumption."
    )
    stored_assumed_share: Fraction | None = Field(
        default=None, description="Share of the energy held whose intensity is assumed, 0 to 1."
    )
    stored_assumption: Annotated[str, Field(max_length=512)] | None = Field(
        default=None, description="What is assumed of it."
    )
    observed_at: Time | None = Field(default=None, description="When this was measured.")
    plan: Annotated[list[BatteryStep], Field(max_length=400)] = Field(
        default_factory=list, description="The recommended schedule."
    )
    control: ControlStatus | None = Field(default=None, description="What the site was last told.")
