"""RegionalCluster: a member, its grid, its power and how to reach it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from voltaire.api.base import (
    Jurisdiction,
    LabelName,
    Model,
    Name,
    NonNegative,
    ResourceStatus,
    SecretKey,
    ShortText,
    StatusModel,
    Time,
    cel,
    defaulted,
    rules,
)
from voltaire.api.labels import DEFAULT_ACCELERATOR_RESOURCE

AcceleratorType = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
ResourceName = Annotated[
    str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9][a-z0-9.-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")
]


class Location(Model):
    """Where it stands, for maps and distances."""

    latitude: Annotated[float, Field(ge=-90, le=90)] = Field(description="Degrees north.")
    longitude: Annotated[float, Field(ge=-180, le=180)] = Field(description="Degrees east.")


class Connection(Model):
    """How the member's API server is reached: exactly one of kubeconfigSecretRef, inCluster."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            cel(
                "has(self.kubeconfigSecretRef) != self.inCluster",
                "set exactly one of kubeconfigSecretRef and inCluster: true",
            )
        )
    )

    kubeconfig_secret_ref: SecretKey | None = Field(
        default=None,
        description="A kubeconfig with embedded certificates and a token or client certificate; exec "
        "plugins, file paths and insecure TLS are refused.",
    )
    in_cluster: bool = Field(default=False, description="The member is the hub itself.")
    impersonate: LabelName = Field(
        default="voltaire-runner",
        description="Service account, in the workload's own namespace of the member, as which objects "
        "are created and deleted: a tenant can run nothing through Voltaire that it could not run itself.",
    )


class Accelerators(Model):
    """Accelerators of one type."""

    type: AcceleratorType = Field(
        description="Type, as nodes carry it in the label nvidia.com/gpu.product: a100, h100."
    )
    resource: ResourceName = Field(
        default=DEFAULT_ACCELERATOR_RESOURCE, description="Extended resource that pods ask for."
    )
    count: Annotated[int, Field(ge=0, le=10_000_000)] | None = Field(
        default=None, description="How many Voltaire may use. Absent: counted on the nodes."
    )
    power_kw: Annotated[float, Field(gt=0, le=100)] | None = Field(
        default=None, description="IT power of one at work with its share of the host, kW."
    )


class Capacity(Model):
    """What the member has."""

    accelerators: Annotated[list[Accelerators], Field(max_length=16)] = Field(
        default_factory=list,
        description="By type. Absent: types and counts are discovered from the nodes.",
        json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]},
    )


class Power(Model):
    """From IT energy to facility energy."""

    pue: Annotated[float, Field(ge=1, le=5)] = Field(
        default=1.25, description="Facility energy over IT energy."
    )
    wue: Annotated[float, Field(ge=0, le=50)] | None = Field(
        default=None, description="Litres of water per kWh of IT energy."
    )
    limit_kw: Annotated[float, Field(gt=0, le=1e7)] | None = Field(
        default=None, description="Facility power Voltaire's workloads may draw, kW."
    )
    host_overhead_kw: NonNegative = Field(
        default=0.0, description="Facility power that is drawn whatever runs, kW."
    )


class RegionalClusterSpec(Model):
    """A member cluster."""

    region: ShortText = Field(description="Region, as people call it: eu-west-paris.")
    jurisdictions: Annotated[list[Jurisdiction], Field(max_length=16)] = Field(
        default_factory=list, description="Legal areas its data lies in: EU, FR, US, US-CA."
    )
    location: Location | None = Field(default=None, description="Where it stands.")
    grid_zone: Name = Field(description="Name of the GridZone that supplies it.")
    connection: Connection = Field(description="How it is reached.")
    engine: Literal["Direct"] = Field(
        default="Direct", description="How a placement becomes real. Direct talks to its API server."
    )
    capacity: Capacity = defaulted(Capacity, "Accelerators, declared or discovered.")
    power: Power = defaulted(Power, "Power model.")
    batteries: Annotated[list[Name], Field(max_length=8)] = Field(
        default_factory=list, description="Names of the Batteries at the site."
    )
    namespaces: Annotated[list[LabelName], Field(max_length=256)] = Field(
        default_factory=list, description="Namespaces whose workloads may run here. Empty: all."
    )
    suspend: bool = Field(
        default=False, description="Nothing new is placed here; what runs moves away where it may."
    )


class AcceleratorStatus(StatusModel):
    """Accelerators of one type, counted."""

    type: AcceleratorType = Field(description="Type.")
    capacity: Annotated[int, Field(ge=0)] = Field(description="How many Voltaire may use.")
    used: Annotated[int, Field(ge=0)] = Field(default=0, description="In use by Voltaire's workloads.")
    others: Annotated[int, Field(ge=0)] = Field(default=0, description="In use by others on its nodes.")


class SupplyStatus(StatusModel):
    """What supplied a site with batteries, hour by hour: what its workloads are billed with, kept here so
    that a restart of the operator loses nothing of it."""

    start: Time = Field(description="Start of the first hour.")
    hourly_grams_per_kwh: Annotated[str, Field(max_length=4096, pattern=r"^[0-9.,]*$")] = Field(
        description="Mean gCO2eq/kWh of each hour, separated by commas; empty where it was not recorded."
    )


class RegionalClusterStatus(ResourceStatus):
    """The member as seen from the hub."""

    reachable: bool | None = Field(default=None, description="Whether its API server answers.")
    lost_since: Time | None = Field(default=None, description="When it was first lost.")
    server_version: Annotated[str, Field(max_length=63)] | None = Field(
        default=None, description="Version of its API server."
    )
    nodes: Annotated[int, Field(ge=0)] | None = Field(default=None, description="Ready nodes.")
    accelerators: Annotated[list[AcceleratorStatus], Field(max_length=16)] = Field(
        default_factory=list, description="By type."
    )
    accelerator_summary: Annotated[str, Field(max_length=253)] | None = Field(
        default=None, description="Used of all, for people."
    )
    grams_per_kwh: NonNegative | None = Field(default=None, description="Grid intensity now, gCO2eq/kWh.")
    effective_grams_per_kwh: NonNegative | None = Field(
        default=None, description="Intensity of the site's supply now: grid, solar and battery together."
    )
    battery: Annotated[str, Field(max_length=63)] | None = Field(
        default=None, description="State of charge of its batteries, for people."
    )
    supply: SupplyStatus | None = Field(
        default=None, description="What supplied it in the last days, where it has batteries."
    )
    workloads: Annotated[int, Field(ge=0)] | None = Field(default=None, description="Workloads placed here.")
