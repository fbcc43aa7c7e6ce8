"""Fleet files: the objects that one would apply to a hub."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from voltaire.api.base import API_VERSION
from voltaire.api.resources import KINDS, AIWorkload, Battery, GridZone, PlacementPolicy, RegionalCluster
from voltaire.twin.errors import Duplicate, EmptyFleet, FleetError, UnknownName

ARRIVAL = "twin.voltaire.dev/arrival"
"""Annotation of an AIWorkload that is played as a job: RFC 3339, or a duration from the start of the run."""


@dataclass(frozen=True, slots=True)
class FleetFile:
    """What the files hold, by name."""

    clusters: Mapping[str, RegionalCluster]
    zones: Mapping[str, GridZone]
    batteries: Mapping[str, Battery]
    policies: Mapping[str, PlacementPolicy]
    workloads: Mapping[str, AIWorkload]

    def zone_of(self, cluster: str) -> str:
        """Id of the grid zone that supplies a cluster, as the matrix names it."""
        return self.zones[self.clusters[cluster].spec.grid_zone].spec.zone


def read_objects(path: Path) -> list[dict[str, Any]]:
    """The YAML documents of a file, or of all .yaml files in a folder. Raises FleetError."""
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    found: list[dict[str, Any]] = []
    for file in files:
        try:
            documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise FleetError(f"{file} cannot be read as YAML: {error}") from error
        for document in documents:
            if document is not None and not isinstance(document, dict):
                raise FleetError(f"{file}: a document is no object: {str(document)[:60]!r}")
            found += [document] if document else []
    return found


def read_fleet(documents: Iterable[Mapping[str, Any]]) -> FleetFile:
    """The fleet in some objects; kinds that are not Voltaire's are passed over.

    Raises FleetError naming object and field, EmptyFleet, Duplicate, UnknownName for a reference to nothing.
    """
    found: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
    for document in documents:
        kind = str(document.get("kind"))
        if document.get("apiVersion") != API_VERSION or kind not in KINDS:
            continue
        parsed = parse(kind, document)
        if parsed.key in found[kind]:
            raise Duplicate(f"{kind} {parsed.key} is there twice: give each its own name")
        found[kind][parsed.key] = parsed
    fleet = FleetFile(
        found["RegionalCluster"],
        found["GridZone"],
        found["Battery"],
        found["PlacementPolicy"],
        found["AIWorkload"],
    )
    _check(fleet)
    return fleet


def parse(kind: str, document: Mapping[str, Any]) -> Any:
    """One object. Raises FleetError naming it and the field."""
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    try:
        return KINDS[kind].parse(dict(document))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise FleetError(f"{kind} {name}: {where}: {first['msg']}") from error


def _check(fleet: FleetFile) -> None:
    if not fleet.clusters:
        raise EmptyFleet("the fleet holds no RegionalCluster: add one for each site")
    taken: dict[str, str] = {}
    for name, cluster in fleet.clusters.items():
        if cluster.spec.grid_zone not in fleet.zones:
            raise UnknownName(f"RegionalCluster {name} names the GridZone {cluster.spec.grid_zone}: add it")
        if not cluster.spec.capacity.accelerators:
            raise FleetError(
                f"RegionalCluster {name}: spec.capacity.accelerators: declare them, no nodes are there"
            )
        for entry in cluster.spec.capacity.accelerators:
            if entry.count is None:
                raise FleetError(
                    f"RegionalCluster {name}: spec.capacity.accelerators: {entry.type} needs a count, no "
                    "nodes are there"
                )
        for battery in cluster.spec.batteries:
            if battery not in fleet.batteries:
                raise UnknownName(f"RegionalCluster {name} names the Battery {battery}: add it")
            if taken.setdefault(battery, name) != name:
                raise FleetError(f"Battery {battery} stands at {taken[battery]} and at {name}: one site each")
