"""`voltaire operator`: run the operator."""

from __future__ import annotations

import asyncio
import os
import signal

import click
from kubernetes.aio.config import ConfigException

from voltaire import logs
from voltaire.kube.errors import KubeError
from voltaire.runtime import app
from voltaire.runtime.hub import connect
from voltaire.settings import PREFIX, Settings, from_environment


def _knobs() -> str:
    lines = (
        f"  {PREFIX}{name.upper():<20} {field.description}" for name, field in Settings.model_fields.items()
    )
    return "\b\nEnvironment:\n" + "\n".join(lines)


@click.command(epilog=_knobs())
def operator() -> None:
    """Run the operator on the hub, by its service account or by KUBECONFIG.

    It is configured by the environment and by PlacementPolicies.
    """
    try:
        settings = from_environment(os.environ)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    logs.configure(settings.log_format, settings.log_level)
    try:
        asyncio.run(_run(settings))
    except ConfigException as error:
        raise click.ClickException(
            f"no cluster to run on: neither a service account nor a kubeconfig ({error})"
        ) from error
    except KubeError as error:
        raise click.ClickException(f"the hub does not answer: {error}") from error


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await app.run(settings, await connect(), stop)
