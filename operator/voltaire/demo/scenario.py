"""What the samples describe, and the kustomize overlays that fit them to this lab and this day."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from voltaire.api.base import API_VERSION, format_duration
from voltaire.api.gridzone import ConfigMapSource
from voltaire.api.resources import (
    KINDS,
    AIWorkload,
    Battery,
    GridZone,
    PlacementPolicy,
    RegionalCluster,
    Resource,
)
from voltaire.demo.errors import ScenarioError

# A sample cannot hold a point in time: deadlines, all Required, counted from the begin of the day.
DEADLINES: Mapping[str, timedelta] = {
    "ai/urgent-eval": timedelta(hours=4),
    "ai/eu-finetune": timedelta(hours=20),
    "ai/nightly-batch": timedelta(hours=23),
    "ai/pinned-train": timedelta(hours=24),
    "ai/train-llm": timedelta(hours=19),
}


_SLOTS = tuple(timedelta(minutes=minutes) for minutes in (15, 20, 30, 60))
_LEAST_SLOT_SECONDS = 3.0  # real ones: to plan, write, create and schedule takes one or two


def slot_for(rate: float) -> timedelta:
    """A planning slot that leaves real time to act in when the day passes `rate` times as fast."""
    fitting = (slot for slot in _SLOTS if slot.total_seconds() / rate >= _LEAST_SLOT_SECONDS)
    return next(fitting, _SLOTS[-1])


@dataclass(frozen=True)
class Scenario:
    """The samples, parsed: by name, workloads by `namespace/name`."""

    clusters: Mapping[str, RegionalCluster]
    zones: Mapping[str, GridZone]
    batteries: Mapping[str, Battery]
    workloads: Mapping[str, AIWorkload]
    policies: Mapping[str, PlacementPolicy]

    @property
    def zone_ids(self) -> list[str]:
        """The grid zones' ids, as a matrix names them."""
        return sorted({zone.spec.zone for zone in self.zones.values()})

    def zone_of(self, cluster: RegionalCluster) -> str:
        """The id of the zone that supplies a cluster."""
        return self.zones[cluster.spec.grid_zone].spec.zone

    def configmaps(self) -> list[tuple[str, ConfigMapSource]]:
        """Zone id and source of every GridZone that reads a ConfigMap."""
        return [
            (zone.spec.zone, source.config_map)
            for zone in self.zones.values()
            for source in zone.spec.sources
            if source.config_map is not None
        ]


def load_samples(folder: Path) -> list[dict[str, Any]]:
    """Every object that a kustomization names, as written. Raises ScenarioError for what cannot be read."""
    try:
        names = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
        documents: list[dict[str, Any]] = []
        for name in names:
            path = folder / name
            documents += load_samples(path) if path.is_dir() else yaml.safe_load_all(path.read_text())
    except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
        raise ScenarioError(f"the samples in {folder} cannot be read: {error}") from error
    return [document for document in documents if document]


def read_scenario(documents: Iterable[Mapping[str, Any]]) -> Scenario:
    """Parse rendered samples. Raises ScenarioError naming the object and what is wrong with it."""
    found: dict[str, dict[str, Resource[Any, Any]]] = {kind: {} for kind in KINDS}
    for document in documents:
        kind = str(document.get("kind"))
        if document.get("apiVersion") != API_VERSION or kind not in KINDS:
            continue
        name = (document.get("metadata") or {}).get("name")
        try:
            parsed = KINDS[kind].parse(dict(document))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ScenarioError(f"sample {kind} {name}: {where}: {first['msg']}") from error
        found[kind][parsed.key] = parsed
    scenario = Scenario(
        found["RegionalCluster"],
        found["GridZone"],
        found["Battery"],
        found["AIWorkload"],
        found["PlacementPolicy"],
    )
    _check(scenario)
    return scenario


def _check(scenario: Scenario) -> None:
    if not scenario.clusters or not scenario.workloads:
        raise ScenarioError("the samples hold no RegionalCluster or no AIWorkload: nothing to play")
    for cluster in scenario.clusters.values():
        name = cluster.metadata.name
        if cluster.spec.grid_zone not in scenario.zones:
            raise ScenarioError(
                f"sample RegionalCluster {name} names GridZone {cluster.spec.grid_zone}: add it"
            )
        for battery in cluster.spec.batteries:
            if battery not in scenario.batteries:
                raise ScenarioError(f"sample RegionalCluster {name} names Battery {battery}: add it")


def battery_site(scenario: Scenario, battery: str) -> RegionalCluster | None:
    """The cluster a battery stands beside."""
    sites = (c for c in scenario.clusters.values() if battery in c.spec.batteries)
    return next(sites, None)


@dataclass(frozen=True, slots=True)
class Fit:
    """What only the player knows: where the batteries' sites answer, and how fast the day passes."""

    battery_urls: Mapping[str, str]
    rate: float

    def patches(self, scenario: Scenario) -> list[dict[str, Any]]:
        """The fleet's addresses and planning slots."""
        addresses = [
            _patch("Battery", name, [{"op": "replace", "path": "/spec/telemetry/http/url", "value": url}])
            for name, url in self.battery_urls.items()
        ]
        slot = {"op": "add", "path": "/spec/slot", "value": format_duration(slot_for(self.rate))}
        return addresses + [_patch("PlacementPolicy", name, [slot]) for name in scenario.policies]


def write_overlay(folder: Path, base: Path, scenario: Scenario, fit: Fit, *, start: datetime) -> Path:
    """Write a kustomization that takes `base` and fits it to this day: deadlines, addresses, slots."""
    patches = [
        _patch("AIWorkload", key, operations)
        for key, workload in scenario.workloads.items()
        if (operations := _schedule(key, workload, start))
    ]
    return write_kustomization(folder, base, patches + fit.patches(scenario))


def write_fleet(folder: Path, base: Path, scenario: Scenario, fit: Fit) -> Path:
    """Write a kustomization of `base` without its workloads: first the fleet, then the work."""
    patches = [
        {
            "target": {"kind": "AIWorkload", "name": workload.metadata.name},
            "patch": yaml.safe_dump(
                {
                    "apiVersion": API_VERSION,
                    "kind": "AIWorkload",
                    "metadata": {"name": workload.metadata.name},
                    "$patch": "delete",
                },
                sort_keys=False,
            ),
        }
        for workload in scenario.workloads.values()
    ]
    return write_kustomization(folder, base, patches + fit.patches(scenario))


def write_kustomization(
    folder: Path, base: Path, patches: list[dict[str, Any]], *, namespace: str = ""
) -> Path:
    """Write `folder/kustomization.yaml` over `base`; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [os.path.relpath(base.resolve(), folder.resolve())],
        "patches": patches,
        **({"namespace": namespace} if namespace else {}),
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return folder


def _schedule(key: str, workload: AIWorkload, start: datetime) -> list[dict[str, Any]]:
    due = DEADLINES.get(key)
    if due is None or workload.spec.schedule.deadline is not None:
        return []
    written = workload.spec.schedule.model_dump(mode="json", by_alias=True, exclude_none=True)
    written["deadline"] = f"{start + due:%Y-%m-%dT%H:%M:%SZ}"
    written["deadlineKind"] = "Required"
    return [{"op": "add", "path": "/spec/schedule", "value": written}]


def _patch(kind: str, key: str, operations: list[dict[str, Any]]) -> dict[str, Any]:
    namespace, _, name = key.rpartition("/")
    target = {"kind": kind, "name": name, **({"namespace": namespace} if namespace else {})}
    return {"target": target, "patch": yaml.safe_dump(operations, sort_keys=False)}
