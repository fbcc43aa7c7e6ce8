"""What can go wrong in the lab, in words a user can act on."""

from __future__ import annotations

from pathlib import Path


class LabError(Exception):
    """The lab cannot do what was asked; the message says why and what to do about it."""


class FleetFileError(LabError):
    """A fleet file cannot be used; the message names the field and the remedy."""


class BuildError(LabError):
    """A binary could not be built; the message carries the end of the build's log."""


class ProcessError(LabError):
    """A process of the lab ended or never became ready; the message carries the end of its log."""


def tail(path: Path, lines: int = 12) -> str:
    """The last lines of a log file, indented for a message; empty when there is no such file."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
