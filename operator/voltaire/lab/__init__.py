"""Real Kubernetes control planes on one machine.

`Lab` starts a hub and one member per RegionalCluster of a fleet file, and hands out kubeconfigs. Each is a
kube-apiserver (all on one etcd), a kube-controller-manager, a kube-scheduler and nodes with accelerators. The
demo, the integration tests and `voltaire lab` all use it. It is synchronous: inside an event loop, call it
through `asyncio.to_thread`.
"""

from voltaire.lab.cluster import LabCluster
from voltaire.lab.errors import BuildError, FleetFileError, LabError, ProcessError
from voltaire.lab.fleet import Fleet, Member, load_fleet
from voltaire.lab.identities import service_account_kubeconfig
from voltaire.lab.lab import Lab

__all__ = [
    "BuildError",
    "Fleet",
    "FleetFileError",
    "Lab",
    "LabCluster",
    "LabError",
    "Member",
    "ProcessError",
    "load_fleet",
    "service_account_kubeconfig",
]
