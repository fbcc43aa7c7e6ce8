"""`voltaire signals`: what grids and batteries say, seen from here."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click
import structlog
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from voltaire.cli.signals_inputs import Inputs, cluster_inputs, file_inputs
from voltaire.cli.signals_report import as_dict, show
from voltaire.signals.check import Checker, Report

NOTHING = "there is neither a GridZone nor a Battery to check"


@click.group()
def signals() -> None:
    """What grids and batteries say."""


@signals.command()
@click.argument("file", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--kubeconfig", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Without FILE: the hub to check. Else as kubectl finds it.")  # fmt: skip
@click.option("--secret", "secrets", multiple=True, metavar="[NAMESPACE/]NAME[/KEY]=PATH",
              help="With FILE: where the value of a Secret is. May be given several times. Else Secrets in "
              "FILE, and the environment: SIGNAL_SECRET_NAME_KEY.")  # fmt: skip
@click.option("--trace-dir", type=click.Path(file_okay=False, path_type=Path),
              help="Folder of csv sources. By default the one FILE is in.")  # fmt: skip
@click.option("--allow-private-urls/--no-private-urls", default=True, show_default=True,
              help="Whether resources may name private addresses.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(
    file: Path | None,
    kubeconfig: Path | None,
    secrets: tuple[str, ...],
    trace_dir: Path | None,
    allow_private_urls: bool,
    as_json: bool,
) -> None:
    """Try every source of the GridZones and Batteries in FILE (YAML), or of a cluster.

    Exits with 1 when the operator would know nothing of a zone or battery, with 2 when there is nothing to
    check or it cannot be read.
    """
    with _without_logs():
        report = asyncio.run(_run(file, kubeconfig, secrets, trace_dir, allow_private_urls))
    if as_json:
        click.echo(json.dumps(as_dict(report), indent=1, allow_nan=False))
    else:
        show(report, Console())
    raise SystemExit(1 if report.unknown else 0)


@contextmanager
def _without_logs() -> Iterator[None]:
    """The table says what the signals would log."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


async def _run(
    file: Path | None,
    kubeconfig: Path | None,
    secrets: tuple[str, ...],
    trace_dir: Path | None,
    allow_private: bool,
) -> Report:
    """Read what is to be checked, and check it."""
    environ: Mapping[str, str] = os.environ
    try:
        async with (
            file_inputs(file, secrets, environ, trace_dir, allow_private)
            if file is not None
            else cluster_inputs(kubeconfig, trace_dir, allow_private)
        ) as inputs:
            if not inputs.zones and not inputs.batteries:
                raise click.UsageError(NOTHING)
            return await _checked(inputs)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


async def _checked(inputs: Inputs) -> Report:
    """With progress on the standard error, where that is a terminal."""
    total = len(inputs.batteries) + sum(len(spec.sources) for spec in inputs.zones.values())
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed}/{task.total} {task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("asking", total=total)

        def tell(what: str) -> None:
            progress.update(task, advance=1, description=what)

        return await Checker(inputs.deps, tell).check(inputs.zones, inputs.batteries)
