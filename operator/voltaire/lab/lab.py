"""A lab: starts, stops and describes a hub and its members."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from voltaire.lab import assets, processes
from voltaire.lab.cluster import LabCluster
from voltaire.lab.control_plane import APISERVER, ControlPlane, Etcd
from voltaire.lab.errors import LabError
from voltaire.lab.fleet import HUB, Fleet, Member, load_fleet
from voltaire.lab.guard import Guard
from voltaire.lab.identities import admin_kubeconfig, write_kubeconfig
from voltaire.lab.nodes import KwokNodes
from voltaire.lab.ports import free_ports
from voltaire.lab.processes import LabProcess, Owner
from voltaire.lab.progress import Progress, Stopwatch, silent
from voltaire.lab.shutdown import end_in_order, end_lab, end_processes
from voltaire.lab.startup import Startup
from voltaire.lab.state import DirectoryLock, State, clear, default_directory, read_state, write_state


class Lab:
    """A running lab. Made by `Lab.up`, or by `Lab.attach` to one that runs on its own.

    As a context manager it is brought down at the end. All methods block, and raise LabError when what they
    are asked for cannot be done.
    """

    def __init__(self, directory: Path, state: State, startup: Startup) -> None:
        self.directory = directory
        self._state = state
        self._startup = startup
        self._guard: Guard | None = None
        self._lock: DirectoryLock | None = None

    @classmethod
    def up(
        cls,
        fleet: Fleet | Path,
        directory: Path | None = None,
        rate: float = 1.0,
        progress: Progress = silent,
        *,
        detach: bool = False,
        binaries: Mapping[str, Path] | None = None,
    ) -> Lab:
        """Start a lab and wait until every cluster is ready to use.

        `rate`: seconds of the lab's clock per real second, by which the pods' programs run. Without `detach`
        the lab ends with this process, however that ends. What a killed lab left in the directory is ended
        first. `binaries` replaces the search for them.
        """
        if rate <= 0:
            raise LabError(f"the rate of a lab's clock is positive, not {rate:g}")
        if not isinstance(fleet, Fleet):
            fleet = load_fleet(fleet)
        binaries = binaries or assets.ensure(progress=progress)
        directory = (directory or default_directory()).absolute()
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory = directory.resolve()
        lock = DirectoryLock(directory)
        lock.acquire()
        try:
            _take_over(directory, progress)
            lab = cls._new(fleet, directory, rate, progress, binaries, detach=detach)
        except BaseException:
            lock.release()
            raise
        lab._lock = lock
        lab._begin(progress, detach=detach)
        return lab

    @classmethod
    def attach(cls, directory: Path | None = None) -> Lab:
        """The lab that runs in the directory. Raises LabError when none does."""
        directory = (directory or default_directory()).absolute().resolve()
        state = read_state(directory)
        if state is None or not state.ready:
            raise LabError(f"no lab is up in {directory}: start one with `voltaire lab up FLEET`")
        located = {name: path for name in assets.CONTROL_PLANE if (path := assets.locate(name)) is not None}
        owner = Owner(directory, state.lab_id)
        members = Fleet(tuple(Member(name, name, ()) for name in state.members))
        startup = Startup(owner, _planes(directory, state), members, located, None, silent)
        return cls(directory, state, startup)

    @classmethod
    def _new(
        cls,
        fleet: Fleet,
        directory: Path,
        rate: float,
        progress: Progress,
        binaries: Mapping[str, Path],
        *,
        detach: bool,
    ) -> Lab:
        clear(directory, keep_logs=False)
        names = fleet.cluster_names
        ports = free_ports(2 + len(names))
        state = State(
            lab_id=uuid.uuid4().hex,
            rate=rate,
            ready=False,
            detached=detach,
            etcd_ports=(next(ports), next(ports)),
            cluster_ports={name: next(ports) for name in names},
            members=tuple(member.name for member in fleet.members),
            processes={},
        )
        write_state(directory, state)
        owner = Owner(directory, state.lab_id)
        nodes = KwokNodes(binaries["kwok"], owner, directory / "logs", rate)
        return cls(
            directory, state, Startup(owner, _planes(directory, state), fleet, binaries, nodes, progress)
        )

    def _begin(self, progress: Progress, *, detach: bool) -> None:
        watch = Stopwatch()
        self._guard = Guard(self.directory, self._state.lab_id)
        try:
            self._startup.run()
            write_kubeconfig(self.kubeconfig, admin_kubeconfig(self.clusters.values()))
            found = processes.find(self.directory)
            self._state = replace(
                self._state,
                ready=True,
                processes={process.name: (process.pid, process.start_ticks) for process in found},
            )
            write_state(self.directory, self._state)
        except BaseException:
            self.down()
            raise
        if detach:
            self._let_go()
        progress(f"{len(self.clusters)} clusters ready in {watch}")

    def down(self) -> list[str]:
        """End all processes and remove all data but the logs. Returns the names of what was ended."""
        if self._lock is None:
            return end_lab(self.directory)
        ended = end_processes(self.directory)
        clear(self.directory, keep_logs=True)
        self._let_go()
        return ended

    def _let_go(self) -> None:
        if self._guard is not None:
            self._guard.release()
            self._guard = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    @property
    def rate(self) -> float:
        """Seconds of the lab's clock per real second."""
        return self._state.rate

    @property
    def kubeconfig(self) -> Path:
        """One administrator's kubeconfig with a context per cluster."""
        return self.directory / "kubeconfig"

    @property
    def clusters(self) -> dict[str, LabCluster]:
        """All clusters by name, the hub first."""
        return {name: plane.cluster for name, plane in self._startup.planes.items()}

    @property
    def hub(self) -> LabCluster:
        """The cluster the operator runs against."""
        return self.clusters[HUB]

    @property
    def members(self) -> dict[str, LabCluster]:
        """The clusters that run workloads, by name."""
        return {name: self.clusters[name] for name in self._state.members}

    def log_file(self, cluster: str, component: str) -> Path:
        """Where a component writes; etcd's belongs to no cluster and is found under any."""
        if component == "etcd":
            return self.directory / "logs" / "etcd.log"
        return self.directory / "logs" / cluster / f"{component}.log"

    def processes(self) -> list[LabProcess]:
        """What runs now, by name (`paris/kube-apiserver`)."""
        return processes.find(self.directory)

    def spawn(
        self, name: str, argv: Sequence[str | Path], log: Path, environ: Mapping[str, str]
    ) -> LabProcess:
        """Start a program beside the lab, called like `hub/operator`: whatever ends the lab ends it first."""
        owner = Owner(self.directory, self._state.lab_id)
        return processes.spawn(owner, name, argv, log, environ)

    def expected(self) -> list[str]:
        """The names of the processes that were running when the lab was ready."""
        return list(self._state.processes)

    def stop_cluster(self, name: str) -> None:
        """The cluster's API server goes away: connections are refused. Its data stays."""
        end_in_order([self._apiserver(name)])

    def start_cluster(self, name: str) -> None:
        """The reverse of `stop_cluster`; returns when the API server is ready again."""
        self._plane(name)
        self._startup.restart(name)

    def pause_cluster(self, name: str) -> None:
        """The cluster's API server becomes a black hole: connections open, and nothing answers."""
        processes.send(self._apiserver(name), signal.SIGSTOP)

    def resume_cluster(self, name: str) -> None:
        """The reverse of `pause_cluster`."""
        processes.send(self._apiserver(name), signal.SIGCONT)

    def _apiserver(self, name: str) -> LabProcess:
        self._plane(name)
        for process in processes.find(self.directory):
            if process.name == f"{name}/{APISERVER}":
                return process
        raise LabError(f"the API server of cluster {name} is not running")

    def _plane(self, name: str) -> ControlPlane:
        if name not in self._startup.planes:
            raise LabError(f"the lab has no cluster {name!r}; it has {', '.join(self._startup.planes)}")
        return self._startup.planes[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()


def _planes(directory: Path, state: State) -> dict[str, ControlPlane]:
    etcd = Etcd(directory / "etcd", *state.etcd_ports)
    return {
        name: ControlPlane(name, directory / "clusters" / name, port, etcd)
        for name, port in state.cluster_ports.items()
    }


def _take_over(directory: Path, progress: Progress) -> None:
    """Refuse to replace a lab that is up and well; end what any other left behind."""
    state = read_state(directory)
    running = {process.name for process in processes.find(directory)}
    if state is not None and state.ready and state.detached and set(state.processes) <= running:
        raise LabError(f"a lab is already up in {directory}: `voltaire lab down` ends it")
    if running:
        progress(f"ending {len(running)} processes that an earlier lab left in {directory}")
        end_processes(directory)
