"""Installs Voltaire on a lab as its documentation tells a user to: kubectl apply, on the hub and every
member.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from voltaire.api.regionalcluster import Connection
from voltaire.demo.errors import ScenarioError
from voltaire.demo.kubectl import Kubectl
from voltaire.demo.scenario import Scenario, write_kustomization
from voltaire.demo.trace import Day, series_csv
from voltaire.lab import Lab, LabCluster, service_account_kubeconfig

NAMESPACE = "voltaire-system"
OPERATOR_ACCOUNT = "voltaire"
MEMBER_ACCOUNT = "voltaire-operator"


class Installer:
    """Knows the manifests, the lab and the folder for the overlays it writes."""

    def __init__(self, lab: Lab, kubectl: Path, manifests: Path, folder: Path) -> None:
        self._lab = lab
        self._kubectl = kubectl
        self._manifests = manifests
        self._folder = folder
        self.hub = Kubectl(kubectl, lab.hub.admin_kubeconfig)

    async def install(self, scenario: Scenario, day: Day) -> None:
        """Hub and members, the Secrets that let the hub in, and the day's ConfigMaps."""
        namespaces = sorted({workload.metadata.namespace for workload in scenario.workloads.values()})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._install_hub())
            for cluster in self._lab.members.values():
                tasks.create_task(self._install_member(cluster, namespaces))
        await self.hub.apply([*await self._secrets(scenario), *configmaps(scenario, day)])

    async def operator_kubeconfig(self) -> dict[str, Any]:
        """A kubeconfig with exactly the rights of the operator's service account on the hub."""
        return await asyncio.to_thread(service_account_kubeconfig, self._lab.hub, NAMESPACE, OPERATOR_ACCOUNT)

    async def _install_hub(self) -> None:
        # A lab has no images: the Deployment rests, and the same program runs as a process beside it.
        rest = [{"op": "replace", "path": "/spec/replicas", "value": 0}]
        patch = {"target": {"kind": "Deployment", "name": "voltaire"}, "patch": yaml.safe_dump(rest)}
        folder = write_kustomization(self._folder / "hub", self._manifests / "default", [patch])
        await self.hub.apply_folder(folder)
        await self.hub.run("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")

    async def _install_member(self, cluster: LabCluster, namespaces: Iterable[str]) -> None:
        member = Kubectl(self._kubectl, cluster.admin_kubeconfig)
        await member.apply_folder(self._manifests / "member")
        for namespace in namespaces:
            await member.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}])
            folder = write_kustomization(
                self._folder / f"tenant-{cluster.name}-{namespace}",
                self._manifests / "member" / "tenant",
                [],
                namespace=namespace,
            )
            await member.apply_folder(folder)

    async def _secrets(self, scenario: Scenario) -> list[dict[str, Any]]:
        members = self._lab.members
        secrets = []
        for cluster in scenario.clusters.values():
            name = cluster.metadata.name
            if name not in members:
                raise ScenarioError(f"the lab has no member {name}, which a sample RegionalCluster describes")
            kubeconfig = await asyncio.to_thread(
                service_account_kubeconfig, members[name], NAMESPACE, MEMBER_ACCOUNT
            )
            secrets.append(_secret(name, cluster.spec.connection, kubeconfig))
        return secrets


def _secret(name: str, connection: Connection, kubeconfig: dict[str, Any]) -> dict[str, Any]:
    reference = connection.kubeconfig_secret_ref
    if reference is None:
        raise ScenarioError(f"sample RegionalCluster {name}: the demo needs connection.kubeconfigSecretRef")
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": reference.name, "namespace": reference.namespace},
        "stringData": {reference.key: yaml.safe_dump(kubeconfig)},
    }


def configmaps(scenario: Scenario, day: Day) -> list[dict[str, Any]]:
    """The day's series, where the GridZones look for them."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": source.name, "namespace": source.namespace},
            "data": {source.key: series_csv(zone, day.zones[zone])},
        }
        for zone, source in scenario.configmaps()
    ]
