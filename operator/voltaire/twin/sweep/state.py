"""The state file of a sweep: a line of JSON for every finished case, written as soon as it is finished."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voltaire.twin.errors import TwinError

Summary = Mapping[str, Any]


class BadState(TwinError):
    """The state file cannot be used."""


class State:
    """What is finished, by the keys of cases. `path` None keeps nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.done: dict[str, Summary] = {} if path is None or not path.exists() else _read(path)

    def add(self, key: str, case: Mapping[str, Any], summary: Summary) -> None:
        """Write down a finished case. It is on disk when this returns."""
        self.done[key] = summary
        if self._path is None:
            return
        text = json.dumps({"key": key, "case": case, "summary": summary}, allow_nan=False)
        with self._path.open("ab+") as handle:
            handle.write(b"" if _ends_a_line(handle) else b"\n")
            handle.write(text.encode() + b"\n")
            handle.flush()
            os.fsync(handle.fileno())


def _ends_a_line(handle: Any) -> bool:
    """Whether what is there ends with a whole line: what was cut off in writing is left alone on its own."""
    if handle.seek(0, os.SEEK_END) == 0:
        return True
    handle.seek(-1, os.SEEK_END)
    return bool(handle.read(1) == b"\n")


def _read(path: Path) -> dict[str, Summary]:
    """The finished cases. A line that was cut off when the sweep was killed is passed over: its case runs
    again. Raises BadState for a file that holds something else."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise BadState(f"the state file {path} cannot be read: {error}") from error
    found: dict[str, Summary] = {}
    cut = 0
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            cut += 1
            continue
        if not isinstance(entry, dict) or not {"key", "summary"} <= entry.keys():
            raise BadState(f"{path} is no state file of a sweep: name another with --state")
        found[entry["key"]] = entry["summary"]
    if lines and not found and cut:
        raise BadState(f"{path} is no state file of a sweep: name another with --state")
    return found
