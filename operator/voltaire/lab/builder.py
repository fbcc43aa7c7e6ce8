"""Builds one Go binary from a pinned module."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from voltaire.lab.errors import BuildError, tail
from voltaire.lab.progress import Progress, Stopwatch, duration_text

REPORT_EVERY_SECONDS = 10.0

_NETWORK_SIGNS = ("dial tcp", "no such host", "i/o timeout", "proxyconnect", "TLS handshake")


@dataclass(frozen=True, slots=True)
class Go:
    """A Go toolchain: the `go` program and the environment it runs in."""

    program: Path
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one binary is built: the Go package, the module directory with the pins, and where it ends up."""

    name: str
    package: str
    module: Path
    ldflags: str
    target: Path
    usual_seconds: float


def build(recipe: Recipe, go: Go, progress: Progress, position: str) -> None:
    """Build `recipe.target`, which appears only when it is complete.

    Raises BuildError with the end of the log. An interrupted build leaves nothing behind but Go's own cache.
    """
    recipe.target.parent.mkdir(parents=True, exist_ok=True)
    partial = recipe.target.with_name(f".{recipe.name}.partial")
    log = recipe.target.with_name(f"{recipe.name}.build.log")
    usual = duration_text(recipe.usual_seconds)
    progress(f"building {recipe.name} ({position}); the first time this usually takes about {usual}")
    watch = Stopwatch()
    try:
        code = _run(_command(recipe, go, partial), recipe, go, log, progress, watch)
        if code != 0:
            raise BuildError(_explain(recipe, log, code))
        partial.chmod(0o755)
        partial.replace(recipe.target)
    finally:
        partial.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    progress(f"built {recipe.name} in {watch}")


def _command(recipe: Recipe, go: Go, output: Path) -> list[str]:
    return [
        str(go.program),
        "build",
        "-trimpath",
        "-ldflags",
        recipe.ldflags,
        "-o",
        str(output),
        recipe.package,
    ]


def _run(command: list[str], recipe: Recipe, go: Go, log: Path, progress: Progress, watch: Stopwatch) -> int:
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=recipe.module,
            env=dict(go.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        usual = duration_text(recipe.usual_seconds)
        try:
            while True:
                try:
                    return process.wait(REPORT_EVERY_SECONDS)
                except subprocess.TimeoutExpired:
                    progress(f"  {recipe.name}: {_doing(log)}, {watch} of about {usual}")
        finally:
            # Go starts compilers of its own: an interrupted build ends all of them.
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _doing(log: Path) -> str:
    last = tail(log, 1).strip()
    return "downloading modules" if last.startswith("go: downloading") else "compiling"


def _explain(recipe: Recipe, log: Path, code: int) -> str:
    end = tail(log)
    message = f"building {recipe.name} failed (exit code {code}); the end of {log}:\n{end}"
    if any(sign in end for sign in _NETWORK_SIGNS):
        message += (
            "\nThe Go module proxy cannot be reached. Check the network and GOPROXY, or set "
            "VOLTAIRE_LAB_ASSETS to a directory that holds the binaries."
        )
    return message
