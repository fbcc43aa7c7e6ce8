"""The lab's directory: what it holds, and who may use it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from voltaire.lab.errors import LabError

_VERSION = 1
_LOCK_WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class State:
    """What a later command needs to know of a lab: `state.json`.

    `etcd_ports` are etcd's client and peer port; `processes` maps a process's name to its number and start
    time in clock ticks since boot.
    """

    lab_id: str
    rate: float
    ready: bool
    detached: bool
    etcd_ports: tuple[int, int]
    cluster_ports: Mapping[str, int]
    members: tuple[str, ...]
    processes: Mapping[str, tuple[int, int]]


def default_directory(name: str = "default", environ: Mapping[str, str] = os.environ) -> Path:
    """`$XDG_STATE_HOME/voltaire/lab/NAME`, by default under `~/.local/state`."""
    base = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(base) / "voltaire" / "lab" / name


def write_state(directory: Path, state: State) -> None:
    """Replace the state file in one step."""
    partial = directory / "state.json.partial"
    partial.write_text(json.dumps({"version": _VERSION, **asdict(state)}, indent=2) + "\n")
    partial.replace(directory / "state.json")


def read_state(directory: Path) -> State | None:
    """The state file's content; None when there is none of this version."""
    try:
        data: dict[str, Any] = json.loads((directory / "state.json").read_text())
        if data.pop("version") != _VERSION:
            return None
        return State(
            lab_id=str(data["lab_id"]),
            rate=float(data["rate"]),
            ready=bool(data["ready"]),
            detached=bool(data["detached"]),
            etcd_ports=(int(data["etcd_ports"][0]), int(data["etcd_ports"][1])),
            cluster_ports={name: int(port) for name, port in data["cluster_ports"].items()},
            members=tuple(data["members"]),
            processes={name: (int(pid), int(ticks)) for name, (pid, ticks) in data["processes"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def clear(directory: Path, *, keep_logs: bool) -> None:
    """Remove what a lab left in its directory; nothing else there is touched."""
    (directory / "state.json").unlink(missing_ok=True)
    for name in ("kubeconfig", "kwok.yaml", "state.json.partial"):
        (directory / name).unlink(missing_ok=True)
    for name in ("etcd", "clusters", *(() if keep_logs else ("logs",))):
        shutil.rmtree(directory / name, ignore_errors=True)


class DirectoryLock:
    """Held by the process that starts or ends a lab, and by the owner of one in the foreground."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "lock"
        self._handle: TextIO | None = None

    def acquire(self, wait_seconds: float = _LOCK_WAIT_SECONDS) -> None:
        """Raises LabError when another process keeps it longer than `wait_seconds`."""
        handle = self._path.open("a")
        deadline = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    handle.close()
                    raise LabError(
                        f"another process is using the lab in {self._path.parent}: end that one first "
                        "(Ctrl-C where it runs), or choose another directory"
                    ) from None
                time.sleep(0.1)
            else:
                self._handle = handle
                return

    def release(self) -> None:
        """Let others have it; harmless when it is not held."""
        if self._handle is not None:
            self._handle.close()
            self._handle = None
