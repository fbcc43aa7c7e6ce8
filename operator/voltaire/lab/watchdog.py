"""The guard's own process: `python -m voltaire.lab.watchdog DIRECTORY LAB_ID`.

Standard input is a pipe whose other end the lab's owner holds. However the owner ends, SIGKILL included, the
kernel closes that end, and the lab is ended in order. A byte before the end says that there is nothing to do.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from voltaire.lab.shutdown import end_processes
from voltaire.lab.state import DirectoryLock, clear, read_state


def main(directory: Path, lab_id: str) -> None:
    """Wait for the owner's end, and clean up after it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if os.read(0, 1):
        return
    lock = DirectoryLock(directory)
    lock.acquire()
    end_processes(directory, lab_id)
    state = read_state(directory)
    if state is not None and state.lab_id == lab_id:
        clear(directory, keep_logs=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
