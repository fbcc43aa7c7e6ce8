"""The providers of carbon intensity that a GridZone can name, beyond the simple ones in `gridzone`."""

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
    SecretKey,
    ShortText,
    Url,
    at_least,
    cel,
    rules,
)

Code = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Outward = Annotated[str, Field(min_length=2, max_length=4, pattern=r"^[A-Z]{1,2}[0-9][A-Z0-9]?$")]
Eic = Annotated[str, Field(max_length=16, pattern=r"^[0-9A-Z][0-9A-Z-]{14}[0-9A-Z]$")]
Behind = Literal["WattTime", "ElectricityMaps", "Other"]
_BEHIND = (
    "Who the values come from, which is their basis: they do not say it themselves. With Other they are "
    "taken for what the zone's basis says."
)
_UNKNOWN = (
    "Largest share of generation of unknown kind, 0 to 1, with which a value is believed. It counts with the "
    "factor of unknown generation."
)


_FACTORS = (
    "Emission factors: AR5 (IPCC 2014, medians; for a direct boundary what leaves the stacks), "
    "ElectricityMaps (its world defaults), or, for a direct boundary alone, NESO or RTE."
)
FactorSet = Literal["AR5", "ElectricityMaps", "NESO", "RTE"]


class FuelFactor(Model):
    """An emission factor of one's own."""

    fuel: Literal[
        "coal",
        "gas",
        "oil",
        "biomass",
        "geothermal",
        "hydro",
        "nuclear",
        "solar",
        "wind onshore",
        "wind offshore",
        "ocean",
        "unknown",
    ] = Field(description="What is burnt or used.")
    grams_per_kwh: Annotated[float, Field(ge=0, le=5000)] = Field(
        description="gCO2eq/kWh, of the zone's boundary."
    )


OwnFactors = Annotated[
    list[FuelFactor],
    Field(max_length=12, description="Factors that differ from the set, of plants that are known better."),
]


class Place(Model):
    """A place on the map."""

    latitude: Annotated[float, Field(ge=-90, le=90)] = Field(description="Degrees north.")
    longitude: Annotated[float, Field(ge=-180, le=180)] = Field(description="Degrees east.")


class WattTimeSource(Model):
    """The WattTime API, version 3: marginal, direct, consumption-based."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel("has(self.region) != has(self.location)", "set exactly one of region, location")
        )
    )

    username_ref: SecretKey = Field(description="Where the user name is.")
    password_ref: SecretKey = Field(description="Where the password is.")
    region: Code | None = Field(default=None, description="WattTime's own region, such as CAISO_NORTH.")
    location: Place | None = Field(default=None, description="A place whose region is asked for.")
    url: Url = Field(default="https://api.watttime.org", description="Base URL, without /v3.")


class NesoSource(Model):
    """The Carbon Intensity API of Great Britain: average, direct, consumption-based. National by default."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel("!has(self.regionId) || !has(self.postcode)", "set at most one of regionId, postcode")
        )
    )

    region_id: Annotated[int, Field(ge=1, le=18)] | None = Field(
        default=None,
        description="Region: 1 to 14 are the distribution areas, 15 England, 16 Scotland, 17 Wales.",
    )
    postcode: (
        Annotated[str, Field(min_length=2, max_length=4, pattern=r"^[A-Z]{1,2}[0-9][A-Z0-9]?$")] | None
    ) = Field(default=None, description="First half of a postcode, such as RG41.")
    url: Url = Field(default="https://api.carbonintensity.org.uk", description="Base URL.")


class RteSource(Model):
    """RTE's éCO2mix on the ODRÉ portal, for France: average, direct, production-based."""

    api_key_ref: SecretKey | None = Field(
        default=None, description="Where an API key of the portal is, if any."
    )
    url: Url = Field(default="https://odre.opendatasoft.com", description="Base URL of the portal.")


