"""`voltaire`: the command's root. Each group lives in its own module and holds no logic."""

from __future__ import annotations

import click

from voltaire.cli.demo import demo
from voltaire.cli.lab import lab


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="voltaire", prog_name="voltaire")
def main() -> None:
    """Place, delay, pause and migrate AI workloads by grid carbon intensity and battery state."""


main.add_command(demo)
main.add_command(lab)
