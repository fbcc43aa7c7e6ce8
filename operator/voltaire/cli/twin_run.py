"""`voltaire twin run`: one fleet, one trace, one or several policies."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from time import monotonic

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from voltaire.cli.twin_options import (
    FILE,
    NEW_FILE,
    Forecast,
    Moment,
    Span,
    announced_option,
    baseline_battery_option,
    chosen,
    named_errors,
    prices_option,
)
from voltaire.twin.forecast_kind import ForecastKind
from voltaire.twin.play import Progress as Told
from voltaire.twin.play import play
from voltaire.twin.prices import PriceFile
from voltaire.twin.registry import POLICIES
from voltaire.twin.result import TwinResult, to_json
from voltaire.twin.scenario import Scenario, load_scenario
from voltaire.twin.table import policy_table, without_price

WIDTH = 120
"""Columns of a table that goes into a file."""

LINES = 10
"""How often each policy says how far it is where standard error is no terminal."""


@click.command()
@click.option("--fleet", "fleets", required=True, multiple=True, type=FILE,
              help="YAML with RegionalClusters, GridZones, Batteries, PlacementPolicies.")  # fmt: skip
@click.option("--jobs", "jobs_file", type=FILE, help="CSV, or AIWorkloads with an arrival annotation. "
              "Absent: the AIWorkloads in the fleet files.")  # fmt: skip
@click.option("--carbon", required=True, type=FILE, help="Carbon matrix: datetime_utc,ZONE,ZONE,...")
@click.option("--solar", type=FILE, help="Share of peak power by Battery: datetime_utc,NAME,NAME,... "
              "Absent: a clear sky with seeded weather.")  # fmt: skip
@click.option("--policy", "policies", multiple=True, default=("voltaire",), show_default=True,
              help=f"{', '.join(POLICIES)}, or all.")  # fmt: skip
@click.option("--start", type=Moment(), help="Start of the run. Absent: the trace's.")
@click.option("--hours", type=click.FloatRange(min=0, min_open=True),
              help="Leave out jobs that arrive later. The run goes on until the last is due.")  # fmt: skip
@click.option("--slot", type=Span(), help="Planning slot. Absent: the one of the default PlacementPolicy.")
@click.option("--forecast", type=Forecast(), default="perfect", show_default=True,
              help="perfect, dayahead:SIGMA or none.")  # fmt: skip
@announced_option
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Fixes forecast errors and weather.")  # fmt: skip
@click.option("--soc", type=click.FloatRange(0, 1), help="What batteries hold at first. Absent: the reserve.")
@prices_option
@baseline_battery_option
@click.option("--json", "json_file", type=NEW_FILE, help="Write the result, version 1.")
@click.option("--html", "html_file", type=NEW_FILE, help="Write a report for people.")
def run(
    fleets: tuple[Path, ...], jobs_file: Path | None, carbon: Path, solar: Path | None,
    policies: tuple[str, ...], start: datetime | None, hours: float | None, slot: timedelta | None,
    forecast: ForecastKind, announced_h: float, seed: int, soc: float | None, prices: tuple[PriceFile, ...],
    baseline_battery: str, json_file: Path | None, html_file: Path | None,
) -> None:  # fmt: skip
    """Simulate a fleet with one or several policies.

    In the table, emissions are grid energy times the intensity that occurred, less what batteries hold more
    at the end than at first, as in `voltaire twin compare`; the greenest comes first. Savings are against
    carbon-agnostic, shares are of what clairvoyant saves: play those too.
    """
    names = chosen(policies)
    with named_errors():
        scenario = load_scenario(
            fleets, jobs_file, carbon, start=start, hours=hours, slot=slot, forecast=forecast, seed=seed,
            solar_file=solar, initial_soc=soc, price_files=prices, baseline_battery=baseline_battery,
            announced_h=announced_h,
        )  # fmt: skip
        result = play_with_bars(scenario, names)
    show(result)
    if json_file is not None:
        json_file.write_text(to_json(result), encoding="utf-8")
    if html_file is not None:
        html_file.write_text(import_module("voltaire.twin.report").render(result.as_dict()), encoding="utf-8")


def show(result: TwinResult) -> None:
    """The table of policies on standard output."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    console.print(policy_table(result))
    if lacking := without_price(result):
        console.print(f"No cost: there are no prices of {', '.join(lacking)}. Give --prices ZONE=FILE.")


def play_with_bars(scenario: Scenario, policies: tuple[str, ...]) -> TwinResult:
    """Play, with a bar for each policy on standard error, or lines where that is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return play(scenario, policies, _lines(scenario.slots))
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
               TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=console) as shown:
        tasks = {name: shown.add_task(name, total=scenario.slots, start=False) for name in policies}

        def progress(name: str, slots: int) -> None:
            shown.start_task(tasks[name])
            shown.update(tasks[name], completed=slots)

        return play(scenario, policies, progress)


def _lines(slots: int) -> Told:
    """Says when another tenth of a policy's `slots` is over."""
    began = monotonic()

    def progress(name: str, done: int) -> None:
        if done * LINES // slots > (done - 1) * LINES // slots:
            click.echo(f"{name}: {done / slots:.0%} after {monotonic() - began:.0f} s", err=True)

    return progress
