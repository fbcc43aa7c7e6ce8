"""Processes the lab starts, recognises by identity, and ends.

Each carries the lab's directory, the lab's id and its own name in its environment, so that the leftovers of
a killed lab are found whatever they are called, and nothing else ever is. A process is addressed through a
pidfd taken before its identity is checked: a number that was reused meanwhile is never signalled.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_DIRECTORY = "VOLTAIRE_LAB_PROCESS_OF"
_LAB = "VOLTAIRE_LAB_PROCESS_ID"
_NAME = "VOLTAIRE_LAB_PROCESS"

_KILL_WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose processes they are: the lab's directory, and the id of this one run of it."""

    directory: Path
    lab_id: str


@dataclass(frozen=True, slots=True)
class LabProcess:
    """A process of a lab; its number and start time (clock ticks since boot) identify it until reboot."""

    name: str
    lab_id: str
    pid: int
    start_ticks: int


def spawn(
    owner: Owner, name: str, argv: Sequence[str | Path], log: Path, extra: Mapping[str, str] | None = None
) -> LabProcess:
    """Start a program in a session of its own, output appended to `log`; `extra` joins its environment."""
    environ = {
        **os.environ,
        **(extra or {}),
        _DIRECTORY: str(owner.directory),
        _LAB: owner.lab_id,
        _NAME: name,
    }
    log.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), flags, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    program = str(argv[0])
    pid = os.posix_spawn(
        program,
        [str(part) for part in argv],
        environ,
        file_actions=actions,
        setsid=True,
        # The caller may ignore or block signals; its children must not inherit that.
        setsigmask=[],
        setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE],
    )
    process = LabProcess(name, owner.lab_id, pid, _start_ticks(pid) or 0)
    # The kernel lets us go on a moment before the new program's environment can be read, by which `find`
    # knows it.
    while alive(process) and not _environ(pid):
        time.sleep(0.001)
    return process


def find(directory: Path) -> list[LabProcess]:
    """All living processes of labs in that directory, of this run or an earlier one."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            process = _identify(int(entry.name), directory)
            if process is not None:
                found.append(process)
    return sorted(found, key=lambda process: process.name)


def alive(process: LabProcess) -> bool:
    """Whether it still runs (a zombie does not)."""
    _reap(process.pid)
    return _start_ticks(process.pid) == process.start_ticks


def send(process: LabProcess, number: signal.Signals) -> None:
    """Send a signal; a process that is gone already does not mind."""
    with _pidfd(process) as descriptor:
        if descriptor is not None:
            _signal(descriptor, number)


def end(processes: Iterable[LabProcess], grace_seconds: float) -> None:
    """End them together: SIGTERM, and SIGKILL for those that remain after the grace."""
    remaining = list(processes)
    for process in remaining:
        send(process, signal.SIGTERM)
        # A paused process takes its SIGTERM only once it continues.
        send(process, signal.SIGCONT)
    remaining = _await(remaining, grace_seconds)
    for process in remaining:
        send(process, signal.SIGKILL)
    _await(remaining, _KILL_WAIT_SECONDS)


def memory_bytes(process: LabProcess) -> int:
    """Resident memory; 0 when the process is gone."""
    with suppress(OSError, IndexError, ValueError):
        pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def _await(processes: list[LabProcess], seconds: float) -> list[LabProcess]:
    """Wait for the ends of processes; those that still live at the end of the time are returned."""
    deadline = time.monotonic() + seconds
    while processes := [process for process in processes if alive(process)]:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        with _pidfd(processes[0]) as descriptor:
            if descriptor is not None:
                poller = select.poll()
                poller.register(descriptor, select.POLLIN)
                poller.poll(left * 1000)
    return processes


@contextmanager
def _pidfd(process: LabProcess) -> Iterator[int | None]:
    try:
        descriptor = os.pidfd_open(process.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield descriptor if _start_ticks(process.pid) == process.start_ticks else None
    finally:
        os.close(descriptor)


def _signal(descriptor: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(descriptor, number)


def _identify(pid: int, directory: Path) -> LabProcess | None:
    ticks = _start_ticks(pid)
    environ = _environ(pid)
    if ticks is None or environ.get(_DIRECTORY) != str(directory) or _NAME not in environ:
        return None
    return LabProcess(environ[_NAME], environ.get(_LAB, ""), pid, ticks)


def _environ(pid: int) -> Mapping[str, str]:
    try:
        data = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    pairs = (entry.decode(errors="replace").partition("=") for entry in data.split(b"\0") if entry)
    return {key: value for key, _, value in pairs}


def _start_ticks(pid: int) -> int | None:
    """Field 22 of /proc/PID/stat (proc(5)); None for a process that is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else int(fields[19])


def _reap(pid: int) -> None:
    """Collect the exit of a child of ours, so that it does not stay a zombie."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
