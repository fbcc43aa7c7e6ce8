"""Kubeconfigs: the administrator's, all clusters' in one file, and a service account's."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from voltaire.lab.cluster import LabCluster
from voltaire.lab.kube import AdminClient

_TOKEN_SECONDS = 24 * 3600


def admin_kubeconfig(clusters: Iterable[LabCluster]) -> dict[str, Any]:
    """One kubeconfig with a context per cluster, named like it; the first is the current one."""
    entries = [
        (
            cluster,
            {
                "client-certificate-data": _base64(cluster.admin_certificate.read_bytes()),
                "client-key-data": _base64(cluster.admin_key.read_bytes()),
            },
        )
        for cluster in clusters
    ]
    return _kubeconfig(entries)


def service_account_kubeconfig(
    cluster: LabCluster, namespace: str, name: str, lifetime_seconds: int = _TOKEN_SECONDS
) -> dict[str, Any]:
    """A self-contained kubeconfig that acts as a service account which exists in the cluster.

    The token comes from the TokenRequest API and lives for `lifetime_seconds` (real ones; at least 600).
    Raises LabError when the account does not exist.
    """
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": lifetime_seconds},
    }
    with AdminClient(cluster) as client:
        answer = client.post(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", request)
    return _kubeconfig([(cluster, {"token": answer["status"]["token"]})], namespace)


def write_kubeconfig(path: Path, kubeconfig: dict[str, Any]) -> None:
    """Write a kubeconfig that only its owner may read."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(yaml.safe_dump(kubeconfig, sort_keys=False))


def _kubeconfig(
    entries: list[tuple[LabCluster, dict[str, str]]], namespace: str = "default"
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": entries[0][0].name,
        "clusters": [
            {
                "name": cluster.name,
                "cluster": {
                    "server": cluster.server_url,
                    "certificate-authority-data": _base64(cluster.ca_pem),
                },
            }
            for cluster, _ in entries
        ],
        "users": [{"name": cluster.name, "user": user} for cluster, user in entries],
        "contexts": [
            {
                "name": cluster.name,
                "context": {"cluster": cluster.name, "user": cluster.name, "namespace": namespace},
            }
            for cluster, _ in entries
        ],
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
