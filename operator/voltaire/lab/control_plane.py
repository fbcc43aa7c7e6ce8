"""Files and command lines of a cluster's three components, and of the etcd all clusters share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voltaire.lab.cluster import LabCluster
from voltaire.lab.identities import admin_kubeconfig, write_kubeconfig
from voltaire.lab.pki import Authority

APISERVER = "kube-apiserver"
CONTROLLER_MANAGER = "kube-controller-manager"
SCHEDULER = "kube-scheduler"
ETCD = "etcd"

# Cloud parts, and node addresses: the lab has neither. The other controllers are Kubernetes' defaults.
_NO_CONTROLLERS = (
    "cloud-node-lifecycle-controller",
    "node-ipam-controller",
    "node-route-controller",
    "service-lb-controller",
)

# The defaults (20 to 50 requests per second) suit a cluster of machines, not thousands of pods in a minute.
_REQUESTS_PER_SECOND = 500
_CLIENT_RATE = (
    f"--kube-api-qps={_REQUESTS_PER_SECOND}",
    f"--kube-api-burst={2 * _REQUESTS_PER_SECOND}",
)


@dataclass(frozen=True, slots=True)
class Etcd:
    """The one etcd of a lab: its files and ports."""

    directory: Path
    client_port: int
    peer_port: int

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.client_port}"

    @property
    def pki(self) -> Path:
        return self.directory / "pki"

    def prepare(self) -> None:
        """Write its certificates, one of which lets the API servers in."""
        authority = Authority("etcd", self.pki)
        authority.server("server")
        authority.client("kube-apiserver")

    def command(self, binaries: Mapping[str, Path]) -> list[str | Path]:
        peer = f"https://127.0.0.1:{self.peer_port}"
        server = (self.pki / "server.pem", self.pki / "server.key")
        return [
            binaries[ETCD],
            "--name=lab",
            f"--data-dir={self.directory / 'data'}",
            f"--listen-client-urls={self.url}",
            f"--advertise-client-urls={self.url}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=lab={peer}",
            "--client-cert-auth",
            f"--trusted-ca-file={self.pki / 'ca.pem'}",
            f"--cert-file={server[0]}",
            f"--key-file={server[1]}",
            "--peer-client-cert-auth",
            f"--peer-trusted-ca-file={self.pki / 'ca.pem'}",
            f"--peer-cert-file={server[0]}",
            f"--peer-key-file={server[1]}",
            # The lab's data need not survive a power cut.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """One cluster's control plane: its name, files, port, and the etcd it shares."""

    name: str
    directory: Path
    port: int
    etcd: Etcd

    @property
    def pki(self) -> Path:
        return self.directory / "pki"

    @property
    def cluster(self) -> LabCluster:
        return LabCluster(
            name=self.name,
            server_url=f"https://127.0.0.1:{self.port}",
            ca_pem_path=self.pki / "ca.pem",
            admin_kubeconfig=self.directory / "admin.kubeconfig",
            admin_certificate=self.pki / "lab-admin.pem",
            admin_key=self.pki / "lab-admin.key",
        )

    def prepare(self) -> None:
        """Write certificates, the service account key and the administrator's kubeconfig."""
        authority = Authority(self.name, self.pki)
        authority.server("server")
        # The group Kubernetes grants everything, before any RBAC object exists.
        authority.client("lab-admin", ("system:masters",))
        authority.service_account_key()
        write_kubeconfig(self.cluster.admin_kubeconfig, admin_kubeconfig([self.cluster]))

    def command(self, component: str, binaries: Mapping[str, Path]) -> list[str | Path]:
        """The command line of one of the three components."""
        flags = {
            APISERVER: self._apiserver_flags,
            CONTROLLER_MANAGER: self._controller_manager_flags,
            SCHEDULER: self._scheduler_flags,
        }[component]
        return [binaries[component], *flags()]

    def _apiserver_flags(self) -> list[str]:
        etcd, key = self.etcd, self.pki / "service-account.key"
        return [
            f"--etcd-servers={etcd.url}",
            f"--etcd-prefix=/{self.name}",
            f"--etcd-cafile={etcd.pki / 'ca.pem'}",
            f"--etcd-certfile={etcd.pki / 'kube-apiserver.pem'}",
            f"--etcd-keyfile={etcd.pki / 'kube-apiserver.key'}",
            f"--secure-port={self.port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--client-ca-file={self.pki / 'ca.pem'}",
            f"--tls-cert-file={self.pki / 'server.pem'}",
            f"--tls-private-key-file={self.pki / 'server.key'}",
            f"--service-account-key-file={key}",
            f"--service-account-signing-key-file={key}",
            f"--service-account-issuer=https://127.0.0.1:{self.port}",
            "--authorization-mode=RBAC",
            "--allow-privileged=true",
            "--service-cluster-ip-range=10.0.0.0/16",
            "--endpoint-reconciler-type=none",
            "--profiling=false",
        ]

    def _controller_manager_flags(self) -> list[str]:
        return [
            f"--kubeconfig={self.cluster.admin_kubeconfig}",
            "--leader-elect=false",
            "--secure-port=0",
            f"--service-account-private-key-file={self.pki / 'service-account.key'}",
            f"--root-ca-file={self.pki / 'ca.pem'}",
            "--use-service-account-credentials=false",
            "--controllers=*," + ",".join(f"-{name}" for name in _NO_CONTROLLERS),
            "--profiling=false",
            *_CLIENT_RATE,
        ]

    def _scheduler_flags(self) -> list[str]:
        return [
            f"--config={self._scheduler_configuration()}",
            "--secure-port=0",
            "--profiling=false",
        ]

    def _scheduler_configuration(self) -> Path:
        """Fill nodes one after the other, as clusters with accelerators do: a gang that needs a whole node
        must not find a bit of every node taken."""
        packing = {"type": "MostAllocated", "resources": [{"name": "nvidia.com/gpu", "weight": 10}]}
        fit = {"name": "NodeResourcesFit", "args": {"scoringStrategy": packing}}
        quiet = [{"name": "NodeResourcesBalancedAllocation"}, {"name": "PodTopologySpread"}]
        profile = {
            "schedulerName": "default-scheduler",
            "pluginConfig": [fit],
            "plugins": {"score": {"disabled": quiet}},
        }
        configuration = {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "clientConnection": {
                "kubeconfig": str(self.cluster.admin_kubeconfig),
                "qps": _REQUESTS_PER_SECOND,
                "burst": 2 * _REQUESTS_PER_SECOND,
            },
            "leaderElection": {"leaderElect": False},
            "profiles": [profile],
        }
        path = self.pki / "kube-scheduler.json"
        path.write_text(json.dumps(configuration))
        return path
