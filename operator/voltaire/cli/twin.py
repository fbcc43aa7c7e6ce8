"""`voltaire twin`: try a fleet on traces before building it. Each subcommand lives in a module of its own."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import click

SUBCOMMANDS = {
    "run": "voltaire.cli.twin_run",
    "jobs": "voltaire.cli.twin_jobs",
    "compare": "voltaire.cli.twin_compare",
    "size-battery": "voltaire.cli.twin_size_battery",
}
"""Name -> module, which holds a command called like the name; those that are not there are left out."""


class Subcommands(click.Group):
    """Imports a subcommand when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (the signature is click's)
        return [name for name, module in SUBCOMMANDS.items() if find_spec(module) is not None]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(import_module(SUBCOMMANDS[cmd_name]), cmd_name.replace("-", "_"))
        return command


@click.group(cls=Subcommands)
def twin() -> None:
    """Play a fleet on traces: what policies would emit, miss and move."""
