"""Reads a fleet file: the objects one would apply to a hub, of which the lab builds the clusters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from voltaire.lab.errors import FleetFileError

ACCELERATORS = "lab.voltaire.dev/accelerators"
PER_NODE = "lab.voltaire.dev/accelerators-per-node"
DEFAULT_ACCELERATORS = 8
DEFAULT_PER_NODE = 8
DEFAULT_RESOURCE = "nvidia.com/gpu"
HUB = "hub"

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?")
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Accelerators:
    """A number of accelerators of one type, offered under an extended resource's name."""

    type: str
    resource: str
    count: int


@dataclass(frozen=True, slots=True)
class Member:
    """A cluster that runs workloads."""

    name: str
    region: str
    accelerators: tuple[Accelerators, ...]
    per_node: int = DEFAULT_PER_NODE


@dataclass(frozen=True, slots=True)
class Fleet:
    """The members a fleet file describes; one called `hub` makes the hub a member of itself."""

    members: tuple[Member, ...]

    def member(self, name: str) -> Member | None:
        """The member of that name, if there is one."""
        return next((member for member in self.members if member.name == name), None)

    @property
    def cluster_names(self) -> tuple[str, ...]:
        """All clusters of the lab, the hub first."""
        return (HUB, *(member.name for member in self.members if member.name != HUB))


def load_fleet(path: Path) -> Fleet:
    """Read a multi-document YAML file. Raises FleetFileError."""
    try:
        documents = list(yaml.safe_load_all(path.read_text()))
    except OSError as error:
        raise FleetFileError(f"the fleet file {path} cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise FleetFileError(f"the fleet file {path} is not YAML: {error}") from error
    return fleet_of(documents)


def fleet_of(documents: Iterable[Any]) -> Fleet:
    """The fleet among some objects; other kinds than RegionalCluster are not the lab's business.

    Raises FleetFileError naming the object and field.
    """
    members: list[Member] = []
    for document in documents:
        if isinstance(document, dict) and document.get("kind") == "RegionalCluster":
            members.append(_member(document))
    if not members:
        raise FleetFileError("the fleet file holds no RegionalCluster: add one per member cluster")
    names = [member.name for member in members]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise FleetFileError(
            f"RegionalCluster {twice[0]!r} is in the fleet file twice: give each its own name"
        )
    return Fleet(tuple(members))


def _member(document: Mapping[str, Any]) -> Member:
    metadata = _mapping(document, "metadata", "RegionalCluster")
    name = metadata.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise FleetFileError(
            f"RegionalCluster metadata.name is {name!r}: use up to 50 lower-case letters, digits, hyphens"
        )
    where = f"RegionalCluster {name!r}"
    annotations = _mapping(metadata, "annotations", where)
    spec = _mapping(document, "spec", where)
    default_count = _number(
        annotations.get(ACCELERATORS, DEFAULT_ACCELERATORS), f"{where} annotation {ACCELERATORS}"
    )
    per_node = _number(annotations.get(PER_NODE, DEFAULT_PER_NODE), f"{where} annotation {PER_NODE}")
    if per_node == 0:
        raise FleetFileError(f"{where} annotation {PER_NODE} is 0: a node holds at least one accelerator")
    entries = _mapping(spec, "capacity", where).get("accelerators") or []
    if not isinstance(entries, list):
        raise FleetFileError(f"{where} spec.capacity.accelerators is not a list")
    accelerators = tuple(
        _accelerators(entry, default_count, f"{where} spec.capacity.accelerators[{index}]")
        for index, entry in enumerate(entries)
    )
    region = spec.get("region", name)
    return Member(name, _label_value(region, f"{where} spec.region"), accelerators, per_node)


def _accelerators(entry: Any, default_count: int, where: str) -> Accelerators:
    if not isinstance(entry, dict):
        raise FleetFileError(f"{where} is not an object with a type")
    count = entry.get("count")
    return Accelerators(
        type=_label_value(entry.get("type"), f"{where}.type"),
        resource=str(entry.get("resource") or DEFAULT_RESOURCE),
        count=default_count if count is None else _number(count, f"{where}.count"),
    )


def _mapping(parent: Mapping[str, Any], field: str, where: str) -> Mapping[str, Any]:
    value = parent.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FleetFileError(f"{where} {field} is not an object")
    return value


def _number(value: Any, where: str) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = -1
    if not 0 <= number <= 100_000:
        raise FleetFileError(f"{where} is {value!r}: a whole number from 0 to 100000, please")
    return number


def _label_value(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _LABEL_VALUE.fullmatch(value):
        raise FleetFileError(
            f"{where} is {value!r}: it becomes a node label, so it must be a valid label value"
        )
    return value
