"""Where the lab's binaries come from.

In this order: the directory `VOLTAIRE_LAB_ASSETS`, the directory `KUBEBUILDER_ASSETS` (each for what it
holds), and our own cache, which is filled by building the pinned Go module of the component once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from voltaire.lab import builder, toolchain
from voltaire.lab.errors import LabError
from voltaire.lab.progress import Progress, silent

MODULES = Path(__file__).parent / "assets"
"""One directory per component with its `go.mod` and `go.sum`."""


@dataclass(frozen=True, slots=True)
class Binary:
    """One program of the lab.

    `usual_seconds`: a cold build on two cores, in the order of `BINARIES` (the first of a component compiles
    what the others share). `version_of` and `version_symbols`: the module whose version the linker writes
    into these variables, because a module build has no other way to know it.
    """

    name: str
    component: str
    package: str
    usual_seconds: float
    version_of: str = ""
    version_symbols: tuple[str, ...] = ()


_KUBERNETES = ("k8s.io/kubernetes", ("k8s.io/component-base/version.gitVersion",))

BINARIES: Mapping[str, Binary] = {
    binary.name: binary
    for binary in (
        Binary("kube-apiserver", "kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver", 330, *_KUBERNETES),
        Binary(
            "kube-controller-manager",
            "kubernetes",
            "k8s.io/kubernetes/cmd/kube-controller-manager",
            75,
            *_KUBERNETES,
        ),
        Binary("kube-scheduler", "kubernetes", "k8s.io/kubernetes/cmd/kube-scheduler", 20, *_KUBERNETES),
        Binary("kubectl", "kubernetes", "k8s.io/kubernetes/cmd/kubectl", 60, *_KUBERNETES),
        Binary("etcd", "kubernetes", "go.etcd.io/etcd/server/v3", 30),
        Binary(
            "kwok",
            "kwok",
            "sigs.k8s.io/kwok/cmd/kwok",
            110,
            "sigs.k8s.io/kwok",
            ("sigs.k8s.io/kwok/pkg/consts.Version",),
        ),
        Binary(
            "helm",
            "helm",
            "helm.sh/helm/v4/cmd/helm",
            300,
            "helm.sh/helm/v4",
            ("helm.sh/helm/v4/internal/version.version",),
        ),
    )
}

CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "etcd", "kwok")
"""What every lab needs."""


def cache_root(environ: Mapping[str, str] = os.environ) -> Path:
    """`$XDG_CACHE_HOME/voltaire/lab`, by default under `~/.cache`."""
    base = environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "voltaire" / "lab"


def cache_directory(component: str, environ: Mapping[str, str] = os.environ, modules: Path = MODULES) -> Path:
    """The component's directory in the cache; another pin gives another directory."""
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum"):
        digest.update((modules / component / name).read_bytes())
    return cache_root(environ) / f"{component}-{digest.hexdigest()[:12]}"


def locate(name: str, environ: Mapping[str, str] = os.environ) -> Path | None:
    """The binary, if it is there already. Raises LabError for a name the lab does not know."""
    binary = _binary(name)
    for variable in ("VOLTAIRE_LAB_ASSETS", "KUBEBUILDER_ASSETS"):
        directory = environ.get(variable)
        if directory and _runnable(Path(directory) / name):
            return Path(directory).resolve() / name
    cached = cache_directory(binary.component, environ) / name
    return cached if _runnable(cached) else None


def ensure(
    names: Iterable[str] = CONTROL_PLANE, progress: Progress = silent, environ: Mapping[str, str] = os.environ
) -> dict[str, Path]:
    """The path of each named binary; builds what is missing, which takes minutes the first time.

    Raises LabError when there is neither Go nor a way to get it, and BuildError when a build fails.
    """
    wanted = [_binary(name) for name in names]
    missing = [binary for binary in wanted if locate(binary.name, environ) is None]
    if missing:
        _build_all(missing, progress, environ)
    found = {binary.name: locate(binary.name, environ) for binary in wanted}
    return {name: path for name, path in found.items() if path is not None}


def module_version(component: str, module: str, modules: Path = MODULES) -> str:
    """The version `go.mod` pins for a module, such as `v1.36.3`."""
    text = (modules / component / "go.mod").read_text()
    match = re.search(rf"^\s*(?:require\s+)?{re.escape(module)}\s+(v\S+)", text, re.MULTILINE)
    if match is None:
        raise LabError(f"the {component} component's go.mod pins no version of {module}")
    return match[1]


def go_version_needed(component: str, modules: Path = MODULES) -> tuple[int, ...]:
    """The Go version the component's `go.mod` asks for, as numbers."""
    match = re.search(r"^go\s+([\d.]+)", (modules / component / "go.mod").read_text(), re.MULTILINE)
    if match is None:
        raise LabError(f"the {component} component's go.mod names no Go version")
    return tuple(int(part) for part in match[1].split("."))


def _build_all(missing: Sequence[Binary], progress: Progress, environ: Mapping[str, str]) -> None:
    root = cache_root(environ)
    root.mkdir(parents=True, exist_ok=True)
    with _only_builder(root / "build.lock", progress):
        todo = [binary for binary in missing if locate(binary.name, environ) is None]
        if not todo:
            return
        needed = max(go_version_needed(binary.component) for binary in todo)
        with toolchain.provide(needed, root, MODULES / "go-requirement.txt", progress, environ) as go:
            for number, binary in enumerate(todo, 1):
                builder.build(_recipe(binary, environ), go, progress, f"{number} of {len(todo)}")


def _recipe(binary: Binary, environ: Mapping[str, str]) -> builder.Recipe:
    flags = ["-s", "-w"]
    if binary.version_of:
        version = module_version(binary.component, binary.version_of)
        flags += [f"-X {symbol}={version}" for symbol in binary.version_symbols]
    return builder.Recipe(
        name=binary.name,
        package=binary.package,
        module=MODULES / binary.component,
        ldflags=" ".join(flags),
        target=cache_directory(binary.component, environ) / binary.name,
        usual_seconds=binary.usual_seconds,
    )


@contextmanager
def _only_builder(lock: Path, progress: Progress) -> Iterator[None]:
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another build of the lab's binaries is running: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _binary(name: str) -> Binary:
    if name not in BINARIES:
        raise LabError(f"the lab knows no binary {name!r}; it knows {', '.join(BINARIES)}")
    return BINARIES[name]


def _runnable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
