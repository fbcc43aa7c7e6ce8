"""`voltaire plan`: one plan from a problem file."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from voltaire.planner.joint import BadProblem, Effort, Problem, Solution, from_json, solve, warm_up
from voltaire.planner.joint.exact import as_solution, solve_exact
from voltaire.planner.joint.report import as_dict, stretches, verdict

QUIET_SECONDS = 2.0
"""What takes no longer shows no progress."""


@click.command()
@click.option("--problem", "file", required=True,
              type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A problem as JSON, version 1.")  # fmt: skip
@click.option("--seconds", default=10.0, show_default=True, type=click.FloatRange(min=0.1),
              help="How long to improve the plan; with --exact, how long HiGHS may take.")  # fmt: skip
@click.option("--exact", is_flag=True, help="Solve it to the optimum by HiGHS: for small problems.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def plan(file: Path, seconds: float, exact: bool, as_json: bool) -> None:
    """Plan all workloads, clusters and batteries of a problem file together, with a proven gap."""
    try:
        problem = from_json(file.read_bytes())
    except BadProblem as error:
        raise click.ClickException(f"{file}: {type(error).__name__}: {error}") from error
    with _progress(problem, seconds):
        found = as_solution(problem, solve_exact(problem, seconds)) if exact else _planned(problem, seconds)
    if found is None:
        raise click.ClickException(f"HiGHS found no plan in {seconds:g} s: try without --exact")
    if as_json:
        click.echo(json.dumps(as_dict(problem, found), indent=1, allow_nan=False))
    else:
        _show(problem, found)


def _planned(problem: Problem, seconds: float) -> Solution:
    warm_up()
    return solve(problem, Effort(seconds=seconds))


def _progress(problem: Problem, seconds: float) -> Progress:
    """What is going on and for how long, on stderr where that is a terminal."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    shown = Progress(*columns, console=Console(stderr=True), transient=True, disable=seconds <= QUIET_SECONDS)
    shown.add_task(f"planning {len(problem.workloads):,} workloads, {seconds:g} s", total=None)
    return shown


def _show(problem: Problem, found: Solution) -> None:
    table = Table("workload", "verdict", "runs (hours: cluster)", box=None)
    h = problem.slot_hours
    for i, name in enumerate(found.built.ids):
        runs = (f"{s.begin * h:g}-{s.end * h:g}: {s.cluster} {s.kind}".rstrip() for s in stretches(found, i))
        table.add_row(name, verdict(found, i), ", ".join(runs) or "-")
    console = Console()
    console.print(table)
    gap = "nothing is proven" if found.gap == float("inf") else f"at most {found.gap:.2%} above the optimum"
    console.print(
        f"{found.grams / 1000:,.3f} kg in {found.seconds:.2f} s; {gap} (bound {found.bound / 1000:,.3f} kg)"
    )
