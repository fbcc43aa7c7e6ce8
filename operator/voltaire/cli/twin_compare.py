"""`voltaire twin compare`: several policies over many weeks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from voltaire.cli.twin_options import (
    NEW_FILE,
    baseline_battery_option,
    chosen,
    named_errors,
    prices_option,
)
from voltaire.cli.twin_sweep_options import (
    asked,
    bar,
    mean_money,
    say_unpriced,
    sweep_options,
    wide_console,
)
from voltaire.twin.report import render_comparison
from voltaire.twin.report.rows import told
from voltaire.twin.sweep.compare import comparison
from voltaire.twin.sweep.plan import to_compare
from voltaire.twin.sweep.play import run_case
from voltaire.twin.sweep.runner import sweep
from voltaire.twin.sweep.state import State
from voltaire.twin.sweep.weeks import moments, overlap


@click.command()
@click.option("--policies", default="voltaire", show_default=True, metavar="A,B,...",
              help="Names as of `voltaire twin run`, or all. carbon-agnostic and clairvoyant are always "
              "played: savings and shares are measured by them.")  # fmt: skip
@prices_option
@baseline_battery_option
@sweep_options
@click.option("--html", "html_file", type=NEW_FILE, help="Write a page for people.")
def compare(
    policies: str, processes: int, dask: str | None, state: Path | None, json_file: Path | None,
    html_file: Path | None, **given: Any,
) -> None:  # fmt: skip
    """Play several policies from many start weeks and say what each saves: mean and 95 % interval.

    Emissions are grid energy times the intensity that occurred, less what batteries hold more at the end
    than at first. Savings are against carbon-agnostic in the same week; shares are of what clairvoyant saves
    there. Intervals are Student's t over the weeks. Interrupted with --state, the same command goes on.
    """
    names = chosen(name.strip() for name in policies.split(","))
    what = asked(given)
    with named_errors():
        cases = to_compare(what, names)
        with bar("compare") as watch:
            done = sweep(cases, run_case, State(state), processes=processes, dask=dask, watch=watch)
        document = comparison(done, what.about())
    console = wide_console()
    console.print(_table(document))
    say_unpriced(document, console)
    if overlap(moments(document["weeks"]), what.jobs.hours or 168.0):
        console.print("The weeks overlap: their intervals are narrower than those of independent ones.")
    if json_file is not None:
        json_file.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if html_file is not None:
        html_file.write_text(render_comparison(document), encoding="utf-8")


def _table(document: Mapping[str, Any]) -> Table:
    known = told(document["forecast"], document["announcedH"])
    title = f"{len(document['weeks'])} weeks, {known}, 95 % intervals"
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("policy")
    money = document["currency"]
    columns = ("kg", "saved", "of clairvoyant", "of bound", "on time", "broken", "moves", "worst/stay")
    for name in (*columns, *((f"cost {money}",) if money else ())):
        table.add_column(name, justify="right")
    for row in document["policies"]:
        table.add_row(
            row["name"],
            f"{row['grams']['mean'] / 1000:,.0f}",
            _percent(row["saving"]),
            _percent(row["share"]),
            _percent(row["bound"]),
            f"{row['onTime']:.2%}",
            str(row["violations"]),
            f"{row['migrations']:.1f}",
            "-" if row["worstAgainstStay"] is None else f"{row['worstAgainstStay']:.3f}",
            *((mean_money(row["cost"]),) if money else ()),
        )
    return table


def _percent(value: Mapping[str, float] | None) -> str:
    if value is None:
        return "-"
    half = 100 * (value["high"] - value["mean"])
    return f"{value['mean']:.1%}" + (f" ± {half:.1f}" if half else "")
