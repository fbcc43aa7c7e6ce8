"""GridZone: one grid's carbon intensity, from an ordered list of sources."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from voltaire.api.base import (
    Duration,
    Fraction,
    LabelName,
    Model,
    Name,
    NonNegative,
    ResourceStatus,
    SecretKey,
    StatusModel,
    Time,
    Url,
    at_least,
    cel,
    defaulted,
    rules,
)
from voltaire.api.carbon_sources import (
    AzureExporterSource,
    CarbonAwareSdkSource,
    EiaSource,
    EnergyChartsSource,
    EntsoeSource,
    NesoSource,
    OpenElectricitySource,
    PrometheusSource,
    RteSource,
    WattTimeSource,
)

ZoneId = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Grams = Annotated[float, Field(ge=0, le=5000)]


class Basis(Model):
    """What a value of carbon intensity means. Values of different basis are never ranked together."""

    signal: Literal["average", "marginal"] = Field(
        default="average", description="Average of all generation, or of the plant that reacts to demand."
    )
    boundary: Literal["lifecycle", "direct"] = Field(
        default="lifecycle", description="With or without building the plant and producing its fuel."
    )
    perspective: Literal["consumption", "production"] = Field(
        default="consumption", description="With imports and exports, or what the zone itself generates."
    )


class StaticSource(Model):
    """A number that does not change: the last fallback."""

    grams_per_kwh: Grams = Field(description="Carbon intensity in gCO2eq/kWh.")


class ConfigMapSource(Model):
    """A series kept in a ConfigMap: CSV text with the columns datetime_utc and the zone (or value)."""

    name: Name = Field(description="Name of the ConfigMap.")
    namespace: LabelName = Field(description="Namespace of the ConfigMap.")
    key: Annotated[str, Field(min_length=1, max_length=253)] = Field(
        default="series.csv", description="Key that holds the series."
    )


class CsvSource(Model):
    """A trace file in the operator's trace folder, played by the operator's clock."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel("!self.file.contains('..')", "file stays inside the trace folder: leave out '..'")
        )
    )

    file: Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")] = (
        Field(
            description="Path inside the trace folder. Both layouts are read: the matrix "
            "(datetime_utc,ZONE,ZONE,...) and the export of Electricity Maps."
        )
    )


class ElectricityMapsSource(Model):
    """The Electricity Maps API."""

    secret_ref: SecretKey = Field(description="Where the API key is.")
    url: Url = Field(default="https://api.electricitymaps.com/v3", description="Base URL with version.")
    forecast: bool = Field(default=True, description="Ask for the forecast too. Free plans have none.")


_MEMBERS = (
    "static",
    "configMap",
    "csv",
    "electricityMaps",
    "wattTime",
    "neso",
    "rte",
    "entsoe",
    "eia",
    "energyCharts",
    "openElectricity",
    "carbonAwareSdk",
    "azureExporter",
    "prometheus",
)
ONE_SOURCE = f"set exactly one of {', '.join(_MEMBERS)}"


class Source(Model):
    """One source: exactly one of its members is set."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel(
                f"[{', '.join(f'has(self.{member})' for member in _MEMBERS)}].filter(set, set).size() == 1",
                ONE_SOURCE,
            )
        )
    )

    static: StaticSource | None = Field(default=None, description="A constant.")
    config_map: ConfigMapSource | None = Field(default=None, description="A series in a ConfigMap.")
    csv: CsvSource | None = Field(default=None, description="A trace file.")
    electricity_maps: ElectricityMapsSource | None = Field(
        default=None, description="The Electricity Maps API."
    )
    watt_time: WattTimeSource | None = Field(default=None, description="The WattTime API.")
    neso: NesoSource | None = Field(default=None, description="The Carbon Intensity API of Great Britain.")
    rte: RteSource | None = Field(default=None, description="RTE's éCO2mix, for France.")
    entsoe: EntsoeSource | None = Field(default=None, description="The ENTSO-E Transparency Platform.")
    eia: EiaSource | None = Field(default=None, description="The API of the U.S. EIA.")
    energy_charts: EnergyChartsSource | None = Field(default=None, description="The Energy-Charts API.")
    open_electricity: OpenElectricitySource | None = Field(
        default=None, description="The Open Electricity API, for Australia."
    )
    carbon_aware_sdk: CarbonAwareSdkSource | None = Field(
        default=None, description="A WebApi of the Carbon Aware SDK."
    )
    azure_exporter: AzureExporterSource | None = Field(
        default=None, description="The ConfigMap of the carbon-intensity exporter for Kubernetes."
    )
    prometheus: PrometheusSource | None = Field(default=None, description="A query to a Prometheus server.")


class Plausible(Model):
    """Values outside are refused: they are far more often a unit error than a record."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            # has(): the server also judges the default {} before it fills in the fields' own defaults.
            cel(
                "!has(self.minGramsPerKWh) || !has(self.maxGramsPerKWh) || "
                "self.minGramsPerKWh < self.maxGramsPerKWh",
                "minGramsPerKWh must be below maxGramsPerKWh",
            )
        )
    )

    min_grams_per_kwh: Grams = Field(default=0.0, description="Lowest value believed. Zero is legal.")
    max_grams_per_kwh: Grams = Field(default=1500.0, description="Highest value believed.")


