"""What `voltaire signals check` checks: objects of a file, or of a cluster, and where their Secrets are."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from voltaire.api.battery import BatterySpec
from voltaire.api.gridzone import GridZoneSpec
from voltaire.api.resources import BATTERY, GRIDZONE, Kind
from voltaire.clock import system_clock
from voltaire.kube.errors import KubeError, Throttled
from voltaire.runtime.hub import Hub, connect
from voltaire.signals.build import SignalDeps
from voltaire.signals.errors import Unreadable
from voltaire.twin.errors import FleetError
from voltaire.twin.fleet_file import parse, read_objects


@dataclass(frozen=True, slots=True)
class Inputs:
    """Specs by the names of their objects, and what their sources need."""

    zones: Mapping[str, GridZoneSpec]
    batteries: Mapping[str, BatterySpec]
    deps: SignalDeps


@asynccontextmanager
async def file_inputs(
    file: Path,
    secrets: Iterable[str],
    environ: Mapping[str, str],
    trace_dir: Path | None,
    allow_private: bool,
) -> AsyncIterator[Inputs]:
    """Of a file or a folder of YAML; Secrets and ConfigMaps in it are used too. Raises ValueError."""
    try:
        documents = read_objects(file)
        zones, batteries = specs(documents)
    except FleetError as error:
        raise ValueError(str(error)) from error
    keys = FileSecrets(documents, [given(text) for text in secrets], environ)

    async def read_config_map(namespace: str, name: str) -> Mapping[str, str]:
        found = _object(documents, "ConfigMap", namespace, name)
        if found is None:
            raise Unreadable(f"ConfigMap {namespace}/{name} is not in {file}")
        data: dict[str, str] = dict(found.get("data") or {})
        for key, text in (found.get("binaryData") or {}).items():
            data[key] = base64.b64decode(text).decode(errors="replace")
        return data

    folder = trace_dir or file.parent
    deps = SignalDeps(system_clock(), keys.read, read_config_map, folder, allow_private)
    try:
        yield Inputs(zones, batteries, deps)
    finally:
        await deps.aclose()


@asynccontextmanager
async def cluster_inputs(
    kubeconfig: Path | None, trace_dir: Path | None, allow_private: bool
) -> AsyncIterator[Inputs]:
    """Of a cluster, read with the rights of whoever asks. Raises ValueError."""
    try:
        kube = await connect(kubeconfig)
    except Exception as error:
        raise ValueError(f"no cluster to check: name a FILE or a --kubeconfig ({error})") from error
    hub = Hub(kube, "voltaire-signals-check")

    async def read_secret(namespace: str, name: str, key: str) -> str:
        return (await hub.secret_value(namespace, name, key)).decode()

    deps = SignalDeps(system_clock(), read_secret, hub.config_map, trace_dir, allow_private)
    try:
        documents = [
            {**body, "kind": kind.kind} for kind in (GRIDZONE, BATTERY) for body in await _listed(hub, kind)
        ]
        zones, batteries = specs(documents)
        yield Inputs(zones, batteries, deps)
    except (KubeError, FleetError) as error:
        raise ValueError(f"the cluster cannot be read: {error}") from error
    finally:
        await deps.aclose()
        await kube.close()


async def _listed(hub: Hub, kind: Kind) -> Sequence[Mapping[str, Any]]:
    """All objects of a kind; a server that has just started says for a moment that it is busy."""
    busy = retry_if_exception_type(Throttled)
    async for attempt in AsyncRetrying(
        retry=busy, stop=stop_after_attempt(8), wait=wait_fixed(1), reraise=True
    ):
        with attempt:
            return await hub.list(kind)
    raise AssertionError


def specs(
    documents: Iterable[Mapping[str, Any]],
) -> tuple[dict[str, GridZoneSpec], dict[str, BatterySpec]]:
    """GridZones and Batteries among objects, by name. Raises FleetError."""
    zones: dict[str, GridZoneSpec] = {}
    batteries: dict[str, BatterySpec] = {}
    for document in documents:
        kind = document.get("kind")
        if kind == "GridZone":
            zone = parse("GridZone", document)
            zones[zone.metadata.name] = zone.spec
        elif kind == "Battery":
            battery = parse("Battery", document)
            batteries[battery.metadata.name] = battery.spec
    return zones, batteries


@dataclass(frozen=True, slots=True)
class Given:
    """A Secret's value named on the command line; empty parts match anything."""

    namespace: str
    name: str
    key: str
    path: Path


def given(text: str) -> Given:
    """`[NAMESPACE/]NAME[/KEY]=PATH`, where `a/b` is name and key. Raises ValueError."""
    left, _, path = text.partition("=")
    parts = left.split("/")
    if not path or not all(parts) or len(parts) > 3:
        raise ValueError(f"--secret {left}: write [NAMESPACE/]NAME[/KEY]=PATH")
    namespace = parts[0] if len(parts) == 3 else ""
    name, key = parts[-2:] if len(parts) > 1 else (parts[0], "")
    return Given(namespace, name, key, Path(path))


@dataclass(frozen=True, slots=True)
class FileSecrets:
    """Secrets without a cluster: named files first, then Secrets among the objects, then the environment."""

    documents: Iterable[Mapping[str, Any]]
    files: Iterable[Given]
    environ: Mapping[str, str]

    async def read(self, namespace: str, name: str, key: str) -> str:
        """Raises Unreadable with what to do; never says a value."""
        for one in self.files:
            if one.name == name and one.namespace in ("", namespace) and one.key in ("", key):
                try:
                    return one.path.read_text(encoding="utf-8")
                except (OSError, UnicodeDecodeError) as error:
                    raise Unreadable(f"{one.path} cannot be read: {type(error).__name__}") from None
        found = _object(self.documents, "Secret", namespace, name)
        if found is not None and key in (found.get("stringData") or {}):
            return str(found["stringData"][key])
        if found is not None and key in (found.get("data") or {}):
            return base64.b64decode(found["data"][key]).decode(errors="replace")
        variable = re.sub(r"[^A-Z0-9]", "_", f"SIGNAL_SECRET_{name}_{key}".upper())
        if variable in self.environ:
            return self.environ[variable]
        raise Unreadable(
            f"Secret {namespace}/{name} is not here: give --secret {name}/{key}=PATH, or set {variable}"
        )


def _object(
    documents: Iterable[Mapping[str, Any]], kind: str, namespace: str, name: str
) -> Mapping[str, Any] | None:
    """An object among others."""
    for document in documents:
        meta = document.get("metadata") or {}
        named = (document.get("kind"), meta.get("namespace", namespace), meta.get("name"))
        if named == (kind, namespace, name):
            return document
    return None
