"""Progress lines that also read well in a log file."""

from __future__ import annotations

import time
from collections.abc import Callable

Progress = Callable[[str], None]
"""Takes one finished line of text; where it goes is the caller's business."""


def silent(_line: str) -> None:
    """The progress of those who do not want to know."""


def duration_text(seconds: float) -> str:
    """A duration people read at a glance: `8s`, `2m05s`."""
    whole = round(seconds)
    return f"{whole}s" if whole < 60 else f"{whole // 60}m{whole % 60:02d}s"


class Stopwatch:
    """Real seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start

    def __str__(self) -> str:
        return duration_text(self.seconds)