class EntsoeSource(Model):
    """Generation per type from ENTSO-E: average, production-based, either boundary."""

    token_ref: SecretKey = Field(description="Where the security token is.")
    area: Annotated[str, Field(max_length=16, pattern=r"^[0-9A-Z][0-9A-Z-]{14}[0-9A-Z]$")] = Field(
        description="EIC of the bidding zone, such as 10Y1001A1001A82H for Germany and Luxembourg."
    )
    max_unknown_share: Fraction = Field(default=0.2, description=_UNKNOWN)
    factors: FactorSet = Field(default="AR5", description=_FACTORS)
    own_factors: OwnFactors = Field(default_factory=list)
    url: Url = Field(default="https://web-api.tp.entsoe.eu/api", description="URL of the API.")


class EiaSource(Model):
    """Fuel mix from the U.S. EIA's API, version 2: average, production-based, either boundary."""

    api_key_ref: SecretKey = Field(description="Where the API key is.")
    respondent: Annotated[str, Field(min_length=2, max_length=8, pattern=r"^[A-Z0-9]+$")] = Field(
        description="Balancing authority, such as CISO or ERCO."
    )
    max_unknown_share: Fraction = Field(default=0.2, description=_UNKNOWN)
    factors: FactorSet = Field(default="AR5", description=_FACTORS)
    own_factors: OwnFactors = Field(default_factory=list)
    url: Url = Field(default="https://api.eia.gov/v2", description="Base URL with version.")


class EnergyChartsSource(Model):
    """Energy-Charts of Fraunhofer ISE: average, lifecycle, production-based."""

    country: Annotated[str, Field(min_length=2, max_length=8, pattern=r"^[a-z]+$")] = Field(
        description="Country in small letters, such as de."
    )
    url: Url = Field(default="https://api.energy-charts.info", description="Base URL.")


class OpenElectricitySource(Model):
    """Open Electricity of Australia, version 4: average, direct, production-based. For non-commercial use."""

    api_key_ref: SecretKey = Field(description="Where the API key is.")
    network: Literal["NEM", "WEM"] = Field(description="Eastern (NEM) or Western Australia (WEM).")
    region: Code | None = Field(default=None, description="Region of the network, such as NSW1.")
    url: Url = Field(default="https://api.openelectricity.org.au/v4", description="Base URL with version.")


class CarbonAwareSdkSource(Model):
    """A WebApi of the Green Software Foundation's Carbon Aware SDK."""

    url: Url = Field(description="Base URL of the WebApi.")
    location: ShortText = Field(description="A location the WebApi knows, such as westeurope.")
    behind: Behind = Field(description=_BEHIND)


class AzureExporterSource(Model):
    """The ConfigMap that the carbon-intensity exporter for Kubernetes writes."""

    name: Name = Field(default="carbon-intensity", description="Name of the ConfigMap.")
    namespace: LabelName = Field(default="kube-system", description="Namespace of the ConfigMap.")
    location: ShortText | None = Field(
        default=None, description="Location that the values name; others are refused. Any, when left out."
    )
    behind: Behind = Field(description=_BEHIND)


class PrometheusSource(Model):
    """A query to a Prometheus server. Its values are taken for what the zone's basis says."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            at_least("step", "1m"),
            cel("!has(self.step) || duration(self.step) <= duration('24h')", "step must be at most 24h"),
            # What is remembered of a zone.
            cel(
                "!has(self.history) || duration(self.history) <= duration('192h')",
                "history must be at most 192h",
            ),
        )
    )

    url: Url = Field(description="Base URL of Prometheus.")
    query: Annotated[str, Field(min_length=1, max_length=1024)] = Field(
        description="PromQL that gives exactly one series."
    )
    unit: Literal["g/kWh", "kg/MWh", "lb/MWh"] = Field(default="g/kWh", description="Unit of the values.")
    step: Duration = Field(default=timedelta(minutes=5), description="How long a value holds.")
    history: Duration = Field(
        default=timedelta(0), description="How much of the past is asked for too: 24h, say. 0s asks for none."
    )
