"""The registry of kinds: everything that differs from kind to kind, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from voltaire.api.aiworkload import AIWorkloadSpec, AIWorkloadStatus
from voltaire.api.base import GROUP, VERSION, Model, ObjectMeta, ResourceStatus, cel
from voltaire.api.battery import BatterySpec, BatteryStatus
from voltaire.api.gridzone import GridZoneSpec, GridZoneStatus
from voltaire.api.placementpolicy import PlacementPolicySpec, PlacementPolicyStatus
from voltaire.api.regionalcluster import RegionalClusterSpec, RegionalClusterStatus

SpecT = TypeVar("SpecT", bound=Model)
StatusT = TypeVar("StatusT", bound=ResourceStatus)


class Resource(BaseModel, Generic[SpecT, StatusT]):
    """One parsed object: metadata, spec and status, frozen."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    metadata: ObjectMeta
    spec: SpecT
    status: StatusT

    @property
    def key(self) -> str:
        """`namespace/name`, or `name` where there is no namespace."""
        meta = self.metadata
        return f"{meta.namespace}/{meta.name}" if meta.namespace else meta.name


AIWorkload = Resource[AIWorkloadSpec, AIWorkloadStatus]
RegionalCluster = Resource[RegionalClusterSpec, RegionalClusterStatus]
GridZone = Resource[GridZoneSpec, GridZoneStatus]
Battery = Resource[BatterySpec, BatteryStatus]
PlacementPolicy = Resource[PlacementPolicySpec, PlacementPolicyStatus]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`."""

    name: str
    path: str
    type: str = "string"
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """What the CRD generator and the clients need to know of a kind."""

    kind: str
    plural: str
    short: tuple[str, ...]
    namespaced: bool
    model: type[Resource[Any, Any]]
    spec: type[Model]
    status: type[ResourceStatus]
    columns: tuple[Column, ...]
    description: str
    rules: tuple[dict[str, str], ...] = ()
    """CEL rules that need the object's own name: only the root of a schema sees it."""

    def parse(self, body: dict[str, Any]) -> Resource[Any, Any]:
        """Read an object as the API server gives it; raises pydantic.ValidationError naming the field."""
        return self.model.model_validate(
            {
                "metadata": body.get("metadata", {}),
                "spec": body.get("spec", {}),
                "status": body.get("status") or {},
            }
        )


_READY = Column("Ready", '.status.conditions[?(@.type=="Ready")].status')
_REASON = Column("Reason", '.status.conditions[?(@.type=="Ready")].reason')
_MESSAGE = Column("Message", '.status.conditions[?(@.type=="Ready")].message', wide=True)
_AGE = Column("Age", ".metadata.creationTimestamp", "date")

AIWORKLOAD = Kind(
    "AIWorkload",
    "aiworkloads",
    ("aiw",),
    True,
    AIWorkload,
    AIWorkloadSpec,
    AIWorkloadStatus,
    (
        Column("Type", ".spec.type"),
        Column("Phase", ".status.phase"),
        Column("Cluster", ".status.placement.cluster"),
        Column("Done%", ".status.progress.percent", "integer"),
        Column("Moves", ".status.migrations", "integer"),
        Column("Saved", ".status.saved"),
        Column("Deadline", ".spec.schedule.deadline"),
        _REASON,
        Column("Why", ".status.why.message", wide=True),
        _AGE,
    ),
    "AI work that Voltaire places, delays, pauses and migrates.",
    (
        cel(
            "self.metadata.name.size() <= 52 || (has(self.spec.manifest.metadata) && "
            "has(self.spec.manifest.metadata.name))",
            "metadata.name must have at most 52 characters, or set spec.manifest.metadata.name",
        ),
    ),
)
REGIONALCLUSTER = Kind(
    "RegionalCluster",
    "regionalclusters",
    # Core ReplicationControllers take a bare `rc`: it means ours as `rc.voltaire.dev` only.
    ("rcl", "rc"),
    False,
    RegionalCluster,
    RegionalClusterSpec,
    RegionalClusterStatus,
    (
        Column("Region", ".spec.region"),
        Column("Zone", ".spec.gridZone"),
        Column("g/kWh", ".status.gramsPerKWh", "number"),
        Column("Effective", ".status.effectiveGramsPerKWh", "number"),
        Column("Accelerators", ".status.acceleratorSummary"),
        Column("Battery", ".status.battery"),
        Column("Workloads", ".status.workloads", "integer"),
        _READY,
        _REASON,
        _MESSAGE,
        _AGE,
    ),
    "A member cluster in a region, with its grid, power model and batteries.",
)
GRIDZONE = Kind(
    "GridZone",
    "gridzones",
    ("gz",),
    False,
    GridZone,
    GridZoneSpec,
    GridZoneStatus,
    (
        Column("Zone", ".spec.zone"),
        Column("g/kWh", ".status.gramsPerKWh", "number"),
        Column("Source", ".status.source"),
        Column("Observed", ".status.observedAt"),
        _READY,
        _REASON,
        _MESSAGE,
        _AGE,
    ),
    "A grid zone and where its carbon intensity is read.",
)
BATTERY = Kind(
    "Battery",
    "batteries",
    ("bat",),
    False,
    Battery,
    BatterySpec,
    BatteryStatus,
    (
        Column("Capacity", ".spec.capacityKWh", "number"),
        Column("SoC", ".status.soc", "number"),
        Column("kW", ".status.powerKW", "number"),
        Column("Solar", ".status.solarKW", "number"),
        Column("Stored-g/kWh", ".status.storedGramsPerKWh", "number"),
        Column("Mode", ".spec.control.mode", wide=True),
        Column("Control", '.status.conditions[?(@.type=="ControlActive")].reason', wide=True),
        _READY,
        _REASON,
        _MESSAGE,
        _AGE,
    ),
    "A battery, and the solar beside it, at the site of a RegionalCluster.",
)
PLACEMENTPOLICY = Kind(
    "PlacementPolicy",
    "placementpolicies",
    ("pp",),
    False,
    PlacementPolicy,
    PlacementPolicySpec,
    PlacementPolicyStatus,
    (
        Column("Mode", ".spec.mode"),
        Column("Slot", ".spec.slot"),
        Column("Horizon", ".spec.horizon"),
        _READY,
        _AGE,
    ),
    "What is optimised, how eagerly, and how far ahead.",
)
KINDS: dict[str, Kind] = {
    kind.kind: kind for kind in (AIWORKLOAD, REGIONALCLUSTER, GRIDZONE, BATTERY, PLACEMENTPOLICY)
}

__all__ = [
    "AIWORKLOAD",
    "BATTERY",
    "GRIDZONE",
    "GROUP",
    "KINDS",
    "PLACEMENTPOLICY",
    "REGIONALCLUSTER",
    "VERSION",
    "AIWorkload",
    "Battery",
    "GridZone",
    "Kind",
    "PlacementPolicy",
    "RegionalCluster",
    "Resource",
]
