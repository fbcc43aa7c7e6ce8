"""The live view in a terminal, and lines of text where there is none. Shows; knows nothing by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from voltaire.demo.decisions import Decision

_BLOCKS = "▁▂▃▄▅▆▇█"
_PHASE_STYLES = {
    "Running": "green",
    "Placing": "cyan",
    "Draining": "yellow",
    "Stopped": "yellow",
    "Paused": "magenta",
    "Succeeded": "bold green",
    "Failed": "bold red",
}
_ACTION_STYLES = {
    "Migrate": "yellow",
    "Pause": "magenta",
    "Wait": "magenta",
    "Fail": "red",
    "Finish": "green",
}
_LEAST_DECISIONS, _MOST_DECISIONS = 3, 12
_WIDE = 110


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """`trend`: grid intensity from some hours ago until some hours ahead; `soc` None without a battery."""

    name: str
    zone: str
    grams: float | None
    effective: float | None
    trend: Sequence[float | None]
    used: int
    capacity: int
    soc: float | None = None
    power_kw: float = 0.0
    solar_kw: float = 0.0


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    """`percent` None where there is no end to reach."""

    name: str
    phase: str
    cluster: str
    percent: int | None
    deadline: datetime | None
    migrations: int
    why: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the day. `passed`: share of the day, 0 to 1."""

    now: datetime
    passed: float
    clusters: Sequence[ClusterRow]
    workloads: Sequence[WorkloadRow]
    decisions: Sequence[Decision]
    saved: str


class Screen(Protocol):
    """Where the demo shows itself."""

    def say(self, line: str) -> None:
        """A line that stays."""

    def show(self, frame: Frame) -> None:
        """The picture now."""

    def decided(self, decision: Decision) -> None:
        """A decision, as it is made."""


class LiveScreen:
    """A picture that is redrawn in place."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=False)
        self._started = False

    def say(self, line: str) -> None:
        (self._live.console if self._started else self._console).print(line, highlight=False)

    def show(self, frame: Frame) -> None:
        if not self._started:
            self._live.start()
            self._started = True
        self._live.update(picture(frame, self._console.width, self._console.height), refresh=True)

    def decided(self, decision: Decision) -> None:
        """Nothing: the picture lists them."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._started:
            self._live.stop()


class LineScreen:
    """One line per decision and one per hour of the day: for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._shown: datetime | None = None

    def say(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True, markup=False)

    def show(self, frame: Frame) -> None:
        if self._shown is not None and frame.now - self._shown < timedelta(hours=1):
            return
        self._shown = frame.now
        places = "  ".join(
            f"{row.name} {_grams(row.effective)} g/kWh {row.used}/{row.capacity}"
            + ("" if row.soc is None else f" battery {row.soc:.0%}")
            for row in frame.clusters
        )
        self.say(f"{frame.now:%H:%M}  {places}")

    def decided(self, decision: Decision) -> None:
        where = f" {_where(decision)}" if _where(decision) else ""
        self.say(
            f"{decision.time:%H:%M}  {decision.workload}: {decision.action}{where}: "
            f"{decision.message or decision.reason}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held."""


def picture(frame: Frame, width: int, height: int) -> RenderableType:
    """The whole picture for a terminal of that size: decisions take the lines that the rest leaves."""
    lines = max(
        _LEAST_DECISIONS, min(_MOST_DECISIONS, height - len(frame.clusters) - len(frame.workloads) - 11)
    )
    head = Table.grid(expand=True, padding=(0, 2))
    head.add_column()
    head.add_column(ratio=1)
    head.add_column(justify="right")
    bar = ProgressBar(total=1.0, completed=min(1.0, frame.passed))
    head.add_row(Text(f"{frame.now:%a %d %b %H:%M} UTC", style="bold"), bar, Text(frame.saved, style="green"))
    return Group(
        head,
        _panel("clusters", _clusters(frame.clusters, width)),
        _panel("workloads", _workloads(frame.workloads, width)),
        _panel("decisions", _decisions(frame.decisions, lines)),
    )


