"""`voltaire demo`: a day of a small fleet in a few minutes."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from voltaire.demo import performance
from voltaire.demo.errors import DemoError
from voltaire.demo.performance import Outcome
from voltaire.demo.result import exit_code
from voltaire.demo.screen import LineScreen, LiveScreen
from voltaire.lab import LabError

_REPOSITORY = Path(__file__).parents[3]


class _When(click.ParamType[datetime]):
    """A date, or a time in RFC 3339; UTC where it does not say."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            time = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date: write 2022-03-14 or 2022-03-14T06:00Z", param, ctx)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _default_manifests() -> Path:
    here = Path("manifests")
    return here if here.exists() else _REPOSITORY / "manifests"


@click.command()
@click.option(
    "--carbon",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Play real data: a CSV matrix, datetime_utc,ZONE,ZONE,... in gCO2eq/kWh. Default: a built-in model.",
)
@click.option("--start", type=_When(), help="Begin of the day, UTC. Required with --carbon.")
@click.option(
    "--seconds-per-hour",
    type=click.FloatRange(2, 3600),
    default=8.0,
    show_default=True,
    help="Real seconds for an hour of the day.",
)
@click.option(
    "--hours", type=click.FloatRange(1, 72), default=24.0, show_default=True, help="Length of the day."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/demo"),
    show_default=True,
    help="Where result.json and report.html go.",
)
@click.option("--keep", is_flag=True, help="Leave clusters and operator up until Ctrl-C.")
@click.option(
    "--manifests",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=_default_manifests,
    show_default="manifests",
    help="Voltaire's manifests: default, member and samples.",
)
def demo(
    carbon: Path | None,
    start: datetime | None,
    seconds_per_hour: float,
    hours: float,
    out: Path,
    keep: bool,
    manifests: Path,
) -> None:
    """Play a day on real control planes: a hub, Paris, Virginia and California with a battery beside solar.

    Workloads are placed, delayed, paused and moved while the day passes. It ends with result.json and
    report.html, and with exit code 1 if an invariant was violated or a feasible deadline missed. Ctrl-C
    leaves nothing running.
    """
    options = performance.Options(carbon, start, seconds_per_hour, hours, out, keep, manifests)
    console = Console()
    screen = LiveScreen(console) if console.is_terminal else LineScreen(console)
    try:
        with screen:
            outcome = performance.demo(options, screen, lambda done: _summary(console, done))
    except (DemoError, LabError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("stopped; nothing is left running", err=True)
        sys.exit(130)
    sys.exit(exit_code(outcome.result))


def _summary(console: Console, outcome: Outcome) -> None:
    result = outcome.result
    table = Table(title="the day", title_justify="left")
    for column in ("workload", "ran in", "phase", "deadline", "kWh", "kg CO2eq", "without Voltaire"):
        table.add_column(
            column, justify="right" if column in {"kWh", "kg CO2eq", "without Voltaire"} else "left"
        )
    for workload in result["workloads"]:
        met = {True: "met", False: "missed", None: "–"}[workload["deadlineMet"]]
        table.add_row(
            workload["name"],
            " → ".join(_places(workload)) or "–",
            "Served" if (workload["type"], workload["phase"]) == ("Serving", "Paused") else workload["phase"],
            met,
            _number(workload["energyKWh"], 1, ".1f"),
            _number(workload["grams"], 1000, ".2f"),
            _number(workload["counterfactualGrams"], 1000, ".2f"),
        )
    totals = result["totals"]
    saved = "unknown" if totals["savedFraction"] is None else f"{totals['savedFraction']:.0%}"
    console.print(table)
    console.print(
        f"emitted {_number(totals['grams'], 1000, '.2f')} kg, saved {saved} against "
        f"{_number(totals['counterfactualGrams'], 1000, '.2f')} kg without Voltaire; everything in "
        f"{totals['greenestStayCluster']} and stay: {_number(totals['greenestStayGrams'], 1000, '.2f')} kg; "
        f"{totals['migrations']} moves, {totals['pauses']} pauses, {totals['missedDeadlines']} missed "
        f"deadlines, {len(result['invariants']['violations'])} violations",
        highlight=False,
        soft_wrap=True,
    )
    for violation in result["invariants"]["violations"]:
        console.print(
            f"VIOLATED {violation['name']} {violation['workload']}: {violation['detail']}", style="red"
        )
    console.print(f"{outcome.result_path}\n{outcome.report_path}", highlight=False, soft_wrap=True)


def _places(workload: dict[str, Any]) -> list[str]:
    """Clusters in the order of its stays, each once in a row."""
    names = [stay["cluster"] for stay in workload["intervals"]]
    return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


def _number(value: float | None, divisor: float, form: str) -> str:
    return "–" if value is None else format(value / divisor, form)
