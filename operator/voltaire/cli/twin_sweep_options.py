"""What the twin's sweeps share: options, and a bar for what is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from voltaire.cli.twin_options import FILE, NEW_FILE, Forecast, Moment, announced_option
from voltaire.twin.sweep.case import Workload
from voltaire.twin.sweep.plan import Asked
from voltaire.twin.sweep.runner import Progress, Watch

_WIDTH = 132
_OPTIONS = (
    click.option("--fleet", "fleets", required=True, multiple=True, type=FILE,
                 help="YAML with RegionalClusters, GridZones, Batteries, PlacementPolicies. Repeatable."),
    click.option("--carbon", required=True, type=FILE, help="Carbon matrix: datetime_utc,ZONE,ZONE,..."),
    click.option("--solar", type=FILE, help="Share of peak power by Battery: datetime_utc,NAME,NAME,... "
                 "Absent: a clear sky with seeded weather."),
    click.option("--jobs", "jobs_file", type=FILE, help="CSV of jobs, the same in every week. Absent: "
                 "--load, or the AIWorkloads in the fleet files."),
    click.option("--load", type=click.FloatRange(0, 2, min_open=True),
                 help="Make jobs for this mean share of the fleet's accelerators, other ones every week."),
    click.option("--count", type=click.IntRange(min=1), help="With --load: how many jobs a week; their gangs "
                 "are scaled to the load."),
    click.option("--job-trace", type=FILE, help="With --load: take gangs, durations and arrivals from it."),
    click.option("--hours", type=click.FloatRange(min=0, min_open=True),
                 help="Over which jobs arrive. With --load absent: 168; else all of the file."),
    click.option("--weeks", type=click.IntRange(min=1), default=20, show_default=True,
                 help="How many starts, spread evenly over the trace."),
    click.option("--start", type=Moment(), help="The first start. Absent: 28 days into the trace, so that "
                 "all know as much of the past."),
    click.option("--forecast", type=Forecast(), default="perfect", show_default=True,
                 help="perfect, dayahead:SIGMA or none."),
    announced_option,
    click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
                 help="Fixes jobs, forecast errors and weather; each week counts on from it."),
    click.option("--processes", type=click.IntRange(min=1), default=1, show_default=True,
                 help="How many cases run at once on this machine."),
    click.option("--dask", metavar="ADDRESS", help="Run the cases on the Dask cluster whose scheduler "
                 "answers here, such as tcp://10.0.0.5:8786. Its workers see the same files at the same "
                 "paths."),
    click.option("--state", type=NEW_FILE, help="Keep each finished case here; the same command goes on "
                 "where it was interrupted."),
    click.option("--json", "json_file", type=NEW_FILE, help="Write everything as JSON, version 1."),
)  # fmt: skip


def sweep_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a sweep; they arrive as keywords, of which `asked` makes what is asked for."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def asked(given: dict[str, Any]) -> Asked:
    """From the options of `sweep_options`. Raises UsageError for jobs from two places."""
    if given["jobs_file"] is not None and given["load"] is not None:
        raise click.UsageError("--jobs gives the jobs and --load makes them: choose one")
    if given["load"] is None and (given["count"] is not None or given["job_trace"] is not None):
        raise click.UsageError("--count and --job-trace shape the jobs that --load makes: give --load")
    jobs = Workload(
        file=_text(given["jobs_file"]),
        load=given["load"],
        count=given["count"],
        trace=_text(given["job_trace"]),
        hours=given["hours"] or (168.0 if given["load"] is not None else None),
        seed=given["seed"],
    )
    return Asked(given["fleets"], given["carbon"], jobs, given["weeks"], given["start"],
                 str(given["forecast"]), given["seed"], given["solar"], given.get("prices", ()),
                 given.get("baseline_battery"), given["announced_h"])  # fmt: skip


@contextmanager
def bar(what: str) -> Iterator[Watch]:
    """A bar on standard error while a sweep runs."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Bars(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(what, total=None)

        def watch(progress: Progress) -> None:
            case = progress.case
            said = what if case is None else f"{what}: {case.policy} from {case.start[:10]}"
            shown.update(task, total=progress.total, completed=progress.done, description=said)

        yield watch


def wide_console() -> Console:
    """Wide enough for a row of figures, also where output goes to a file."""
    console = Console()
    return console if console.width >= _WIDTH else Console(width=_WIDTH)


def say_unpriced(document: Mapping[str, Any], console: Console) -> None:
    """Name the zones whose prices are missing, where some are known."""
    if document["withoutPrice"]:
        zones = ", ".join(document["withoutPrice"])
        console.print(f"No cost: there are no prices of {zones}. Give --prices ZONE=FILE.")


def mean_money(value: Mapping[str, float] | None) -> str:
    """The mean of an amount of money, for a table."""
    return "-" if value is None else f"{value['mean']:,.2f}"


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())
