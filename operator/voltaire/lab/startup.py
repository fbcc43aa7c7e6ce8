"""Brings all clusters of a lab up side by side."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from voltaire.lab import processes
from voltaire.lab.control_plane import APISERVER, CONTROLLER_MANAGER, ETCD, SCHEDULER, ControlPlane, Etcd
from voltaire.lab.errors import ProcessError, tail
from voltaire.lab.fleet import Fleet
from voltaire.lab.kube import AdminClient
from voltaire.lab.nodes import NodeProvider
from voltaire.lab.processes import LabProcess, Owner
from voltaire.lab.progress import Progress, Stopwatch

_DEADLINE_SECONDS = 180.0
_POLL_SECONDS = 0.1


class Startup:
    """Starts processes, and waits for what they promise.

    Waiting is cooperative: each cluster is a generator that yields while it waits, so that all of them come
    up together and an interruption stops all of them at once.
    """

    def __init__(
        self,
        owner: Owner,
        planes: Mapping[str, ControlPlane],
        fleet: Fleet,
        binaries: Mapping[str, Path],
        nodes: NodeProvider | None,
        progress: Progress,
    ) -> None:
        self.planes = planes
        self._owner = owner
        self._fleet = fleet
        self._binaries = binaries
        self._nodes = nodes
        self._progress = progress
        self._started: list[LabProcess] = []
        self._watch = Stopwatch()

    def run(self) -> None:
        """Start everything. Raises ProcessError when something ends early or is not ready in time."""
        self._watch = Stopwatch()
        etcd = next(iter(self.planes.values())).etcd
        etcd.prepare()
        for plane in self.planes.values():
            plane.prepare()
        self._spawn(ETCD, etcd.command(self._binaries))
        self._drive([self._until_listening(etcd)])
        self._progress(f"starting {', '.join(self.planes)}: {len(self.planes)} API servers on one etcd")
        self._drive([self._bring_up(plane) for plane in self.planes.values()])

    def restart(self, name: str) -> None:
        """Start a cluster's API server again, and whatever ended without it."""
        self._watch = Stopwatch()
        # Of what was started earlier, some was ended on purpose.
        self._started = []
        plane = self.planes[name]
        running = {process.name for process in processes.find(self._owner.directory)}
        if f"{name}/{APISERVER}" not in running:
            self._component(plane, APISERVER)
        self._drive([self._until_ready(plane)])
        for component in self._controllers(plane):
            if f"{name}/{component}" not in running:
                self._component(plane, component)

    def _bring_up(self, plane: ControlPlane) -> Iterator[None]:
        self._component(plane, APISERVER)
        yield from self._until_ready(plane)
        for component in self._controllers(plane):
            self._component(plane, component)
        member = self._fleet.member(plane.name)
        if member is not None and self._nodes is not None:
            self._started += self._nodes.start(plane.cluster, member)
        with AdminClient(plane.cluster) as client:
            while not _has_default_account(client):
                yield
            while member is not None and not _nodes_ready(client):
                yield
        self._progress(f"cluster {plane.name} is ready after {self._watch}")

    def _controllers(self, plane: ControlPlane) -> list[str]:
        is_member = self._fleet.member(plane.name) is not None
        return [CONTROLLER_MANAGER, SCHEDULER] if is_member else [CONTROLLER_MANAGER]

    def _component(self, plane: ControlPlane, component: str) -> None:
        self._spawn(f"{plane.name}/{component}", plane.command(component, self._binaries))

    def _spawn(self, name: str, command: list[str | Path]) -> None:
        self._started.append(processes.spawn(self._owner, name, command, self._log(name)))

    def _log(self, name: str) -> Path:
        return self._owner.directory / "logs" / f"{name}.log"

    def _until_listening(self, etcd: Etcd) -> Iterator[None]:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", etcd.client_port)) == 0:
                    return
            yield

    def _until_ready(self, plane: ControlPlane) -> Iterator[None]:
        with AdminClient(plane.cluster) as client:
            while client.request("GET", "/readyz")[0] != 200:
                yield

    def _drive(self, generators: list[Iterator[None]]) -> None:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while generators := [generator for generator in generators if _advance(generator)]:
            self._check()
            if time.monotonic() > deadline:
                raise ProcessError(
                    f"the lab was not ready after {_DEADLINE_SECONDS:g} seconds; the logs are in "
                    f"{self._owner.directory / 'logs'}"
                )
            time.sleep(_POLL_SECONDS)

    def _check(self) -> None:
        for process in self._started:
            if not processes.alive(process):
                log = self._log(process.name)
                end = tail(log)
                hint = (
                    "\nAnother program took the port meanwhile: try again."
                    if "address already in use" in end
                    else ""
                )
                raise ProcessError(
                    f"{process.name} ended while the lab was starting; the end of {log}:\n{end}{hint}"
                )


def _advance(generator: Iterator[None]) -> bool:
    return next(generator, _DONE) is not _DONE


_DONE = object()


def _has_default_account(client: AdminClient) -> bool:
    return client.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")[0] == 200


def _nodes_ready(client: AdminClient) -> bool:
    status, answer = client.request("GET", "/api/v1/nodes")
    if status != 200:
        return False
    return bool(answer["items"]) and all(
        not node["spec"].get("taints")
        and any(
            condition["type"] == "Ready" and condition["status"] == "True"
            for condition in node["status"].get("conditions", ())
        )
        for node in answer["items"]
    )
