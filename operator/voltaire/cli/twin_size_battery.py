"""`voltaire twin size-battery`: what batteries of given sizes would save."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from voltaire.cli.twin_options import baseline_battery_option, chosen, named_errors, prices_option
from voltaire.cli.twin_sweep_options import (
    asked,
    bar,
    mean_money,
    say_unpriced,
    sweep_options,
    wide_console,
)
from voltaire.twin.fleet_file import read_fleet, read_objects
from voltaire.twin.sweep.plan import to_size
from voltaire.twin.sweep.play import run_case
from voltaire.twin.sweep.runner import sweep
from voltaire.twin.sweep.sizing import sizing
from voltaire.twin.sweep.state import State


class Sizes(click.ParamType[tuple[float, ...]]):
    """Numbers from 0 up, with commas between."""

    name = "sizes"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        try:
            sizes = tuple(float(part) for part in str(value).split(","))
        except ValueError:
            sizes = (-1.0,)
        if not all(0 <= size <= 1e9 for size in sizes):
            self.fail(f"{value!r} are no sizes: write 0,1000,4000", param, ctx)
        return sizes


@click.command("size-battery")
@click.option("--capacity-kwh", "capacities", required=True, type=Sizes(), metavar="0,1000,...",
              help="Sizes to try, kWh. 0 is always tried: savings are measured by it.")  # fmt: skip
@click.option("--battery-hours", default=4.0, show_default=True,
              type=click.FloatRange(0, 1000, min_open=True),
              help="Hours in which a full battery empties at full power.")  # fmt: skip
@click.option("--wear", type=click.FloatRange(min=0),
              help="Carbon cost of wear, g per kWh delivered. Absent: the Battery's own.")  # fmt: skip
@click.option("--site", "sites", multiple=True, help="Cluster to try sizes at. Absent: each in turn.")
@click.option("--policy", default="voltaire", show_default=True, help="Who runs fleet and batteries.")
@prices_option
@baseline_battery_option
@sweep_options
def size_battery(
    capacities: tuple[float, ...], battery_hours: float, wear: float | None, sites: tuple[str, ...],
    policy: str, processes: int, dask: str | None, state: Path | None, json_file: Path | None, **given: Any,
) -> None:  # fmt: skip
    """Say what a battery of each size would save at each site, with wear.

    A size stands in place of the site's own battery, with its efficiencies, reserve and sun; other sites keep
    theirs. Savings are against the same site and week with 0 kWh, less wear, for a year at that rate. With
    --prices it says what less the grid's energy costs.
    """
    (name,) = chosen((policy,))
    what = asked(given)
    with named_errors():
        fleet = read_fleet(document for path in what.fleet for document in read_objects(path))
        cases = to_size(what, name, sites or fleet.clusters, capacities, battery_hours, wear)
        with bar("size-battery") as watch:
            done = sweep(cases, run_case, State(state), processes=processes, dask=dask, watch=watch)
        document = sizing(cases, done, {**what.about(), "policy": name, "batteryHours": battery_hours})
    console = wide_console()
    console.print(_table(document))
    say_unpriced(document, console)
    if json_file is not None:
        json_file.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _table(document: Mapping[str, Any]) -> Table:
    title = f"{document['policy']}, {len(document['weeks'])} weeks, a year at their rate, 95 % intervals"
    table = Table(title=title, title_justify="left", box=None)
    table.add_column("site")
    money = document["currency"]
    columns = ("kWh", "saved kg/a", "of fleet", "wear kg/a", "cycles/a", "kg/a per kWh")
    for name in (*columns, *((f"saved {money}/a",) if money else ())):
        table.add_column(name, justify="right")
    for row in document["rows"]:
        saved, each = row["gramsSaved"], row["gramsSavedPerKWh"]
        table.add_row(
            row["cluster"],
            f"{row['capacityKWh']:,g}",
            f"{saved['mean'] / 1000:,.0f} ± {(saved['high'] - saved['mean']) / 1000:,.0f}",
            f"{row['share']['mean']:.2%}",
            f"{row['wearGrams']['mean'] / 1000:,.0f}",
            f"{row['cycles']['mean']:.0f}",
            "-" if each is None else f"{each['mean'] / 1000:.2f}",
            *((mean_money(row["costSaved"]),) if money else ()),
        )
    return table
