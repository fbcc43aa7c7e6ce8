"""`voltaire`: the command's root. Each command lives in its own module, named like it, and holds no logic."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = ("audit", "demo", "lab", "operator", "plan", "signals", "twin")


class Commands(click.Group):
    """Imports a command when it is asked for: the operator runs without what only the lab needs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (the signature is click's)
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        try:
            module = import_module(f"voltaire.cli.{cmd_name}")
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("voltaire"):
                raise
            return _unavailable(cmd_name, str(error.name))
        command: click.Command = getattr(module, cmd_name)
        return command


def _unavailable(name: str, missing: str) -> click.Command:
    """Stands in for a command whose dependencies are not installed."""

    def explain() -> None:
        raise click.ClickException(
            f"`voltaire {name}` needs the package {missing}, which is not installed: "
            "install Voltaire with its lab extra, as in pip install 'voltaire[lab]'"
        )

    anything = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
    return click.Command(name, callback=explain, help="(needs the lab extra)", context_settings=anything)


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="voltaire", prog_name="voltaire")
def main() -> None:
    """Place, delay, pause and migrate AI workloads by grid carbon intensity and battery state."""