def _panel(title: str, content: RenderableType) -> Panel:
    return Panel(content, title=title, title_align="left", box=box.ROUNDED, border_style="dim")


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=None, expand=True, pad_edge=False, header_style="dim")
    for name, justify in columns:
        table.add_column(name, justify="right" if justify == "right" else "left", no_wrap=True)
    return table


def _clusters(rows: Sequence[ClusterRow], width: int) -> Table:
    wide = width >= _WIDE
    table = _table(
        ("cluster", ""),
        ("grid g/kWh" if wide else "grid", "right"),
        *([("12 h back and ahead", "")] if wide else []),
        ("site g/kWh" if wide else "site", "right"),
        ("accelerators", ""),
        ("battery", ""),
    )
    best = min((row.effective for row in rows if row.effective is not None), default=None)
    for row in rows:
        style = "bold green" if row.effective is not None and row.effective == best else ""
        used = f"{bar(row.used / row.capacity if row.capacity else 0.0)} {row.used}/{row.capacity}"
        table.add_row(
            f"{row.name} [dim]{row.zone}[/dim]" if wide else row.name,
            _grams(row.grams),
            *([sparkline(row.trend)] if wide else []),
            Text(_grams(row.effective), style=style),
            used,
            "" if row.soc is None else _battery(row),
        )
    return table


def _battery(row: ClusterRow) -> str:
    soc = row.soc or 0.0
    flow = f"▲{-row.power_kw:.1f}" if row.power_kw < 0 else f"▼{row.power_kw:.1f}"
    return f"{bar(soc)} {soc:4.0%} {flow} kW ☀ {row.solar_kw:.1f}"


def _workloads(rows: Sequence[WorkloadRow], width: int) -> Table:
    wide = width >= _WIDE
    table = _table(
        ("workload", ""),
        ("phase", ""),
        ("cluster", ""),
        ("done", "left" if wide else "right"),
        ("by", ""),
        *([("moves", "right")] if wide else []),
        ("why", ""),
    )
    table.columns[-1].ratio = 1
    table.columns[-1].overflow = "ellipsis"
    for row in rows:
        done = "serving" if row.percent is None else f"{row.percent:3d} %"
        if wide and row.percent is not None:
            done = f"{bar(row.percent / 100)} {done}"
        table.add_row(
            Text(row.name, style="bold"),
            Text(row.phase, style=_PHASE_STYLES.get(row.phase, "")),
            row.cluster or "–",
            done,
            "" if row.deadline is None else f"{row.deadline:%H:%M}",
            *([str(row.migrations)] if wide else []),
            Text(row.why),
        )
    return table


def _decisions(decisions: Sequence[Decision], lines: int) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    for _ in range(4):
        table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, ratio=1, overflow="ellipsis")
    for decision in decisions[-lines:]:
        table.add_row(
            Text(f"{decision.time:%H:%M}", style="dim"),
            decision.workload,
            Text(decision.action, style=_ACTION_STYLES.get(decision.action, "cyan")),
            _where(decision),
            Text(decision.message or decision.reason, style="dim"),
        )
    for _ in range(lines - len(decisions[-lines:])):
        table.add_row("")
    return table


def _where(decision: Decision) -> str:
    if decision.origin and decision.target and decision.origin != decision.target:
        return f"{decision.origin} → {decision.target}"
    return decision.target or decision.origin or ""


def _grams(value: float | None) -> str:
    return "?" if value is None else f"{value:.0f}"


def bar(share: float, width: int = 8) -> str:
    """A bar of `width` characters, filled by a share from 0 to 1."""
    filled = round(min(1.0, max(0.0, share)) * width)
    return "▰" * filled + "▱" * (width - filled)


def sparkline(values: Sequence[float | None]) -> str:
    """One block per value between the least and the most; a gap is a space, the middle is marked."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, span = min(known), (max(known) - min(known)) or 1.0
    blocks = [" " if v is None else _BLOCKS[round((v - low) / span * (len(_BLOCKS) - 1))] for v in values]
    middle = len(blocks) // 2
    return "".join(blocks[:middle]) + "│" + "".join(blocks[middle:])
