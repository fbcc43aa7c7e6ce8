"""The hub's API server, as the operator uses it: a few reads, status writes, finalizers and events."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import structlog
from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from voltaire import metrics
from voltaire.api.base import API_VERSION
from voltaire.api.labels import FINALIZER, MANAGER
from voltaire.api.resources import Kind
from voltaire.kube.client import Kube, Object, resource_path
from voltaire.kube.errors import Conflict, KubeError, NotFound

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """An Event for people."""

    reason: str
    message: str
    type: Literal["Normal", "Warning"] = "Normal"


async def connect(kubeconfig: Path | None = None) -> Kube:
    """The hub by the kubeconfig named, else by service account, else by kubectl's kubeconfig; raises
    ConfigException when there is none."""
    configuration = Configuration()
    if kubeconfig is not None:
        await config.load_kube_config(config_file=str(kubeconfig), client_configuration=configuration)
        return Kube(configuration)
    try:
        config.load_incluster_config(client_configuration=configuration)
    except config.ConfigException:
        await config.load_kube_config(client_configuration=configuration)
    return Kube(configuration)


class Hub:
    """Typed errors pass through, except where a method says otherwise."""

    def __init__(self, kube: Kube, identity: str) -> None:
        self.kube = kube
        self._identity = identity

    async def secret_value(self, namespace: str, name: str, key: str) -> bytes:
        """One key of a Secret; raises KubeError, or LookupError naming the key that is missing."""
        body = await self.kube.get(resource_path("v1", "secrets", namespace, name))
        data = body.get("data") or {}
        if key not in data:
            raise LookupError(f"Secret {namespace}/{name} has no key {key!r}")
        return base64.b64decode(data[key])

    async def config_map(self, namespace: str, name: str) -> Mapping[str, str]:
        """A ConfigMap's data and, decoded, its binary data; the API server keeps their keys apart."""
        body = await self.kube.get(resource_path("v1", "configmaps", namespace, name))
        data: dict[str, str] = dict(body.get("data") or {})
        for key, encoded in (body.get("binaryData") or {}).items():
            data[key] = base64.b64decode(encoded).decode(errors="replace")
        return data

    async def list(self, kind: Kind) -> Sequence[Object]:
        """All objects of a configuration kind."""
        items: Sequence[Object] = (await self.kube.get(resource_path(API_VERSION, kind.plural)))["items"]
        return items

    async def write_status(self, kind: Kind, body_key: str, version: str, status: Object) -> Object | None:
        """Merge `status` on the version it was computed from; None when that is no longer the current one.

        `version` empty writes on whatever is there.
        """
        namespace, _, name = body_key.rpartition("/")
        path = resource_path(API_VERSION, kind.plural, namespace or None, name, "status")
        patch: Object = {"status": status}
        if version:
            patch["metadata"] = {"resourceVersion": version}
        try:
            written = await self.kube.merge(path, patch)
        except (Conflict, NotFound) as error:
            metrics.STATUS_WRITES.labels(kind=kind.kind, result=error.reason).inc()
            return None
        metrics.STATUS_WRITES.labels(kind=kind.kind, result="written").inc()
        return written

    async def set_finalizer(self, kind: Kind, body: Object, *, present: bool) -> Object | None:
        """Add or drop our finalizer on the version read; None when that is no longer current (or gone)."""
        meta = body["metadata"]
        others = [name for name in meta.get("finalizers") or [] if name != FINALIZER]
        patch = {
            "metadata": {
                "resourceVersion": meta["resourceVersion"],
                "finalizers": [*others, FINALIZER] if present else others,
            }
        }
        path = resource_path(API_VERSION, kind.plural, meta.get("namespace"), meta["name"])
        try:
            return await self.kube.merge(path, patch)
        except (Conflict, NotFound):
            return None

    async def say(self, kind: Kind, meta: Mapping[str, Any], said: Said) -> None:
        """Post an Event. It is a courtesy: a failure is logged and forgotten."""
        # An Event is Kubernetes' own record and carries wall time, whatever clock the operator has.
        time = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        namespace = meta.get("namespace") or "default"
        event = {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {"name": f"{meta['name'][:200]}.{uuid.uuid4().hex[:16]}", "namespace": namespace},
            "eventTime": time,
            "action": said.reason,
            "reason": said.reason,
            "note": said.message[:1024],
            "type": said.type,
            "reportingController": MANAGER,
            "reportingInstance": self._identity[:128],
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": kind.kind,
                "name": meta["name"],
                "namespace": meta.get("namespace"),
                "uid": meta["uid"],
                "resourceVersion": meta.get("resourceVersion"),
            },
        }
        try:
            await self.kube.create(resource_path("events.k8s.io/v1", "events", namespace), event)
        except KubeError as error:
            log.info("event not posted", reason=said.reason, error=str(error))