class CrossCheck(Model):
    """A second source is asked as well, and the two have to agree."""

    tolerance: Fraction = Field(
        default=0.3, description="How far apart they may be, as a share of the larger. 20 g/kWh always pass."
    )


class GridZoneSpec(Model):
    """What is known of a grid zone and where it is asked for."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel(
                "duration(self.staleAfter) >= duration(self.refresh)",
                "staleAfter must not be shorter than refresh",
            ),
            cel(
                "!has(self.crossCheck) || size(self.sources) > 1",
                "crossCheck needs a second source: add one, or leave crossCheck out",
            ),
            at_least("refresh", "1s"),
        )
    )

    zone: ZoneId = Field(description="Electricity Maps style id: FR, US-MIDA-PJM, US-CAL-CISO.")
    basis: Basis = defaulted(Basis, "What the values of all sources of this zone mean.")
    sources: Annotated[list[Source], Field(min_length=1, max_length=8)] = Field(
        description="Tried in this order: the first that gives a believable, fresh value is used."
    )
    refresh: Duration = Field(default=timedelta(minutes=5), description="How often the sources are asked.")
    stale_after: Duration = Field(
        default=timedelta(hours=2), description="A value older than this never drives a decision."
    )
    plausible: Plausible = defaulted(Plausible, "The range in which a value is believed.")
    cross_check: CrossCheck | None = Field(
        default=None,
        description="Ask the next source that measures too, and believe neither while they disagree.",
    )


class ForecastStatus(StatusModel):
    """The expected intensity, slot by slot."""

    start: Time = Field(description="Start of the first step.")
    step: Duration = Field(description="Length of a step.")
    grams_per_kwh: Annotated[list[NonNegative], Field(max_length=400)] = Field(
        description="gCO2eq/kWh, one value a step."
    )


class LeadErrorStatus(StatusModel):
    """How wrong forecasts for one lead time have been: mean absolute errors as shares of the mean value."""

    lead_hours: int = Field(ge=1, description="Hours from when it was said to the hour it was said of.")
    used: NonNegative | None = Field(default=None, description="Of the forecast that was planned with.")
    provider: NonNegative | None = Field(default=None, description="Of the provider's forecast.")
    own: NonNegative | None = Field(
        default=None, description="Of Voltaire's own forecaster; from its backtest until enough is compared."
    )
    own_share: Fraction = Field(
        default=0.0, description="How much of the own forecast is mixed into the provider's."
    )
    comparisons: int = Field(default=0, ge=0, description="Hours compared; older ones count less.")


class RefusalStatus(StatusModel):
    """What was refused for one reason."""

    reason: Annotated[str, Field(max_length=63)] = Field(description="Why, in one CamelCase word.")
    count: int = Field(ge=0, description="How many values, or whole answers.")


class SourceStatus(StatusModel):
    """How one source is doing."""

    name: Annotated[str, Field(max_length=63)] = Field(description="Kind of the source and its position.")
    healthy: bool = Field(description="Whether its last answer was usable.")
    last_success: Time | None = Field(default=None, description="When it last gave a usable value.")
    refused: int = Field(default=0, ge=0, description="How many values of it were refused.")
    message: Annotated[str, Field(max_length=1024)] = Field(default="", description="Its last error.")
    reason: Annotated[str, Field(max_length=63)] | None = Field(
        default=None, description="Why it is not healthy, in one CamelCase word."
    )
    refusals: Annotated[list[RefusalStatus], Field(max_length=16)] = Field(
        default_factory=list, description="What was refused since the operator started, by reason."
    )
    held_grams_per_kwh: NonNegative | None = Field(
        default=None, description="A jump that is held back until something confirms it, gCO2eq/kWh."
    )
    held_since: Time | None = Field(default=None, description="Since when it is held back.")


class GridZoneStatus(ResourceStatus):
    """What is known of the zone now."""

    grams_per_kwh: NonNegative | None = Field(default=None, description="Intensity now, gCO2eq/kWh.")
    observed_at: Time | None = Field(default=None, description="The time the value is for.")
    estimated: bool | None = Field(
        default=None, description="Whether the provider itself calls the value an estimate."
    )
    source: Annotated[str, Field(max_length=63)] | None = Field(default=None, description="Source in use.")
    forecast: ForecastStatus | None = Field(default=None, description="What is expected.")
    sources: Annotated[list[SourceStatus], Field(max_length=8)] = Field(
        default_factory=list, description="Health per source."
    )
    forecast_error: NonNegative | None = Field(
        default=None,
        description="Mean absolute error of the forecast over the leads of 1 to 24 hours, as a share of the "
        "mean.",
    )
    forecast_errors: Annotated[list[LeadErrorStatus], Field(max_length=48)] = Field(
        default_factory=list, description="Errors by lead time, of each forecast."
    )
