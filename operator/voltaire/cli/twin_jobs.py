"""`voltaire twin jobs`: a job file for a fleet."""

from __future__ import annotations

from pathlib import Path

import click

from voltaire.cli.twin_options import FILE, NEW_FILE, named_errors
from voltaire.twin.generate import JobShape, generate_jobs, write_jobs


@click.command()
@click.option("--fleet", "fleets", required=True, multiple=True, type=FILE,
              help="The fleet that the jobs are for: its capacity, homes, jurisdictions.")  # fmt: skip
@click.option("--out", type=NEW_FILE, help="Absent: standard output.")
@click.option("--load", type=click.FloatRange(0, 2, min_open=True), default=0.6, show_default=True,
              help="Mean share of the fleet's accelerators at work.")  # fmt: skip
@click.option("--hours", type=click.FloatRange(min=0, min_open=True), default=168.0, show_default=True,
              help="Over which they arrive.")  # fmt: skip
@click.option("--count", type=click.IntRange(min=1), help="How many: their gangs are scaled to the load. "
              "Absent: as many as the load takes.")  # fmt: skip
@click.option("--trace", type=FILE, help="Take gangs, durations and arrivals from a job trace: Philly, "
              "Alibaba PAI or Alibaba GPU pods. Absent: the built-in distribution.")  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same jobs."
)
@click.option("--slack", type=(float, float), default=(0.1, 3.0), show_default=True,
              help="Least and most slack as a share of the duration.")  # fmt: skip
@click.option("--rigid", type=click.FloatRange(0, 1), default=0.3, show_default=True,
              help="Share that is not interruptible.")  # fmt: skip
@click.option("--checkpoint", type=(float, float), default=(5.0, 500.0), show_default=True,
              help="Least and most GB of a checkpoint.")  # fmt: skip
@click.option("--resident", type=click.FloatRange(0, 1), default=0.2, show_default=True,
              help="Share whose data stay in the first jurisdiction of their home.")  # fmt: skip
@click.option("--kw", type=click.FloatRange(min=0, min_open=True),
              help="IT power per accelerator. Absent: as the home cluster declares it.")  # fmt: skip
def jobs(
    fleets: tuple[Path, ...], out: Path | None, load: float, hours: float, count: int | None,
    trace: Path | None, seed: int, slack: tuple[float, float], rigid: float, checkpoint: tuple[float, float],
    resident: float, kw: float | None,
) -> None:  # fmt: skip
    """Make a job file for a fleet from a seed, a load and a trace's shape."""
    with named_errors():
        shape = JobShape(load, hours, count, slack, rigid, checkpoint, resident, kw)
        made = generate_jobs(fleets, shape, seed, trace)
    text = write_jobs(made)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"{len(made)} jobs in {out}", err=True)
