"""`voltaire lab`: real control planes on this machine."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click
from rich.console import Console
from rich.table import Table

from voltaire.lab import Lab, LabError, assets, load_fleet
from voltaire.lab.processes import memory_bytes
from voltaire.lab.shutdown import end_lab
from voltaire.lab.state import default_directory

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _explained(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """Lab errors are answers, not crashes."""

    @wraps(command)
    def wrapper(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return command(*args, **kwargs)
        except LabError as error:
            raise click.ClickException(str(error)) from error

    return wrapper


_directory = click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=default_directory,
    show_default="~/.local/state/voltaire/lab/default",
    help="Where the lab keeps its data and logs. Labs in different directories run side by side.",
)


def _say(line: str) -> None:
    click.echo(line, err=True)


@click.group()
def lab() -> None:
    """Run a hub and member clusters on this machine.

    Each cluster is a real Kubernetes control plane with nodes that carry accelerators; pods on them are
    simulated. Everything listens on the loopback interface only and needs no root.
    """


@lab.command()
@click.argument("fleet", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_directory
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    help="Lab seconds per real second: at 720 a pod that runs six hours ends after 30 seconds.",
)
@click.option(
    "--detach/--foreground",
    default=True,
    show_default=True,
    help="Return when the lab is ready, or stay and end it with Ctrl-C.",
)
@_explained
def up(fleet: Path, directory: Path, rate: float, detach: bool) -> None:
    """Start the hub and one member per RegionalCluster in FLEET.

    FLEET is a YAML file with the objects one would apply to a hub. The first start builds Kubernetes from
    source, which takes minutes; set VOLTAIRE_LAB_ASSETS to a directory with the binaries to avoid it.
    """
    running = Lab.up(load_fleet(fleet), directory, rate, _say, detach=detach)
    click.echo(f"KUBECONFIG  {running.kubeconfig}")
    for name, cluster in running.clusters.items():
        role = "hub" if cluster == running.hub else "member"
        click.echo(f"  context {name:<16} {role:<7} {cluster.server_url}  {cluster.admin_kubeconfig}")
    if detach:
        option = "" if directory == default_directory() else f" --dir {directory}"
        click.echo(f'\nUse it:  eval "$(voltaire lab env{option})"   End it:  voltaire lab down{option}')
        return
    _say("running; Ctrl-C ends the lab")
    with running:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            signal.pause()
        except KeyboardInterrupt:
            _say("ending the lab")


@lab.command("assets")
@click.option("--with-helm", is_flag=True, help="Helm too.")
@_explained
def build_assets(with_helm: bool) -> None:
    """Build the lab's Kubernetes binaries, unless they are there, and print where they are."""
    names = [*assets.CONTROL_PLANE, *(["helm"] if with_helm else [])]
    for path in assets.ensure(names, _say).values():
        click.echo(path)


@lab.command()
@_directory
@_explained
def down(directory: Path) -> None:
    """End the lab, and remove its data. Logs stay."""
    ended = end_lab(directory)
    click.echo(f"ended {len(ended)} processes" if ended else f"no lab runs in {directory}")


@lab.command()
@_directory
@_explained
def status(directory: Path) -> None:
    """Show each process of the lab: whether it runs, and its memory."""
    running = Lab.attach(directory)
    found = {process.name: process for process in running.processes()}
    table = Table(box=None, pad_edge=False)
    for column in ("CLUSTER", "COMPONENT", "STATE", "PID", "MEMORY"):
        table.add_column(column, justify="right" if column in {"PID", "MEMORY"} else "left")
    for name in running.expected():
        cluster, _, component = name.rpartition("/")
        process = found.get(name)
        if process is None:
            table.add_row(cluster or "-", component, "ended", "", "")
            continue
        memory = f"{memory_bytes(process) / 2**20:.0f} MiB"
        table.add_row(cluster or "-", component, "running", str(process.pid), memory)
    Console(soft_wrap=True).print(table)
    total = sum(memory_bytes(process) for process in found.values()) / 2**30
    click.echo(f"clock rate {running.rate:g}, {len(found)} processes, {total:.1f} GiB")
    if not set(running.expected()) <= set(found):
        sys.exit(1)


@lab.command()
@_directory
@_explained
def env(directory: Path) -> None:
    """Print what a shell needs to use the lab: eval "$(voltaire lab env)"."""
    click.echo(f"export KUBECONFIG='{Lab.attach(directory).kubeconfig}'")


@lab.command()
@click.argument("cluster")
@click.argument("component")
@click.option("-f", "--follow", is_flag=True, help="Keep printing what is written.")
@_directory
@_explained
def logs(cluster: str, component: str, follow: bool, directory: Path) -> None:
    """Print the log of a COMPONENT of a CLUSTER.

    Components: kube-apiserver, kube-controller-manager, kube-scheduler, kwok, etcd (one for all clusters).
    """
    path = directory / "logs" / ("etcd.log" if component == "etcd" else f"{cluster}/{component}.log")
    if not path.exists():
        known = sorted(
            str(entry.relative_to(directory / "logs")) for entry in (directory / "logs").rglob("*.log")
        )
        raise LabError(f"there is no log {path}; there are: {', '.join(known) or 'none'}")
    with path.open(errors="replace") as log:
        while True:
            for line in log:
                click.echo(line, nl=False)
            if not follow:
                return
            time.sleep(0.3)
