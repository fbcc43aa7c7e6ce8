"""What processes take of the machine, by /proc."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Use:
    """CPU seconds so far, and the most memory ever resident, in MB (2^20 bytes)."""

    cpu_seconds: float
    peak_mb: float


def use(pid: int) -> Use:
    """Of one process; nothing when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return Use(0.0, 0.0)
    fields = stat.rpartition(")")[2].split()
    high = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")), "0")
    return Use((int(fields[11]) + int(fields[12])) / _TICK, int(high) / 1024)


def total(pids: Iterable[int]) -> Use:
    """Of several: their CPU time together, and the sum of their peaks."""
    found = [use(pid) for pid in pids]
    return Use(sum(u.cpu_seconds for u in found), sum(u.peak_mb for u in found))


def children(pid: int) -> list[int]:
    """Direct children."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in text.split()]


def machine_busy_seconds() -> float:
    """CPU seconds that the whole machine has spent on anything since it was started."""
    words = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    ticks = [int(word) for word in words[:8]]
    idle, waiting = ticks[3], ticks[4]
    return (sum(ticks) - idle - waiting) / _TICK


class Jitter:
    """How late this machine wakes a thread that does nothing: what of a lag is the machine's own."""

    def __init__(self, interval: float = 0.1) -> None:
        self._interval = interval
        self._late: list[float] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            before = time.monotonic()
            time.sleep(self._interval)
            self._late.append(time.monotonic() - before - self._interval)

    def stop(self, at: Iterable[float]) -> dict[str, float | None]:
        """Quantiles so far, in seconds; None without any."""
        self._ended.set()
        self._thread.join()
        late = sorted(self._late)
        return {f"p{100 * q:g}": late[min(len(late) - 1, int(q * len(late)))] if late else None for q in at}
