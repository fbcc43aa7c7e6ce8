"""Ends a lab's processes, whoever started them, in the order in which they let go of each other."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from voltaire.lab import processes
from voltaire.lab.control_plane import APISERVER, ETCD
from voltaire.lab.processes import LabProcess
from voltaire.lab.state import DirectoryLock, clear

# An API server that gets SIGTERM after its etcd is gone never exits, hence the order; hence also a grace.
_GRACE_SECONDS = 3.0


def end_lab(directory: Path) -> list[str]:
    """End whatever lab runs in `directory` and remove its data but the logs. Returns what was ended.

    Raises LabError while another process owns the lab.
    """
    if not directory.exists():
        return []
    directory = directory.resolve()
    lock = DirectoryLock(directory)
    lock.acquire()
    try:
        ended = end_processes(directory)
        clear(directory, keep_logs=True)
    finally:
        lock.release()
    return ended


def end_processes(directory: Path, lab_id: str | None = None) -> list[str]:
    """End all processes of the lab in `directory` (of one run only, given `lab_id`). Returns their names."""
    ended: list[str] = []
    while found := _find(directory, lab_id):
        end_in_order(found)
        ended += [process.name for process in found]
    return ended


def _find(directory: Path, lab_id: str | None) -> list[LabProcess]:
    """What is left of a lab; a process its killed owner was just starting shows up a moment later."""
    for wait_seconds in (0.0, 0.05):
        time.sleep(wait_seconds)
        found = [process for process in processes.find(directory) if lab_id in (None, process.lab_id)]
        if found:
            return found
    return []


def end_in_order(found: Iterable[LabProcess]) -> None:
    """Controllers and nodes first, then API servers, then etcd."""
    waves: tuple[list[LabProcess], ...] = ([], [], [])
    for process in found:
        component = process.name.rpartition("/")[2]
        waves[{APISERVER: 1, ETCD: 2}.get(component, 0)].append(process)
    for wave in waves:
        processes.end(wave, _GRACE_SECONDS)
