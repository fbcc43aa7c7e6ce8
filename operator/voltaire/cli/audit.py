"""`voltaire audit`: recompute a result file."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from voltaire.audit import BadTrace, Finding, Ledger, NotAResult, read_traces
from voltaire.audit import audit as recompute

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--carbon", type=_FILE, help="The carbon matrix that was played: intensities are compared.")
@click.option("--jobs", type=_FILE, help="The jobs (CSV) that a twin was given: they are compared.")
@click.option("--fleet", type=_FILE, multiple=True,
              help="Resources (YAML) of the fleet: they are compared. Repeatable.")  # fmt: skip
@click.option("--prices", multiple=True, metavar="[ZONE=]FILE",
              help="The prices that a twin was given: they are compared. Repeatable.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--most", default=50, show_default=True, type=click.IntRange(min=1),
              help="How many findings to print.")  # fmt: skip
def audit(
    file: Path,
    carbon: Path | None,
    jobs: Path | None,
    fleet: Sequence[Path],
    prices: Sequence[str],
    as_json: bool,
    most: int,
) -> None:
    """Recompute every figure of a twin's or a demo's result and say what disagrees.

    FILE is what `voltaire twin run --json` or `voltaire demo` wrote. Energy, grams, batteries, run hours,
    capacity, residency, migrations, deadlines and totals are computed anew from the file's events, by code
    of its own; with the input files, also from the traces. The exit code is 0 if all agree, 1 if anything
    disagrees, 2 if a file cannot be read.
    """
    try:
        ledger = recompute(_read(file), read_traces(carbon, jobs, fleet, prices))
    except (BadTrace, NotAResult) as error:
        raise _Unreadable(f"{error}" if isinstance(error, BadTrace) else f"{file}: {error}") from error
    (_as_json if as_json else _as_text)(file, ledger, most)
    sys.exit(1 if ledger.findings else 0)


class _Unreadable(click.ClickException):
    exit_code = 2


def _read(file: Path) -> object:
    try:
        return json.loads(file.read_bytes())
    except ValueError as error:  # malformed JSON, and bytes that are no text
        raise _Unreadable(f"{file} is not JSON: {error}") from error


def _as_text(file: Path, ledger: Ledger, most: int) -> None:
    for finding in ledger.findings[:most]:
        click.echo(str(finding))
    left = len(ledger.findings) - most
    if left > 0:
        click.echo(f"and {left} more: see them with --most {len(ledger.findings)}")
    verdict = f"{len(ledger.findings)} disagree" if ledger.findings else "all agree"
    click.echo(f"{file}: {ledger.checked} figures and facts checked, {verdict}")


def _as_json(file: Path, ledger: Ledger, most: int) -> None:
    findings = [_entry(finding) for finding in ledger.findings[:most]]
    document = {"file": str(file), "checked": ledger.checked, "disagree": len(ledger.findings)}
    click.echo(json.dumps(document | {"findings": findings}, indent=1))


def _entry(finding: Finding) -> dict[str, object]:
    stated, recomputed = (
        value if isinstance(value, str | int | float | bool | None) else str(value)
        for value in (finding.stated, finding.recomputed)
    )
    return {
        "name": finding.name,
        "path": finding.path,
        "stated": stated,
        "recomputed": recomputed,
        "detail": finding.detail,
    }
