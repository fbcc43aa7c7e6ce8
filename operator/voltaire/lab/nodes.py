"""Nodes with accelerators: what the lab needs of them, and KWOK's fake ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import yaml

from voltaire.lab import processes, stages
from voltaire.lab.cluster import LabCluster
from voltaire.lab.fleet import Member
from voltaire.lab.kube import AdminClient
from voltaire.lab.processes import LabProcess, Owner

_FAKE = {"kwok.x-k8s.io/node": "fake"}

# Generous, so that accelerators are what runs out.
_CPU, _MEMORY, _PODS = "256", "4Ti", "4000"


class NodeProvider(Protocol):
    """Gives a member cluster nodes on which pods run."""

    def start(self, cluster: LabCluster, member: Member) -> list[LabProcess]:
        """Start what runs the nodes, and register them; the API server is ready. Returns what was started."""


class KwokNodes:
    """Nodes whose pods are played by KWOK by the stages of `voltaire.lab.stages`."""

    def __init__(self, kwok: Path, owner: Owner, logs: Path, rate: float) -> None:
        self._kwok = kwok
        self._owner = owner
        self._logs = logs
        self._config = owner.directory / "kwok.yaml"
        self._config.write_text(yaml.safe_dump_all(stages.stages(rate), sort_keys=False, width=1_000_000))

    def start(self, cluster: LabCluster, member: Member) -> list[LabProcess]:
        process = processes.spawn(
            self._owner,
            f"{cluster.name}/kwok",
            [
                self._kwok,
                f"--kubeconfig={cluster.admin_kubeconfig}",
                f"--config={self._config}",
                "--manage-all-nodes=false",
                "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
                "--node-lease-duration-seconds=40",
                "--cidr=10.128.0.0/9",
            ],
            self._logs / cluster.name / "kwok.log",
        )
        with AdminClient(cluster) as client:
            for node in node_objects(member):
                client.post("/api/v1/nodes", node)
        return [process]


def node_objects(member: Member) -> list[dict[str, Any]]:
    """The Node objects of a member: as many accelerators each as the member says, the last node the rest.

    A member without accelerators gets one node without any.
    """
    nodes = []
    for accelerators in member.accelerators:
        full, rest = divmod(accelerators.count, member.per_node)
        for index, count in enumerate([member.per_node] * full + [rest] * (rest > 0)):
            labels = {"nvidia.com/gpu.product": accelerators.type}
            name = f"{member.name}-{_name_part(accelerators.type)}-{index}"
            nodes.append(_node(name, member, labels, {accelerators.resource: str(count)}))
    return nodes or [_node(f"{member.name}-cpu-0", member, {}, {})]


def _node(name: str, member: Member, labels: dict[str, str], resources: dict[str, str]) -> dict[str, Any]:
    offered = {"cpu": _CPU, "memory": _MEMORY, "pods": _PODS, **resources}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": dict(_FAKE),
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "topology.kubernetes.io/region": member.region,
                **labels,
            },
        },
        "status": {"allocatable": offered, "capacity": offered},
    }


def _name_part(text: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in text.lower()).strip("-")
