"""Ends a lab's processes, whoever started them, in the order in which they let go of each other."""

from __future__ import annotations

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
    # What was started while the first round ended the others is found by the second.
    while found := [found for found in processes.find(directory) if lab_id in (None, found.lab_id)]:
        end_in_order(found)
        ended += [process.name for process in found]
    return ended


def end_in_order(found: Iterable[LabProcess]) -> None:
    """Controllers and nodes first, then API servers, then etcd."""
    waves: tuple[list[LabProcess], ...] = ([], [], [])
    for process in found:
        component = process.name.rpartition("/")[2]
        waves[{APISERVER: 1, ETCD: 2}.get(component, 0)].append(process)
    for wave in waves:
        processes.end(wave, _GRACE_SECONDS)
