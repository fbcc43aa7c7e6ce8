"""Ends a lab when its owner is gone, however it goes."""

from __future__ import annotations

import os
import sys
from pathlib import Path


class Guard:
    """The owner's side: a running guard process."""

    def __init__(self, directory: Path, lab_id: str) -> None:
        reading, self._writing = os.pipe()
        try:
            self._pid = os.posix_spawn(
                sys.executable,
                [sys.executable, "-m", "voltaire.lab.watchdog", str(directory), lab_id],
                dict(os.environ),
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, reading, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 2, str(directory / "guard.log"), os.O_WRONLY | os.O_CREAT, 0o600),
                ],
                setsid=True,
            )
        finally:
            os.close(reading)

    def release(self) -> None:
        """The lab is over, or on its own: the guard goes without touching it."""
        try:
            os.write(self._writing, b".")
        except BrokenPipeError:
            pass
        finally:
            os.close(self._writing)
        os.waitpid(self._pid, 0)
