"""Battery: storage (and the solar beside it) at a site."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

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
    Url,
    at_least,
    cel,
    rules,
)

Query = Annotated[str, Field(min_length=1, max_length=1024)]
Efficiency = Annotated[float, Field(gt=0, le=1)]


class SocReading(Model):
    """State of charge: where it is read and what it is written in."""

    query: Query = Field(description="PromQL, or the dotted path of a number in the JSON document.")
    unit: Literal["Fraction", "Percent", "kWh"] = Field(default="Fraction", description="Unit on the wire.")


class PowerReading(Model):
    """A power: where it is read, its unit and its sign."""

    query: Query = Field(description="PromQL, or the dotted path of a number in the JSON document.")
    unit: Literal["W", "kW", "MW"] = Field(default="kW", description="Unit on the wire.")
    positive: Literal["Discharge", "Charge"] = Field(
        default="Discharge", description="What a positive value means on the wire. Battery power only."
    )


class Readings(Model):
    """What is read from the site."""

    url: Url = Field(description="Base URL of Prometheus, or URL of the JSON document.")
    soc: SocReading = Field(description="State of charge.")
    power: PowerReading | None = Field(default=None, description="Battery power.")
    solar: PowerReading | None = Field(default=None, description="Solar production now.")
    load: PowerReading | None = Field(default=None, description="What the site draws in all.")


class Telemetry(Model):
    """Where the battery reports: exactly one of its members is set."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel("has(self.prometheus) != has(self.http)", "set exactly one of prometheus, http"),
            at_least("refresh", "1s"),
            cel(
                "duration(self.staleAfter) >= duration(self.refresh)",
                "staleAfter must not be shorter than refresh",
            ),
        )
    )

    prometheus: Readings | None = Field(default=None, description="Queries to a Prometheus server.")
    http: Readings | None = Field(default=None, description="Numbers in a JSON document.")
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
    control: Literal["Observe", "Recommend"] = Field(
        default="Observe",
        description="Observe reads the battery and plans with what it holds; Recommend also publishes "
        "the schedule Voltaire would follow in status.plan.",
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
    observed_at: Time | None = Field(default=None, description="When this was measured.")
    plan: Annotated[list[BatteryStep], Field(max_length=400)] = Field(
        default_factory=list, description="The recommended schedule."
    )
